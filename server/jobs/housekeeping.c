/* Jobs that read and tidy. */
#include "jobs/work.h"

#include "http/audit.h"
#include "publish/publisher.h"
#include "signet/clock.h"
#include "signet/log.h"

enum { DAY_S = 86400, PARTITION_MARGIN_DAYS = 2, SKEW_ALARM_US = 2 * 1000 * 1000 };

bool
job_locked(struct jobs *jobs, enum job job, bool (*work)(struct jobs *jobs, struct error *err),
           struct error *err)
{
    struct error failure = {.kind = ERROR_NONE};
    bool ok;

    if (!db_job_lock(jobs->db, job_name(job), &failure)) {
        if (failure.kind != ERROR_NONE)
            *err = failure;
        return failure.kind == ERROR_NONE;
    }
    ok = work(jobs, err);
    db_job_unlock(jobs->db, job_name(job));
    return ok;
}

/* As far ahead as any certificate may end, whatever the configuration says. */
static int
days_needed(struct jobs *jobs)
{
    AUTO_AUTHORITY authority = authority_ref(jobs->server->authority);
    int64_t days = policy_longest_ttl_s(authority->policy) / DAY_S + PARTITION_MARGIN_DAYS;
    int64_t wanted = jobs->server->config->jobs.partition_days;

    return (int)(days > wanted ? days : wanted);
}

static bool
look_authority(struct jobs *jobs, struct error *err)
{
    if (!authority_load(jobs->server->authority, jobs->db, err))
        return false;
    jobs->schedule.partitions_short = jobs->days_made > 0 && days_needed(jobs) > jobs->days_made;
    return true;
}

static bool
look_published(struct jobs *jobs, struct error *err)
{
    return publisher_poll(jobs->server->publisher, jobs->db, err);
}

/* What was revoked may be the responder's own certificate. */
static bool
look_responder(struct jobs *jobs, struct error *err)
{
    bool noticed = jobs->schedule.noticed;

    jobs->schedule.noticed = false;
    return !noticed || job_responder_look(jobs, err);
}

static bool
flush_audit(struct jobs *jobs, struct error *err)
{
    struct audit *audit = jobs->server->audit;
    int64_t now_ms = clock_monotonic_ms();

    return !audit || !audit_due(audit, now_ms) || audit_flush(audit, jobs->db, now_ms, err);
}

/* Each step whatever became of those before: a policy that cannot be used must not keep
 * revocations from being published. The first failure is told. */
bool
job_authority(struct jobs *jobs, struct error *err)
{
    static bool (*const steps[])(struct jobs * jobs, struct error * err) = {
        look_authority, look_published, look_responder, job_crl_watch, flush_audit};
    struct error later;
    bool ok = true;

    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (!steps[i](jobs, ok ? err : &later))
            ok = false;
    return ok;
}

static bool
partitions_maintain(struct jobs *jobs, struct error *err)
{
    int days = days_needed(jobs), made = 0, removed = 0;

    if (!db_partitions_maintain(jobs->db, clock_now_s(), days,
                                (int)jobs->server->config->jobs.retention_days, &made, &removed,
                                err))
        return false;
    jobs->days_made = days;
    jobs->schedule.partitions_short = false;
    if (made || removed)
        log_event(LOG_LEVEL_INFO, "partitions", LOG_NUMBER("made", made),
                  LOG_NUMBER("removed", removed), LOG_NUMBER("days_ahead", days));
    return true;
}

bool
job_partitions(struct jobs *jobs, struct error *err)
{
    return job_locked(jobs, JOB_PARTITIONS, partitions_maintain, err);
}

static bool
purge(struct jobs *jobs, struct error *err)
{
    int64_t rows = 0;

    if (!db_purge(jobs->db, clock_now_s(), (int)jobs->server->config->jobs.audit_days, &rows, err))
        return false;
    jobs->schedule.purge_more = rows >= SCHEDULE_PURGE_MOST;
    if (rows)
        log_event(LOG_LEVEL_INFO, "purged", LOG_NUMBER("rows", rows));
    return true;
}

bool
job_purge(struct jobs *jobs, struct error *err)
{
    return job_locked(jobs, JOB_PURGE, purge, err);
}

bool
job_clock(struct jobs *jobs, struct error *err)
{
    int64_t before_us = clock_now_us(), theirs_us, skew_us;

    if (!db_time(jobs->db, &theirs_us, err))
        return false;
    skew_us = before_us + (clock_now_us() - before_us) / 2 - theirs_us;
    pthread_mutex_lock(&jobs->lock);
    jobs->state.clock_skew_us = skew_us;
    pthread_mutex_unlock(&jobs->lock);
    if (skew_us > SKEW_ALARM_US || skew_us < -SKEW_ALARM_US)
        return error_set(err, ERROR_CLOCK, "our clock and the database's differ by %lld us",
                         (long long)skew_us);
    return true;
}

bool
job_probe(struct jobs *jobs, struct error *err)
{
    struct probe_reply issuing = {.last_signature_s = 0}, status = {.last_signature_s = 0};
    bool issuing_ok = signer_probe(jobs->issuing, JOBS_PROBE_MS, &issuing, err);
    bool status_ok = signer_probe(jobs->status, JOBS_PROBE_MS, &status, err);

    pthread_mutex_lock(&jobs->lock);
    if (issuing_ok) {
        jobs->state.signer_stopped[ROLE_ISSUING] = 0;
        jobs->state.issuing_signature_s = issuing.last_signature_s;
        jobs->state.issuing_end_s = issuing.certificate_end_s;
    }
    if (status_ok) {
        jobs->state.signer_stopped[ROLE_STATUS] = 0;
        jobs->state.status_signature_s = status.last_signature_s;
        jobs->state.responder_end_s = status.certificate_end_s;
    }
    pthread_mutex_unlock(&jobs->lock);
    return issuing_ok && status_ok;
}
