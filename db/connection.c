#include "connection.h"

#include <stdio.h>
#include <stdlib.h>

DEFINE_CLEANUP(struct db *, db_close);

/* Said by each session itself, whatever the server's configuration: */
static const char session_settings[] =
    "SET synchronous_commit = on;" /* durable before released */
    "SET TimeZone = 'UTC';"
    "SET client_encoding = 'UTF8';"
    "SET search_path = signet, pg_temp;"
    "SET default_transaction_isolation = 'read committed';" /* each statement its own snapshot */
    /* A program that was stopped in the middle must not hold its locks for ever. */
    "SET idle_in_transaction_session_timeout = '20s';"
    /* Every statement of the table is a look-up or an insert with the same good plan for all
     * values; planning anew costs more than running. Small or never analysed tables must not tempt
     * the planner into a sequential scan that stays when they have grown. */
    "SET plan_cache_mode = force_generic_plan;"
    "SET enable_seqscan = off;"
    "SET jit = off";

static void
keep_warning(void *context, const PGresult *result)
{
    struct db *db = context;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (severity && strcmp(severity, "WARNING") == 0)
        db->warned = true;
}

static bool
session_setup(struct db *db, struct error *err)
{
    char timeouts[128];

    memset(db->prepared, 0, sizeof(db->prepared));
    PQsetNoticeReceiver(db->conn, keep_warning, db);
    snprintf(timeouts, sizeof(timeouts), "SET statement_timeout = %d; SET lock_timeout = %d",
             db->statement_timeout_ms, DB_LOCK_TIMEOUT_MS);
    return db_script(db, session_settings, err) && db_script(db, timeouts, err);
}

static bool
connect_check(struct db *db, struct error *err)
{
    if (!db_lost(db))
        return true;
    error_set(err, ERROR_DATABASE_UNAVAILABLE, "the database cannot be reached");
    return error_internal(err, "%s", PQerrorMessage(db->conn));
}

bool
db_open(const char *conninfo, int statement_timeout_ms, struct db **ret_db, struct error *err)
{
    char timeout_s[16], silence_ms[16];
    const char *const keys[] = {"connect_timeout", "tcp_user_timeout", "fallback_application_name",
                                "dbname", NULL};
    const char *const values[] = {timeout_s, silence_ms, "signet", conninfo, NULL};
    CLEANUP(db_close_auto) struct db *db = calloc(1, sizeof(*db));

    snprintf(timeout_s, sizeof(timeout_s), "%d", DB_CONNECT_TIMEOUT_S);
    snprintf(silence_ms, sizeof(silence_ms), "%d", DB_UNACKNOWLEDGED_MS);
    if (!db)
        return error_set(err, ERROR_MEMORY, "no memory for a database connection");
    db->statement_timeout_ms = statement_timeout_ms;
    db->conn = PQconnectdbParams(keys, values, 1);
    if (!db->conn)
        return error_set(err, ERROR_MEMORY, "no memory for a database connection");
    if (!connect_check(db, err) || !session_setup(db, err))
        return false;
    *ret_db = steal(&db);
    return true;
}

void
db_close(struct db *db)
{
    if (!db)
        return;
    PQfinish(db->conn);
    free(db);
}

void
db_forbid_reconnect(struct db *db)
{
    db->reconnect_forbidden = true;
}

bool
db_lost(const struct db *db)
{
    return db->cut || PQstatus(db->conn) != CONNECTION_OK;
}

bool
db_in_transaction(const struct db *db)
{
    return PQtransactionStatus(db->conn) != PQTRANS_IDLE;
}

int
db_socket(struct db *db)
{
    return db_lost(db) ? -1 : PQsocket(db->conn);
}

static bool
listen_again(struct db *db, struct error *err)
{
    char sql[DB_CHANNEL_OCTETS * 2 + 16];

    for (size_t i = 0; i < db->channel_count; i++) {
        char *name = PQescapeIdentifier(db->conn, db->channel[i], strlen(db->channel[i]));

        snprintf(sql, sizeof(sql), "LISTEN %s", name ? name : "");
        PQfreemem(name);
        if (!db_script(db, sql, err))
            return false;
    }
    return true;
}

bool
db_ping(struct db *db, struct error *err)
{
    AUTO_RESULT result = NULL;

    if (!db_lost(db))
        result = db_run(db, STATEMENT_PING, NULL, err);
    if (result)
        return true;
    if (!db_lost(db) || db->reconnect_forbidden)
        return db_lost(db) ? connect_check(db, err) : false;
    PQreset(db->conn);
    db->cut = false;
    if (!connect_check(db, err) || !session_setup(db, err) || !listen_again(db, err))
        return false;
    error_clear(err);
    return true;
}

bool
db_listen(struct db *db, const char *channel, struct error *err)
{
    if (db->channel_count == DB_CHANNELS || strlen(channel) >= DB_CHANNEL_OCTETS)
        return error_set(err, ERROR_INTERNAL, "no room to listen on %s", channel);
    snprintf(db->channel[db->channel_count++], DB_CHANNEL_OCTETS, "%s", channel);
    return listen_again(db, err);
}

bool
db_notification(struct db *db, char *payload, size_t room)
{
    PGnotify *notice;

    if (!PQconsumeInput(db->conn))
        return false;
    notice = PQnotifies(db->conn);
    if (!notice)
        return false;
    snprintf(payload, room, "%s", notice->extra);
    PQfreemem(notice);
    return true;
}

bool
db_limit_idle(struct db *db, int most_ms, struct error *err)
{
    char sql[64];

    if (PQserverVersion(db->conn) < DB_VERSION_IDLE_SESSION)
        return true;
    snprintf(sql, sizeof(sql), "SET idle_session_timeout = %d", most_ms);
    return db_script(db, sql, err);
}

bool
db_time(struct db *db, int64_t *ret_now_us, struct error *err)
{
    AUTO_RESULT result = db_run(db, STATEMENT_TIME, NULL, err);
    struct row row;
    int64_t now_us;

    if (!result)
        return false;
    row = row_of(result, 0);
    now_us = row_time_us(&row);
    if (!row_ok(&row, err))
        return false;
    *ret_now_us = now_us;
    return true;
}
