#include "refusals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signet/clock.h"

struct refusals *
refusals_new(int64_t now_ms)
{
    struct refusals *refusals = calloc(1, sizeof(*refusals));

    if (!refusals)
        return NULL;
    refusals->tokens_milli = REFUSALS_BURST * 1000;
    refusals->filled_ms = now_ms;
    refusals->aggregated_ms = now_ms;
    return refusals;
}

void
refusals_free(struct refusals *refusals)
{
    free(refusals);
}

static const char *
rule_of(const struct error *why)
{
    return why->rule[0] ? why->rule : error_row(why->kind)->type;
}

static bool
take_token(struct refusals *refusals, int64_t now_ms)
{
    refusals->tokens_milli += (now_ms - refusals->filled_ms) * REFUSALS_PER_S;
    refusals->filled_ms = now_ms;
    if (refusals->tokens_milli > REFUSALS_BURST * 1000)
        refusals->tokens_milli = REFUSALS_BURST * 1000;
    if (refusals->tokens_milli < 1000 || refusals->pending_count == REFUSALS_PENDING)
        return false;
    refusals->tokens_milli -= 1000;
    return true;
}

/* Rules are a closed set, smaller than the table; a rule without a place shares the last one. */
static void
count(struct refusals *refusals, const char *rule)
{
    size_t i = 0;

    while (i < refusals->rule_count && strcmp(refusals->rule[i].rule, rule) != 0)
        i++;
    if (i == REFUSALS_RULES)
        i = REFUSALS_RULES - 1;
    if (i == refusals->rule_count) {
        snprintf(refusals->rule[i].rule, sizeof(refusals->rule[i].rule), "%s", rule);
        refusals->rule_count++;
    }
    refusals->rule[i].count++;
}

/* Words of the frame reach the row only when the database can store them. */
static void
put_plain(char *out, size_t room, const char *text)
{
    size_t used = 0;

    for (; *text && used + 1 < room; text++)
        out[used++] = (char)(*text >= ' ' && *text <= '~' ? *text : '?');
    out[used] = '\0';
}

static struct db_audit *
new_event(struct refusals *refusals, const char *rule)
{
    struct db_audit *event = &refusals->pending[refusals->pending_count++];

    memset(event, 0, sizeof(*event));
    event->at_us = clock_now_us();
    event->count = 1;
    snprintf(event->action, sizeof(event->action), "signer.refuse");
    snprintf(event->outcome, sizeof(event->outcome), "refused");
    snprintf(event->actor, sizeof(event->actor), "server");
    snprintf(event->rule, sizeof(event->rule), "%s", rule);
    return event;
}

bool
refusals_add(struct refusals *refusals, const struct issue_request *request,
             const struct error *why, int64_t now_ms)
{
    struct db_audit *event;

    if (!take_token(refusals, now_ms)) {
        count(refusals, rule_of(why));
        return false;
    }
    event = new_event(refusals, rule_of(why));
    put_plain(event->detail, sizeof(event->detail), why->detail);
    if (!request)
        return true;
    if (request->requester[0])
        put_plain(event->actor, sizeof(event->actor), request->requester);
    put_plain(event->object, sizeof(event->object), request->identity);
    put_plain(event->request_id, sizeof(event->request_id), request->request_id);
    return true;
}

static void
aggregate(struct refusals *refusals, int64_t now_ms)
{
    if (now_ms - refusals->aggregated_ms < REFUSALS_AGGREGATE_MS)
        return;
    refusals->aggregated_ms = now_ms;
    while (refusals->rule_count > 0 && refusals->pending_count < REFUSALS_PENDING) {
        size_t last = refusals->rule_count - 1;
        struct db_audit *event = new_event(refusals, refusals->rule[last].rule);

        event->count = refusals->rule[last].count;
        snprintf(event->detail, sizeof(event->detail), "%lld further refusals by this rule",
                 (long long)event->count);
        refusals->rule[last].count = 0;
        refusals->rule_count--;
    }
}

bool
refusals_flush(struct refusals *refusals, struct db *db, int64_t now_ms, struct error *err)
{
    size_t waiting;

    aggregate(refusals, now_ms);
    waiting = refusals->pending_count;
    if (waiting == 0)
        return true;
    refusals->pending_count = 0;
    return db_audit_insert(db, refusals->pending, waiting, err);
}
