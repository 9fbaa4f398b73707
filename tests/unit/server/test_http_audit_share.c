#include "http/audit_share.h"
#include "cluster.h"
#include "signet/clock.h"
#include "suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { WRITERS = 8, ROWS = 50 };

static struct cluster cluster;
static char conninfo[256];

struct writer {
    struct audit_share *share;
    const char *outcome;
    unsigned number, stored;
};

static struct db *
connected(const char *role)
{
    struct db *db = NULL;
    struct error err = {0};

    if (!db_open(cluster_conninfo(&cluster, role, conninfo, sizeof(conninfo)), 5000, &db, &err)) {
        fprintf(stderr, "%s: %s (%s)\n", role, err.detail, err.internal);
        exit(EXIT_FAILURE);
    }
    return db;
}

static void *
write_rows(void *argument)
{
    struct writer *writer = argument;
    char info[256];
    struct db *db = NULL;
    struct error err = {0};

    cluster_conninfo(&cluster, "signet_server", info, sizeof(info));
    for (int i = 0; db_open(info, 5000, &db, &err) && i < ROWS; i++) {
        struct db_audit event = {.at_us = clock_now_us(), .count = 1};

        snprintf(event.actor, sizeof(event.actor), "writer/%u", writer->number);
        snprintf(event.action, sizeof(event.action), "test.write");
        snprintf(event.object, sizeof(event.object), "%d", i);
        snprintf(event.outcome, sizeof(event.outcome), "%s", writer->outcome);
        writer->stored += audit_share_write(writer->share, db, &event, &err);
        db_close(db);
        db = NULL;
    }
    db_close(db);
    return NULL;
}

/* Counts the rows by the list itself. */
static bool
count_row(void *context, const struct db_audit *event)
{
    (void)event;
    ++*(unsigned *)context;
    return true;
}

static unsigned
rows_of(struct db *db, unsigned writer)
{
    struct db_audit_filter filter = {.limit = LIMIT_PAGE_ROWS};
    struct error err = {0};
    unsigned rows = 0;
    char actor[32];

    snprintf(actor, sizeof(actor), "writer/%u", writer);
    filter.actor = actor;
    ASSERT_OK(db_audit_list(db, &filter, count_row, &rows, &err), &err);
    return rows;
}

/* Writer 0 writes what the table refuses: its rows fail, and nobody else's. */
static void
every_row_once_and_a_bad_one_alone(void)
{
    struct writer writer[WRITERS];
    pthread_t thread[WRITERS];
    struct audit_share *share = NULL;
    struct db *owner = connected("signet_owner");
    struct error err = {0};

    CU_ASSERT_TRUE_FATAL(audit_share_new(&share, &err));
    for (unsigned i = 0; i < WRITERS; i++) {
        writer[i] = (struct writer){share, i == 0 ? "perhaps" : "done", i, 0};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, write_rows, &writer[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(thread[i], NULL);
    for (unsigned i = 0; i < WRITERS; i++) {
        CU_ASSERT_EQUAL(writer[i].stored, i == 0 ? 0 : ROWS);
        CU_ASSERT_EQUAL(rows_of(owner, i), i == 0 ? 0 : ROWS);
    }
    audit_share_free(share);
    db_close(owner);
}

int
main(void)
{
    struct db *owner;
    struct error err = {0};
    int level, status;

    if (!cluster_available())
        return 77;
    if (!cluster_start(&cluster))
        return EXIT_FAILURE;
    owner = connected("signet_owner");
    if (!db_migrate(owner, &level, &err)) {
        fprintf(stderr, "migration: %s (%s)\n", err.detail, err.internal);
        return EXIT_FAILURE;
    }
    db_close(owner);
    status = RUN_SUITE("audit_share", TEST(every_row_once_and_a_bad_one_alone));
    cluster_stop(&cluster);
    return status;
}
