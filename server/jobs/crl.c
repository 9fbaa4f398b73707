/* The job that keeps the CRL fresh. */
#include "jobs/work.h"

#include "publish/publisher.h"
#include "signet/clock.h"
#include "signet/log.h"

enum {
    CRL_SHARD = 0,
    CRL_SCHEDULED = 0,
    CRL_AFTER_REVOCATION = 1,
    CRL_WATCH_MS = 5000 /* a gap of a second, then a build of a long list on a busy node */
};

static void
crl_note(struct jobs *jobs, uint64_t number, int64_t this_update_s, int64_t next_update_s)
{
    jobs->schedule.crl_this_update_s = this_update_s;
    jobs->schedule.crl_next_update_s = next_update_s;
    pthread_mutex_lock(&jobs->lock);
    jobs->state.crl_number = number;
    jobs->state.crl_this_update_s = this_update_s;
    jobs->state.crl_next_update_s = next_update_s;
    pthread_mutex_unlock(&jobs->lock);
}

bool
job_crl_look(struct jobs *jobs, struct error *err)
{
    AUTO_AUTHORITY authority = authority_ref(jobs->server->authority);
    struct db_crl crl;

    switch (db_crl_get(jobs->db, authority->issuing->row.id, CRL_SHARD, &crl, NULL, err)) {
    case DB_FOUND:
        crl_note(jobs, crl.number, crl.this_update_s, crl.next_update_s);
        return true;
    case DB_MISSING:
        return true;
    case DB_FAILED:
        break;
    }
    return false;
}

static bool
crl_build(struct jobs *jobs, struct error *err)
{
    const struct crl_request request = {
        .shard = CRL_SHARD,
        .reason = jobs->schedule.crl_stale ? CRL_AFTER_REVOCATION : CRL_SCHEDULED,
    };
    struct crl_reply reply;

    /* Taken before the signer reads the rows: what comes later makes it stale again. */
    jobs->schedule.crl_stale = false;
    if (!signer_build_crl(jobs->issuing, &request, JOBS_SIGNER_MS, &reply, err)) {
        jobs->schedule.crl_stale = request.reason == CRL_AFTER_REVOCATION;
        return false;
    }
    crl_note(jobs, reply.number, reply.this_update_s, reply.next_update_s);
    log_event(LOG_LEVEL_INFO, "CRL built", LOG_NUMBER("number", reply.number),
              LOG_NUMBER("entries", reply.entries), LOG_NUMBER("reason", request.reason));
    return publisher_poll(jobs->server->publisher, jobs->db, err);
}

/* Another node may have done it since this one last looked. */
static bool
crl_renew(struct jobs *jobs, struct error *err)
{
    if (!job_crl_look(jobs, err))
        return false;
    if (!schedule_due(&jobs->schedule, JOB_CRL, clock_now_s(), INT64_MAX))
        return true;
    return crl_build(jobs, err);
}

/* After a revocation without the lock: a node that hangs with it must not delay the list, and of
 * two that build at once the higher number stands (db/crl_row.c). */
bool
job_crl(struct jobs *jobs, struct error *err)
{
    if (jobs->schedule.crl_stale)
        return crl_build(jobs, err);
    return job_locked(jobs, JOB_CRL, crl_renew, err);
}

bool
job_crl_notice(struct jobs *jobs, struct error *err)
{
    struct schedule *schedule = &jobs->schedule;

    if (!job_crl_look(jobs, err))
        return false;
    schedule->crl_noticed = false;
    schedule->crl_watch_again = schedule->crl_watch_ms != 0;
    if (schedule->crl_watch_again) {
        schedule->crl_again = jobs->state.crl_number;
        return true;
    }
    schedule->crl_watched = jobs->state.crl_number;
    schedule->crl_watch_ms = clock_monotonic_ms() + CRL_WATCH_MS;
    return true;
}

bool
job_crl_watch(struct jobs *jobs, struct error *err)
{
    struct schedule *schedule = &jobs->schedule;

    if (!schedule->crl_watch_ms || clock_monotonic_ms() < schedule->crl_watch_ms)
        return true;
    if (!job_crl_look(jobs, err))
        return false;
    if (jobs->state.crl_number <= schedule->crl_watched) {
        log_event(LOG_LEVEL_ERROR, "no CRL followed a revocation: this node builds it",
                  LOG_NUMBER("number", jobs->state.crl_number));
        schedule->crl_stale = true;
    }
    schedule->crl_watch_ms = schedule->crl_watch_again ? clock_monotonic_ms() + CRL_WATCH_MS : 0;
    schedule->crl_watch_again = false;
    schedule->crl_watched = schedule->crl_again;
    return true;
}
