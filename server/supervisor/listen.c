#include "listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "signet/file.h"

enum { LISTEN_BACKLOG = 1024 }; /* holds what comes while the server is restarted */

static const char *
listen_advice(int cause)
{
    static const struct {
        int cause;
        const char *advice;
    } advices[] = {
        {EADDRINUSE, "another program listens there; stop it or choose another port"},
        {EADDRNOTAVAIL, "this machine does not have the address; choose one that it has"},
        {EACCES, "ports below 1024 need root or CAP_NET_BIND_SERVICE"},
        {EAFNOSUPPORT, "this machine has no such protocol; take the address out"},
    };

    for (size_t i = 0; i < ARRAY_LEN(advices); i++)
        if (advices[i].cause == cause)
            return advices[i].advice;
    return "see the cause";
}

bool
listen_open(const char *address, int *ret_fd, struct error *err)
{
    struct sockaddr_storage place = {0};
    socklen_t len = 0;
    int yes = 1;
    AUTO_FD fd = -1;

    if (!config_address(address, &place, &len))
        return error_set(err, ERROR_CONFIG, "%s is not an address and port", address);
    fd = socket(place.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
        (place.ss_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) != 0) ||
        bind(fd, (struct sockaddr *)&place, len) != 0 || listen(fd, LISTEN_BACKLOG) != 0)
        return error_errno(err, ERROR_CONFIG, "cannot listen on %s: %s", address,
                           listen_advice(errno));
    *ret_fd = fd;
    fd = -1;
    return true;
}

static bool
listeners_add(struct listeners *listeners, const char *kind, const char *address, struct error *err)
{
    struct listener *listener = &listeners->item[listeners->count];

    if (!listen_open(address, &listener->fd, err))
        return error_context(err, "server: %s", kind);
    listener->kind = kind;
    listener->address = address;
    listeners->count++;
    return true;
}

static bool
listeners_add_list(struct listeners *listeners, const char *kind, const struct config_list *list,
                   struct error *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (!listeners_add(listeners, kind, list->item[i], err))
            return false;
    return true;
}

bool
listeners_open(const struct config *config, struct listeners *ret_listeners, struct error *err)
{
    struct listeners listeners = {0};

    if (!listeners_add_list(&listeners, "https", &config->server.https, err) ||
        !listeners_add_list(&listeners, "publish", &config->server.publish, err) ||
        !listeners_add(&listeners, "health", config->server.health, err)) {
        listeners_close(&listeners);
        return false;
    }
    *ret_listeners = listeners;
    return true;
}

void
listeners_close(struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++)
        fd_close(&listeners->item[i].fd);
    listeners->count = 0;
}
