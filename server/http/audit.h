/*
 * The audit trail as the HTTP side writes it. What an authenticated caller was refused is written
 * at once. Refusals of callers without a good credential are counted by (route, rule, address) and
 * written once an interval with their number, so that noise cannot fill the disk; what does not fit
 * into the table of AUDIT_ENTRIES is counted in one entry without address.
 */
#ifndef SIGNET_AUDIT_H
#define SIGNET_AUDIT_H

#include "http.h"

enum { AUDIT_ENTRIES = 512, AUDIT_INTERVAL_MS = 10000 };

struct audit;

MUST_USE bool audit_new(struct audit **ret_audit, struct error *err);
void audit_free(struct audit *audit);

/* Records that `request` to `route` (may be null) was refused with `refusal`. */
void audit_refused(struct audit *audit, struct worker *worker, const struct request *request,
                   const struct route *route, const struct error *refusal);
/* The same for refusals before any worker saw the request. Never blocks. */
void audit_noise(struct audit *audit, const struct request *request, const struct route *route,
                 const struct error *refusal);

/* Records what was done; returns when the row is durable. Rows of several workers share a commit.
 */
MUST_USE bool audit_done(struct audit *audit, struct db *db, const struct db_audit *event,
                         struct error *err);

/* Whether aggregated entries have waited for an interval. */
bool audit_due(struct audit *audit, int64_t now_ms);
/* Takes the aggregated entries out (free()); null when there are none. */
struct db_audit *audit_take(struct audit *audit, size_t *ret_count);
/* Writes the aggregated entries; those that cannot be written are kept, up to the table. */
MUST_USE bool audit_flush(struct audit *audit, struct db *db, int64_t now_ms, struct error *err);

/* Fills the members that come from the request. */
void audit_of_request(const struct request *request, const struct route *route,
                      struct db_audit *ret_event);

#endif
