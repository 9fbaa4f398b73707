#include "daemon.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "exchange.h"
#include "signet/clock.h"

/* Memory of one connection in MHD beside the header fields: its request line, the header of the
 * reply and MHD's own records. What is larger MHD itself refuses with 431 or 414. MHD clears all of
 * it after each request, so that more than needed costs time. */
enum { DAEMON_MEMORY = LIMIT_TARGET_OCTETS + 4096 };
/* A backstop only: our own deadlines are shorter. */
enum { DAEMON_SILENCE_S = 180 };
/* Reached through MHD_add_connection this limit would lock the daemon for ever: the table of
 * connections is the limit, this stands far above it. */
enum { DAEMON_CONNECTIONS = 1 << 20 };

/* How a connection of the front is named to MHD, which copies it whole and gives it back. */
struct front_address {
    struct sockaddr head;
    uint32_t slot;
    uint32_t generation;
};

/* The record of a fresh connection, null when it is gone or there is no room. */
static struct connection *
record_of(struct http *http, struct MHD_Connection *mhd, int fd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct front_address *address;
    struct connection *connection = NULL;

    if (!info || !info->client_addr)
        return NULL;
    if (http->listens) {
        socklen_t len = info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                                 : sizeof(struct sockaddr_in);

        return connection_open(http->service.connections, info->client_addr, len, fd,
                               CONNECTION_FIRST, &connection, NULL)
                   ? connection
                   : NULL;
    }
    address = (const struct front_address *)(const void *)info->client_addr;
    return connection_find(http->service.connections, address->slot, address->generation);
}

static void
connection_begin(struct http *http, struct MHD_Connection *mhd, void **context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (!info)
        return;
    *context = record_of(http, mhd, info->connect_fd);
    atomic_fetch_add(&http->connections, 1);
    /* Over a limit: MHD sees the end at once and closes. */
    if (!*context)
        shutdown(info->connect_fd, SHUT_RDWR);
}

static void
connection_notice(void *context, struct MHD_Connection *mhd, void **socket_context,
                  enum MHD_ConnectionNotificationCode code)
{
    struct http *http = context;
    struct connection *connection = *socket_context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        connection_begin(http, mhd, socket_context);
        return;
    }
    atomic_fetch_sub(&http->connections, 1);
    if (connection && http->listens)
        connection_closing(connection);
    connection_unref(connection);
    *socket_context = NULL;
}

/* MHD decodes nothing for us: the router works on the raw target. */
static size_t
keep_raw(void *context, struct MHD_Connection *mhd, char *text)
{
    size_t len = 0;

    (void)context, (void)mhd;
    while (text[len])
        len++;
    return len;
}

static struct MHD_Daemon *
daemon_start(struct http *http, int listen_fd)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    struct MHD_OptionItem listen[] = {{MHD_OPTION_LISTEN_SOCKET, listen_fd, NULL},
                                      {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

    if (listen_fd == -1)
        flags |= MHD_USE_NO_LISTEN_SOCKET;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, exchange_step, http, MHD_OPTION_ARRAY,
        listen_fd == -1 ? none : listen, MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, http,
        MHD_OPTION_NOTIFY_COMPLETED, exchange_end, http, MHD_OPTION_NOTIFY_CONNECTION,
        connection_notice, http, MHD_OPTION_UNESCAPE_CALLBACK, keep_raw, http,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)DAEMON_CONNECTIONS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, http->service.header_octets + DAEMON_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)DAEMON_SILENCE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
}

static bool
http_prepare(const struct http_service *service, unsigned daemons, struct http **ret_http,
             struct error *err)
{
    struct http *http = calloc(1, sizeof(*http));

    if (!http)
        return error_set(err, ERROR_MEMORY, "no memory for an HTTP service");
    http->service = *service;
    http->inline_worker.server = service->server;
    pthread_mutex_init(&http->lock, NULL);
    pthread_cond_init(&http->changed, NULL);
    http->daemons = calloc(daemons, sizeof(struct MHD_Daemon *));
    if (!http->daemons) {
        http_free(http);
        return error_set(err, ERROR_MEMORY, "no memory for an HTTP service");
    }
    *ret_http = http;
    return true;
}

static bool
http_start_pool(struct http *http, struct error *err)
{
    const struct pool_options options = {.server = http->service.server,
                                         .threads = http->service.workers,
                                         .queue = http->service.queue,
                                         .role = http->service.role,
                                         .warm_database = http->service.warm_database,
                                         .run = exchange_run,
                                         .drop = exchange_drop};

    return http->service.inline_handlers || pool_new(&options, &http->pool, err);
}

/* MHD closes the listening socket when it stops: it gets one of its own. */
static bool
http_start_daemon(struct http *http, int listen_fd, struct error *err)
{
    sigset_t all, before;
    int own = listen_fd == -1 ? -1 : dup(listen_fd);
    struct MHD_Daemon *daemon = NULL;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (listen_fd == -1 || own != -1)
        daemon = daemon_start(http, own);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!daemon) {
        if (own != -1)
            close(own);
        return error_set(err, ERROR_INTERNAL, "libmicrohttpd did not start");
    }
    http->daemons[http->daemon_count++] = daemon;
    return true;
}

bool
http_new(const struct http_service *service, unsigned daemons, struct http **ret_http,
         struct error *err)
{
    struct http *http;
    bool ok;

    if (!http_prepare(service, daemons, &http, err))
        return false;
    ok = http_start_pool(http, err);
    for (unsigned i = 0; ok && i < daemons; i++)
        ok = http_start_daemon(http, -1, err);
    if (!ok) {
        http_free(http);
        return false;
    }
    *ret_http = http;
    return true;
}

bool
http_listen(const struct http_service *service, unsigned daemons, const int *listen_fds,
            size_t listen_count, struct http **ret_http, struct error *err)
{
    struct http *http;
    bool ok;

    if (!http_prepare(service, daemons * (unsigned)listen_count, &http, err))
        return false;
    http->listens = true;
    ok = http_start_pool(http, err);
    for (unsigned i = 0; ok && i < daemons * listen_count; i++)
        ok = http_start_daemon(http, listen_fds[i % listen_count], err);
    if (!ok) {
        http_free(http);
        return false;
    }
    *ret_http = http;
    return true;
}

bool
http_take(void *context, unsigned index, int fd, struct connection *connection)
{
    struct http *http = context;
    struct front_address address = {
        .head.sa_family = AF_UNIX, .slot = connection->slot, .generation = connection->generation};

    /* On failure MHD has closed the descriptor. */
    return MHD_add_connection(http->daemons[index % http->daemon_count], fd, &address.head,
                              sizeof(address)) == MHD_YES;
}

void
http_tick(struct http *http, int64_t now_ms)
{
    exchange_expire(http, now_ms, false);
    atomic_fetch_add(&http->cut, connections_cut(http->service.connections, now_ms));
}

/* Waits until *count is zero, at most wait_ms; with the lock held. */
static void
wait_for_none(struct http *http, const unsigned *left, int wait_ms)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    while (*left)
        if (pthread_cond_timedwait(&http->changed, &http->lock, &until) != 0)
            return;
}

void
http_drain(struct http *http, int wait_ms)
{
    pthread_mutex_lock(&http->lock);
    atomic_store(&http->stopping, true);
    wait_for_none(http, &http->waiting_count, wait_ms);
    pthread_mutex_unlock(&http->lock);
    exchange_expire(http, 0, true);
    /* The replies go out before the connections are ended. */
    pthread_mutex_lock(&http->lock);
    wait_for_none(http, &http->alive, LIMIT_LINGER_MS);
    pthread_mutex_unlock(&http->lock);
}

/*
 * A daemon must not be stopped while one of its connections is suspended (MHD aborts the process):
 * the stopping flag keeps new ones from being suspended, and what waits is resumed first.
 */
void
http_free(struct http *http)
{
    if (!http)
        return;
    http_drain(http, 0);
    for (unsigned i = 0; i < http->daemon_count; i++) {
        exchange_expire(http, 0, true);
        MHD_stop_daemon(http->daemons[i]);
    }
    pool_free(http->pool);
    pthread_cond_destroy(&http->changed);
    pthread_mutex_destroy(&http->lock);
    free(http->daemons);
    free(http);
}

struct pool *
http_pool(struct http *http)
{
    return http->pool;
}

void
http_counts(struct http *http, struct http_counts *ret_counts)
{
    pthread_mutex_lock(&http->lock);
    ret_counts->waiting = http->waiting_count;
    pthread_mutex_unlock(&http->lock);
    ret_counts->connections = atomic_load(&http->connections);
    ret_counts->cut = atomic_load(&http->cut);
    ret_counts->expired = atomic_load(&http->expired);
}
