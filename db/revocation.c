#include "connection.h"
#include "serial_range.h"

static bool
revocation_decode(const PGresult *result, int number, struct db_revocation *revocation,
                  struct error *err)
{
    struct row row = row_of(result, number);

    memset(revocation, 0, sizeof(*revocation));
    revocation->issuer = row_int(&row);
    revocation->serial_len = row_bytes(&row, revocation->serial, sizeof(revocation->serial));
    revocation->not_after_s = row_time_s(&row);
    revocation->revoked_s = row_time_s(&row);
    revocation->reason = row_short(&row);
    revocation->invalidity_s = row_time_s(&row);
    row_text(&row, revocation->by, sizeof(revocation->by));
    return row_ok(&row, err);
}

static bool
revocation_each(const PGresult *result, bool (*row)(void *context, const struct db_revocation *row),
                void *context, struct error *err)
{
    struct db_revocation revocation;

    for (int i = 0; i < PQntuples(result); i++)
        if (!revocation_decode(result, i, &revocation, err) || !row(context, &revocation))
            return false;
    return true;
}

static bool
revocation_read(struct db *db, int32_t issuer, struct bytes serial, struct db_revocation *ret,
                struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;

    params_init(&params);
    param_int(&params, issuer);
    param_bytes(&params, serial);
    result = db_run(db, STATEMENT_REVOCATION_GET, &params, err);
    if (!result)
        return false;
    if (PQntuples(result) != 1)
        return error_set(err, ERROR_DATABASE, "a revocation was not kept");
    return revocation_decode(result, 0, ret, err);
}

bool
db_revocation_insert(struct db *db, const struct db_revocation *revocation,
                     struct db_revocation *ret_standing, bool *ret_new, struct error *err)
{
    struct bytes serial = bytes_of(revocation->serial, revocation->serial_len);
    AUTO_PARAMS params = {0};
    struct db_revocation standing;
    struct error failure = {0};
    int64_t rows = 0;

    params_init(&params);
    param_bytes(&params, serial);
    param_int(&params, revocation->issuer);
    param_int(&params, 0); /* the trigger puts the certificate's shard and notAfter */
    param_time_s(&params, revocation->revoked_s);
    param_short(&params, (int16_t)revocation->reason);
    if (revocation->invalidity_s)
        param_time_s(&params, revocation->invalidity_s);
    else
        param_null(&params, 'z');
    param_text(&params, revocation->by);
    if (!db_execute(db, STATEMENT_REVOCATION_INSERT, &params, &rows, &failure)) {
        if (strcmp(failure.sqlstate, "P0002") == 0)
            return error_set(err, ERROR_CERTIFICATE_NOT_FOUND,
                             "there is no certificate with this serial");
        if (err)
            *err = failure;
        return false;
    }
    if (!revocation_read(db, revocation->issuer, serial, &standing, err))
        return false;
    *ret_standing = standing;
    *ret_new = rows == 1;
    return true;
}

static bool
revocable(struct db *db, enum statement statement, struct params *params,
          const struct db_revocable *filter,
          bool (*row)(void *context, const struct db_revocation *row), void *context,
          struct error *err)
{
    AUTO_RESULT result = NULL;
    uint8_t day[SERIAL_DAY_OCTETS];

    param_bytes(params, serial_day(filter->now_s, day));
    param_time_s(params, filter->now_s);
    param_short(params, (int16_t)filter->reason);
    result = db_run(db, statement, params, err);
    return result && revocation_each(result, row, context, err);
}

bool
db_revocable_by_identity(struct db *db, int64_t identity_id, const struct db_revocable *filter,
                         bool (*row)(void *context, const struct db_revocation *row), void *context,
                         struct error *err)
{
    AUTO_PARAMS params = {0};

    params_init(&params);
    param_long(&params, identity_id);
    return revocable(db, STATEMENT_REVOCABLE_BY_IDENTITY, &params, filter, row, context, err);
}

bool
db_revocable_by_key(struct db *db, const uint8_t spki_hash[LIMIT_DIGEST_OCTETS],
                    const struct db_revocable *filter,
                    bool (*row)(void *context, const struct db_revocation *row), void *context,
                    struct error *err)
{
    AUTO_PARAMS params = {0};

    params_init(&params);
    param_bytes(&params, bytes_of(spki_hash, LIMIT_DIGEST_OCTETS));
    return revocable(db, STATEMENT_REVOCABLE_BY_KEY, &params, filter, row, context, err);
}

bool
db_revocation_notify(struct db *db, struct error *err)
{
    AUTO_PARAMS params = {0};

    params_init(&params);
    param_text(&params, "signet_revocation");
    param_text(&params, "");
    return db_execute(db, STATEMENT_NOTIFY, &params, NULL, err);
}

bool
db_revocation_since(struct db *db, int64_t since_s,
                    bool (*row)(void *context, const struct db_revocation *row), void *context,
                    struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;

    params_init(&params);
    param_time_s(&params, since_s);
    result = db_run(db, STATEMENT_REVOCATION_SINCE, &params, err);
    return result && revocation_each(result, row, context, err);
}
