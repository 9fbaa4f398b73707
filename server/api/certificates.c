/* GET /v1/certificates and /v1/certificates/{serial}. */
#include "api/handlers.h"
#include "api/json.h"
#include "api/query.h"
#include "api/view.h"
#include "main/server.h"
#include "signet/clock.h"
#include "signet/encode.h"

#include <stdlib.h>

const char *const certificate_list_query[] = {
    "identity",   "name",        "serial",    "spki_sha256", "status", "expires_from",
    "expires_to", "issued_from", "issued_to", "after",       "limit",  NULL};

static const char *const statuses[] = {"valid", "expired", "revoked", "recorded", NULL};

/* The parameters as octets, which the filter borrows. */
struct listing {
    struct db_certificate_filter filter;
    uint8_t spki[LIMIT_DIGEST_OCTETS], serial[LIMIT_SERIAL_OCTETS], after[LIMIT_SERIAL_OCTETS];
    size_t serial_len;
    int limit;
    const struct authority_snapshot *authority;
    json_t *rows;
    char last[2 * LIMIT_SERIAL_OCTETS + 1];
    bool more, failed;
};

static void
row_free(struct db_certificate **row)
{
    free(*row);
}

static void
listing_done(struct listing *listing)
{
    json_decref(listing->rows);
}

static bool
sees_all(const struct caller *caller)
{
    return caller->kinds & (CALLER_ADMIN | CALLER_REVOKER | CALLER_AUDITOR);
}

static bool
own_check(const struct caller *caller, const char *identity, struct error *err)
{
    if (sees_all(caller) || strcmp(caller->certificate->identity, identity) == 0)
        return true;
    return error_refuse(err, ERROR_FORBIDDEN, "certificate.own",
                        "a workload may see certificates of its own identity only");
}

static bool
filter_octets(const struct request *request, struct listing *listing, struct error *err)
{
    size_t spki_len = 0, after_len = 0;

    if (!query_hex(request, "spki_sha256", listing->spki, sizeof(listing->spki), &spki_len, err) ||
        !query_hex(request, "serial", listing->serial, sizeof(listing->serial),
                   &listing->serial_len, err) ||
        !query_hex(request, "after", listing->after, sizeof(listing->after), &after_len, err))
        return false;
    if (spki_len && spki_len != sizeof(listing->spki))
        return error_set(err, ERROR_PARAMETER_INVALID, "spki_sha256: wanted 64 hexadecimal digits");
    if (listing->serial_len && request->query_count > 1)
        return error_set(err, ERROR_PARAMETER_INVALID, "serial: stands alone");
    listing->filter.spki_hash = bytes_of(listing->spki, spki_len);
    listing->filter.after_serial = bytes_of(listing->after, after_len);
    return true;
}

static bool
filter_parse(const struct request *request, struct listing *listing, struct error *err)
{
    struct db_certificate_filter *filter = &listing->filter;

    filter->identity = request_query(request, "identity");
    filter->name = request_query(request, "name");
    filter->now_s = clock_now_s();
    if (!query_limit(request, &listing->limit, err) ||
        !query_choice(request, "status", statuses, &filter->status, err) ||
        !query_time(request, "expires_from", &filter->not_after_from_s, err) ||
        !query_time(request, "expires_to", &filter->not_after_to_s, err) ||
        !query_time(request, "issued_from", &filter->issued_from_s, err) ||
        !query_time(request, "issued_to", &filter->issued_to_s, err) ||
        !filter_octets(request, listing, err))
        return false;
    filter->limit = listing->limit + 1; /* one more tells whether there is a next page */
    if (filter->identity && !own_check(&request->caller, filter->identity, err))
        return false;
    if (!sees_all(&request->caller))
        filter->identity = request->caller.certificate->identity;
    return true;
}

static bool
listing_add(void *context, const struct db_certificate *row)
{
    struct listing *listing = context;

    if (json_array_size(listing->rows) == (size_t)listing->limit) {
        listing->more = true;
        return true;
    }
    hex_encode(bytes_of(row->serial, row->serial_len), listing->last, sizeof(listing->last));
    if (json_array_append_new(listing->rows, view_certificate(listing->authority, row,
                                                              listing->filter.now_s, false)) != 0)
        listing->failed = true;
    return !listing->failed;
}

static bool
listing_by_serial(struct db *db, const struct request *request, struct listing *listing,
                  struct error *err)
{
    CLEANUP(row_free) struct db_certificate *row = calloc(1, sizeof(*row));

    if (!row)
        return json_failed(err);
    switch (db_certificate_get(db, 0, bytes_of(listing->serial, listing->serial_len), row, err)) {
    case DB_FOUND:
        return own_check(&request->caller, row->identity, err) &&
               (listing_add(listing, row) || json_failed(err));
    case DB_MISSING:
        return true;
    case DB_FAILED:
        break;
    }
    return false;
}

static bool
listing_fill(struct db *db, const struct request *request, struct listing *listing,
             struct error *err)
{
    if (listing->serial_len)
        return listing_by_serial(db, request, listing, err);
    if (db_certificate_list(db, &listing->filter, listing_add, listing, err))
        return true;
    return listing->failed ? json_failed(err) : false;
}

bool
handle_certificate_list(struct worker *worker, struct request *request, struct response *response,
                        struct error *err)
{
    AUTO_AUTHORITY authority = authority_ref(worker->server->authority);
    CLEANUP(listing_done) struct listing listing = {.authority = authority, .rows = json_array()};
    AUTO_JSON page = json_object();
    struct db *db = worker_db(worker, err);

    if (!db || !filter_parse(request, &listing, err))
        return false;
    if (!page || !listing.rows)
        return json_failed(err);
    if (!listing_fill(db, request, &listing, err))
        return false;
    if (json_object_set(page, "certificates", listing.rows) != 0 ||
        (listing.more && !json_put_text(page, "next", listing.last)))
        return json_failed(err);
    return json_reply(response, 200, page, err);
}

static bool
certificate_find(struct db *db, const char *text, struct db_certificate *row, struct error *err)
{
    uint8_t serial[LIMIT_SERIAL_OCTETS];
    size_t len = 0;

    if (!hex_decode(text, serial, sizeof(serial), &len) || len == 0)
        return error_set(err, ERROR_CERTIFICATE_NOT_FOUND,
                         "%.64s is no serial number in hexadecimal", text);
    switch (db_certificate_get(db, 0, bytes_of(serial, len), row, err)) {
    case DB_FOUND:
        return true;
    case DB_MISSING:
        return error_set(err, ERROR_CERTIFICATE_NOT_FOUND, "no certificate has serial %.64s", text);
    case DB_FAILED:
        break;
    }
    return false;
}

static bool
reply_pem(const struct authority_snapshot *authority, const struct db_certificate *row,
          struct response *response, struct error *err)
{
    const struct authority_issuer *issuer = authority_issuer_by_id(authority, row->issuer);
    AUTO_BUFFER der = {.max = LIMIT_CERTIFICATE_OCTETS};

    if (!issuer || row->signature_len == 0)
        return error_set(err, ERROR_CERTIFICATE_NOT_FOUND,
                         "this certificate was recorded and never signed");
    response->content_type = PEM_CHAIN_CONTENT_TYPE;
    return certificate_assemble(bytes_of(row->tbs, row->tbs_len), issuer->facts.algorithm,
                                bytes_of(row->signature, row->signature_len), &der, err) &&
           view_pem_chain(authority, row->issuer, buffer_bytes(&der), &response->body, err);
}

bool
handle_certificate_get(struct worker *worker, struct request *request, struct response *response,
                       struct error *err)
{
    AUTO_AUTHORITY authority = authority_ref(worker->server->authority);
    CLEANUP(row_free) struct db_certificate *row = calloc(1, sizeof(*row));
    AUTO_JSON view = NULL;
    enum accept accept = ACCEPT_JSON;
    struct db *db = worker_db(worker, err);

    if (!db || !accept_choose(request->accept, &accept, err))
        return false;
    if (!row)
        return json_failed(err);
    if (!certificate_find(db, request->param[0], row, err) ||
        !own_check(&request->caller, row->identity, err))
        return false;
    if (accept == ACCEPT_PEM_CHAIN)
        return reply_pem(authority, row, response, err);
    view = view_certificate(authority, row, clock_now_s(), true);
    return view ? json_reply(response, 200, view, err) : json_failed(err);
}
