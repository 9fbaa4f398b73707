#include "connection.h"

bool
db_policy_insert(struct db *db, const char *document, const char *by, uint64_t *ret_version,
                 struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    struct row row;
    int64_t version;

    params_init(&params);
    param_text(&params, document);
    param_text(&params, by);
    result = db_run(db, STATEMENT_POLICY_INSERT, &params, err);
    if (!result)
        return error_context(err, "policy document");
    row = row_of(result, 0);
    version = row_long(&row);
    row_skip(&row); /* pg_notify's nothing */
    if (!row_ok(&row, err))
        return false;
    *ret_version = (uint64_t)version;
    return true;
}

enum db_found
db_policy_get(struct db *db, uint64_t version, uint64_t *ret_version, struct buffer *ret_document,
              struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    struct bytes document;
    int64_t found;
    struct row row;

    params_init(&params);
    if (version)
        param_long(&params, (int64_t)version);
    result = db_run(db, version ? STATEMENT_POLICY_GET : STATEMENT_POLICY_NEWEST, &params, err);
    if (!result)
        return DB_FAILED;
    if (PQntuples(result) == 0)
        return DB_MISSING;
    row = row_of(result, 0);
    found = row_long(&row);
    document = row_borrow(&row);
    if (!row_ok(&row, err))
        return DB_FAILED;
    if (!buffer_put(ret_document, document.data, document.len)) {
        error_set(err, ERROR_MEMORY, "no room for a policy of %zu octets", document.len);
        return DB_FAILED;
    }
    *ret_version = (uint64_t)found;
    return DB_FOUND;
}
