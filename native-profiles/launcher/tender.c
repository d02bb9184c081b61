/*
 * The tender: a child of the keeper that stays in its namespaces, outside the sandbox, while the sandbox runs. An overlay keeps names that it
 * looked up once, so a file that the person saves anew (written beside, then renamed) would stay the old one inside: reconfiguring the overlay
 * lets the kernel forget them. Done when the launcher asks, and every few seconds.
 */
#include "launcher.h"
#include <poll.h>
#include <sys/mount.h>
#include <sys/syscall.h>

enum { EVERY_MS = 5000 };

static void refresh(int overlay) {
  int context = fspick(overlay, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
  if (context < 0) return;
  /* The kernel refuses to make a read-only overlay writable, after it has forgotten the names: that is all that is wanted. */
  (void)fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
  close(context);
}

static _Noreturn void stay(int orders, const int *overlays, int count, pid_t keeper) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "bulkhead-tender");
  if (getppid() != keeper) _exit(0);
  /* Only its own descriptors: a terminal or a pipe of the command must close when the command closes it. */
  if (dup2(orders, 0) < 0) _exit(125);
  for (int i = 0; i < count; i++) if (dup2(overlays[i], 1 + i) < 0) _exit(125);
  if (syscall(SYS_close_range, count + 1, ~0U, 0) < 0) _exit(125);
  for (struct pollfd polled = { 0, POLLIN, 0 };;) {
    char order;
    int ready = poll(&polled, 1, EVERY_MS);
    if (ready > 0 && recv(0, &order, 1, 0) != 1) _exit(0);
    for (int i = 0; i < count; i++) refresh(1 + i);
    if (ready > 0 && send(0, "", 1, MSG_NOSIGNAL) != 1) _exit(0);
  }
}

int tend(int orders, const int *overlays, int count) {
  pid_t keeper = getpid(), pid = fork();
  if (pid == 0) stay(orders, overlays, count, keeper);
  return pid < 0 ? -1 : 0;
}
