/*
 * HTTP by libmicrohttpd: one service is a route table, the pool that runs its handlers, and one or
 * more MHD daemons of one thread each. A daemon listens itself (publishing, health) or is fed with
 * connections by the TLS front (API).
 *
 * What can be answered from memory is answered in the daemon's thread; everything else is suspended
 * and queued to the pool, whose reply resumes it. http_tick, called every LIMIT_TICK_MS, answers
 * what passed its deadline with 503 and cuts slow connections.
 */
#ifndef SIGNET_HTTP_DAEMON_H
#define SIGNET_HTTP_DAEMON_H

#include "connection.h"
#include "http.h"
#include "pool.h"
#include "publish/published.h"

struct http;

struct http_service {
    struct server *server; /* its limiter, audit and metrics are used when they are there */
    const struct route *routes;
    struct connections *connections; /* keeps */
    bool inline_handlers; /* run handlers in the daemon's thread: they never block (health) */
    unsigned workers;     /* otherwise: threads of the pool, and which signer they speak to */
    size_t queue;
    enum config_role role;
    bool warm_database;       /* workers connect to the database at start */
    size_t header_octets;     /* header fields of a request at most */
    int deadline_ms;          /* of a request in the queue and with its handler */
    enum log_level log_level; /* of the line that each request a worker saw leaves */
    bool rate_limited;        /* by address, and by identity once that is known */
    /* Null: everybody is CALLER_NOBODY. */
    bool (*authenticate)(struct worker *worker, struct request *request, struct error *err);
    void (*caller_done)(struct caller *caller);
    /* Null: nothing is answered from memory. */
    bool (*cached)(struct server *server, const struct request *request,
                   struct published **ret_published);
};

struct http_counts {
    unsigned connections, waiting; /* waiting: suspended, for a worker or with one */
    uint64_t cut, expired;
};

/* Starts the pool and `daemons` daemons that are fed by http_take. Gives. */
MUST_USE bool http_new(const struct http_service *service, unsigned daemons, struct http **ret_http,
                       struct error *err);
/* The same with daemons that accept on `listen_fds` (borrowed), `daemons` for each. */
MUST_USE bool http_listen(const struct http_service *service, unsigned daemons,
                          const int *listen_fds, size_t listen_count, struct http **ret_http,
                          struct error *err);
/* A tls_hand_over: gives a connection to daemon `index` modulo their number. */
bool http_take(void *http, unsigned index, int fd, struct connection *connection);
void http_tick(struct http *http, int64_t now_ms);
/* Accepts no more and answers new requests with 503; waits for what is in flight, at most wait_ms,
 * then answers the rest with 503. */
void http_drain(struct http *http, int wait_ms);
/* Drains without waiting, ends daemons, then the pool; accepts null. */
void http_free(struct http *http);
struct pool *http_pool(struct http *http);
void http_counts(struct http *http, struct http_counts *ret_counts);

#endif
