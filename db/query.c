/* Sending statements, and turning what failed into an error. */
#include "connection.h"

#include <stdio.h>
#include <stdlib.h>

struct sqlstate_row {
    const char *prefix;
    enum error_kind kind;
    const char *detail; /* null: "a database statement failed" */
};

/* The first prefix that fits counts. */
static const struct sqlstate_row sqlstate_rows[] = {
    {"08", ERROR_DATABASE_UNAVAILABLE, "the connection to the database failed"},
    {"57P", ERROR_DATABASE_UNAVAILABLE, "the database is being stopped or started"},
    {"57014", ERROR_DATABASE_UNAVAILABLE, "the database took too long"},
    {"55P03", ERROR_DATABASE_UNAVAILABLE, "a database row stayed locked too long"},
    {"53", ERROR_DATABASE_UNAVAILABLE, "the database is out of a resource"},
    {"25006", ERROR_DATABASE_UNAVAILABLE, "the database is a standby and takes no writes"},
    {"25P03", ERROR_DATABASE_UNAVAILABLE, "a database transaction was idle too long"},
    {"", ERROR_DATABASE, "a database statement failed"},
};

static const struct sqlstate_row *
sqlstate_find(const char *sqlstate)
{
    size_t i = 0;

    while (strncmp(sqlstate, sqlstate_rows[i].prefix, strlen(sqlstate_rows[i].prefix)) != 0)
        i++;
    return &sqlstate_rows[i];
}

bool
db_fail(struct db *db, const PGresult *result, enum statement statement, struct error *err)
{
    const char *sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *name = statement < STATEMENT_COUNT ? statement_row(statement)->name : "text";
    const struct sqlstate_row *row = sqlstate_find(sqlstate ? sqlstate : "");

    /* What the server refuses has a code. A write into a connection that was ended with a last word
     * of the server has none, and libpq goes on calling such a connection good. */
    db->cut = db->cut || !sqlstate;
    if (db_lost(db))
        row = &sqlstate_rows[0];
    error_set(err, row->kind, "%s", row->detail);
    error_internal(err, "%s: %s", name,
                   result ? PQresultErrorMessage(result) : PQerrorMessage(db->conn));
    if (err && sqlstate) {
        err->cause = CAUSE_SQLSTATE;
        snprintf(err->sqlstate, sizeof(err->sqlstate), "%s", sqlstate);
    }
    return false;
}

static bool
succeeded(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

bool
db_script(struct db *db, const char *sql, struct error *err)
{
    AUTO_RESULT result = PQexec(db->conn, sql);

    return (result && succeeded(result)) || db_fail(db, result, STATEMENT_COUNT, err);
}

bool
db_prepare(struct db *db, enum statement statement, struct error *err)
{
    const struct statement_row *row = statement_row(statement);
    AUTO_RESULT result = NULL;
    Oid types[PARAMS_MAX];
    int count = (int)strlen(row->types);

    if (db->prepared[statement])
        return true;
    for (int i = 0; i < count; i++)
        types[i] = param_type_oid(row->types[i]);
    result = PQprepare(db->conn, row->name, row->sql, count, types);
    if (!result || !succeeded(result))
        return db_fail(db, result, statement, err);
    db->prepared[statement] = true;
    return true;
}

bool
wire_params_build(const struct params *params, struct wire_params *wire, struct error *err)
{
    wire->count = params ? (int)params->count : 0;
    if (params && params->failed)
        return error_set(err, ERROR_MEMORY, "the parameters of a database statement do not fit");
    for (int i = 0; i < wire->count; i++) {
        const struct param *item = &params->item[i];

        /* Null means SQL's NULL, so empty bytes need an address of their own. */
        wire->value[i] = item->null ? NULL : "";
        if (!item->null && item->len)
            wire->value[i] = (const char *)params->data.data + item->offset;
        wire->len[i] = (int)item->len;
        wire->format[i] = 1;
        wire->type[i] = param_type_oid(item->type);
    }
    return true;
}

static bool
types_fit(const struct params *params, enum statement statement, struct error *err)
{
    const char *types = statement_row(statement)->types;
    size_t count = params ? params->count : 0;

    if (strlen(types) != count)
        return error_set(err, ERROR_INTERNAL, "statement %s takes %zu parameters, not %zu",
                         statement_row(statement)->name, strlen(types), count);
    for (size_t i = 0; i < count; i++)
        if (params->item[i].type != types[i])
            return error_set(err, ERROR_INTERNAL, "statement %s: parameter %zu is no '%c'",
                             statement_row(statement)->name, i + 1, types[i]);
    return true;
}

PGresult *
db_run(struct db *db, enum statement statement, const struct params *params, struct error *err)
{
    AUTO_RESULT result = NULL;
    struct wire_params wire;

    if (!types_fit(params, statement, err) || !wire_params_build(params, &wire, err) ||
        !db_prepare(db, statement, err))
        return NULL;
    result = PQexecPrepared(db->conn, statement_row(statement)->name, wire.count, wire.value,
                            wire.len, wire.format, 1);
    if (result && succeeded(result))
        return steal(&result);
    db_fail(db, result, statement, err);
    return NULL;
}

PGresult *
db_run_text(struct db *db, const char *sql, const struct params *params, struct error *err)
{
    AUTO_RESULT result = NULL;
    struct wire_params wire;

    if (!wire_params_build(params, &wire, err))
        return NULL;
    result =
        PQexecParams(db->conn, sql, wire.count, wire.type, wire.value, wire.len, wire.format, 1);
    if (result && succeeded(result))
        return steal(&result);
    db_fail(db, result, STATEMENT_COUNT, err);
    return NULL;
}

bool
db_execute(struct db *db, enum statement statement, const struct params *params, int64_t *ret_rows,
           struct error *err)
{
    AUTO_RESULT result = db_run(db, statement, params, err);

    if (!result)
        return false;
    if (ret_rows)
        *ret_rows = strtoll(PQcmdTuples(result), NULL, 10);
    return true;
}
