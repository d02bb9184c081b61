/*
 * bulkhead-launcher: one static program with two jobs.
 *   launch  outside: clean-exec, keeper (user + mount namespace with the granted folders), bubblewrap, stop, exit code
 *   init    inside, as process 1: limits, loopback bridges, the command in the foreground, reaping
 * It takes everything from its plan (descriptor 3): no option, no variable, no file weakens it.
 */
#ifndef LAUNCHER_H
#define LAUNCHER_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Descriptors of bubblewrap and of init; nothing else is open there. The command itself gets 0, 1 and 2 only. */
enum { FD_STATUS = 3, FD_CONFIG = 4, FD_SECCOMP = 5, FD_STDIO = 6, FD_PAST = 9, FD_HIGH = 32 };

/* What the keeper and init tell the launcher, and (kind G, K, P, R) what it answers: one packet each. */
enum note_kind { NOTE_MAP = 'M', NOTE_GO = 'G', NOTE_FAILED = 'F', NOTE_STARTED = 'S', NOTE_STOPPED = 'Z', NOTE_ENDED = 'X', NOTE_SIGNAL = 'K', NOTE_PAUSE = 'P', NOTE_RESUME = 'R' };
struct note { int kind, a, b; char text[240]; };

/* A plan: strings, each a 32-bit length (little endian, as both machines are), the bytes, and a NUL. */
struct plan { char *at, *end; };

int plan_read(int fd, struct plan *plan);                /* 0, or -1 with errno */
char *plan_next(struct plan *plan, size_t *length);      /* NULL at the end; ends the process where the plan is malformed */
int note_send(int fd, const struct note *note);
_Noreturn void give_up(int status, const char *step, const char *what);  /* reports errno and ends */
int high(int fd);                                        /* moves a descriptor out of the way of the fixed numbers; close on exec */
int bytes_fd(const char *bytes, size_t length);          /* a descriptor from which these bytes can be read */

int launch_main(void);
enum { TENDED_MOST = 512 };
_Noreturn void keeper_main(struct plan plan, int status, int errors, int orders);
int tend(int orders, const int *overlays, int count);  /* 0, or -1 with errno */
int init_main(void);
int probe_main(void);

int relay_open(int poller, int port, char *const to[2]);   /* a socket's path, and what is said first on each connection to it */
void relay_event(int poller, void *side, uint32_t events);
void relay_sweep(void);
#endif
