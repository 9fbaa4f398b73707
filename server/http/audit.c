#include "audit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/audit_share.h"
#include "percent.h"
#include "signet/clock.h"
#include "signet/log.h"

struct audit {
    struct audit_share *share;
    pthread_mutex_t lock;
    size_t count;
    int64_t oldest_ms;
    /* The last entry takes what the others have no room for. */
    struct db_audit entries[AUDIT_ENTRIES];
};

/* Says less when many are joined: the wait that a limited caller was told is different each time.
 */
static void
plain_detail(const struct error *refusal, struct db_audit *event)
{
    if (refusal->kind == ERROR_RATE_LIMITED)
        event->detail[0] = '\0';
}

/* Refusals of nobody that are worth a row; a wrong path or a broken body is only counted. */
static bool
noise_is_kept(const struct error *refusal)
{
    int status = error_row(refusal->kind)->status;

    return status == 401 || status == 403 || status == 409 || status == 429;
}

bool
audit_new(struct audit **ret_audit, struct error *err)
{
    struct audit *audit = calloc(1, sizeof(*audit));

    if (!audit)
        return error_set(err, ERROR_MEMORY, "no memory for the audit trail");
    if (!audit_share_new(&audit->share, err)) {
        free(audit);
        return false;
    }
    pthread_mutex_init(&audit->lock, NULL);
    *ret_audit = audit;
    return true;
}

void
audit_free(struct audit *audit)
{
    if (!audit)
        return;
    pthread_mutex_destroy(&audit->lock);
    audit_share_free(audit->share);
    free(audit);
}

void
audit_of_request(const struct request *request, const struct route *route,
                 struct db_audit *ret_event)
{
    memset(ret_event, 0, sizeof(*ret_event));
    ret_event->at_us = clock_now_us();
    ret_event->count = 1;
    snprintf(ret_event->actor, sizeof(ret_event->actor), "%s", request->caller.name);
    snprintf(ret_event->action, sizeof(ret_event->action), "%s", route ? route->label : "request");
    snprintf(ret_event->request_id, sizeof(ret_event->request_id), "%s", request->id);
    snprintf(ret_event->address, sizeof(ret_event->address), "%s", request->peer_text);
}

static void
audit_of_refusal(const struct request *request, const struct route *route,
                 const struct error *refusal, struct db_audit *ret_event)
{
    const struct error_row *row = error_row(refusal->kind);

    audit_of_request(request, route, ret_event);
    snprintf(ret_event->object, sizeof(ret_event->object), "%s",
             request->param[0] ? request->param[0] : "");
    snprintf(ret_event->outcome, sizeof(ret_event->outcome), "%s",
             row->blame == BLAME_CLIENT ? "refused" : "failed");
    snprintf(ret_event->rule, sizeof(ret_event->rule), "%s",
             refusal->rule[0] ? refusal->rule : row->type);
    snprintf(ret_event->detail, sizeof(ret_event->detail), "%s", refusal->detail);
    /* The database takes UTF-8 only: what was cut must not keep a refusal off the record. */
    text_make_utf8(ret_event->object);
    text_make_utf8(ret_event->detail);
}

/* The detail counts, too: it names the certificate or identity that was refused. */
static bool
same_noise(const struct db_audit *a, const struct db_audit *b)
{
    return strcmp(a->address, b->address) == 0 && strcmp(a->rule, b->rule) == 0 &&
           strcmp(a->action, b->action) == 0 && strcmp(a->actor, b->actor) == 0 &&
           strcmp(a->detail, b->detail) == 0;
}

/* With the lock held. */
static void
noise_count(struct audit *audit, const struct db_audit *event, int64_t now_ms)
{
    size_t i = 0;

    if (audit->count == 0)
        audit->oldest_ms = now_ms;
    while (i < audit->count && !same_noise(&audit->entries[i], event))
        i++;
    if (i < audit->count) {
        audit->entries[i].count += event->count;
        return;
    }
    if (audit->count < AUDIT_ENTRIES - 1) {
        audit->entries[audit->count++] = *event;
        return;
    }
    if (audit->count == AUDIT_ENTRIES - 1) {
        struct db_audit *rest = &audit->entries[audit->count++];

        *rest = *event;
        rest->address[0] = rest->request_id[0] = rest->object[0] = '\0';
        snprintf(rest->rule, sizeof(rest->rule), "audit.aggregate");
        snprintf(rest->detail, sizeof(rest->detail), "refusals of many addresses together");
        return;
    }
    audit->entries[AUDIT_ENTRIES - 1].count += event->count;
}

void
audit_noise(struct audit *audit, const struct request *request, const struct route *route,
            const struct error *refusal)
{
    struct db_audit event;

    if (!noise_is_kept(refusal))
        return;
    audit_of_refusal(request, route, refusal, &event);
    plain_detail(refusal, &event);
    pthread_mutex_lock(&audit->lock);
    noise_count(audit, &event, clock_monotonic_ms());
    pthread_mutex_unlock(&audit->lock);
}

void
audit_refused(struct audit *audit, struct worker *worker, const struct request *request,
              const struct route *route, const struct error *refusal)
{
    struct db_audit event;
    struct error err;
    struct db *db;

    if ((request->caller.kinds & ~(unsigned)CALLER_NOBODY) == 0) {
        audit_noise(audit, request, route, refusal);
        return;
    }
    if (error_row(refusal->kind)->status == 429) {
        audit_noise(audit, request, route, refusal);
        return;
    }
    audit_of_refusal(request, route, refusal, &event);
    db = worker_db(worker, &err);
    if (!db || !db_audit_insert(db, &event, 1, &err))
        log_error("a refusal could not be recorded", &err,
                  (const struct log_field[]){LOG_TEXT("request", request->id),
                                             LOG_TEXT("rule", event.rule),
                                             {NULL, NULL, 0}});
}

bool
audit_done(struct audit *audit, struct db *db, const struct db_audit *event, struct error *err)
{
    return audit_share_write(audit->share, db, event, err);
}

bool
audit_due(struct audit *audit, int64_t now_ms)
{
    bool due;

    pthread_mutex_lock(&audit->lock);
    due = audit->count > 0 && now_ms - audit->oldest_ms >= AUDIT_INTERVAL_MS;
    pthread_mutex_unlock(&audit->lock);
    return due;
}

struct db_audit *
audit_take(struct audit *audit, size_t *ret_count)
{
    struct db_audit *taken = NULL;

    pthread_mutex_lock(&audit->lock);
    if (audit->count)
        taken = malloc(audit->count * sizeof(*taken));
    if (taken) {
        *ret_count = audit->count;
        memcpy(taken, audit->entries, audit->count * sizeof(*taken));
        audit->count = 0;
    }
    pthread_mutex_unlock(&audit->lock);
    return taken;
}

bool
audit_flush(struct audit *audit, struct db *db, int64_t now_ms, struct error *err)
{
    size_t count = 0;
    struct db_audit *taken = audit_take(audit, &count);
    bool ok = !taken || db_audit_insert(db, taken, count, err);

    if (!ok) {
        pthread_mutex_lock(&audit->lock);
        for (size_t i = 0; i < count; i++)
            noise_count(audit, &taken[i], now_ms);
        pthread_mutex_unlock(&audit->lock);
    }
    free(taken);
    return ok;
}
