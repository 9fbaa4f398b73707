/* The listening sockets. They stay open here, so that a restart of the server refuses nobody. */
#ifndef SIGNET_LISTEN_H
#define SIGNET_LISTEN_H

#include "signet/config.h"
#include "signet/error.h"

enum { LISTENERS = 2 * CONFIG_LIST + 1 };

struct listener {
    const char *kind; /* "https", "publish", "health" */
    const char *address;
    int fd;
};

struct listeners {
    size_t count;
    struct listener item[LISTENERS];
};

/* Borrows the address texts of the configuration. On failure none is left open. */
MUST_USE bool listeners_open(const struct config *config, struct listeners *ret_listeners,
                             struct error *err);
void listeners_close(struct listeners *listeners);
/* One socket, close-on-exec, not blocking. ERROR_CONFIG naming the address and what to do. */
MUST_USE bool listen_open(const char *address, int *ret_fd, struct error *err);

#endif
