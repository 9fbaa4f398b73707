#include "certificate.h"

#include "serial_range.h"

bool
certificate_decode(const PGresult *result, int number, struct db_certificate *certificate,
                   struct error *err)
{
    struct row row = row_of(result, number);

    memset(certificate, 0, sizeof(*certificate));
    certificate->issuer = row_int(&row);
    certificate->serial_len = row_bytes(&row, certificate->serial, sizeof(certificate->serial));
    certificate->identity_id = row_long(&row);
    row_text(&row, certificate->identity, sizeof(certificate->identity));
    row_text(&row, certificate->identity_kind, sizeof(certificate->identity_kind));
    row_text(&row, certificate->identity_state, sizeof(certificate->identity_state));
    row_text(&row, certificate->identity_roles, sizeof(certificate->identity_roles));
    row_text(&row, certificate->profile, sizeof(certificate->profile));
    certificate->policy_version = (uint64_t)row_long(&row);
    certificate->grant_kind = (uint8_t)row_short(&row);
    row_digest(&row, certificate->spki_hash, sizeof(certificate->spki_hash));
    row_text_cut(&row, certificate->names, sizeof(certificate->names));
    certificate->tbs_len = row_bytes(&row, certificate->tbs, sizeof(certificate->tbs));
    certificate->signature_len =
        row_bytes(&row, certificate->signature, sizeof(certificate->signature));
    certificate->not_before_s = row_time_s(&row);
    certificate->not_after_s = row_time_s(&row);
    certificate->recorded_s = row_time_s(&row);
    row_text(&row, certificate->requester, sizeof(certificate->requester));
    certificate->predecessor_len =
        row_bytes(&row, certificate->predecessor, sizeof(certificate->predecessor));
    certificate->line_seq = (uint32_t)row_int(&row);
    certificate->revoked = !row_null(&row);
    certificate->revoked_s = row_time_s(&row);
    certificate->reason = row_short(&row);
    if (row.column < PQnfields(result)) {
        row_digest(&row, certificate->request_hash, sizeof(certificate->request_hash));
        certificate->used = row_bool(&row);
    }
    return row_ok(&row, err);
}

bool
certificate_each(const PGresult *result,
                 bool (*row)(void *context, const struct db_certificate *row), void *context,
                 struct error *err)
{
    struct db_certificate certificate;

    for (int i = 0; i < PQntuples(result); i++)
        if (!certificate_decode(result, i, &certificate, err) || !row(context, &certificate))
            return false;
    return true;
}

static enum db_found
certificate_first(struct db *db, enum statement statement, const struct params *params,
                  struct db_certificate *ret, struct error *err)
{
    AUTO_RESULT result = db_run(db, statement, params, err);

    if (!result)
        return DB_FAILED;
    if (PQntuples(result) == 0)
        return DB_MISSING;
    return certificate_decode(result, 0, ret, err) ? DB_FOUND : DB_FAILED;
}

enum db_found
db_certificate_get(struct db *db, int32_t issuer, struct bytes serial, struct db_certificate *ret,
                   struct error *err)
{
    AUTO_PARAMS params = {0};

    params_init(&params);
    param_int(&params, issuer);
    param_bytes(&params, serial);
    return certificate_first(db, STATEMENT_CERTIFICATE_GET, &params, ret, err);
}

enum db_found
db_certificate_by_tbs(struct db *db, struct bytes serial,
                      const uint8_t tbs_hash[LIMIT_DIGEST_OCTETS], struct db_certificate *ret,
                      struct error *err)
{
    AUTO_PARAMS params = {0};

    params_init(&params);
    param_bytes(&params, serial);
    param_bytes(&params, bytes_of(tbs_hash, LIMIT_DIGEST_OCTETS));
    return certificate_first(db, STATEMENT_CERTIFICATE_BY_TBS, &params, ret, err);
}

enum db_found
db_certificate_by_grant(struct db *db, const uint8_t grant_key[LIMIT_DIGEST_OCTETS],
                        struct db_certificate *ret, struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    struct row row;
    int32_t issuer;
    struct bytes serial;

    params_init(&params);
    param_bytes(&params, bytes_of(grant_key, LIMIT_DIGEST_OCTETS));
    result = db_run(db, STATEMENT_GRANT_GET, &params, err);
    if (!result)
        return DB_FAILED;
    if (PQntuples(result) == 0)
        return DB_MISSING;
    row = row_of(result, 0);
    issuer = row_int(&row);
    serial = row_borrow(&row);
    if (!row_ok(&row, err))
        return DB_FAILED;
    return db_certificate_get(db, issuer, serial, ret, err);
}

enum db_found
db_certificate_newest(struct db *db, const char *identity_kind, const uint8_t *spki_hash,
                      int64_t now_s, struct db_certificate *ret, struct error *err)
{
    AUTO_PARAMS params = {0};
    uint8_t day[SERIAL_DAY_OCTETS];

    params_init(&params);
    param_text(&params, identity_kind);
    param_bytes(&params, bytes_of(spki_hash, LIMIT_DIGEST_OCTETS));
    param_time_s(&params, now_s);
    param_bytes(&params, serial_day(now_s, day));
    return certificate_first(db, STATEMENT_CERTIFICATE_NEWEST, &params, ret, err);
}

bool
db_certificate_used(struct db *db, int32_t issuer, struct bytes serial, struct error *err)
{
    AUTO_PARAMS params = {0};

    params_init(&params);
    param_bytes(&params, serial);
    param_int(&params, issuer);
    return db_execute(db, STATEMENT_CERTIFICATE_USED, &params, NULL, err);
}

bool
db_unsigned(struct db *db, int32_t issuer, int64_t since_s,
            bool (*row)(void *context, const struct db_certificate *row), void *context,
            struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    uint8_t day[SERIAL_DAY_OCTETS];

    params_init(&params);
    param_int(&params, issuer);
    param_time_s(&params, since_s);
    /* What was recorded then expires then or later. */
    param_bytes(&params, serial_day(since_s, day));
    result = db_run(db, STATEMENT_CERTIFICATE_UNSIGNED, &params, err);
    return result && certificate_each(result, row, context, err);
}
