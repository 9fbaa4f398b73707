/*
 * Audit rows of many workers in one statement and one durable commit: a worker whose row is ready
 * writes all that are waiting, the others wait for it. Alone, it is an ordinary insert; the more
 * workers there are, the fewer commits a row costs.
 */
#ifndef SIGNET_AUDIT_SHARE_H
#define SIGNET_AUDIT_SHARE_H

#include "signet/db.h"

struct audit_share;

MUST_USE bool audit_share_new(struct audit_share **ret_share, struct error *err);
void audit_share_free(struct audit_share *share);

/*
 * Returns when the row is durable. `db` is the caller's own connection. A row whose shared insert
 * failed is tried once more alone, so that one bad row does not refuse its neighbours.
 */
MUST_USE bool audit_share_write(struct audit_share *share, struct db *db,
                                const struct db_audit *event, struct error *err);

#endif
