#include "filter.h"

static bool
identity_decode(const PGresult *result, int number, struct db_identity *identity, struct error *err)
{
    struct row row = row_of(result, number);

    memset(identity, 0, sizeof(*identity));
    identity->id = row_long(&row);
    row_text(&row, identity->name, sizeof(identity->name));
    row_text(&row, identity->kind, sizeof(identity->kind));
    row_text(&row, identity->owner, sizeof(identity->owner));
    row_text(&row, identity->state, sizeof(identity->state));
    row_text(&row, identity->profile, sizeof(identity->profile));
    row_text(&row, identity->roles, sizeof(identity->roles));
    identity->name_count =
        row_texts(&row, identity->names[0], sizeof(identity->names[0]), DB_NAMES);
    identity->created_s = row_time_s(&row);
    identity->changed_s = row_time_s(&row);
    return row_ok(&row, err);
}

static void
param_names(struct params *params, const struct db_identity *identity)
{
    param_array_begin(params, 'T', identity->name_count);
    for (size_t i = 0; i < identity->name_count; i++)
        item_text(params, identity->names[i]);
    param_array_end(params);
}

bool
db_identity_insert(struct db *db, const struct db_identity *identity, int64_t *ret_id,
                   struct error *err)
{
    struct error failure = {0};
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    struct row row;
    int64_t id;

    params_init(&params);
    param_text(&params, identity->name);
    param_text(&params, identity->kind);
    param_text(&params, identity->owner);
    param_text(&params, identity->state);
    param_text(&params, identity->profile);
    param_text(&params, identity->roles);
    param_names(&params, identity);
    param_time_s(&params, identity->created_s);
    param_time_s(&params, identity->changed_s);
    result = db_run(db, STATEMENT_IDENTITY_INSERT, &params, &failure);
    if (!result && strcmp(failure.sqlstate, "23505") == 0)
        return error_set(err, ERROR_IDENTITY_EXISTS, "the identity %s exists already",
                         identity->name);
    if (!result) {
        if (err)
            *err = failure;
        return error_context(err, "identity %s", identity->name);
    }
    row = row_of(result, 0);
    id = row_long(&row);
    if (!row_ok(&row, err))
        return false;
    *ret_id = id;
    return true;
}

static enum db_found
identity_find(struct db *db, enum statement statement, const char *name,
              struct db_identity *ret_identity, struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;

    params_init(&params);
    param_text(&params, name);
    result = db_run(db, statement, &params, err);
    if (!result)
        return DB_FAILED;
    if (PQntuples(result) == 0)
        return DB_MISSING;
    return identity_decode(result, 0, ret_identity, err) ? DB_FOUND : DB_FAILED;
}

enum db_found
db_identity_get(struct db *db, const char *name, struct db_identity *ret_identity,
                struct error *err)
{
    return identity_find(db, STATEMENT_IDENTITY_GET, name, ret_identity, err);
}

enum db_found
db_identity_lock(struct db *db, const char *name, struct db_identity *ret_identity,
                 struct error *err)
{
    return identity_find(db, STATEMENT_IDENTITY_LOCK, name, ret_identity, err);
}

bool
db_identity_update(struct db *db, const struct db_identity *identity, struct error *err)
{
    AUTO_PARAMS params = {0};
    int64_t rows = 0;

    params_init(&params);
    param_long(&params, identity->id);
    param_text(&params, identity->state);
    param_text(&params, identity->owner);
    param_names(&params, identity);
    param_time_s(&params, identity->changed_s);
    if (!db_execute(db, STATEMENT_IDENTITY_UPDATE, &params, &rows, err)) {
        if (err && strcmp(err->sqlstate, "23000") == 0)
            return error_set(err, ERROR_STATE_CONFLICT, "the identity %s is revoked for ever",
                             identity->name);
        return false;
    }
    if (rows != 1)
        return error_set(err, ERROR_IDENTITY_NOT_FOUND, "there is no identity %s", identity->name);
    return true;
}

bool
db_identity_list(struct db *db, const struct db_identity_filter *filter,
                 bool (*row)(void *context, const struct db_identity *identity), void *context,
                 struct error *err)
{
    AUTO_FILTER list = {0};
    AUTO_RESULT result = NULL;
    struct db_identity identity;

    filter_init(&list, "SELECT id, name, kind, owner, state, profile, roles, names, created_at, "
                       "changed_at FROM identity WHERE true ");
    filter_and_text(&list, "name > $?", filter->after);
    filter_and_text(&list, "owner = $?", filter->owner);
    filter_and_text(&list, "state = $?", filter->state);
    filter_and_text(&list, "starts_with(name, $?)", filter->prefix);
    filter_put(&list, "ORDER BY name ");
    filter_limit(&list, filter->limit);
    result = filter_run(db, &list, err);
    if (!result)
        return false;
    for (int i = 0; i < PQntuples(result); i++)
        if (!identity_decode(result, i, &identity, err) || !row(context, &identity))
            return false;
    return true;
}
