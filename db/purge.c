#include "connection.h"

bool
db_purge(struct db *db, int64_t now_s, int audit_days, int64_t *ret_rows, struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    struct row row;
    int64_t rows;

    params_init(&params);
    param_time_s(&params, now_s);
    param_int(&params, audit_days);
    result = db_run(db, STATEMENT_PURGE, &params, err);
    if (!result)
        return false;
    row = row_of(result, 0);
    rows = row_long(&row);
    if (!row_ok(&row, err))
        return false;
    *ret_rows = rows;
    return true;
}
