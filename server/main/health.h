/*
 * What a machine asks about the server, on a listener of its own:
 *
 *   /livez    200 as long as the process answers
 *   /readyz   200 or 503, with each part named: what it is, whether it is well, what was seen
 *   /metrics  text format of Prometheus
 *
 * Nothing here asks anybody: it tells what the jobs and the publisher saw last, so that it answers
 * at once however bad things are.
 */
#ifndef SIGNET_HEALTH_H
#define SIGNET_HEALTH_H

#include "http/http.h"
#include "jobs/jobs.h"
#include "publish/publisher.h"

extern const struct route health_routes[];

enum { HEALTH_PARTS = 32, HEALTH_DETAIL_OCTETS = 128 };

struct health_part {
    char name[80];
    bool ready;
    char detail[HEALTH_DETAIL_OCTETS];
};

struct health_report {
    bool ready; /* all parts are */
    size_t count;
    struct health_part part[HEALTH_PARTS];
};

/* Judges what was seen as of `now_s`. Pure. */
void health_judge(const struct jobs_state *jobs, const struct publisher_facts *publisher,
                  bool listening, int64_t now_s, struct health_report *ret_report);

#endif
