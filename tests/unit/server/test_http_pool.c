#include "http/pool.h"
#include "main/channels.h"
#include "main/server.h"
#include "suite.h"

#include <pthread.h>
#include <stdlib.h>

/* Jobs are counters; those with `wait` stay until the gate opens. */
struct job {
    bool wait;
    int ran, dropped;
    struct worker worker; /* who ran it */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool gate;
static int inside, done;

static void
run_job(struct worker *worker, void *argument)
{
    struct job *job = argument;

    pthread_mutex_lock(&lock);
    inside++;
    pthread_cond_broadcast(&changed);
    while (job->wait && !gate)
        pthread_cond_wait(&changed, &lock);
    job->ran++;
    job->worker = *worker;
    done++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void
drop_job(void *argument)
{
    ((struct job *)argument)->dropped++;
}

static void
await(const int *counter, int least)
{
    pthread_mutex_lock(&lock);
    while (*counter < least)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void
open_gate(bool open)
{
    pthread_mutex_lock(&lock);
    gate = open;
    inside = done = 0;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static struct pool *
pool_of(struct server *server, unsigned threads, size_t queue, enum config_role role)
{
    const struct pool_options options = {.server = server,
                                         .threads = threads,
                                         .queue = queue,
                                         .role = role,
                                         .run = run_job,
                                         .drop = drop_job};
    struct pool *pool = NULL;
    struct error err;

    ASSERT_OK(pool_new(&options, &pool, &err), &err);
    return pool;
}

static void
runs_every_job_once(void)
{
    static struct job jobs[500];
    struct server server = {0};
    struct pool *pool = pool_of(&server, 4, 500, ROLE_ISSUING);
    struct pool_counts counts;
    struct error err;

    open_gate(true);
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
        ASSERT_OK(pool_submit(pool, &jobs[i], &err), &err);
    await(&done, 500);
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
        CU_ASSERT_EQUAL(jobs[i].ran, 1);
        CU_ASSERT_PTR_EQUAL(jobs[i].worker.server, &server);
    }
    pool_counts(pool, &counts);
    CU_ASSERT_EQUAL(counts.queued, 0);
    CU_ASSERT_EQUAL(counts.threads, 4);
    pool_free(pool);
}

static void
refuses_when_full_and_drops_at_the_end(void)
{
    struct job jobs[4] = {{.wait = true}, {0}, {0}, {0}};
    struct server server = {0};
    struct pool *pool = pool_of(&server, 1, 2, ROLE_ISSUING);
    struct pool_counts counts;
    struct error err;

    open_gate(false);
    ASSERT_OK(pool_submit(pool, &jobs[0], &err), &err);
    await(&inside, 1);
    ASSERT_OK(pool_submit(pool, &jobs[1], &err), &err);
    ASSERT_OK(pool_submit(pool, &jobs[2], &err), &err);
    ASSERT_REFUSED(pool_submit(pool, &jobs[3], &err), &err, ERROR_OVERLOADED);
    pool_counts(pool, &counts);
    CU_ASSERT_EQUAL(counts.queued, 2);
    CU_ASSERT_EQUAL(counts.running, 1);
    CU_ASSERT_EQUAL(counts.refused, 1);
    pthread_mutex_lock(&lock);
    jobs[0].wait = false;
    pthread_mutex_unlock(&lock);
    open_gate(true);
    pool_free(pool);
    /* What began ended; every other job that was taken was either run or dropped, and once. */
    CU_ASSERT_EQUAL(jobs[0].ran, 1);
    CU_ASSERT_EQUAL(jobs[1].ran + jobs[1].dropped, 1);
    CU_ASSERT_EQUAL(jobs[2].ran + jobs[2].dropped, 1);
    CU_ASSERT_EQUAL(jobs[3].ran + jobs[3].dropped, 0);
}

/* Each worker has its own channel of its own role, and none of the other. */
static void
gives_each_worker_its_channel(void)
{
    struct config *config = calloc(1, sizeof(*config));
    struct server server = {.config = config};
    struct job jobs[3] = {{.wait = true}, {.wait = true}, {.wait = true}};
    struct pool *pool;
    struct error err;

    config->server.workers = 2;
    config->server.publish_workers = 3;
    ASSERT_OK(channels_new(config, &server.channels, &err), &err);
    pool = pool_of(&server, 3, 8, ROLE_STATUS);
    open_gate(false);
    for (int i = 0; i < 3; i++)
        ASSERT_OK(pool_submit(pool, &jobs[i], &err), &err);
    await(&inside, 3);
    open_gate(true);
    pool_free(pool);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_PTR_NULL(jobs[i].worker.issuing);
        CU_ASSERT_PTR_EQUAL(jobs[i].worker.status,
                            channels_get(server.channels, ROLE_STATUS, jobs[i].worker.index));
        CU_ASSERT(jobs[i].worker.index != jobs[(i + 1) % 3].worker.index);
    }
    channels_free(server.channels);
    free(config);
}

int
main(void)
{
    return RUN_SUITE("pool", TEST(runs_every_job_once),
                     TEST(refuses_when_full_and_drops_at_the_end),
                     TEST(gives_each_worker_its_channel));
}
