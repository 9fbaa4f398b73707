#include "connection.h"
#include "serial_range.h"

enum {
    WEEK_DAYS = 7,
    /* The longest life in a permit of ours is 30 days; the rest is for a job that did not run. */
    PARTITION_DAYS_AHEAD_LEAST = 40,
    /* Attempts to get the lock for a removal, 100 ms each at most; then the next run tries. */
    PARTITION_REMOVE_TRIES = 3
};

static bool
partition_call(struct db *db, enum statement statement, const struct params *params, bool *ret_done,
               struct error *err)
{
    AUTO_RESULT result = db_run(db, statement, params, err);
    struct row row;
    bool done;

    if (!result)
        return false;
    row = row_of(result, 0);
    done = row_bool(&row);
    if (!row_ok(&row, err))
        return false;
    *ret_done = done;
    return true;
}

static bool
partition_make(struct db *db, int32_t week, bool *ret_made, struct error *err)
{
    AUTO_PARAMS params = {0};

    params_init(&params);
    param_int(&params, week);
    return partition_call(db, STATEMENT_PARTITION_MAKE, &params, ret_made, err);
}

/* A reader in the way is no error: *ret_removed is false then. */
static bool
partition_remove(struct db *db, int32_t week, int retention_days, bool *ret_removed,
                 struct error *err)
{
    AUTO_PARAMS params = {0};
    struct error failure = {0};

    params_init(&params);
    param_int(&params, week);
    param_int(&params, retention_days);
    *ret_removed = false;
    for (int i = 0; i < PARTITION_REMOVE_TRIES; i++) {
        if (partition_call(db, STATEMENT_PARTITION_REMOVE, &params, ret_removed, &failure))
            return true;
        if (strcmp(failure.sqlstate, "55P03") != 0)
            break;
    }
    /* The lock was not to be had, or the function's own clock or retention says: not yet. */
    if (strcmp(failure.sqlstate, "55P03") == 0 || strcmp(failure.sqlstate, "55000") == 0)
        return true;
    if (err)
        *err = failure;
    return false;
}

static bool
remove_past(struct db *db, int32_t today, int retention_days, int *removed, struct error *err)
{
    AUTO_RESULT result = db_run(db, STATEMENT_PARTITION_WEEKS, NULL, err);

    if (!result)
        return false;
    for (int i = 0; i < PQntuples(result); i++) {
        struct row row = row_of(result, i);
        int32_t week = row_int(&row);
        bool done;

        if (!row_ok(&row, err))
            return false;
        if (week * WEEK_DAYS + WEEK_DAYS - 1 + retention_days >= today)
            break;
        if (!partition_remove(db, week, retention_days, &done, err))
            return error_context(err, "partition of week %d", week);
        *removed += done;
    }
    return true;
}

bool
db_partitions_maintain(struct db *db, int64_t now_s, int days_ahead, int retention_days,
                       int *ret_made, int *ret_removed, struct error *err)
{
    int ahead = days_ahead > PARTITION_DAYS_AHEAD_LEAST ? days_ahead : PARTITION_DAYS_AHEAD_LEAST;
    int32_t today = (int32_t)(now_s / DAY_S);
    int made = 0, removed = 0;
    bool done;

    for (int32_t week = today / WEEK_DAYS; week <= (today + ahead) / WEEK_DAYS; week++) {
        if (!partition_make(db, week, &done, err))
            return error_context(err, "partition of week %d", week);
        made += done;
    }
    if (!remove_past(db, today, retention_days, &removed, err))
        return false;
    *ret_made = made;
    *ret_removed = removed;
    return true;
}
