#include "pool.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "main/channels.h"
#include "main/server.h"

enum { WORKER_STATEMENT_MS = 5000 };

struct pool {
    struct pool_options options;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    void **ring;
    size_t first, count, running;
    uint64_t done, refused;
    bool stopping;
    unsigned started;
    struct pool_thread *threads;
};

struct pool_thread {
    struct pool *pool;
    pthread_t thread;
    struct worker worker;
};

/* Nothing has come since the last answer. When the server ends a connection, its words or its end
 * are waiting there; asking it each time would cost a round trip. */
static bool
db_is_quiet(struct db *db)
{
    struct pollfd source = {db_socket(db), POLLIN, 0};

    return source.fd >= 0 && poll(&source, 1, 0) == 0;
}

struct db *
worker_db(struct worker *worker, struct error *err)
{
    if (worker->db && db_is_quiet(worker->db))
        return worker->db;
    if (worker->db)
        return db_ping(worker->db, err) ? worker->db : NULL;
    if (!db_open(worker->server->config->database.server, WORKER_STATEMENT_MS, &worker->db, err))
        return NULL;
    return worker->db;
}

/* The next job, or null when the pool ends. */
static void *
pool_take(struct pool *pool)
{
    void *job = NULL;

    pthread_mutex_lock(&pool->lock);
    while (pool->count == 0 && !pool->stopping)
        pthread_cond_wait(&pool->wake, &pool->lock);
    if (!pool->stopping) {
        job = pool->ring[pool->first];
        pool->first = (pool->first + 1) % pool->options.queue;
        pool->count--;
        pool->running++;
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void
pool_done(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->running--;
    pool->done++;
    pthread_mutex_unlock(&pool->lock);
}

static void *
pool_thread(void *argument)
{
    struct pool_thread *self = argument;
    struct pool *pool = self->pool;
    struct error ignored;
    void *job;

    /* The first requests should not wait for a connection; when there is none yet, they will say
     * so. */
    if (pool->options.warm_database)
        (void)!worker_db(&self->worker, &ignored);
    while ((job = pool_take(pool))) {
        pool->options.run(&self->worker, job);
        pool_done(pool);
    }
    db_close(self->worker.db);
    return NULL;
}

/* Signals are the main thread's business. */
static bool
pool_start(struct pool *pool, struct error *err)
{
    sigset_t all, before;
    bool ok = true;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned i = 0; ok && i < pool->options.threads; i++) {
        struct pool_thread *self = &pool->threads[i];

        self->pool = pool;
        self->worker.server = pool->options.server;
        self->worker.index = i;
        if (pool->options.server && pool->options.server->channels) {
            struct signer_channel *channel =
                channels_get(pool->options.server->channels, pool->options.role, i);

            if (pool->options.role == ROLE_ISSUING)
                self->worker.issuing = channel;
            else
                self->worker.status = channel;
        }
        ok = pthread_create(&self->thread, NULL, pool_thread, self) == 0;
        pool->started += ok ? 1 : 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok ||
           error_set(err, ERROR_MEMORY, "cannot start %u worker threads", pool->options.threads);
}

bool
pool_new(const struct pool_options *options, struct pool **ret_pool, struct error *err)
{
    struct pool *pool = calloc(1, sizeof(*pool));

    if (!pool)
        return error_set(err, ERROR_MEMORY, "no memory for a pool of workers");
    pool->options = *options;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->ring = calloc(options->queue, sizeof(*pool->ring));
    pool->threads = calloc(options->threads, sizeof(*pool->threads));
    if (!pool->ring || !pool->threads) {
        pool_free(pool);
        return error_set(err, ERROR_MEMORY, "no memory for a pool of workers");
    }
    if (!pool_start(pool, err)) {
        pool_free(pool);
        return false;
    }
    *ret_pool = pool;
    return true;
}

void
pool_free(struct pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->started; i++)
        pthread_join(pool->threads[i].thread, NULL);
    for (; pool->count; pool->count--, pool->first = (pool->first + 1) % pool->options.queue)
        pool->options.drop(pool->ring[pool->first]);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->ring);
    free(pool->threads);
    free(pool);
}

bool
pool_submit(struct pool *pool, void *job, struct error *err)
{
    bool taken;

    pthread_mutex_lock(&pool->lock);
    taken = !pool->stopping && pool->count < pool->options.queue;
    if (taken) {
        pool->ring[(pool->first + pool->count) % pool->options.queue] = job;
        pool->count++;
        pthread_cond_signal(&pool->wake);
    } else {
        pool->refused++;
    }
    pthread_mutex_unlock(&pool->lock);
    return taken || error_set(err, ERROR_OVERLOADED, "%zu requests are waiting already",
                              pool->options.queue);
}

void
pool_counts(struct pool *pool, struct pool_counts *ret_counts)
{
    pthread_mutex_lock(&pool->lock);
    *ret_counts =
        (struct pool_counts){pool->count, pool->running, pool->started, pool->done, pool->refused};
    pthread_mutex_unlock(&pool->lock);
}
