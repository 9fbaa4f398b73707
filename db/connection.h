/* Inside db/: the connection, and the few ways to send statements of the table over it. */
#ifndef SIGNET_DB_CONNECTION_H
#define SIGNET_DB_CONNECTION_H

#include <libpq-fe.h>

#include "params.h"
#include "result.h"
#include "signet/db.h"
#include "statement.h"

enum {
    DB_LOCK_TIMEOUT_MS = 5000,    /* waiting for a row another transaction holds */
    DB_CONNECT_TIMEOUT_S = 5,     /* unless the conninfo says otherwise */
    DB_UNACKNOWLEDGED_MS = 10000, /* a silent network counts as a lost connection */
    DB_CHANNELS = 4,              /* LISTENs of one connection */
    DB_CHANNEL_OCTETS = 64,
    DB_RETRIES = 5,     /* after a deadlock or serialization failure */
    DB_RECONNECTS = 20, /* to resolve an unknown commit, 250 ms apart: five seconds */
    DB_RECONNECT_WAIT_MS = 250,
    DB_VERSION_IDLE_SESSION = 140000 /* the first PostgreSQL with idle_session_timeout */
};

struct db {
    PGconn *conn;
    int statement_timeout_ms;
    bool prepared[STATEMENT_COUNT];
    bool reconnect_forbidden;
    bool cut;    /* a statement failed and not the server said so; libpq may still call it open */
    bool warned; /* the server sent a warning since this was last cleared */
    char channel[DB_CHANNELS][DB_CHANNEL_OCTETS];
    size_t channel_count;
};

/* Sends a statement of the table and gives its result; null on failure. params may be null. */
MUST_USE PGresult *db_run(struct db *db, enum statement statement, const struct params *params,
                          struct error *err);
/* The same for a text put together from fixed fragments (lists with filters); not prepared. */
MUST_USE PGresult *db_run_text(struct db *db, const char *sql, const struct params *params,
                               struct error *err);
/* For statements without rows of interest; *ret_rows (may be null) how many were touched. */
MUST_USE bool db_execute(struct db *db, enum statement statement, const struct params *params,
                         int64_t *ret_rows, struct error *err);
/* One text without parameters, maybe several statements: session settings and migrations. */
MUST_USE bool db_script(struct db *db, const char *sql, struct error *err);

/* Fills err from a failed result (may be null). Always false. */
bool db_fail(struct db *db, const PGresult *result, enum statement statement, struct error *err);
bool db_lost(const struct db *db);
bool db_in_transaction(const struct db *db);
MUST_USE bool db_prepare(struct db *db, enum statement statement, struct error *err);

/* Parameters in the arrays that libpq wants; they borrow `params`. */
struct wire_params {
    int count;
    const char *value[PARAMS_MAX];
    int len[PARAMS_MAX];
    int format[PARAMS_MAX];
    Oid type[PARAMS_MAX];
};
MUST_USE bool wire_params_build(const struct params *params, struct wire_params *wire,
                                struct error *err);

#endif
