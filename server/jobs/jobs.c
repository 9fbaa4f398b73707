#include "jobs/jobs.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "jobs/work.h"
#include "main/channels.h"
#include "signet/clock.h"
#include "signet/file.h"
#include "signet/log.h"

enum { JOBS_STATEMENT_MS = 30000, JOBS_STOP_POLL_MS = 1000, JOBS_SLOW_MS = 1000 };

static bool (*const work[JOB_COUNT])(struct jobs *jobs, struct error *err) = {
    [JOB_AUTHORITY] = job_authority, [JOB_PARTITIONS] = job_partitions,
    [JOB_PURGE] = job_purge,         [JOB_CRL] = job_crl,
    [JOB_RESPONDER] = job_responder, [JOB_TLS] = job_tls,
    [JOB_CLOCK] = job_clock,         [JOB_PROBE] = job_probe,
};

/* A node asks the database each second, or after a signer's JOBS_SIGNER_MS: one that is silent for
 * longer hangs, and its jobs go to the others. */
enum { JOBS_IDLE_MS = 30000 };

/* The dates in the files and rows, before the first job decides by them. */
static bool
jobs_look(struct jobs *jobs, struct error *err)
{
    struct error ignored = {.kind = ERROR_NONE};

    /* Without a TLS file there is nothing to know: the job makes one. */
    if (!job_tls_look(jobs, &ignored))
        log_error("TLS certificate of this server", &ignored, NULL);
    return authority_load(jobs->server->authority, jobs->db, err) && job_crl_look(jobs, err) &&
           job_responder_look(jobs, err);
}

static void
jobs_disconnect(struct jobs *jobs)
{
    db_close(jobs->db);
    jobs->db = NULL;
}

/* A lost connection is made anew, not mended: it has lost what it listened to as well. */
static bool
jobs_connect(struct jobs *jobs, struct error *err)
{
    if (jobs->db && db_socket(jobs->db) >= 0)
        return true;
    jobs_disconnect(jobs);
    if (!db_open(jobs->server->config->database.server, JOBS_STATEMENT_MS, &jobs->db, err))
        return false;
    /* What was revoked while nobody listened may be on no CRL yet. */
    jobs->schedule.crl_stale = true;
    if (db_limit_idle(jobs->db, JOBS_IDLE_MS, err) &&
        db_listen(jobs->db, "signet_revocation", err) &&
        db_listen(jobs->db, "signet_policy", err) && jobs_look(jobs, err))
        return true;
    jobs_disconnect(jobs);
    return false;
}

static void
job_result(struct jobs *jobs, enum job job, bool ok, const struct error *failure)
{
    bool before = jobs->schedule.failed[job];

    jobs->schedule.failed[job] = !ok;
    pthread_mutex_lock(&jobs->lock);
    if (ok)
        jobs->state.done_s[job] = clock_now_s();
    jobs->state.failed[job] = ok ? ERROR_NONE : failure->kind;
    pthread_mutex_unlock(&jobs->lock);
    /* The first failure and the end of it: a database that is away is not told each second. */
    if (!ok && !before)
        log_error("job failed", failure,
                  (const struct log_field[]){LOG_TEXT("job", job_name(job)), {NULL, NULL, 0}});
    if (ok && before)
        log_event(LOG_LEVEL_NOTICE, "job works again", LOG_TEXT("job", job_name(job)));
}

static void
job_run(struct jobs *jobs, enum job job)
{
    struct error failure = {.kind = ERROR_NONE};

    jobs->schedule.tried_ms[job] = clock_monotonic_ms();
    job_result(jobs, job, work[job](jobs, &failure), &failure);
}

/* A job that waited for a silent signer ends the round, which goes on behind it the next time: so
 * the database is looked at in between, and no job keeps the others from their turn. */
static void
jobs_run_due(struct jobs *jobs)
{
    for (int i = 0; i < JOB_COUNT && !atomic_load(&jobs->stopping); i++) {
        int64_t began_ms = clock_monotonic_ms();
        enum job job = jobs->next;

        jobs->next = (enum job)((jobs->next + 1) % JOB_COUNT);
        if (schedule_due(&jobs->schedule, job, clock_now_s(), began_ms))
            job_run(jobs, job);
        if (clock_monotonic_ms() - began_ms > JOBS_SLOW_MS)
            return;
    }
}

static void
jobs_round(struct jobs *jobs)
{
    struct error failure = {.kind = ERROR_NONE};

    if (!jobs_connect(jobs, &failure)) {
        jobs->schedule.tried_ms[JOB_AUTHORITY] = clock_monotonic_ms();
        job_result(jobs, JOB_AUTHORITY, false, &failure);
        return;
    }
    pthread_mutex_lock(&jobs->lock);
    jobs->state.database_s = clock_now_s();
    pthread_mutex_unlock(&jobs->lock);
    /* Before this node builds: its own CRL is one that followed. */
    if (jobs->schedule.crl_noticed && !job_crl_notice(jobs, &failure))
        log_error("the CRL of a revocation is not watched yet", &failure, NULL);
    jobs_run_due(jobs);
}

static void
notices_take(struct jobs *jobs)
{
    char payload[64];

    eventfd_t count;

    /* Emptied before the flag is taken, so that no wake is lost. */
    if (eventfd_read(jobs->wake_fd, &count) != 0 && errno != EAGAIN)
        log_event(LOG_LEVEL_ERROR, "eventfd of the jobs", LOG_NUMBER("errno", errno));
    if (atomic_exchange(&jobs->revoked, false))
        jobs->schedule.crl_stale = true;
    /* Those of other nodes, too; they build the CRL themselves (job_crl_watch). */
    while (jobs->db && db_notification(jobs->db, payload, sizeof(payload)))
        jobs->schedule.noticed = jobs->schedule.crl_noticed = true;
}

static void
jobs_wait(struct jobs *jobs)
{
    struct pollfd fds[] = {
        {.fd = jobs->wake_fd, .events = POLLIN},
        {.fd = jobs->db ? db_socket(jobs->db) : -1, .events = POLLIN},
    };
    int sleep_ms = JOBS_STOP_POLL_MS;

    /* Those that came with the answers of the round: the socket does not tell of them again. */
    notices_take(jobs);
    if (jobs->db)
        sleep_ms = schedule_sleep_ms(&jobs->schedule, clock_now_s(), clock_monotonic_ms());
    /* Interrupted or not: the round looks at everything. */
    if (poll(fds, ARRAY_LEN(fds), sleep_ms) < 0)
        return;
    notices_take(jobs);
}

static void *
jobs_thread(void *context)
{
    struct jobs *jobs = context;

    while (!atomic_load(&jobs->stopping)) {
        jobs_round(jobs);
        jobs_wait(jobs);
    }
    jobs_disconnect(jobs);
    return NULL;
}

static void
jobs_free(struct jobs *jobs)
{
    fd_close(&jobs->wake_fd);
    pthread_mutex_destroy(&jobs->lock);
    free(jobs);
}

bool
jobs_start(struct server *server, struct jobs **ret_jobs, struct error *err)
{
    struct jobs *jobs = calloc(1, sizeof(*jobs));
    int failure;

    if (!jobs)
        return error_set(err, ERROR_MEMORY, "jobs: no memory");
    jobs->server = server;
    jobs->issuing = channels_job(server->channels, ROLE_ISSUING, 0);
    jobs->status = channels_job(server->channels, ROLE_STATUS, 0);
    pthread_mutex_init(&jobs->lock, NULL);
    jobs->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (jobs->wake_fd < 0) {
        error_errno(err, ERROR_INTERNAL, "jobs: eventfd");
        jobs_free(jobs);
        return false;
    }
    failure = pthread_create(&jobs->thread, NULL, jobs_thread, jobs);
    if (failure) {
        jobs_free(jobs);
        return error_set(err, ERROR_INTERNAL, "jobs: thread not started (%d)", failure);
    }
    *ret_jobs = jobs;
    return true;
}

/* Fails only when the counter is full, and then it is readable already. */
static void
jobs_wake(struct jobs *jobs)
{
    if (eventfd_write(jobs->wake_fd, 1) != 0 && errno != EAGAIN)
        log_event(LOG_LEVEL_ERROR, "eventfd of the jobs", LOG_NUMBER("errno", errno));
}

void
jobs_stop(struct jobs *jobs)
{
    if (!jobs)
        return;
    atomic_store(&jobs->stopping, true);
    jobs_wake(jobs);
    pthread_join(jobs->thread, NULL);
    jobs_free(jobs);
}

void
jobs_revoked(struct jobs *jobs)
{
    if (!jobs)
        return;
    atomic_store(&jobs->revoked, true);
    jobs_wake(jobs);
}

void
jobs_signer_stopped(struct jobs *jobs, enum config_role role, int status)
{
    if (!jobs)
        return;
    pthread_mutex_lock(&jobs->lock);
    jobs->state.signer_stopped[role] = status;
    pthread_mutex_unlock(&jobs->lock);
}

void
jobs_state_get(struct jobs *jobs, struct jobs_state *ret_state)
{
    pthread_mutex_lock(&jobs->lock);
    *ret_state = jobs->state;
    pthread_mutex_unlock(&jobs->lock);
}
