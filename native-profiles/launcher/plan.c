/* Reading plans, and the small things that all parts share. */
#include "launcher.h"
#include <sys/mman.h>

static int read_all(int fd, char *into, size_t length) {
  while (length > 0) {
    ssize_t got = read(fd, into, length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) { if (got == 0) errno = EPIPE; return -1; }
    into += got;
    length -= (size_t)got;
  }
  return 0;
}

int plan_read(int fd, struct plan *plan) {
  uint32_t length;
  if (read_all(fd, (char *)&length, sizeof length) < 0) return -1;
  if (length > 16u << 20) { errno = E2BIG; return -1; }
  plan->at = malloc((size_t)length + 1);
  if (!plan->at) return -1;
  if (read_all(fd, plan->at, length) < 0) { free(plan->at); return -1; }
  plan->end = plan->at + length;
  return 0;
}

char *plan_next(struct plan *plan, size_t *length) {
  if (plan->at == plan->end) return NULL;
  size_t left = (size_t)(plan->end - plan->at);
  uint32_t size = 0;
  memcpy(&size, plan->at, left < 5 ? 0 : sizeof size);
  if (left < 5 || size > left - 5 || plan->at[4 + size] != 0) _exit(125);
  char *text = plan->at + 4;
  plan->at += 5 + (size_t)size;
  if (length) *length = size;
  else if (memchr(text, 0, size)) _exit(125);
  return text;
}

int note_send(int fd, const struct note *note) {
  return send(fd, note, sizeof *note, MSG_NOSIGNAL) == (ssize_t)sizeof *note ? 0 : -1;
}

void give_up(int status, const char *step, const char *what) {
  struct note note = { .kind = NOTE_FAILED, .a = errno };
  snprintf(note.text, sizeof note.text, "%s%s%s", step, what ? " " : "", what ? what : "");
  note_send(status, &note);
  _exit(125);
}

int high(int fd) {
  int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_HIGH);
  if (fd >= 0) close(fd);
  return moved;
}

int bytes_fd(const char *bytes, size_t length) {
  int fd = high(memfd_create("plan", MFD_CLOEXEC));
  if (fd >= 0 && (write(fd, bytes, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) < 0)) return -1;
  return fd;
}
