/*
 * One request's life, from its request line to its last byte:
 *
 *   READING -> (checks, body) -> refused, answered from memory, run in place: replied at once
 *                             -> WAITING: suspended; then once, whoever is first:
 *                                  the worker: DONE    the deadline or the stop: EXPIRED
 *                             -> resumed, replied, ended
 *
 * Shared by libmicrohttpd's side and the worker's; the one that lets go last frees it. What a
 * worker reads of the request is copied here, since MHD's memory may go while the worker still
 * runs.
 */
#ifndef SIGNET_EXCHANGE_H
#define SIGNET_EXCHANGE_H

#include <microhttpd.h>
#include <pthread.h>

#include "daemon.h"

enum { HTTP_RANDOM_OCTETS = 4096 };

enum exchange_state { EXCHANGE_READING, EXCHANGE_WAITING, EXCHANGE_DONE, EXCHANGE_EXPIRED };

struct exchange {
    struct http *http;
    struct MHD_Connection *mhd;
    struct connection *connection; /* one reference; null when the record is gone */
    atomic_uint references;
    atomic_int state;          /* enum exchange_state */
    bool named;                /* has a request id */
    bool begun;                /* the header was seen */
    const struct route *route; /* null: none matched */
    char allow[64];            /* value of Allow with ERROR_METHOD_NOT_ALLOWED */
    uint32_t retry_after_s;
    struct request request;
    struct buffer body;
    size_t discarded;
    char *text;                 /* decoded path, parameters and header values */
    struct error refusal;       /* kind ERROR_NONE: none */
    struct MHD_Response *reply; /* made by the worker */
    int status;
    int64_t begun_us, queued_us;
    struct exchange *previous, *next; /* among the waiting, under http->lock */
    char target[];
};

/* What the daemons of one service share. */
struct http {
    struct http_service service;
    struct pool *pool;
    struct worker inline_worker;
    struct MHD_Daemon **daemons;
    unsigned daemon_count;
    bool listens;
    atomic_bool stopping;
    atomic_uint connections;
    atomic_uint_fast64_t cut, expired;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct exchange *waiting;
    unsigned waiting_count, alive; /* alive: exchanges that MHD has not completed yet */
    /* Random octets for request ids, fetched many at once: the generator costs more per call than
     * per octet. */
    uint8_t random[HTTP_RANDOM_OCTETS];
    size_t random_left;
};

/* The callbacks of libmicrohttpd. */
void *exchange_begin(void *http, const char *target, struct MHD_Connection *mhd);
enum MHD_Result exchange_step(void *http, struct MHD_Connection *mhd, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_len, void **context);
void exchange_end(void *http, struct MHD_Connection *mhd, void **context,
                  enum MHD_RequestTerminationCode code);
/* The callbacks of the pool. */
void exchange_run(struct worker *worker, void *job);
void exchange_drop(void *job);
/* Ends the wait with `reply` (taken; null: the exchange's refusal, or 503), unless it ended before.
 */
void exchange_finish(struct exchange *exchange, struct MHD_Response *reply, int status);
/* Answers what waits and is past its deadline (all: whatever its deadline) with 503. */
void exchange_expire(struct http *http, int64_t now_ms, bool all);

#endif
