/*
 * PostgreSQL away or frozen: clients get 503 with Retry-After in time, what is published goes on
 * being served, and all is back by itself when the database is.
 */
#include "suite.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "signet/clock.h"
#include "storm.h"
#include "visitor.h"

/* A database that takes requests and never answers: the deadline is set to 4 s below. */
enum { SILENT_MS = 9000 };

static struct ca *ca;
static struct visitor visitor;

static void
database_stopped(void)
{
    visitor_sees_published(&visitor);
    ca_postgres_stop(ca, false);
    visitor_is_put_off(&visitor, "database stopped", VISITOR_AWAY_MS);
    visitor_sees_published(&visitor);
    visitor_sees_unready(&visitor, "database");
    visitor_sees_published(&visitor);
    ca_postgres_start(ca);
    visitor_is_served_again(&visitor, "database started");
}

/* --- a database that neither answers nor ends its connections: a disk that hangs, for instance ---
 */

static void
signal_database(const struct buffer *pids, int number)
{
    const char *at = (const char *)pids->data;
    char *end;

    for (long pid; (pid = strtol(at, &end, 10)) > 0; at = end)
        kill((pid_t)pid, number);
    CU_ASSERT_TRUE(ca_kill(ca, CA_POSTGRES, number));
}

static void
database_frozen(void)
{
    AUTO_BUFFER pids;

    buffer_init(&pids, 65536);
    visitor_sees_published(&visitor);
    ca_sql(ca, &pids, "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()");
    CU_ASSERT_PTR_NOT_NULL_FATAL(buffer_text(&pids));
    signal_database(&pids, SIGSTOP);
    visitor_is_put_off(&visitor, "database frozen", SILENT_MS);
    visitor_is_put_off(&visitor, "database frozen, once more", SILENT_MS);
    visitor_sees_published(&visitor);
    visitor_sees_unready(&visitor, "database");
    signal_database(&pids, SIGCONT);
    visitor_is_served_again(&visitor, "database thawed");
    visitor_sees_status_again(&visitor);
}

int
main(void)
{
    static const char *const edits[] = {"s/^server {/server {\\n  request_deadline_ms = 4000/",
                                        NULL};
    int status;

    ca = ca_start(&(struct ca_options){.config = storm_config, .edits = edits});
    visitor_open(&visitor, ca);
    status = RUN_SUITE("database away", TEST(database_stopped), TEST(database_frozen));
    visitor_close(&visitor);
    ca_stop(ca);
    return status;
}
