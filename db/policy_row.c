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

static void
policy_decode(struct row *row, struct db_policy *policy)
{
    memset(policy, 0, sizeof(*policy));
    policy->version = (uint64_t)row_long(row);
    row_text(row, policy->created_by, sizeof(policy->created_by));
    policy->created_s = row_time_s(row);
    policy->octets = (uint32_t)row_int(row);
}

enum db_found
db_policy_find(struct db *db, uint64_t version, struct db_policy *ret_policy,
               struct buffer *ret_document, struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    struct db_policy policy;
    struct bytes document;
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
    policy_decode(&row, &policy);
    document = row_borrow(&row);
    if (!row_ok(&row, err))
        return DB_FAILED;
    if (!buffer_put(ret_document, document.data, document.len)) {
        error_set(err, ERROR_MEMORY, "no room for a policy of %zu octets", document.len);
        return DB_FAILED;
    }
    *ret_policy = policy;
    return DB_FOUND;
}

enum db_found
db_policy_get(struct db *db, uint64_t version, uint64_t *ret_version, struct buffer *ret_document,
              struct error *err)
{
    struct db_policy policy;
    enum db_found found = db_policy_find(db, version, &policy, ret_document, err);

    if (found == DB_FOUND)
        *ret_version = policy.version;
    return found;
}

bool
db_policy_list(struct db *db, uint64_t before, int limit,
               bool (*row)(void *context, const struct db_policy *policy), void *context,
               struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;

    params_init(&params);
    param_long(&params, before ? (int64_t)before : INT64_MAX);
    param_int(&params, limit);
    result = db_run(db, STATEMENT_POLICY_LIST, &params, err);
    if (!result)
        return false;
    for (int i = 0; i < PQntuples(result); i++) {
        struct row at = row_of(result, i);
        struct db_policy policy;

        policy_decode(&at, &policy);
        if (!row_ok(&at, err) || !row(context, &policy))
            return false;
    }
    return true;
}

bool
db_policy_lock(struct db *db, struct error *err)
{
    return db_execute(db, STATEMENT_POLICY_LOCK, NULL, NULL, err);
}

bool
db_profile_uses(struct db *db, bool (*row)(void *context, const struct db_profile_use *use),
                void *context, struct error *err)
{
    AUTO_RESULT result = db_run(db, STATEMENT_IDENTITY_PROFILES, NULL, err);

    if (!result)
        return false;
    for (int i = 0; i < PQntuples(result); i++) {
        struct row at = row_of(result, i);
        struct db_profile_use use;

        row_text(&at, use.profile, sizeof(use.profile));
        row_text(&at, use.kind, sizeof(use.kind));
        row_text(&at, use.example, sizeof(use.example));
        use.count = row_long(&at);
        if (!row_ok(&at, err) || !row(context, &use))
            return false;
    }
    return true;
}
