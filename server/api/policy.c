/* GET /v1/policy and /v1/policy/versions. Changing it is in policy_change.c. */
#include "api/handlers.h"
#include "api/json.h"
#include "api/policy_view.h"
#include "api/query.h"

#include <stdio.h>

const char *const policy_get_query[] = {"version", NULL};
const char *const policy_list_query[] = {"after", "limit", NULL};

json_t *
view_policy(const struct db_policy *policy)
{
    AUTO_JSON view = json_object();

    if (!view || !json_put_number(view, "version", (int64_t)policy->version) ||
        !json_put_text(view, "created_by", policy->created_by) ||
        !json_put_time(view, "created_at", policy->created_s) ||
        !json_put_number(view, "octets", policy->octets))
        return NULL;
    return steal(&view);
}

bool
policy_load(struct db *db, uint64_t version, struct db_policy *ret_policy,
            struct buffer *ret_document, struct error *err)
{
    switch (db_policy_find(db, version, ret_policy, ret_document, err)) {
    case DB_FOUND:
        return buffer_text(ret_document) || json_failed(err);
    case DB_MISSING:
        return error_set(err, ERROR_POLICY_NOT_FOUND, "there is no version %llu of the policy",
                         (unsigned long long)version);
    case DB_FAILED:
        break;
    }
    return false;
}

bool
handle_policy_get(struct worker *worker, struct request *request, struct response *response,
                  struct error *err)
{
    AUTO_BUFFER document = {.max = LIMIT_POLICY_OCTETS + 1};
    AUTO_JSON view = NULL;
    struct db *db = worker_db(worker, err);
    struct db_policy policy;
    int64_t version;

    if (!db || !query_number(request, "version", &version, err) ||
        !policy_load(db, (uint64_t)version, &policy, &document, err))
        return false;
    view = view_policy(&policy);
    if (!view || !json_put_text(view, "document", buffer_text(&document)))
        return json_failed(err);
    return json_reply(response, 200, view, err);
}

struct listing {
    int limit;
    json_t *rows;
    uint64_t last;
    bool more, failed;
};

static void
listing_done(struct listing *listing)
{
    json_decref(listing->rows);
}

static bool
listing_add(void *context, const struct db_policy *row)
{
    struct listing *listing = context;

    if (json_array_size(listing->rows) == (size_t)listing->limit) {
        listing->more = true;
        return true;
    }
    listing->last = row->version;
    if (json_array_append_new(listing->rows, view_policy(row)) != 0)
        listing->failed = true;
    return !listing->failed;
}

bool
handle_policy_list(struct worker *worker, struct request *request, struct response *response,
                   struct error *err)
{
    CLEANUP(listing_done) struct listing listing = {.rows = json_array()};
    AUTO_JSON page = json_object();
    struct db *db = worker_db(worker, err);
    int64_t before;
    char next[24];

    if (!db || !query_number(request, "after", &before, err) ||
        !query_limit(request, &listing.limit, err))
        return false;
    if (!page || !listing.rows)
        return json_failed(err);
    /* One more tells whether there is a next page. */
    if (!db_policy_list(db, (uint64_t)before, listing.limit + 1, listing_add, &listing, err))
        return listing.failed ? json_failed(err) : false;
    snprintf(next, sizeof(next), "%llu", (unsigned long long)listing.last);
    if (json_object_set(page, "versions", listing.rows) != 0 ||
        (listing.more && !json_put_text(page, "next", next)))
        return json_failed(err);
    return json_reply(response, 200, page, err);
}
