/* GET /v1/audit. */
#include "api/handlers.h"
#include "api/json.h"
#include "api/query.h"

#include <stdio.h>

const char *const audit_list_query[] = {"actor", "action",     "object", "outcome",
                                        "rule",  "request_id", "since",  "until",
                                        "after", "limit",      NULL};

static const char *const outcomes[] = {"done", "refused", "failed", NULL};

struct listing {
    int limit;
    json_t *rows;
    int64_t last;
    bool more, failed;
};

static void
listing_done(struct listing *listing)
{
    json_decref(listing->rows);
}

static json_t *
view_event(const struct db_audit *event)
{
    AUTO_JSON view = json_object();

    if (!view || !json_put_number(view, "id", event->id) ||
        !json_put_time(view, "at", event->at_us / 1000000) ||
        !json_put_text(view, "actor", event->actor) ||
        !json_put_text(view, "action", event->action) ||
        !json_put_text(view, "object", event->object) ||
        !json_put_text(view, "outcome", event->outcome) ||
        !json_put_text(view, "rule", event->rule) ||
        !json_put_text(view, "request_id", event->request_id) ||
        !json_put_text(view, "address", event->address) ||
        !json_put_text(view, "detail", event->detail) ||
        !json_put_number(view, "count", event->count))
        return NULL;
    return steal(&view);
}

static bool
listing_add(void *context, const struct db_audit *row)
{
    struct listing *listing = context;

    if (json_array_size(listing->rows) == (size_t)listing->limit) {
        listing->more = true;
        return true;
    }
    listing->last = row->id;
    if (json_array_append_new(listing->rows, view_event(row)) != 0)
        listing->failed = true;
    return !listing->failed;
}

static bool
filter_parse(const struct request *request, struct db_audit_filter *filter, int *ret_limit,
             struct error *err)
{
    int64_t since_s, until_s;

    *filter = (struct db_audit_filter){
        .actor = request_query(request, "actor"),
        .action = request_query(request, "action"),
        .object = request_query(request, "object"),
        .rule = request_query(request, "rule"),
        .request_id = request_query(request, "request_id"),
    };
    if (!query_choice(request, "outcome", outcomes, &filter->outcome, err) ||
        !query_time(request, "since", &since_s, err) ||
        !query_time(request, "until", &until_s, err) ||
        !query_number(request, "after", &filter->before_id, err) ||
        !query_limit(request, ret_limit, err))
        return false;
    filter->since_us = since_s * 1000000;
    filter->until_us = until_s * 1000000;
    filter->limit = *ret_limit + 1; /* one more tells whether there is a next page */
    return true;
}

bool
handle_audit_list(struct worker *worker, struct request *request, struct response *response,
                  struct error *err)
{
    CLEANUP(listing_done) struct listing listing = {.rows = json_array()};
    AUTO_JSON page = json_object();
    struct db *db = worker_db(worker, err);
    struct db_audit_filter filter;
    char next[24];

    if (!db || !filter_parse(request, &filter, &listing.limit, err))
        return false;
    if (!page || !listing.rows)
        return json_failed(err);
    if (!db_audit_list(db, &filter, listing_add, &listing, err))
        return listing.failed ? json_failed(err) : false;
    snprintf(next, sizeof(next), "%lld", (long long)listing.last);
    if (json_object_set(page, "events", listing.rows) != 0 ||
        (listing.more && !json_put_text(page, "next", next)))
        return json_failed(err);
    return json_reply(response, 200, page, err);
}
