/*
 * The prover's hands: the same steps inside a sandbox and, as the control, outside of it. From descriptor 0 a plan of OP, ONE, TWO;
 * to descriptor 1 a line for each: "N ERRNO TEXT". Each step runs in a child of its own. Nothing is judged here.
 */
#include "launcher.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/shm.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

static char said[8192];

#define told(result) ((result) < 0 ? errno : 0)

/* Each with arguments that the kernel itself refuses, whoever asks, with another answer than EPERM: EPERM is the filter's. */
static const struct { const char *name; long number, a, b, c, d, e; } raw[] = {
  { "setns", SYS_setns, -1, 0, 0, 0, 0 }, { "unshare", SYS_unshare, 1, 0, 0, 0, 0 }, { "clone3", SYS_clone3, 0, 0, 0, 0, 0 },
  { "mount", SYS_mount, 0, 1, 0, 0, 0 }, { "umount2", SYS_umount2, 1, 0, 0, 0, 0 }, { "chroot", SYS_chroot, 1, 0, 0, 0, 0 },
  { "open_tree", SYS_open_tree, -1, 1, 0, 0, 0 }, { "mount_setattr", 442, -1, 1, 0, 0, 0 },
  { "ptrace", SYS_ptrace, 0, 0, 0, 0, 0 }, { "process_vm_readv", SYS_process_vm_readv, 1, 0, 0, 0, 1 }, { "process_vm_writev", SYS_process_vm_writev, 1, 0, 0, 0, 1 },
  { "pidfd_getfd", 438, -1, -1, 1, 0, 0 }, { "io_uring_enter", 426, -1, 0, 0, 1L << 30, 0 }, { "bpf", SYS_bpf, 9999, 0, 0, 0, 0 },
  { "perf_event_open", SYS_perf_event_open, 0, 0, -1, -1, -1 }, { "userfaultfd", SYS_userfaultfd, 5, 0, 0, 0, 0 }, { "keyctl", SYS_keyctl, 9999, 0, 0, 0, 0 },
  { "name_to_handle_at", SYS_name_to_handle_at, -1, 1, 0, 0, 1L << 30 },
};

static int call(const char *name) {
  for (size_t i = 0; i < sizeof raw / sizeof *raw; i++) {
    /* The last argument stands in the fifth and the sixth place. */
    if (strcmp(raw[i].name, name) == 0) return told(syscall(raw[i].number, raw[i].a, raw[i].b, raw[i].c, raw[i].d, raw[i].e, raw[i].e));
  }
  return EINVAL;
}

static ssize_t slurp(const char *path, char *into, size_t size) {
  ssize_t got, all = 0;
  int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -1;
  while ((got = read(fd, into + all, size - (size_t)all)) > 0) all += got;
  close(fd);
  return all;
}

static int see(const char *path) {
  struct stat found;
  if (lstat(path, &found) < 0) return errno;
  return S_ISREG(found.st_mode) ? told(slurp(path, said, sizeof said - 1)) : 0;
}

static int names(const char *path) {
  DIR *directory = opendir(path);
  size_t used = 0;
  if (!directory) return errno;
  for (struct dirent *one; (one = readdir(directory)); ) {
    if (strcmp(one->d_name, ".") && strcmp(one->d_name, "..") && used + strlen(one->d_name) + 2 < sizeof said) used += (size_t)sprintf(said + used, "%s/", one->d_name);
  }
  return 0;
}

/* The first process whose file NAME holds TEXT. */
static int search(const char *name, const char *text) {
  static char path[300], held[65536];
  DIR *all = opendir("/proc");
  for (struct dirent *one; all && (one = readdir(all)); ) {
    snprintf(path, sizeof path, "/proc/%s/%s", one->d_name, name);
    ssize_t got = one->d_name[0] < '0' || one->d_name[0] > '9' ? -1 : slurp(path, held, sizeof held);
    if (got > 0 && memmem(held, (size_t)got, text, strlen(text))) { strcpy(said, one->d_name); return 0; }
  }
  return all ? ESRCH : errno;
}

/* Sends TEXT, where there is one, and takes what is answered within a second. */
static int reach(int fd, const void *to, socklen_t length, const char *text) {
  struct timeval most = { 1, 0 };
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  if (fd < 0 || connect(fd, to, length) < 0 || send(fd, text, strlen(text), MSG_NOSIGNAL) < 0) return errno;
  if (*text) (void)!recv(fd, said, 400, 0);
  return 0;
}

static int network(int kind, const char *place, const char *text) {
  struct sockaddr_in to = { .sin_family = AF_INET };
  char address[64];
  snprintf(address, sizeof address, "%s", place);
  char *port = strchr(address, ':');
  if (port) *port++ = 0;
  to.sin_port = htons((uint16_t)atoi(port ? port : "0"));
  if (inet_pton(AF_INET, address, &to.sin_addr) != 1) return EINVAL;
  return reach(socket(AF_INET, kind, 0), &to, sizeof to, text);
}

/* A path, or @NAME in the abstract space. */
static int local(const char *place, const char *text) {
  struct sockaddr_un to = { .sun_family = AF_UNIX };
  if (strlen(place) >= sizeof to.sun_path) return ENAMETOOLONG;
  strcpy(to.sun_path, place);
  if (place[0] == '@') to.sun_path[0] = 0;
  return reach(socket(AF_UNIX, SOCK_STREAM, 0), &to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(place)), text);
}

/* On a terminal of our own: nobody else's input is touched. */
static int inject(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (setsid() < 0 || master < 0 || unlockpt(master) < 0) return errno;
  int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
  if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0) return errno;
  return told(ioctl(slave, TIOCSTI, "x"));
}

static int create(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  return fd < 0 ? errno : told(write(fd, text, strlen(text)));
}

static int flags_of(const char *path) {
  struct statvfs found;
  if (statvfs(path, &found) < 0) return errno;
  sprintf(said, "%s %s", found.f_flag & ST_RDONLY ? "read-only" : "writable", found.f_flag & ST_NOSUID ? "nosuid" : "suid");
  return 0;
}

static int segment(const char *key, const char *verb) {
  int found = shmget(atoi(key), 4096, verb[0] == 'm' ? IPC_CREAT | IPC_EXCL | 0600 : 0);
  if (found >= 0 && verb[0] == 'r') return told(shmctl(found, IPC_RMID, NULL));
  return told(found);
}

static int step(const char *op, const char *one, const char *two) {
#define is(name) (strcmp(op, name) == 0)
  if (is("see")) return see(one);
  if (is("names")) return names(one);
  if (is("search")) return search(one, two);
  if (is("end")) return atoi(one) < 2 || atoi(one) == getpid() || atoi(one) == getppid() ? ESRCH : told(kill(atoi(one), SIGTERM));
  if (is("create")) return create(one, two);
  if (is("write")) { int fd = open(one, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC); return told(fd); }
  if (is("may")) return told(faccessat(AT_FDCWD, one, W_OK, AT_EACCESS));
  if (is("flags")) return flags_of(one);
  if (is("tcp")) return network(SOCK_STREAM, one, two);
  if (is("udp")) return network(SOCK_DGRAM, one, two);
  if (is("unix")) return local(one, two);
  if (is("inject")) return inject();
  if (is("namespace")) return told(unshare(CLONE_NEWUSER));
  if (is("call")) return call(one);
  if (is("segment")) return segment(one, two);
  return EINVAL;
}

int probe_main(void) {
  struct plan plan;
  if (plan_read(0, &plan) < 0) return 125;
  dprintf(1, "STARTED\n");
  int number = 0;
  for (char *op; (op = plan_next(&plan, NULL)); number++) {
    char *one = plan_next(&plan, NULL), *two = plan_next(&plan, NULL);
    if (!one || !two) return 125;
    pid_t child = fork();
    if (child == 0) {
      int answer = step(op, one, two);
      for (char *c = said; *c; c++) if (*c == '\n') *c = '\t';
      dprintf(1, "%d %d %s\n", number, answer, said);
      _exit(0);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
  }
  dprintf(1, "DONE %d\n", number);
  return 0;
}
