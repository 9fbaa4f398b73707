/* When which job is due: dates and now, nothing else. Pure. */
#ifndef SIGNET_SCHEDULE_H
#define SIGNET_SCHEDULE_H

#include <stdbool.h>

#include "jobs/jobs.h"

enum {
    SCHEDULE_CRL_GAP_MS = 1000, /* one CRL a second at most, however many revocations come */
    SCHEDULE_PURGE_MOST = 50000 /* rows of one kind in one purge; more means again at once */
};

/* A certificate that a job keeps alive; zero dates: there is none yet. */
struct schedule_life {
    int64_t not_before_s, not_after_s;
};

struct schedule {
    int64_t tried_ms[JOB_COUNT]; /* monotonic, of the last run; 0: never */
    bool failed[JOB_COUNT];
    bool noticed;                                 /* the database announced a change */
    bool crl_noticed;                             /* the same, not yet watched */
    bool crl_stale;                               /* a revocation came since the last CRL */
    int64_t crl_this_update_s, crl_next_update_s; /* of the newest CRL; 0: none yet */
    int64_t crl_watch_ms;  /* monotonic: when a newer CRL must stand; 0: none is awaited */
    uint64_t crl_watched;  /* the number that stood at the notice */
    bool crl_watch_again;  /* another notice came meanwhile */
    uint64_t crl_again;    /* the number that stood at the last of them */
    bool partitions_short; /* the policy gives longer lives than partitions were made for */
    bool purge_more;
    struct schedule_life responder, tls;
};

/* Whether `job` should run at this instant. */
bool schedule_due(const struct schedule *schedule, enum job job, int64_t now_s, int64_t now_ms);
/* How long the thread may sleep at most: 0 to 1000 ms. */
int schedule_sleep_ms(const struct schedule *schedule, int64_t now_s, int64_t now_ms);

#endif
