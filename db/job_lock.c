#include "connection.h"

bool
db_job_lock(struct db *db, const char *job, struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    struct row row;
    bool held;

    params_init(&params);
    param_text(&params, job);
    result = db_run(db, STATEMENT_JOB_LOCK, &params, err);
    if (!result)
        return false;
    row = row_of(result, 0);
    held = row_bool(&row);
    if (!row_ok(&row, err))
        return false;
    if (!held)
        error_clear(err);
    return held;
}

void
db_job_unlock(struct db *db, const char *job)
{
    AUTO_PARAMS params = {0};

    params_init(&params);
    param_text(&params, job);
    /* A lost connection has lost its locks as well. */
    if (!db_execute(db, STATEMENT_JOB_UNLOCK, &params, NULL, NULL))
        return;
}
