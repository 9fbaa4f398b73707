#include "pipeline.h"

static bool
step_send(struct db *db, const struct step *step, struct error *err)
{
    struct wire_params wire;

    if (!wire_params_build(step->params, &wire, err))
        return false;
    if (PQsendQueryPrepared(db->conn, statement_row(step->statement)->name, wire.count, wire.value,
                            wire.len, wire.format, 1))
        return true;
    return db_fail(db, NULL, step->statement, err);
}

static bool
prepare_all(struct db *db, const struct step *steps, size_t count, struct error *err)
{
    bool ok = db_prepare(db, STATEMENT_BEGIN, err) && db_prepare(db, STATEMENT_COMMIT, err) &&
              db_prepare(db, STATEMENT_ROLLBACK, err);

    for (size_t i = 0; ok && i < count; i++)
        ok = db_prepare(db, steps[i].statement, err);
    return ok;
}

static bool
send_all(struct db *db, const struct step *steps, size_t count, struct error *err)
{
    const struct step begin = {.statement = STATEMENT_BEGIN};
    const struct step commit = {.statement = STATEMENT_COMMIT};
    bool ok = step_send(db, &begin, err);

    for (size_t i = 0; ok && i < count; i++)
        ok = step_send(db, &steps[i], err);
    ok = ok && step_send(db, &commit, err);
    if (ok && !PQpipelineSync(db->conn))
        ok = db_fail(db, NULL, STATEMENT_COMMIT, err);
    return ok;
}

/* The answer to one step, after which libpq yields one null. The first failure fills err. */
static bool
receive_one(struct db *db, const struct step *step, PGresult **ret_result, struct error *err)
{
    AUTO_RESULT result = PQgetResult(db->conn);
    ExecStatusType status = result ? PQresultStatus(result) : PGRES_FATAL_ERROR;

    if (result)
        PQclear(PQgetResult(db->conn));
    if (status == PGRES_PIPELINE_ABORTED)
        return false;
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        return db_fail(db, result, step->statement, err);
    if (ret_result)
        *ret_result = steal(&result);
    return true;
}

static bool
receive_all(struct db *db, struct step *steps, size_t count, struct error *err)
{
    const struct step begin = {.statement = STATEMENT_BEGIN};
    const struct step commit = {.statement = STATEMENT_COMMIT};
    bool ok = receive_one(db, &begin, NULL, err);

    for (size_t i = 0; i < count && !db_lost(db); i++)
        ok = receive_one(db, &steps[i], &steps[i].result, ok ? err : NULL) && ok;
    if (!db_lost(db)) {
        db->warned = false;
        ok = receive_one(db, &commit, NULL, ok ? err : NULL) && ok;
    }
    return ok;
}

void
steps_done(struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        PQclear(steps[i].result);
        steps[i].result = NULL;
    }
}

enum outcome
pipeline_run(struct db *db, struct step *steps, size_t count, struct error *err)
{
    bool ok, sync_seen = false;

    if (!prepare_all(db, steps, count, err))
        return OUTCOME_ROLLED_BACK;
    if (!PQenterPipelineMode(db->conn)) {
        db_fail(db, NULL, STATEMENT_BEGIN, err);
        return OUTCOME_ROLLED_BACK;
    }
    ok = send_all(db, steps, count, err) && receive_all(db, steps, count, err);
    if (!db_lost(db)) {
        AUTO_RESULT sync = PQgetResult(db->conn);

        sync_seen = sync && PQresultStatus(sync) == PGRES_PIPELINE_SYNC;
    }
    if (!sync_seen || !PQexitPipelineMode(db->conn))
        return OUTCOME_UNKNOWN;
    if (ok && db->warned)
        return OUTCOME_UNKNOWN;
    if (ok)
        return OUTCOME_COMMITTED;
    db_rollback(db);
    return OUTCOME_ROLLED_BACK;
}
