/* Starting programs: fork only to exec, descriptors close-on-exec unless named. */
#ifndef SIGNET_SPAWN_H
#define SIGNET_SPAWN_H

#include <sys/types.h>

#include "signet/buffer.h"
#include "signet/error.h"

struct spawn_fd {
    int from; /* descriptor of ours */
    int to;   /* its number in the new program */
};

struct spawn {
    const char *path;        /* program; no shell, no search */
    const char *const *argv; /* null-terminated, argv[0] included */
    const char *const *env; /* null-terminated, the whole environment; null: PATH, LANG=C, TZ=UTC */
    const char *user;       /* null: stay who we are. Sets uid, gid, supplementary groups */
    const struct spawn_fd *fds; /* inherited descriptors besides those named here */
    size_t fd_count;       /* 0,1,2 not named in fds: stdin is /dev/null, stdout and stderr stay */
    const char *directory; /* working folder; null: "/" */
    bool own_group;        /* a process group of its own: Ctrl-C on our terminal passes it by */
};

/*
 * Starts the program with all signals at their defaults. Gives its process id. A failed exec is
 * reported here (ERROR_FILE_ACCESS), not by a dead child; an unknown user is ERROR_CONFIG.
 */
MUST_USE bool spawn_start(const struct spawn *spawn, pid_t *ret_pid, struct error *err);

/*
 * Runs to the end: feeds `input` to stdin, collects stdout (bounded by out->max; null: it stays
 * ours). Kills the program after timeout_ms (ERROR_DEADLINE). *ret_status is as waitpid gives it.
 * Returns when the program itself has ended, though a child of it may still hold its stdout.
 */
MUST_USE bool spawn_run(const struct spawn *spawn, struct bytes input, struct buffer *out,
                        int timeout_ms, int *ret_status, struct error *err);

#endif
