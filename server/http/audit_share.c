#include "http/audit_share.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHARE_ROWS = LIMIT_CHANNELS
}; /* a worker waits with one row, and there are no more workers */

/* On the stack of the worker that waits. */
struct share_row {
    const struct db_audit *event;
    struct share_row *next;
    bool ended;
    bool stored;
};

struct audit_share {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool writing; /* a worker is at the database with `events` */
    struct share_row *first;
    struct share_row **last;
    struct db_audit events[SHARE_ROWS];
};

bool
audit_share_new(struct audit_share **ret_share, struct error *err)
{
    struct audit_share *share = calloc(1, sizeof(*share));

    if (!share)
        return error_set(err, ERROR_MEMORY, "no memory for the audit trail");
    pthread_mutex_init(&share->lock, NULL);
    pthread_cond_init(&share->ended, NULL);
    share->last = &share->first;
    *ret_share = share;
    return true;
}

void
audit_share_free(struct audit_share *share)
{
    if (!share)
        return;
    pthread_cond_destroy(&share->ended);
    pthread_mutex_destroy(&share->lock);
    free(share);
}

/* With the lock held. Takes the oldest rows off the list and copies their events. */
static struct share_row *
rows_take(struct audit_share *share, size_t *ret_count)
{
    struct share_row *taken = share->first, **end = &taken;
    size_t count = 0;

    for (; *end && count < SHARE_ROWS; end = &(*end)->next)
        share->events[count++] = *(*end)->event;
    share->first = *end;
    if (!share->first)
        share->last = &share->first;
    *end = NULL;
    *ret_count = count;
    return taken;
}

/* With the lock held, which is given up while the database works. */
static void
rows_write(struct audit_share *share, struct db *db)
{
    struct error ignored = {0};
    size_t count = 0;
    struct share_row *taken = rows_take(share, &count);
    bool stored;

    share->writing = true;
    pthread_mutex_unlock(&share->lock);
    stored = db_audit_insert(db, share->events, count, &ignored);
    pthread_mutex_lock(&share->lock);
    share->writing = false;
    /* A row may be gone as soon as it is marked: read the link first. */
    for (struct share_row *row = taken, *next; row; row = next) {
        next = row->next;
        row->stored = stored;
        row->ended = true;
    }
    pthread_cond_broadcast(&share->ended);
}

bool
audit_share_write(struct audit_share *share, struct db *db, const struct db_audit *event,
                  struct error *err)
{
    struct share_row own = {.event = event};

    pthread_mutex_lock(&share->lock);
    *share->last = &own;
    share->last = &own.next;
    while (!own.ended) {
        if (share->writing)
            pthread_cond_wait(&share->ended, &share->lock);
        else
            rows_write(share, db);
    }
    pthread_mutex_unlock(&share->lock);
    return own.stored || db_audit_insert(db, event, 1, err);
}
