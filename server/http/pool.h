/*
 * Worker threads behind a bounded queue. Each thread owns one struct worker: its database
 * connection, opened when first asked for, and its signer channel. Workers share nothing that
 * changes.
 */
#ifndef SIGNET_POOL_H
#define SIGNET_POOL_H

#include "http.h"
#include "signet/config.h"

struct pool;

/* Runs on a worker thread; owns `job`. */
typedef void (*pool_run)(struct worker *worker, void *job);
/* Called instead of run for what is still queued when the pool is freed. */
typedef void (*pool_drop)(void *job);

struct pool_options {
    struct server *server;
    unsigned threads;
    size_t queue;          /* jobs waiting at most */
    enum config_role role; /* which signer the workers speak to */
    bool warm_database;    /* connect before the first job */
    pool_run run;
    pool_drop drop;
};

MUST_USE bool pool_new(const struct pool_options *options, struct pool **ret_pool,
                       struct error *err);
/* Lets running jobs end, drops the queued ones, joins the threads; accepts null. */
void pool_free(struct pool *pool);
/* Takes `job` when it returns true. ERROR_OVERLOADED when the queue is full. Never blocks. */
MUST_USE bool pool_submit(struct pool *pool, void *job, struct error *err);

struct pool_counts {
    size_t queued, running, threads;
    uint64_t done, refused;
};
void pool_counts(struct pool *pool, struct pool_counts *ret_counts);

#endif
