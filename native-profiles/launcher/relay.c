/* Loopback ports inside → the broker's unix sockets, each connection greeted with the token. Bytes are carried, never looked at. */
#include "launcher.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/un.h>

enum { BUFFER = 64 * 1024 };
/* One end of a pair: `data` holds what was read from `fd` and waits for the peer. A listener has no peer but a socket: pinned before the command ran, and the token for it. */
struct side { int fd, eof, shut, dead, off, socket; struct side *peer, *next; const char *token; char *data; size_t from, to; };
static struct side *graves;

static struct side *side_new(int fd) {
  struct side *side = calloc(1, sizeof *side);
  if (!side) _exit(125);
  side->fd = fd;
  return side;
}

int relay_open(int poller, int port, char *const to[2]) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
  struct side *side = side_new(fd);
  if (fd < 0) return -1;
  side->socket = open(to[0], O_PATH | O_NOFOLLOW | O_CLOEXEC);
  side->token = strdup(to[1]);
  if (side->socket < 0 || !side->token) return -1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct epoll_event event = { EPOLLIN, { side } };
  if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 512) < 0) return -1;
  return epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

static void bury(struct side *side) {
  if (!side || side->dead) return;
  side->dead = 1;
  close(side->fd);
  side->next = graves;
  graves = side;
  bury(side->peer);
}

/* Freed only after a whole batch of events: a later event of the batch may still name a side. */
void relay_sweep(void) {
  while (graves) {
    struct side *side = graves;
    graves = side->next;
    free(side->data);
    free(side);
  }
}

static void meet(int poller, struct side *listener) {
  int near = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), on = 1;
  if (near < 0) return;
  int far = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  struct sockaddr_un to = { .sun_family = AF_UNIX };
  snprintf(to.sun_path, sizeof to.sun_path, "/proc/self/fd/%d", listener->socket);
  ssize_t greeting = (ssize_t)strlen(listener->token);
  struct side *left = side_new(near), *right = side_new(far);
  left->peer = right;
  right->peer = left;
  setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct epoll_event events[2] = { { EPOLLIN, { left } }, { EPOLLIN, { right } } };
  /* A fresh socket's buffer takes the whole greeting, or the connection is given up. */
  if (far < 0 || connect(far, (struct sockaddr *)&to, sizeof to) < 0 || send(far, listener->token, (size_t)greeting, MSG_NOSIGNAL) != greeting
    || epoll_ctl(poller, EPOLL_CTL_ADD, near, &events[0]) < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, far, &events[1]) < 0) bury(left);
}

/* Moves what can be moved from SIDE to its peer; -1 when the pair is broken. */
static int carry(struct side *side) {
  if (!side->data && !(side->data = malloc(BUFFER))) return -1;
  if (side->from == side->to && !side->eof) {
    ssize_t got = read(side->fd, side->data, BUFFER);
    if (got < 0 && errno != EAGAIN && errno != EINTR) return -1;
    side->eof = got == 0;
    side->from = 0;
    side->to = got > 0 ? (size_t)got : 0;
  }
  if (side->from < side->to) {
    ssize_t put = send(side->peer->fd, side->data + side->from, side->to - side->from, MSG_NOSIGNAL);
    if (put < 0 && errno != EAGAIN && errno != EINTR) return -1;
    if (put > 0) side->from += (size_t)put;
  }
  if (side->eof && side->from == side->to && !side->shut) {
    side->shut = 1;
    shutdown(side->peer->fd, SHUT_WR);
  }
  return 0;
}

static void want(int poller, struct side *side) {
  uint32_t events = (side->from == side->to && !side->eof ? EPOLLIN : 0) | (side->peer->from < side->peer->to ? EPOLLOUT : 0);
  struct epoll_event event = { events, { side } };
  if (side->off && !events) return;
  epoll_ctl(poller, side->off ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, side->fd, &event);
  side->off = 0;
}

void relay_event(int poller, void *which, uint32_t events) {
  struct side *side = which;
  if (side->dead) return;
  if (side->token) { meet(poller, side); return; }
  int broken = (events & (EPOLLHUP | EPOLLERR)) && !(events & EPOLLIN) && side->eof;
  if (!broken && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) broken = carry(side) < 0;
  if (!broken && (events & EPOLLOUT)) broken = carry(side->peer) < 0;
  if (broken || (side->shut && side->peer->shut)) { bury(side); return; }
  want(poller, side);
  want(poller, side->peer);
  /* A hang-up is reported again and again: not while its last bytes wait for a slow peer. */
  if ((events & EPOLLHUP) && side->from < side->to) side->off = epoll_ctl(poller, EPOLL_CTL_DEL, side->fd, NULL) == 0;
}
