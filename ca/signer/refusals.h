/*
 * Refusals on their way to the audit trail. Each becomes a row of its own as long as a token bucket
 * has room; past that they are counted by rule and written as one row a rule every few seconds, so
 * that a server gone wild cannot fill the disk. One instance a database connection.
 */
#ifndef SIGNET_SIGNER_REFUSALS_H
#define SIGNET_SIGNER_REFUSALS_H

#include "signet/db.h"
#include "signet/message.h"

enum {
    REFUSALS_BURST = 256, /* rows at once */
    REFUSALS_PER_S = 10,  /* rows in the long run */
    REFUSALS_PENDING = 2 * LIMIT_BATCH,
    REFUSALS_RULES = 64,
    REFUSALS_AGGREGATE_MS = 5000
};

struct refusals {
    size_t pending_count;
    struct db_audit pending[REFUSALS_PENDING];
    int64_t tokens_milli; /* thousandths of a row */
    int64_t filled_ms;
    size_t rule_count;
    struct {
        char rule[sizeof(((struct db_audit *)0)->rule)];
        int64_t count;
    } rule[REFUSALS_RULES];
    int64_t aggregated_ms;
};

/* Gives; null when there is no memory. */
MUST_USE struct refusals *refusals_new(int64_t now_ms);
void refusals_free(struct refusals *refusals);
/* `request` null when the frame could not be read. True when it gets a row of its own (and so a
 * line in the log is in order). */
bool refusals_add(struct refusals *refusals, const struct issue_request *request,
                  const struct error *why, int64_t now_ms);
/* Writes what waits, and the counts when it is time. */
MUST_USE bool refusals_flush(struct refusals *refusals, struct db *db, int64_t now_ms,
                             struct error *err);

#endif
