/* A child of the ceremony that uses a token: its PIN on a descriptor, the module's environment. */
#ifndef SIGNET_CEREMONY_CHILD_H
#define SIGNET_CEREMONY_CHILD_H

#include "options.h"
#include "signet/spawn.h"

enum { CHILD_ENVIRONMENT = 16, CHILD_FDS = 4 };

struct child {
    const struct option_list *environment;
    const char *env[CHILD_ENVIRONMENT];
    char passed[4][OPTION_PATH];
    int pin_fd; /* -1: closed */
    struct spawn_fd fds[CHILD_FDS];
    size_t fd_count;
};

/* Opens the PIN file anew and makes the environment. Errors: ERROR_FILE_ACCESS. */
MUST_USE bool child_init(struct child *child, const char *pin_file, int pin_number,
                         struct error *err);
/* One more inherited descriptor. */
void child_add_fd(struct child *child, int from, int to);
/* Sets env and fds of the spawn; they borrow the child. */
void child_describe(const struct child *child, struct spawn *spawn);
void child_done(struct child *child);

#endif
