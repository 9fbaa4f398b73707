/* Signatures: insert only. The first that is stored is the one that a client gets. */
#include "record_batch.h"
#include "serial_range.h"

void
signatures_put(struct params *params, const struct stored_signature *stored, size_t count)
{
    param_array_begin(params, 'B', count);
    for (size_t i = 0; i < count; i++)
        item_bytes(params, stored[i].serial);
    param_array_end(params);
    param_array_begin(params, 'I', count);
    for (size_t i = 0; i < count; i++)
        item_int(params, stored[i].issuer);
    param_array_end(params);
    param_array_begin(params, 'B', count);
    for (size_t i = 0; i < count; i++)
        item_bytes(params, stored[i].signature);
    param_array_end(params);
}

bool
signatures_settle(struct db *db, struct stored_signature *stored, size_t count, struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    struct serial_range range = {0};

    if (count == 0)
        return true;
    params_init(&params);
    signatures_put(&params, stored, count);
    for (size_t i = 0; i < count; i++)
        serial_range_take(&range, stored[i].serial);
    param_bytes(&params, range.least);
    param_bytes(&params, range.greatest);
    result = db_run(db, STATEMENT_SIGNATURE_STANDING, &params, err);
    if (!result)
        return false;
    if (PQntuples(result) != (int)count)
        return error_set(err, ERROR_DATABASE, "%d signatures stand, %zu were stored",
                         PQntuples(result), count);
    for (int i = 0; i < (int)count; i++) {
        struct row row = row_of(result, i);
        int64_t number = row_long(&row);
        bool stands = row_bool(&row);

        if (!row_ok(&row, err))
            return false;
        if (number < 1 || number > (int64_t)count)
            return error_set(err, ERROR_DATABASE, "a signature that was not asked for");
        stored[number - 1].lost = !stands;
    }
    return true;
}
