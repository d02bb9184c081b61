/* Inside, process 1: limits, loopback bridges, then the command in the foreground until it ends. Its exit is the sandbox's end. */
#include "launcher.h"
#include <dirent.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

extern char **environ;
struct job { char *directory, **command, **environment; rlim_t processes, files, bytes; pid_t pid; int paused; };

#define fail(step) give_up(FD_STATUS, "init", step)

/* Refused where it would raise a limit: then the stricter one stays. */
#define limit(what, most) (void)setrlimit(what, &(struct rlimit){ most, most })

static char **rest(struct plan *plan, char *count) {
  size_t many = count ? strtoul(count, NULL, 10) : 0;
  char **list = calloc(many + 1, sizeof *list);
  for (size_t i = 0; list && i < many; i++) if (!(list[i] = plan_next(plan, NULL))) _exit(125);
  if (!list) _exit(125);
  return list;
}

static void read_job(struct job *job, int poller) {
  struct plan plan;
  if (plan_read(FD_CONFIG, &plan) < 0) fail("plan");
  for (char *op, *value; (op = plan_next(&plan, NULL)); ) {
    value = plan_next(&plan, NULL);
    if (!value) _exit(125);
    if (strcmp(op, "processes") == 0) job->processes = strtoul(value, NULL, 10);
    else if (strcmp(op, "files") == 0) job->files = strtoul(value, NULL, 10);
    else if (strcmp(op, "bytes") == 0) job->bytes = strtoull(value, NULL, 10);
    else if (strcmp(op, "directory") == 0) job->directory = value;
    else if (strcmp(op, "environment") == 0) job->environment = rest(&plan, value);
    else if (strcmp(op, "command") == 0) job->command = rest(&plan, value);
    else if (strcmp(op, "listen") == 0) {
      char *path = plan_next(&plan, NULL), *token = plan_next(&plan, NULL);
      if (!path || !token || relay_open(poller, atoi(value), (char *[]){ path, token }) < 0) fail("bridge");
    } else { errno = EINVAL; fail("plan"); }
  }
  if (!job->command || !job->command[0] || !job->environment) { errno = EINVAL; fail("plan"); }
}

static _Noreturn void become(struct job *job, int told) {
  setpgid(0, 0);
  /* SIGTTOU is still blocked here: the command takes the foreground of our PTY. */
  for (int fd = 0; fd < 3; fd++) if (isatty(fd) && tcsetpgrp(fd, getpid()) == 0) break;
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigset_t empty;
  sigemptyset(&empty);
  sigprocmask(SIG_SETMASK, &empty, NULL);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, job->files);
  limit(RLIMIT_NPROC, job->processes);
  limit(RLIMIT_FSIZE, job->bytes);
  /* The person's own programs come first. */
  (void)setpriority(PRIO_PROCESS, 0, 15);
  umask(022);
  environ = job->environment;
  int failed = 0;
  if (chdir(job->directory) < 0) {
    failed = errno;
    dprintf(2, "bulkhead: %s: %s\n", job->directory, strerror(failed));
  } else {
    execvp(job->command[0], job->command);
    failed = errno;
    dprintf(2, "bulkhead: %s: %s\n", job->command[0], failed == ENOENT ? "not found" : strerror(failed));
  }
  (void)!write(told, &failed, sizeof failed);
  _exit(failed == ENOENT ? 127 : 126);
}

static void start(struct job *job) {
  int told[2], failed;
  if (pipe2(told, O_CLOEXEC) < 0) fail("pipe");
  job->pid = fork();
  if (job->pid < 0) fail("fork");
  if (job->pid == 0) become(job, told[1]);
  close(told[1]);
  /* End of file: exec closed it. */
  while (read(told[0], &failed, sizeof failed) < 0 && errno == EINTR) continue;
  close(told[0]);
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; fd++) dup2(nothing, fd);
  struct note note = { .kind = NOTE_STARTED };
  if (note_send(FD_STATUS, &note) < 0) _exit(125);
}

static void pass(struct job *job, int number) {
  /* What a terminal would send goes to the whole foreground group, the rest to the command alone. */
  int group = number == SIGINT || number == SIGQUIT || number == SIGHUP || number == SIGTSTP || number == SIGCONT;
  kill(group ? -job->pid : job->pid, number);
}

/* Where no control group freezes. Whoever was stopped before stays stopped afterwards; a child goes on before its parent, so no shell sees it stopped. */
static pid_t *stopped;
static size_t stopped_count;

static int pids_down(pid_t **into) {
  DIR *proc = opendir("/proc");
  size_t many = 0, room = 0;
  pid_t *list = NULL;
  for (struct dirent *entry; proc && (entry = readdir(proc)); ) {
    pid_t pid = (pid_t)atoi(entry->d_name);
    if (pid <= 1) continue;
    if (many == room && !(list = reallocarray(list, room = room * 2 + 64, sizeof *list))) _exit(125);
    list[many++] = pid;
  }
  if (proc) closedir(proc);
  *into = list;
  return (int)many;
}

static int is_stopped(pid_t pid) {
  char path[40], text[400];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[got < 0 ? 0 : got] = 0;
  char *name_end = strrchr(text, ')');
  return name_end && strlen(name_end) > 2 && name_end[2] == 'T';
}

static void pause_all(struct job *job) {
  if (!job->paused) {
    pid_t *all;
    int many = pids_down(&all);
    stopped_count = 0;
    for (int i = 0; i < many; i++) if (is_stopped(all[i])) all[stopped_count++] = all[i];
    free(stopped);
    stopped = all;
  }
  job->paused = 1;
  kill(-1, SIGSTOP);
}

static void resume_all(struct job *job) {
  if (!job->paused) return;
  pid_t *all;
  for (int i = pids_down(&all) - 1; i >= 0; i--) {
    int before = 0;
    for (size_t k = 0; k < stopped_count; k++) before |= stopped[k] == all[i];
    if (!before) kill(all[i], SIGCONT);
  }
  free(all);
  job->paused = 0;
}

static void reap(struct job *job) {
  int state;
  for (pid_t pid; (pid = waitpid(-1, &state, WNOHANG | WUNTRACED)) > 0; ) {
    if (pid != job->pid || (WIFSTOPPED(state) && job->paused)) continue;
    struct note note = { .kind = WIFSTOPPED(state) ? NOTE_STOPPED : NOTE_ENDED };
    if (WIFEXITED(state)) note.a = WEXITSTATUS(state);
    if (WIFSIGNALED(state)) note.b = WTERMSIG(state);
    note_send(FD_STATUS, &note);
    if (!WIFSTOPPED(state)) _exit(note.b ? 128 + note.b : note.a);
  }
}

int init_main(void) {
  struct job job = { .directory = "/", .processes = 512, .files = 4096, .bytes = 1u << 30 };
  static int status_mark, signal_mark;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  /* Nobody inside reads or traces process 1, whose status socket leads outside. */
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_NAME, "bulkhead-init");
  for (int fd = 0; fd < 3; fd++) { dup2(FD_STDIO + fd, fd); close(FD_STDIO + fd); }
  fcntl(FD_STATUS, F_SETFD, FD_CLOEXEC);
  int poller = epoll_create1(EPOLL_CLOEXEC);
  read_job(&job, poller);
  close(FD_CONFIG);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  int signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  start(&job);
  limit(RLIMIT_NOFILE, 65536);
  struct epoll_event events[64] = { { EPOLLIN, { &status_mark } }, { EPOLLIN, { &signal_mark } } };
  if (epoll_ctl(poller, EPOLL_CTL_ADD, FD_STATUS, &events[0]) < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, signals, &events[1]) < 0) fail("poll");
  for (;;) {
    /* Paused: a timer of the command's own may wake it with SIGCONT, so it is stopped again and again. */
    int ready = epoll_wait(poller, events, 64, job.paused ? 10 : -1);
    if (job.paused) pause_all(&job);
    for (int i = 0; i < ready; i++) {
      struct note note;
      struct signalfd_siginfo arrived;
      if (events[i].data.ptr == &status_mark) {
        /* The launcher is gone: so are we. */
        if (recv(FD_STATUS, &note, sizeof note, MSG_DONTWAIT) != (ssize_t)sizeof note) _exit(125);
        if (note.kind == NOTE_SIGNAL) pass(&job, note.a);
        else if (note.kind == NOTE_PAUSE) pause_all(&job);
        else if (note.kind == NOTE_RESUME) resume_all(&job);
      } else if (events[i].data.ptr == &signal_mark) {
        while (read(signals, &arrived, sizeof arrived) == (ssize_t)sizeof arrived) {
          if (arrived.ssi_signo == SIGCHLD) reap(&job);
        }
      } else relay_event(poller, events[i].data.ptr, events[i].events);
    }
    relay_sweep();
  }
}
