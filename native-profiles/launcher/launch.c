/*
 * Outside: starts the keeper, answers Node on descriptor 3, and is the one that ends the sandbox.
 * To Node, a line each: "started PID", "failed ERRNO STEP<tab>TEXT", "stopped", "ended CODE SIGNAL". From Node: "stop", "signal N".
 */
#include "launcher.h"
#include <grp.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { CONTROL = 3 };
struct run { pid_t keeper; int thaw, init, status, tender, errors, stopping, started; struct note end; char text[400]; };

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...) {
  char line[800];
  va_list values;
  va_start(values, format);
  vsnprintf(line, sizeof line - 1, format, values);
  va_end(values);
  for (char *c = line; *c; c++) if (*c == '\n') *c = ' ';
  strcat(line, "\n");
  (void)!send(CONTROL, line, strlen(line), MSG_NOSIGNAL);
}

static void tell_failure(const char *step, int number, const char *text) {
  tell("failed %d %s\t%s", number, step, text);
}

static int put(pid_t pid, const char *name, const char *text) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  ssize_t done = fd < 0 ? -1 : write(fd, text, strlen(text));
  if (fd >= 0) close(fd);
  return done < 0 ? -1 : 0;
}

/* Root maps every id, so that the staging layer can hold files of any owner; anybody else maps himself to root. */
static int map_ids(pid_t pid) {
  char uid[40], gid[40];
  if (put(pid, "setgroups", "deny") < 0 && errno != ENOENT) return -1;
  if (geteuid() == 0 && put(pid, "uid_map", "0 0 4294967295") == 0) return put(pid, "gid_map", "0 0 4294967295");
  snprintf(uid, sizeof uid, "0 %u 1", geteuid());
  snprintf(gid, sizeof gid, "0 %u 1", getegid());
  return put(pid, "uid_map", uid) < 0 || put(pid, "gid_map", gid) < 0 ? -1 : 0;
}

static void end_all(struct run *run) {
  run->stopping = 1;
  /* Killing process 1 of the namespace ends every process in it, whatever session it made for itself. */
  if (run->init >= 0) syscall(SYS_pidfd_send_signal, run->init, SIGKILL, NULL, 0);
  /* A frozen process of the first kind of control groups dies when it thaws, before it runs again. */
  if (run->thaw >= 0) (void)!write(run->thaw, "THAWED", 6);
}

static int take_note(struct run *run) {
  struct note note;
  char space[CMSG_SPACE(sizeof(struct ucred))];
  struct iovec part = { &note, sizeof note };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space };
  ssize_t got = recvmsg(run->status, &message, MSG_CMSG_CLOEXEC);
  if (got < 0 && errno == EINTR) return 1;
  if (got != (ssize_t)sizeof note) return 0;
  if (note.kind == NOTE_MAP) {
    int failed = map_ids(run->keeper);
    if (failed) { tell_failure("identity", errno, ""); run->started = -1; }
    note.kind = failed ? NOTE_FAILED : NOTE_GO;
    note_send(run->status, &note);
  } else if (note.kind == NOTE_FAILED && !run->started) {
    note.text[sizeof note.text - 1] = 0;
    tell_failure(note.text, note.a, "");
    run->started = -1;
  } else if (note.kind == NOTE_STARTED && !run->started) {
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    struct ucred who = { 0 };
    if (head && head->cmsg_type == SCM_CREDENTIALS) memcpy(&who, CMSG_DATA(head), sizeof who);
    run->init = high((int)syscall(SYS_pidfd_open, who.pid, 0));
    run->started = 1;
    tell("started %d", who.pid);
    if (run->stopping) end_all(run);
  } else if (note.kind == NOTE_STOPPED) tell("stopped");
  else if (note.kind == NOTE_ENDED) run->end = note;
  return 1;
}

static int take_command(struct run *run) {
  char text[256];
  ssize_t got = recv(CONTROL, text, sizeof text - 1, 0);
  if (got < 0 && errno == EINTR) return 1;
  if (got <= 0) { end_all(run); return 0; }
  text[got] = 0;
  for (char *rest = NULL, *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    struct note note = { .kind = NOTE_SIGNAL };
    if (strcmp(line, "stop") == 0) end_all(run);
    else if (strcmp(line, "pause") == 0 || strcmp(line, "resume") == 0) {
      note.kind = line[0] == 'p' ? NOTE_PAUSE : NOTE_RESUME;
      note_send(run->status, &note);
    }
    /* Nobody there: no folder is an overlay. */
    else if (strcmp(line, "refresh") == 0) { if (send(run->tender, "", 1, MSG_NOSIGNAL) < 0) tell("refreshed"); }
    else if (sscanf(line, "signal %d", &note.a) == 1 && note.a > 0 && note.a < 32) note_send(run->status, &note);
  }
  return 1;
}

static void follow(struct run *run) {
  struct pollfd polled[4] = { { run->status, POLLIN, 0 }, { CONTROL, POLLIN, 0 }, { run->errors, POLLIN, 0 }, { run->tender, POLLIN, 0 } };
  for (size_t used = 0;;) {
    /* Before init reports there is nothing to kill cleanly; a set-up that hangs is killed as a whole. */
    int ready = poll(polled, 4, run->stopping && run->init < 0 ? 2000 : -1);
    if (ready < 0 && errno != EINTR) break;
    if (ready == 0) kill(run->keeper, SIGKILL);
    if (ready <= 0) continue;
    if (polled[2].revents) {
      ssize_t got = read(run->errors, run->text + used, sizeof run->text - 1 - used);
      if (got > 0) used += (size_t)got;
      if (got <= 0 || used == sizeof run->text - 1) polled[2].fd = -1;
    }
    if (polled[3].revents) {
      char answer;
      if (recv(run->tender, &answer, 1, 0) == 1) tell("refreshed");
      else polled[3].fd = -1;
    }
    if (polled[1].revents && !take_command(run)) polled[1].fd = -1;
    /* End of the status socket: init is gone, or never came. */
    if (polled[0].revents && !take_note(run)) break;
  }
}

/* Never the caller's terminal: a new session, and the PTY that Node made for us as its controlling terminal. */
static void take_terminal(void) {
  if (getsid(0) != getpid()) setsid();
  for (int fd = 0; fd < 3; fd++) {
    if (!isatty(fd)) continue;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    ioctl(fd, TIOCSCTTY, 0);
  }
}

/* The plan may begin with the freezer of the sandbox's control group: then the end of CONTROL is what ends us, so that a frozen tree is thawed by us. */
static int open_thaw(struct plan *plan) {
  struct plan ahead = *plan;
  char *op = plan_next(&ahead, NULL), *path = op && strcmp(op, "thaw") == 0 ? plan_next(&ahead, NULL) : NULL;
  if (!path) return -1;
  *plan = ahead;
  prctl(PR_SET_PDEATHSIG, 0);
  return high(open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
}

int launch_main(void) {
  struct run run = { .init = -1, .thaw = -1 };
  struct plan plan;
  static const int ignored[] = { SIGINT, SIGQUIT, SIGTSTP, SIGHUP, SIGTTOU, SIGTTIN, SIGPIPE };
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  fcntl(CONTROL, F_SETFL, fcntl(CONTROL, F_GETFL) & ~O_NONBLOCK);
  fcntl(CONTROL, F_SETFD, FD_CLOEXEC);
  if (plan_read(CONTROL, &plan) < 0) { tell_failure("plan", errno, ""); return 125; }
  run.thaw = open_thaw(&plan);
  take_terminal();
  if (chdir("/") < 0) return 125;
  if (geteuid() == 0) setgroups(0, NULL);
  /* No key of the person's session keyring is possessed inside. */
  syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
  int pair[2], orders[2], errors[2], on = 1;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, orders) < 0 || pipe2(errors, O_CLOEXEC) < 0) { tell_failure("sockets", errno, ""); return 125; }
  run.status = high(pair[0]);
  run.errors = high(errors[0]);
  run.tender = high(orders[0]);
  int theirs = high(pair[1]), loud = high(errors[1]), tended = high(orders[1]);
  setsockopt(run.status, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  run.keeper = fork();
  if (run.keeper < 0) { tell_failure("fork", errno, ""); return 125; }
  /* The first to go when the machine runs out of memory; set by root it cannot be lowered inside. */
  if (run.keeper == 0) (void)put(getpid(), "oom_score_adj", "1000");
  /* Where the scheduler groups by session, a priority counts only between sessions. */
  if (run.keeper == 0) (void)put(getpid(), "autogroup", "15");
  if (run.keeper == 0) { close(run.thaw); close(run.status); close(run.errors); close(run.tender); close(CONTROL); keeper_main(plan, theirs, loud, tended); }
  close(theirs);
  close(loud);
  close(tended);
  /* The command's pipes must close when the command closes them. */
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; fd++) dup2(nothing, fd);
  follow(&run);
  int state = 0;
  while (waitpid(run.keeper, &state, 0) < 0 && errno == EINTR) continue;
  if (run.started != 1) {
    if (run.started == 0) tell_failure("bubblewrap", 0, run.text);
    return 125;
  }
  if (run.end.kind != NOTE_ENDED) run.end.b = SIGKILL;
  tell("ended %d %d", run.end.a, run.end.b);
  return run.end.b ? 128 + run.end.b : run.end.a;
}

int main(int argc, char **argv) {
  extern char **environ;
  static char *none[] = { NULL };
  environ = none;
  if (argc == 2 && strcmp(argv[1], "launch") == 0) {
    /* Clean-exec: PTY masters and whatever else the app has open end here. */
    if (syscall(SYS_close_range, CONTROL + 1, ~0U, 0) < 0) { tell_failure("descriptors", errno, ""); return 125; }
    return launch_main();
  }
  if (argc == 2 && strcmp(argv[1], "init") == 0 && getpid() == 1) return init_main();
  /* The second word is for a decoy that only waits: its name in the list of processes. */
  if (argc >= 2 && strcmp(argv[1], "probe") == 0) return probe_main();
  return 2;
}
