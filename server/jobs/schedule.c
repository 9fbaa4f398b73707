#include "jobs/schedule.h"

#include "signet/attributes.h"
#include "signet/policy.h"

enum {
    SECOND_MS = 1000,
    MINUTE_MS = 60 * SECOND_MS,
    HOUR_MS = 60 * MINUTE_MS,
    DAY_MS = 24 * HOUR_MS,
    NOTICE_GAP_MS = 20,             /* a burst of notices is one reading */
    RENEWAL_GAP_MS = 10 * SECOND_MS /* a renewal that changes nothing must not turn into a storm */
};

/* Half of its life is the alarm's distance as well: one failed build does not end it. */
static bool
crl_wanted(const struct schedule *schedule, int64_t now_s)
{
    int64_t life_s = schedule->crl_next_update_s - schedule->crl_this_update_s;

    return schedule->crl_stale || schedule->crl_next_update_s == 0 ||
           now_s >= schedule->crl_this_update_s + life_s / 2;
}

static bool
life_wanted(const struct schedule_life *life, int64_t now_s)
{
    if (life->not_after_s == 0)
        return true;
    switch (validity_at(life->not_before_s, life->not_after_s, now_s)) {
    case VALIDITY_RENEW:
    case VALIDITY_EXPIRED:
        return true;
    case VALIDITY_NOT_YET:
    case VALIDITY_VALID:
        break;
    }
    return false;
}

static bool
responder_wanted(const struct schedule *schedule, int64_t now_s)
{
    return life_wanted(&schedule->responder, now_s);
}

static bool
tls_wanted(const struct schedule *schedule, int64_t now_s)
{
    return life_wanted(&schedule->tls, now_s);
}

static bool
partitions_wanted(const struct schedule *schedule, int64_t now_s)
{
    (void)now_s;
    return schedule->partitions_short;
}

static bool
purge_wanted(const struct schedule *schedule, int64_t now_s)
{
    (void)now_s;
    return schedule->purge_more;
}

static bool
notice_wanted(const struct schedule *schedule, int64_t now_s)
{
    (void)now_s;
    return schedule->noticed;
}

static bool
never_wanted(const struct schedule *schedule, int64_t now_s)
{
    (void)schedule;
    (void)now_s;
    return false;
}

/*
 * How often at least (0: only when `wanted` says so), how long at least between two runs that are
 * wanted, and how long after a failure.
 */
static const struct {
    const char *name;
    int64_t every_ms, gap_ms, retry_ms;
    bool (*wanted)(const struct schedule *schedule, int64_t now_s);
} rows[JOB_COUNT] = {
    [JOB_AUTHORITY] = {"authority", SECOND_MS, NOTICE_GAP_MS, SECOND_MS, notice_wanted},
    [JOB_PARTITIONS] = {"partitions", DAY_MS, SECOND_MS, MINUTE_MS, partitions_wanted},
    [JOB_PURGE] = {"purge", HOUR_MS, SECOND_MS, MINUTE_MS, purge_wanted},
    [JOB_CRL] = {"crl", 0, SCHEDULE_CRL_GAP_MS, SCHEDULE_CRL_GAP_MS, crl_wanted},
    [JOB_RESPONDER] = {"responder", 0, RENEWAL_GAP_MS, RENEWAL_GAP_MS, responder_wanted},
    [JOB_TLS] = {"tls", 0, RENEWAL_GAP_MS, RENEWAL_GAP_MS, tls_wanted},
    [JOB_CLOCK] = {"clock", MINUTE_MS, MINUTE_MS, 5 * SECOND_MS, never_wanted},
    [JOB_PROBE] = {"probe", 5 * SECOND_MS, SECOND_MS, SECOND_MS, never_wanted},
};

const char *
job_name(enum job job)
{
    return rows[job].name;
}

/* How long after its last run the job is due; -1: not at all. */
static int64_t
due_after_ms(const struct schedule *schedule, enum job job, int64_t now_s)
{
    if (schedule->failed[job])
        return rows[job].retry_ms;
    if (rows[job].wanted(schedule, now_s))
        return rows[job].gap_ms;
    return rows[job].every_ms ? rows[job].every_ms : -1;
}

bool
schedule_due(const struct schedule *schedule, enum job job, int64_t now_s, int64_t now_ms)
{
    int64_t after_ms = due_after_ms(schedule, job, now_s);

    if (schedule->tried_ms[job] == 0)
        return after_ms >= 0;
    return after_ms >= 0 && now_ms - schedule->tried_ms[job] >= after_ms;
}

int
schedule_sleep_ms(const struct schedule *schedule, int64_t now_s, int64_t now_ms)
{
    int64_t sleep_ms = SECOND_MS;

    for (enum job job = 0; job < JOB_COUNT; job++) {
        int64_t after_ms = due_after_ms(schedule, job, now_s);
        int64_t wait_ms = after_ms - (now_ms - schedule->tried_ms[job]);

        if (schedule_due(schedule, job, now_s, now_ms))
            return 0;
        if (after_ms >= 0 && wait_ms < sleep_ms)
            sleep_ms = wait_ms;
    }
    return (int)sleep_ms;
}
