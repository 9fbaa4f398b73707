#include "connection.h"

bool
db_blocked_key_insert(struct db *db, const uint8_t spki_hash[LIMIT_DIGEST_OCTETS], int reason,
                      const char *by, struct error *err)
{
    AUTO_PARAMS params = {0};

    /* Outside a transaction the lock would end before the insert. */
    if (!db_in_transaction(db))
        return error_set(err, ERROR_INTERNAL, "blocking a key needs a transaction");
    params_init(&params);
    param_bytes(&params, bytes_of(spki_hash, LIMIT_DIGEST_OCTETS));
    param_short(&params, (int16_t)reason);
    param_text(&params, by);
    return db_execute(db, STATEMENT_KEY_LOCK, NULL, NULL, err) &&
           db_execute(db, STATEMENT_KEY_INSERT, &params, NULL, err);
}

enum db_found
db_blocked_key_get(struct db *db, const uint8_t spki_hash[LIMIT_DIGEST_OCTETS], struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;

    params_init(&params);
    param_bytes(&params, bytes_of(spki_hash, LIMIT_DIGEST_OCTETS));
    result = db_run(db, STATEMENT_KEY_GET, &params, err);
    if (!result)
        return DB_FAILED;
    return PQntuples(result) ? DB_FOUND : DB_MISSING;
}
