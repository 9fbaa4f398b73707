/* Inside db/: the records of one db_record call that go to the database together. */
#ifndef SIGNET_DB_RECORD_BATCH_H
#define SIGNET_DB_RECORD_BATCH_H

#include "connection.h"

struct batch {
    struct record *record[LIMIT_BATCH]; /* those that go to the database */
    size_t count;
    struct record *later[LIMIT_BATCH]; /* grants that were used; looked up after the commit */
    size_t later_count;
    struct stored_signature *stored;
    size_t stored_count;
    bool renewal;
    bool again; /* a rerun after an unknown commit: rows that stand may be our own */
    int64_t now_s;
};

/* Parameters of IDENTITY_LOCK_SHARED and of RECORD or, when batch->renewal, RECORD_RENEWAL. */
void batch_put_identities(struct params *params, const struct batch *batch);
void batch_put_records(struct params *params, const struct batch *batch);
/* Parameters of SIGNATURE_INSERT. */
void signatures_put(struct params *params, const struct stored_signature *stored, size_t count);
/* Sets `lost` of each by what stands after the commit. */
MUST_USE bool signatures_settle(struct db *db, struct stored_signature *stored, size_t count,
                                struct error *err);
/* Makes the connection usable again after an unknown commit; ERROR_COMMIT_UNKNOWN when it cannot.
 */
MUST_USE bool db_recover(struct db *db, struct error *err);

#endif
