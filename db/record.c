/*
 * Recording: what must be committed before anything is signed. One round trip, one durable commit
 * for a batch; the rules themselves are in the statement (statement.c), so that they hold at the
 * moment of the commit and not at that of a look before it.
 */
#include "pipeline.h"
#include "record_batch.h"
#include "serial_range.h"
#include "signet/clock.h"
#include "signet/message.h"

#include <time.h>

enum attempt { ATTEMPT_DONE, ATTEMPT_AGAIN, ATTEMPT_UNKNOWN, ATTEMPT_SPLIT, ATTEMPT_FAILED };

static bool
record_check(const struct record *record, struct error *err)
{
    bool renewal = record->grant_kind == GRANT_RENEWAL;

    if (record->grant_kind < GRANT_TOKEN || record->grant_kind > GRANT_CEREMONY)
        return error_set(err, ERROR_INTERNAL, "grant kind %u cannot be recorded",
                         record->grant_kind);
    if (renewal != (record->predecessor.len > 0))
        return error_set(err, ERROR_INTERNAL, "exactly a renewal names a predecessor");
    if (record->serial.len != SERIAL_ROW_OCTETS ||
        (renewal && record->predecessor.len != SERIAL_ROW_OCTETS))
        return error_set(err, ERROR_INTERNAL, "a serial to be recorded has %zu octets, not %d",
                         record->serial.len, SERIAL_ROW_OCTETS);
    return true;
}

static bool
same_grant(const struct record *a, const struct record *b)
{
    return memcmp(a->grant_key, b->grant_key, LIMIT_DIGEST_OCTETS) == 0;
}

/* Of two records of one batch with the same grant the first goes on; the other is judged by what
 * then stands. */
static bool
batch_has_grant(const struct batch *batch, const struct record *record)
{
    for (size_t i = 0; i < batch->count; i++)
        if (same_grant(batch->record[i], record))
            return true;
    return false;
}

static bool
batch_fill(struct batch *batch, struct record *records, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct record *record = &records[i];

        if (!record_check(record, err))
            return false;
        record->ret_serial_len = 0;
        if (record->attempt > LIMIT_RENEWAL_ATTEMPTS) {
            record->verdict = RECORD_ATTEMPT;
            continue;
        }
        if (batch_has_grant(batch, record)) {
            batch->later[batch->later_count++] = record;
            continue;
        }
        batch->renewal = batch->renewal || record->grant_kind == GRANT_RENEWAL;
        batch->record[batch->count++] = record;
    }
    return true;
}

/* Reads the verdicts; grants that were there already go to `later`. */
static bool
read_verdicts(struct batch *batch, const PGresult *result, struct error *err)
{
    if (PQntuples(result) != (int)batch->count)
        return error_set(err, ERROR_DATABASE, "%d verdicts for %zu records", PQntuples(result),
                         batch->count);
    for (int i = 0; i < PQntuples(result); i++) {
        struct row row = row_of(result, i);
        int64_t number = row_long(&row);
        int32_t verdict = row_int(&row);
        bool inserted = row_bool(&row);
        struct record *record;

        if (!row_ok(&row, err))
            return false;
        if (number != i + 1 || verdict < RECORD_DONE || verdict > RECORD_SERIAL_TAKEN)
            return error_set(err, ERROR_DATABASE, "verdict %d of record %d is not known", verdict,
                             i);
        record = batch->record[i];
        record->verdict = (enum record_verdict)verdict;
        if (verdict != RECORD_DONE)
            continue;
        if (!inserted) {
            batch->later[batch->later_count++] = record;
            continue;
        }
        memcpy(record->ret_serial, record->serial.data, record->serial.len);
        record->ret_serial_len = record->serial.len;
    }
    return true;
}

static bool
settle_one(const struct batch *batch, struct record *record, struct row *row, struct error *err)
{
    int32_t issuer = row_int(row);
    uint8_t serial[LIMIT_SERIAL_OCTETS], hash[LIMIT_DIGEST_OCTETS];
    size_t len = row_bytes(row, serial, sizeof(serial));
    bool own;

    row_digest(row, hash, sizeof(hash));
    if (!row_ok(row, err))
        return false;
    own = issuer == record->issuer && bytes_equal(bytes_of(serial, len), record->serial);
    record->verdict = RECORD_GRANT_USED;
    if (issuer == record->issuer && memcmp(hash, record->request_hash, sizeof(hash)) == 0)
        record->verdict = own && batch->again ? RECORD_DONE : RECORD_REPLAY;
    memcpy(record->ret_serial, serial, len);
    record->ret_serial_len = len;
    return true;
}

/* What the used grants led to, in a statement of its own: the loser of two at once waits for the
 * winner inside the insert, but its snapshot is from before and cannot see the winner's row. */
static bool
settle_later(struct db *db, struct batch *batch, struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;

    if (batch->later_count == 0)
        return true;
    params_init(&params);
    param_array_begin(&params, 'B', batch->later_count);
    for (size_t i = 0; i < batch->later_count; i++)
        item_bytes(&params, bytes_of(batch->later[i]->grant_key, LIMIT_DIGEST_OCTETS));
    param_array_end(&params);
    result = db_run(db, STATEMENT_GRANT_STANDING, &params, err);
    if (!result)
        return false;
    for (size_t i = 0; i < batch->later_count; i++)
        batch->later[i]->verdict = RECORD_GRANT_USED;
    for (int i = 0; i < PQntuples(result); i++) {
        struct row row = row_of(result, i);
        int64_t number = row_long(&row);

        if (number < 1 || number > (int64_t)batch->later_count)
            return error_set(err, ERROR_DATABASE, "a grant that was not asked for");
        if (!settle_one(batch, batch->later[number - 1], &row, err))
            return false;
    }
    return true;
}

static enum attempt
attempt_failed(const struct batch *batch, const struct error *err)
{
    if (strcmp(err->sqlstate, "40P01") == 0 || strcmp(err->sqlstate, "40001") == 0)
        return ATTEMPT_AGAIN;
    /* An integrity error in a batch is somebody's one bad record: found by going one by one. */
    if (strncmp(err->sqlstate, "23", 2) == 0 && batch->count > 0 &&
        batch->count + batch->stored_count > 1)
        return ATTEMPT_SPLIT;
    return ATTEMPT_FAILED;
}

/* One transaction: locks, records, signatures of the batch before. */
static enum attempt
batch_try(struct db *db, struct batch *batch, struct error *err)
{
    AUTO_PARAMS identities = {0};
    AUTO_PARAMS records = {0};
    AUTO_PARAMS signatures = {0};
    struct step steps[PIPELINE_STEPS];
    enum outcome outcome;
    enum attempt attempt = ATTEMPT_DONE;
    size_t count = 0, verdicts = 2;

    params_init(&identities);
    params_init(&records);
    params_init(&signatures);
    if (batch->count > 0) {
        batch_put_identities(&identities, batch);
        batch_put_records(&records, batch);
        steps[count++] = (struct step){STATEMENT_KEY_LOCK_SHARED, NULL, NULL};
        steps[count++] = (struct step){STATEMENT_IDENTITY_LOCK_SHARED, &identities, NULL};
        steps[count++] = (struct step){batch->renewal ? STATEMENT_RECORD_RENEWAL : STATEMENT_RECORD,
                                       &records, NULL};
    }
    if (batch->stored_count > 0) {
        signatures_put(&signatures, batch->stored, batch->stored_count);
        steps[count++] = (struct step){STATEMENT_SIGNATURE_INSERT, &signatures, NULL};
    }
    outcome = pipeline_run(db, steps, count, err);
    if (outcome == OUTCOME_UNKNOWN)
        attempt = ATTEMPT_UNKNOWN;
    if (outcome == OUTCOME_ROLLED_BACK)
        attempt = attempt_failed(batch, err);
    if (outcome == OUTCOME_COMMITTED && batch->count > 0 &&
        !read_verdicts(batch, steps[verdicts].result, err))
        attempt = ATTEMPT_FAILED;
    steps_done(steps, count);
    return attempt;
}

bool
db_recover(struct db *db, struct error *err)
{
    const struct timespec wait = {.tv_nsec = DB_RECONNECT_WAIT_MS * 1000000L};

    for (int i = 0; i < DB_RECONNECTS; i++) {
        if (db_ping(db, NULL))
            return true;
        if (db->reconnect_forbidden)
            break;
        nanosleep(&wait, NULL);
    }
    return error_set(err, ERROR_COMMIT_UNKNOWN,
                     "the answer to a commit was lost and the database did not come back");
}

static enum attempt
batch_commit(struct db *db, struct batch *batch, struct error *err)
{
    const size_t duplicates = batch->later_count;
    enum attempt attempt = ATTEMPT_AGAIN;
    struct error failure = {0};

    for (int i = 0; i < DB_RETRIES && (attempt == ATTEMPT_AGAIN || attempt == ATTEMPT_UNKNOWN);
         i++) {
        if (attempt == ATTEMPT_UNKNOWN && !db_recover(db, err))
            return ATTEMPT_FAILED;
        batch->again = batch->again || attempt == ATTEMPT_UNKNOWN;
        batch->later_count = duplicates;
        error_clear(&failure);
        attempt = batch_try(db, batch, &failure);
    }
    if (attempt == ATTEMPT_UNKNOWN)
        error_set(&failure, ERROR_COMMIT_UNKNOWN, "the answer to a commit was lost %d times",
                  DB_RETRIES);
    if (attempt != ATTEMPT_DONE && err)
        *err = failure;
    return attempt;
}

/* Each record in a transaction of its own: the one that violates a constraint stands alone. */
static bool
batch_commit_singly(struct db *db, const struct batch *batch, struct error *err)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct record *record = batch->record[i];
        struct batch single = {.record = {record},
                               .count = 1,
                               .again = batch->again,
                               .renewal = record->grant_kind == GRANT_RENEWAL,
                               .now_s = batch->now_s};
        struct error failure = {0};

        if (batch_commit(db, &single, &failure) == ATTEMPT_DONE) {
            if (!settle_later(db, &single, err))
                return false;
            continue;
        }
        if (strcmp(failure.sqlstate, "23505") != 0) {
            if (err)
                *err = failure;
            return false;
        }
        record->verdict = RECORD_SERIAL_TAKEN;
    }
    return true;
}

static bool
batch_run(struct db *db, struct batch *batch, struct error *err)
{
    struct batch signatures = {.stored = batch->stored, .stored_count = batch->stored_count};
    const size_t duplicates = batch->later_count;
    struct error failure = {0};
    enum attempt attempt;

    if (batch->count + batch->stored_count == 0)
        return true;
    attempt = batch_commit(db, batch, &failure);
    if (attempt == ATTEMPT_DONE)
        return true;
    /* A batch of one that violates uniqueness took the serial of another row. */
    if (attempt == ATTEMPT_SPLIT || (batch->count == 1 && strcmp(failure.sqlstate, "23505") == 0)) {
        batch->later_count = duplicates;
        return batch_commit_singly(db, batch, err) &&
               (batch->stored_count == 0 || batch_commit(db, &signatures, err) == ATTEMPT_DONE);
    }
    if (err)
        *err = failure;
    return false;
}

bool
db_record(struct db *db, struct record *records, size_t count, struct stored_signature *stored,
          size_t stored_count, struct error *err)
{
    struct batch batch = {.stored = stored, .stored_count = stored_count, .now_s = clock_now_s()};

    if (count > LIMIT_BATCH || stored_count > LIMIT_BATCH)
        return error_set(err, ERROR_INTERNAL,
                         "a batch of %zu records and %zu signatures, at most %d", count,
                         stored_count, LIMIT_BATCH);
    if (!db_lost(db) && db_in_transaction(db))
        return error_set(err, ERROR_INTERNAL, "recording begins its own transaction");
    return batch_fill(&batch, records, count, err) && batch_run(db, &batch, err) &&
           settle_later(db, &batch, err) && signatures_settle(db, stored, stored_count, err);
}

bool
db_store_signatures(struct db *db, struct stored_signature *stored, size_t count, struct error *err)
{
    return db_record(db, NULL, 0, stored, count, err);
}
