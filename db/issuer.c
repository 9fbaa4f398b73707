#include "connection.h"

static bool
issuer_decode(const PGresult *result, int number, struct db_issuer *issuer, struct error *err)
{
    struct row row = row_of(result, number);

    memset(issuer, 0, sizeof(*issuer));
    issuer->id = row_int(&row);
    row_text(&row, issuer->name, sizeof(issuer->name));
    row_text(&row, issuer->kind, sizeof(issuer->kind));
    row_text(&row, issuer->trust_domain, sizeof(issuer->trust_domain));
    row_text(&row, issuer->state, sizeof(issuer->state));
    row_text(&row, issuer->key_uri, sizeof(issuer->key_uri));
    issuer->parent = row_int(&row);
    issuer->not_before_s = row_time_s(&row);
    issuer->not_after_s = row_time_s(&row);
    issuer->certificate_len = row_bytes(&row, issuer->certificate, sizeof(issuer->certificate));
    row_text(&row, issuer->crl_url, sizeof(issuer->crl_url));
    row_text(&row, issuer->ocsp_url, sizeof(issuer->ocsp_url));
    row_text(&row, issuer->ca_issuers_url, sizeof(issuer->ca_issuers_url));
    return row_ok(&row, err);
}

bool
db_issuer_insert(struct db *db, const struct db_issuer *issuer, int32_t *ret_id, struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    struct row row;
    int32_t id;

    params_init(&params);
    param_text(&params, issuer->name);
    param_text(&params, issuer->kind);
    param_text(&params, issuer->trust_domain);
    param_text(&params, issuer->state);
    param_text(&params, issuer->key_uri);
    if (issuer->parent)
        param_int(&params, issuer->parent);
    else
        param_null(&params, 'i');
    param_time_s(&params, issuer->not_before_s);
    param_time_s(&params, issuer->not_after_s);
    param_bytes(&params, bytes_of(issuer->certificate, issuer->certificate_len));
    param_text(&params, issuer->crl_url);
    param_text(&params, issuer->ocsp_url);
    param_text(&params, issuer->ca_issuers_url);
    result = db_run(db, STATEMENT_ISSUER_INSERT, &params, err);
    if (!result)
        return error_context(err, "issuer %s", issuer->name);
    row = row_of(result, 0);
    id = row_int(&row);
    if (!row_ok(&row, err))
        return false;
    *ret_id = id;
    return true;
}

bool
db_issuer_list(struct db *db, struct db_issuer *ret_issuers, size_t room, size_t *ret_count,
               struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    int count;

    params_init(&params);
    param_long(&params, (int64_t)room);
    result = db_run(db, STATEMENT_ISSUER_LIST, &params, err);
    if (!result)
        return false;
    count = PQntuples(result);
    for (int i = 0; i < count; i++)
        if (!issuer_decode(result, i, &ret_issuers[i], err))
            return false;
    *ret_count = (size_t)count;
    return true;
}
