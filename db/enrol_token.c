#include "connection.h"

bool
db_token_insert(struct db *db, const struct db_token *token, struct error *err)
{
    AUTO_PARAMS params = {0};
    int64_t rows = 0;

    params_init(&params);
    param_bytes(&params, bytes_of(token->hash, sizeof(token->hash)));
    param_text(&params, token->identity);
    param_text(&params, token->created_by);
    param_time_s(&params, token->created_s);
    param_time_s(&params, token->expires_s);
    if (!db_execute(db, STATEMENT_TOKEN_INSERT, &params, &rows, err))
        return error_context(err, "enrolment token for %s", token->identity);
    if (rows != 1)
        return error_set(err, ERROR_IDENTITY_NOT_FOUND, "there is no identity %s", token->identity);
    return true;
}

enum db_found
db_token_get(struct db *db, const uint8_t hash[LIMIT_DIGEST_OCTETS], struct db_token *ret_token,
             struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    struct db_token token = {0};
    struct row row;

    params_init(&params);
    param_bytes(&params, bytes_of(hash, LIMIT_DIGEST_OCTETS));
    result = db_run(db, STATEMENT_TOKEN_GET, &params, err);
    if (!result)
        return DB_FAILED;
    if (PQntuples(result) == 0)
        return DB_MISSING;
    row = row_of(result, 0);
    row_digest(&row, token.hash, sizeof(token.hash));
    row_text(&row, token.identity, sizeof(token.identity));
    row_text(&row, token.created_by, sizeof(token.created_by));
    token.created_s = row_time_s(&row);
    token.expires_s = row_time_s(&row);
    token.used = row_bool(&row);
    if (!row_ok(&row, err))
        return DB_FAILED;
    *ret_token = token;
    return DB_FOUND;
}
