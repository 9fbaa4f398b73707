/*
 * CRLs. The order is that of the certificates: number and digest are committed before the token
 * sees the list. Nothing is locked while the token signs: a builder that hangs there would keep
 * every other node from publishing. Instead the number fences it off: numbers are taken and rows
 * read under the lock of the shard's row, so a higher number has read no earlier state, and what is
 * signed is stored only while nothing with a higher number stands.
 */
#include "connection.h"

#include <stdlib.h>

enum {
    /* A revocation can commit this long after the CRL that should have it was read, past the
     * certificate's end: it gets its one CRL nevertheless (RFC 5280 §3.3). */
    CRL_OVERLAP_S = 300
};

static void
put_shard(struct params *params, int32_t issuer, uint32_t shard)
{
    params_init(params);
    param_int(params, issuer);
    param_int(params, (int32_t)shard);
}

void
db_crl_abandon(struct db *db)
{
    db_rollback(db);
}

/* Locks the shard's row, made when missing; *ret_from_s the oldest notAfter that must be listed. */
static bool
shard_lock(struct db *db, int32_t issuer, uint32_t shard, int64_t now_s, uint64_t *ret_number,
           int64_t *ret_from_s, struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    int64_t number, published_s;
    struct row row;

    put_shard(&params, issuer, shard);
    if (!db_execute(db, STATEMENT_CRL_SHARD_INSERT, &params, NULL, err))
        return false;
    result = db_run(db, STATEMENT_CRL_SHARD_LOCK, &params, err);
    if (!result)
        return false;
    if (PQntuples(result) != 1)
        return error_set(err, ERROR_DATABASE, "CRL shard %u of issuer %d is missing", shard,
                         issuer);
    row = row_of(result, 0);
    number = row_long(&row);
    published_s = row_null(&row) ? 0 : row_time_s(&row);
    if (row.column < PQnfields(result))
        row_skip(&row);
    if (!row_ok(&row, err))
        return false;
    *ret_number = (uint64_t)number + 1;
    *ret_from_s = (published_s < now_s ? published_s : now_s) - CRL_OVERLAP_S;
    return true;
}

static bool
rows_decode(const PGresult *result, struct db_crl_row *rows, struct error *err)
{
    for (int i = 0; i < PQntuples(result); i++) {
        struct row row = row_of(result, i);

        rows[i].serial_len = (uint8_t)row_bytes(&row, rows[i].serial, sizeof(rows[i].serial));
        rows[i].reason = (uint8_t)row_short(&row);
        rows[i].revoked_s = row_time_s(&row);
        rows[i].invalidity_s = row_time_s(&row);
        if (!row_ok(&row, err))
            return false;
    }
    return true;
}

static bool
rows_read(struct db *db, int32_t issuer, uint32_t shard, int64_t from_s,
          struct db_crl_row **ret_rows, size_t *ret_count, struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    struct db_crl_row *rows;
    size_t count;

    put_shard(&params, issuer, shard);
    param_time_s(&params, from_s);
    result = db_run(db, STATEMENT_CRL_REVOCATIONS, &params, err);
    if (!result)
        return false;
    count = (size_t)PQntuples(result);
    rows = calloc(count ? count : 1, sizeof(*rows));
    if (!rows)
        return error_set(err, ERROR_MEMORY, "no memory for %zu CRL entries", count);
    if (!rows_decode(result, rows, err)) {
        free(rows);
        return false;
    }
    *ret_rows = rows;
    *ret_count = count;
    return true;
}

bool
db_crl_begin(struct db *db, int32_t issuer, uint32_t shard, int64_t now_s, uint64_t *ret_number,
             struct db_crl_row **ret_rows, size_t *ret_count, struct error *err)
{
    uint64_t number;
    int64_t from_s;

    /* The rows are read in a statement after the lock: its snapshot has all that was committed. */
    if (db_begin(db, err) && shard_lock(db, issuer, shard, now_s, &number, &from_s, err) &&
        rows_read(db, issuer, shard, from_s, ret_rows, ret_count, err)) {
        *ret_number = number;
        return true;
    }
    db_crl_abandon(db);
    return false;
}

bool
db_crl_record(struct db *db, int32_t issuer, uint32_t shard, uint64_t number,
              const uint8_t tbs_hash[LIMIT_DIGEST_OCTETS], int64_t this_update_s,
              int64_t next_update_s, uint32_t entries, struct error *err)
{
    AUTO_PARAMS taken = {0};
    AUTO_PARAMS row = {0};
    int64_t rows = 0;

    put_shard(&taken, issuer, shard);
    param_long(&taken, (int64_t)number);
    put_shard(&row, issuer, shard);
    param_long(&row, (int64_t)number);
    param_bytes(&row, bytes_of(tbs_hash, LIMIT_DIGEST_OCTETS));
    param_time_s(&row, this_update_s);
    param_time_s(&row, next_update_s);
    param_int(&row, (int32_t)entries);
    if (!db_in_transaction(db))
        return error_set(err, ERROR_INTERNAL, "a CRL is recorded without db_crl_begin");
    if (!db_execute(db, STATEMENT_CRL_NUMBER, &taken, &rows, err)) {
        db_crl_abandon(db);
        return false;
    }
    if (rows == 1 && db_execute(db, STATEMENT_CRL_INSERT, &row, NULL, err) && db_commit(db, err))
        return true;
    if (rows != 1)
        error_set(err, ERROR_DATABASE, "CRL number %llu is taken", (unsigned long long)number);
    db_crl_abandon(db);
    return false;
}

/* Nothing was stored: because the row is missing, or because a later one was faster. */
static bool
store_refused(struct db *db, int32_t issuer, uint32_t shard, uint64_t number, struct error *err)
{
    struct db_crl standing = {0};

    if (db_crl_get(db, issuer, shard, &standing, NULL, err) == DB_FAILED)
        return false;
    if (standing.number > number)
        return error_set(err, ERROR_STATE_CONFLICT, "CRL %llu is stored already, %llu is older",
                         (unsigned long long)standing.number, (unsigned long long)number);
    return error_set(err, ERROR_DATABASE, "CRL %llu was not recorded before it was stored",
                     (unsigned long long)number);
}

bool
db_crl_store(struct db *db, int32_t issuer, uint32_t shard, uint64_t number, struct bytes der,
             struct error *err)
{
    AUTO_PARAMS row = {0};
    AUTO_PARAMS of_number = {0};
    AUTO_PARAMS shard_row = {0};
    int64_t rows = 0;
    bool done;

    put_shard(&shard_row, issuer, shard);
    put_shard(&of_number, issuer, shard);
    param_long(&of_number, (int64_t)number);
    put_shard(&row, issuer, shard);
    param_long(&row, (int64_t)number);
    param_bytes(&row, der);
    done = db_begin(db, err) && db_execute(db, STATEMENT_CRL_SHARD_LOCK, &shard_row, NULL, err) &&
           db_execute(db, STATEMENT_CRL_STORE, &row, &rows, err);
    if (done && rows != 1)
        done = store_refused(db, issuer, shard, number, err);
    done = done && db_execute(db, STATEMENT_CRL_DROP_OLDER, &of_number, NULL, err) &&
           db_execute(db, STATEMENT_CRL_PUBLISHED, &of_number, NULL, err) && db_commit(db, err);
    db_crl_abandon(db);
    return done;
}

bool
db_crl_raise(struct db *db, int32_t issuer, uint32_t shard, uint64_t number, struct error *err)
{
    AUTO_PARAMS of_shard = {0};
    AUTO_PARAMS raised = {0};

    put_shard(&of_shard, issuer, shard);
    put_shard(&raised, issuer, shard);
    param_long(&raised, (int64_t)number);
    return db_execute(db, STATEMENT_CRL_SHARD_INSERT, &of_shard, NULL, err) &&
           db_execute(db, STATEMENT_CRL_NUMBER, &raised, NULL, err);
}

enum db_found
db_crl_get(struct db *db, int32_t issuer, uint32_t shard, struct db_crl *ret_crl,
           struct buffer *out, struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    struct db_crl crl = {0};
    struct bytes der;
    struct row row;

    put_shard(&params, issuer, shard);
    result = db_run(db, out ? STATEMENT_CRL_GET : STATEMENT_CRL_FACTS, &params, err);
    if (!result)
        return DB_FAILED;
    if (PQntuples(result) == 0)
        return DB_MISSING;
    row = row_of(result, 0);
    crl.issuer = row_int(&row);
    crl.shard = (uint32_t)row_int(&row);
    crl.number = (uint64_t)row_long(&row);
    crl.this_update_s = row_time_s(&row);
    crl.next_update_s = row_time_s(&row);
    crl.entries = (uint32_t)row_int(&row);
    der = row_borrow(&row);
    if (!row_ok(&row, err))
        return DB_FAILED;
    if (out && !buffer_put(out, der.data, der.len)) {
        error_set(err, ERROR_MEMORY, "no room for a CRL of %zu octets", der.len);
        return DB_FAILED;
    }
    *ret_crl = crl;
    return DB_FOUND;
}
