#include "connection.h"
#include "serial_range.h"

static void
status_put(struct params *params, int32_t issuer, const struct db_status *status, size_t count)
{
    struct serial_range range = {0};

    param_int(params, issuer);
    param_array_begin(params, 'B', count);
    for (size_t i = 0; i < count; i++) {
        item_bytes(params, status[i].serial);
        serial_range_take(&range, status[i].serial);
    }
    param_array_end(params);
    param_bytes(params, range.least);
    param_bytes(params, range.greatest);
}

bool
db_status_get(struct db *db, int32_t issuer, struct db_status *status, size_t count,
              struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;

    params_init(&params);
    status_put(&params, issuer, status, count);
    result = db_run(db, STATEMENT_STATUS_GET, &params, err);
    if (!result)
        return false;
    if (PQntuples(result) != (int)count)
        return error_set(err, ERROR_DATABASE, "%d states for %zu serials", PQntuples(result),
                         count);
    for (int i = 0; i < (int)count; i++) {
        struct row row = row_of(result, i);

        if (row_long(&row) != i + 1)
            return error_set(err, ERROR_DATABASE, "the states of serials came out of order");
        status[i].found = row_bool(&row);
        status[i].revoked = !row_null(&row);
        status[i].revoked_s = row_time_s(&row);
        status[i].reason = row_short(&row);
        if (!row_ok(&row, err))
            return false;
    }
    return true;
}
