#include "connection.h"

bool
db_begin(struct db *db, struct error *err)
{
    return db_execute(db, STATEMENT_BEGIN, NULL, NULL, err);
}

static bool
failed_without_code(const PGresult *result)
{
    return PQresultStatus(result) == PGRES_FATAL_ERROR &&
           !PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

/*
 * A commit can fail in a way that leaves open whether it happened: the connection broke, or the
 * wait for a synchronous standby was cancelled, which the server reports as success with a warning.
 */
bool
db_commit(struct db *db, struct error *err)
{
    AUTO_RESULT result = NULL;

    if (!db_prepare(db, STATEMENT_COMMIT, err))
        return false;
    db->warned = false;
    result = PQexecPrepared(db->conn, "COMMIT", 0, NULL, NULL, NULL, 1);
    if (!result || db_lost(db) || db->warned || failed_without_code(result))
        return error_set(err, ERROR_COMMIT_UNKNOWN, "the answer to a commit was lost") ||
               error_internal(err, "%s", PQerrorMessage(db->conn));
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return db_fail(db, result, STATEMENT_COMMIT, err);
    /* COMMIT of a transaction that had failed answers ROLLBACK and no error. */
    if (strcmp(PQcmdStatus(result), "COMMIT") != 0)
        return error_set(err, ERROR_DATABASE, "the transaction had failed and was rolled back");
    return true;
}

void
db_rollback(struct db *db)
{
    if (!db_lost(db) && db_in_transaction(db) &&
        !db_execute(db, STATEMENT_ROLLBACK, NULL, NULL, NULL))
        PQclear(PQexec(db->conn, "ROLLBACK")); /* not prepared yet, and now it cannot be */
}
