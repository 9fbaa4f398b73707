/* /v1/identities: read. Writing is in identity_change.c. */
#include "api/handlers.h"
#include "api/json.h"
#include "api/query.h"
#include "api/view.h"
#include "main/server.h"

#include <stdio.h>

const char *const identity_list_query[] = {"owner", "state", "prefix", "after", "limit", NULL};

static const char *const states[] = {"active", "suspended", "revoked", NULL};

struct listing {
    const struct authority_snapshot *authority;
    int limit;
    json_t *rows;
    char last[LIMIT_NAME_OCTETS + 1];
    bool more, failed;
};

static void
listing_done(struct listing *listing)
{
    json_decref(listing->rows);
}

static bool
listing_add(void *context, const struct db_identity *row)
{
    struct listing *listing = context;

    if (json_array_size(listing->rows) == (size_t)listing->limit) {
        listing->more = true;
        return true;
    }
    snprintf(listing->last, sizeof(listing->last), "%s", row->name);
    if (json_array_append_new(listing->rows, view_identity(listing->authority, row)) != 0)
        listing->failed = true;
    return !listing->failed;
}

bool
handle_identity_list(struct worker *worker, struct request *request, struct response *response,
                     struct error *err)
{
    AUTO_AUTHORITY authority = authority_ref(worker->server->authority);
    CLEANUP(listing_done) struct listing listing = {.authority = authority, .rows = json_array()};
    AUTO_JSON page = json_object();
    struct db *db = worker_db(worker, err);
    struct db_identity_filter filter = {
        .after = request_query(request, "after"),
        .owner = request_query(request, "owner"),
        .prefix = request_query(request, "prefix"),
    };

    if (!db || !query_limit(request, &listing.limit, err) ||
        !query_choice(request, "state", states, &filter.state, err))
        return false;
    if (!page || !listing.rows)
        return json_failed(err);
    filter.limit = listing.limit + 1; /* one more tells whether there is a next page */
    if (!db_identity_list(db, &filter, listing_add, &listing, err))
        return listing.failed ? json_failed(err) : false;
    if (json_object_set(page, "identities", listing.rows) != 0 ||
        (listing.more && !json_put_text(page, "next", listing.last)))
        return json_failed(err);
    return json_reply(response, 200, page, err);
}

bool
handle_identity_get(struct worker *worker, struct request *request, struct response *response,
                    struct error *err)
{
    AUTO_AUTHORITY authority = authority_ref(worker->server->authority);
    AUTO_JSON view = NULL;
    struct db *db = worker_db(worker, err);
    struct db_identity identity;

    if (!db)
        return false;
    switch (db_identity_get(db, request->param[0], &identity, err)) {
    case DB_FOUND:
        break;
    case DB_MISSING:
        return error_set(err, ERROR_IDENTITY_NOT_FOUND, "there is no identity %.200s",
                         request->param[0]);
    case DB_FAILED:
        return false;
    }
    view = view_identity(authority, &identity);
    return view ? json_reply(response, 200, view, err) : json_failed(err);
}
