/*
 * The keeper: a user and mount namespace whose tmpfs root holds what one sandbox may touch. It becomes bubblewrap.
 * A source is opened once, without following a link at its end, compared with the identity in the plan, and that very
 * inode is mounted. Descriptors stay open until exec closes them. Attributes are set before a mount is attached: nothing is ever visible with more rights.
 */
#include "launcher.h"
#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>

static int status_fd, orders_fd, root_fd = -1;
/* What the tender refreshes: the folders that are overlays. */
static int overlays[TENDED_MOST], overlay_count;

#define fail(step, what) give_up(status_fd, step, what)

static char *need(struct plan *plan) {
  char *text = plan_next(plan, NULL);
  if (!text) { errno = EINVAL; fail("plan", NULL); }
  return text;
}

/* Opens PATH under the new root, making what is missing. A link on the way is refused, never followed. */
static int reach(const char *path, int directory) {
  char copy[4096];
  if (strlen(path) >= sizeof copy) { errno = ENAMETOOLONG; fail("path", path); }
  strcpy(copy, path);
  int here = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);
  char *rest = NULL;
  for (char *name = strtok_r(copy, "/", &rest); name; ) {
    char *following = strtok_r(NULL, "/", &rest);
    if (strcmp(name, "..") == 0 || strcmp(name, ".") == 0) { errno = EINVAL; fail("path", path); }
    if (following || directory) (void)!mkdirat(here, name, 0755);
    else (void)!mknodat(here, name, S_IFREG | 0444, 0);
    int next = openat(here, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat found;
    if (next < 0 || fstat(next, &found) < 0) fail("path", path);
    if (S_ISLNK(found.st_mode)) { errno = ELOOP; fail("path", path); }
    close(here);
    here = next;
    name = following;
  }
  return here;
}

/* Opens a source and compares it with DEVICE and INODE ("-" where the plan knows no identity: the system's own files). */
static int source(const char *path, const char *device, const char *inode, struct stat *found) {
  int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fstat(fd, found) < 0) fail("open", path);
  char is[2][32];
  snprintf(is[0], sizeof is[0], "%llu", (unsigned long long)found->st_dev);
  snprintf(is[1], sizeof is[1], "%llu", (unsigned long long)found->st_ino);
  int known = strcmp(device, "-") != 0;
  if (S_ISLNK(found->st_mode) || (known && (strcmp(is[0], device) != 0 || strcmp(is[1], inode) != 0))) {
    errno = ESTALE;
    fail("changed", path);
  }
  return fd;
}

static void bind_at(const char *host, const char *inside, int from, uint64_t attributes) {
  struct stat found;
  if (fstat(from, &found) < 0) fail("open", host);
  int tree = open_tree(from, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (tree < 0) fail("bind", host);
  struct mount_attr attr = { .attr_set = attributes, .propagation = MS_PRIVATE };
  if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) < 0) fail("attributes", host);
  int to = reach(inside, S_ISDIR(found.st_mode));
  if (move_mount(tree, "", to, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0) fail("attach", inside);
}

static void bind_op(struct plan *plan, uint64_t attributes) {
  const char *host = need(plan), *inside = need(plan), *device = need(plan), *inode = need(plan);
  struct stat found;
  bind_at(host, inside, source(host, device, inode, &found), attributes);
}

/* The overlay that was just mounted, for the tender. */
static void tended(const char *inside) {
  if (overlay_count == TENDED_MOST) { errno = E2BIG; fail("folders", inside); }
  overlays[overlay_count++] = high(reach(inside, 1));
}

/* Covers each socket below with the null device, where no overlay makes them inert. What cannot be looked through is refused. */
static void cover_sockets(int at, const char *inside, int depth) {
  static int seen;
  if (depth > 200) { errno = E2BIG; fail("sockets", inside); }
  int here = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  /* What may not even be entered leads to no socket; what may be entered but not listed could, and is refused. */
  if (here < 0 && errno == EACCES && faccessat(at, ".", F_OK, 0) < 0) return;
  DIR *directory = here < 0 ? NULL : fdopendir(here);
  if (!directory) fail("sockets", inside);
  for (struct dirent *entry; (entry = readdir(directory)); ) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (++seen > 500000) { errno = E2BIG; fail("sockets", inside); }
    int one = openat(dirfd(directory), entry->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat found;
    if (one < 0) continue;
    if (fstat(one, &found) < 0) fail("sockets", inside);
    if (S_ISDIR(found.st_mode)) cover_sockets(one, inside, depth + 1);
    else if (S_ISSOCK(found.st_mode)) {
      int null = open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
      if (null < 0 || move_mount(null, "", one, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0) fail("sockets", inside);
      close(null);
    }
    close(one);
  }
  closedir(directory);
}

/*
 * A folder for reading. Behind an overlay of one layer a socket or FIFO of the host is another inode: nobody listens there. Where the kernel
 * refuses one (another file system mounted inside, folded case) the folder is bound, inner mounts read-only too, and its sockets are covered.
 */
static void show_op(struct plan *plan) {
  const char *host = need(plan), *inside = need(plan), *device = need(plan), *inode = need(plan);
  struct stat found;
  int from = source(host, device, inode, &found);
  uint64_t attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  if (!S_ISDIR(found.st_mode)) { errno = ENOTDIR; fail("open", host); }
  int to = reach(inside, 1), empty = reach("/proc", 1);
  char options[120], at[40];
  snprintf(options, sizeof options, "lowerdir=/proc/self/fd/%d:/proc/self/fd/%d,userxattr", from, empty);
  snprintf(at, sizeof at, "/proc/self/fd/%d", to);
  if (mount("shown", at, "overlay", MS_NOSUID | MS_NODEV | MS_RDONLY, options) == 0) { tended(inside); return; }
  bind_at(host, inside, from, attributes);
  cover_sockets(reach(inside, 1), inside, 0);
}

static void edit_op(struct plan *plan) {
  const char *host = need(plan), *inside = need(plan), *device = need(plan), *inode = need(plan), *upper = need(plan), *work = need(plan);
  struct stat found;
  int lower_fd = source(host, device, inode, &found);
  int upper_fd = open(upper, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
  int work_fd = open(work, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
  if (upper_fd < 0 || work_fd < 0) fail("staging", upper);
  int to = reach(inside, 1);
  /* Descriptors, not names: no character of a path is an option's separator, and no host path shows up inside. */
  char options[200], at[40];
  snprintf(options, sizeof options, "lowerdir=/proc/self/fd/%d,upperdir=/proc/self/fd/%d,workdir=/proc/self/fd/%d,userxattr", lower_fd, upper_fd, work_fd);
  snprintf(at, sizeof at, "/proc/self/fd/%d", to);
  if (mount("staged", at, "overlay", MS_NOSUID | MS_NODEV, options) < 0) fail("overlay", host);
  tended(inside);
}

static void tmpfs_op(struct plan *plan) {
  const char *inside = need(plan), *mode = need(plan), *bytes = need(plan);
  int to = reach(inside, 1);
  char options[120], at[40];
  snprintf(options, sizeof options, "mode=%s,size=%s,nr_inodes=1000000", mode, bytes);
  snprintf(at, sizeof at, "/proc/self/fd/%d", to);
  if (mount("private", at, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0) fail("tmpfs", inside);
}

static void file_op(struct plan *plan) {
  const char *inside = need(plan);
  size_t length;
  const char *content = plan_next(plan, &length);
  int at = reach(inside, 0);
  char path[40];
  snprintf(path, sizeof path, "/proc/self/fd/%d", at);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (!content || fd < 0 || write(fd, content, length) != (ssize_t)length) fail("file", inside);
}

static void link_op(struct plan *plan) {
  const char *target = need(plan), *inside = need(plan);
  char *slash = strrchr(inside, '/'), *parent = strndup(inside, slash ? (size_t)(slash - inside) : 0);
  int at = reach(parent ? parent : "", 1);
  if (!slash || symlinkat(target, at, slash + 1) < 0) fail("link", inside);
}

/* bubblewrap makes two user namespaces below this one: a third is refused by the kernel, whatever runs inside. */
static void namespaces_op(const char *most) {
  int fd = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
  ssize_t length = (ssize_t)strlen(most);
  if (fd < 0 || write(fd, most, (size_t)length) != length) fail("nesting", NULL);
  close(fd);
}

static void open_root(const char *path) {
  if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0) fail("propagation", NULL);
  if (mount("bulkhead", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=8m,nr_inodes=20000") < 0) fail("root", path);
  /* Shared: a later mount here reaches the sandbox while it runs. */
  if (mount(NULL, path, NULL, MS_SHARED, NULL) < 0) fail("shared", path);
  root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root_fd < 0) fail("root", path);
}

static void enter(void) {
  struct note note = { .kind = NOTE_MAP };
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) fail("namespaces", NULL);
  /* The maps are written from outside: a range of ids is refused to a process that writes its own. */
  if (note_send(status_fd, &note) < 0 || recv(status_fd, &note, sizeof note, 0) != (ssize_t)sizeof note) _exit(125);
  if (note.kind != NOTE_GO) _exit(125);
  /* After the change of identity, which clears it. */
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) fail("death signal", NULL);
  umask(0);
}

static _Noreturn void become(char **argv, int config, int seccomp, int errors) {
  if (overlay_count > 0 && tend(orders_fd, overlays, overlay_count) < 0) fail("fork", NULL);
  if (seccomp < 0 || config < 0) { errno = EINVAL; fail("plan", NULL); }
  for (int fd = 0; fd < 3; fd++) if (dup2(fd, FD_STDIO + fd) < 0) fail("descriptors", NULL);
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(errors, 2) < 0) fail("descriptors", NULL);
  /* The status socket stays reachable under its high number until exec, to report one that fails. */
  if (dup2(status_fd, FD_STATUS) < 0 || dup2(config, FD_CONFIG) < 0 || dup2(seccomp, FD_SECCOMP) < 0) fail("descriptors", NULL);
  char *none[] = { NULL };
  execve(argv[0], argv, none);
  fail("exec", argv[0]);
}

void keeper_main(struct plan plan, int status, int errors, int orders) {
  char *argv[512];
  int argc = 0, seccomp = -1, config = -1;
  status_fd = status;
  orders_fd = orders;
  enter();
  for (char *op; (op = plan_next(&plan, NULL)); ) {
    if (strcmp(op, "root") == 0) open_root(need(&plan));
    else if (strcmp(op, "namespaces") == 0) namespaces_op(need(&plan));
    else if (strcmp(op, "read") == 0) bind_op(&plan, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    else if (strcmp(op, "write") == 0) bind_op(&plan, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    else if (strcmp(op, "show") == 0) show_op(&plan);
    else if (strcmp(op, "edit") == 0) edit_op(&plan);
    else if (strcmp(op, "tmpfs") == 0) tmpfs_op(&plan);
    else if (strcmp(op, "file") == 0) file_op(&plan);
    else if (strcmp(op, "link") == 0) link_op(&plan);
    else if (strcmp(op, "dir") == 0) reach(need(&plan), 1);
    else if (strcmp(op, "arg") == 0 && argc < 511) argv[argc++] = need(&plan);
    else if (strcmp(op, "seccomp") == 0 || strcmp(op, "init") == 0) {
      size_t length;
      char *bytes = plan_next(&plan, &length);
      *(op[0] == 's' ? &seccomp : &config) = bytes && length ? bytes_fd(bytes, length) : -1;
    } else { errno = EINVAL; fail("plan", op); }
  }
  argv[argc] = NULL;
  if (argc == 0 || root_fd < 0) { errno = EINVAL; fail("plan", NULL); }
  become(argv, config, seccomp, errors);
}
