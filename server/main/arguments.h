/* The command line of signet-server, as the supervisor writes it. */
#ifndef SIGNET_ARGUMENTS_H
#define SIGNET_ARGUMENTS_H

#include <stddef.h>

#include "signet/config.h"

enum listen_kind { LISTEN_HTTPS, LISTEN_PUBLISH, LISTEN_HEALTH, LISTEN_KINDS };

struct listen_fds {
    size_t count;
    int fd[CONFIG_LIST];
};

struct arguments {
    const char *config;
    int control; /* -1: none, nobody supervises */
    struct listen_fds listen[LISTEN_KINDS];
};

/*   --config FILE [--control FD] --listen https:FD --listen publish:FD --listen health:FD
 * Errors: ERROR_USAGE saying which argument is wrong. */
MUST_USE bool arguments_parse(int argc, char *const *argv, struct arguments *ret_arguments,
                              struct error *err);

#endif
