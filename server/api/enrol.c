/* POST /v1/certificates and /v1/certificates/renew. */
#include "api/handlers.h"
#include "api/json.h"
#include "api/note.h"
#include "api/query.h"
#include "api/view.h"
#include "issue/issue.h"
#include "issue/renewal.h"
#include "main/server.h"
#include "signet/der.h"
#include "signet/encode.h"

#include <stdio.h>

static const struct json_member members[] = {
    {"csr", JSON_MEMBER_TEXT, true, 1, 2 * LIMIT_CSR_OCTETS},
    {"ttl_s", JSON_MEMBER_INTEGER, false, 1, UINT32_MAX},
    {NULL, JSON_MEMBER_TEXT, false, 0, 0},
};

/* What both kinds of request have in common. */
struct wish {
    struct csr *csr;
    enum accept accept;
    uint32_t ttl_s;
    struct db_identity identity;
    struct issue_order order;
};

static void
wish_done(struct wish *wish)
{
    csr_free(wish->csr);
}

static bool
wish_parse(const struct request *request, struct wish *wish, struct error *err)
{
    AUTO_JSON body = NULL;
    AUTO_BUFFER der = {.max = LIMIT_CSR_OCTETS};

    if (!accept_choose(request->accept, &wish->accept, err) ||
        !json_body(request, members, &body, err))
        return false;
    wish->ttl_s = (uint32_t)json_number(body, "ttl_s");
    return pem_or_der(bytes_of_text(json_text(body, "csr")), "CERTIFICATE REQUEST",
                      ERROR_CSR_MALFORMED, &der, err) &&
           csr_parse(buffer_bytes(&der), &wish->csr, err);
}

static bool
identity_read(struct db *db, const char *name, struct db_identity *ret_identity, struct error *err)
{
    switch (db_identity_get(db, name, ret_identity, err)) {
    case DB_FOUND:
        return true;
    case DB_MISSING:
        return error_set(err, ERROR_IDENTITY_NOT_FOUND, "there is no identity %.200s", name);
    case DB_FAILED:
        break;
    }
    return false;
}

static bool
wish_order(const struct request *request, struct wish *wish, struct error *err)
{
    wish->order = (struct issue_order){
        .grant_kind = GRANT_TOKEN,
        .grant_unused = !request->caller.token.used,
        .identity = &wish->identity,
        .key = csr_key(wish->csr),
        .asked_names = csr_names(wish->csr),
        .asked_common_name = csr_common_name(wish->csr),
        .asked_ttl_s = wish->ttl_s,
        .requester = request->caller.name,
        .request_id = request->id,
    };
    memcpy(wish->order.grant_key, request->caller.token_hash, sizeof(wish->order.grant_key));
    return issue_request_hash(wish->ttl_s, csr_der(wish->csr), wish->order.request_hash, err);
}

static bool
answer_body(const struct authority_snapshot *authority, const struct wish *wish,
            const struct issued *issued, int status, struct response *response, struct error *err)
{
    AUTO_JSON view = NULL;

    if (wish->accept == ACCEPT_PEM_CHAIN) {
        response->status = status;
        response->content_type = PEM_CHAIN_CONTENT_TYPE;
        return view_pem_chain(authority, issued->issuer, buffer_bytes(&issued->der),
                              &response->body, err);
    }
    view = view_issued(authority, issued);
    return view ? json_reply(response, status, view, err) : json_failed(err);
}

/* 201 for a new certificate, 200 for the same one again. */
static bool
answer(struct worker *worker, const struct issue_means *means, struct request *request,
       const struct wish *wish, const struct issued *issued, const char *action,
       struct response *response, struct error *err)
{
    char serial[2 * LIMIT_SERIAL_OCTETS + 1], location[128];
    const char *again = issued->replayed ? ", the same again" : "";

    request->stage_us[STAGE_DECIDE] += issued->decide_us;
    request->stage_us[STAGE_SIGNER] += issued->signer_us;
    hex_encode(bytes_of(issued->serial, issued->serial_len), serial, sizeof(serial));
    snprintf(response->object, sizeof(response->object), "%s", serial);
    snprintf(location, sizeof(location), "/v1/certificates/%s", serial);
    response->audited = true;
    return note_shared(worker->server->audit, means->db, request, action, serial, err,
                       "identity %.200s, profile %s, ttl_s %u%s", issued->identity, issued->profile,
                       wish->ttl_s, again) &&
           response_header(response, "Location", location, err) &&
           answer_body(means->authority, wish, issued, issued->replayed ? 200 : 201, response, err);
}

bool
handle_certificate_issue(struct worker *worker, struct request *request, struct response *response,
                         struct error *err)
{
    AUTO_AUTHORITY authority = authority_ref(worker->server->authority);
    CLEANUP(wish_done) struct wish wish = {.csr = NULL};
    AUTO_ISSUED issued = {.issuer = 0};
    struct db *db = worker_db(worker, err);
    struct issue_means means = {db, worker->issuing, authority, request->deadline_ms};

    return db && wish_parse(request, &wish, err) &&
           identity_read(db, request->caller.token.identity, &wish.identity, err) &&
           wish_order(request, &wish, err) &&
           issue_certificate(&means, &wish.order, &issued, err) &&
           answer(worker, &means, request, &wish, &issued, "certificate.issue", response, err);
}

/* A successor that was replaced is revoked in a transaction of its own. */
static bool
note_superseded(void *context, struct db *db, const struct revoked *batch, struct error *err)
{
    const struct request *request = context;
    char serial[2 * LIMIT_SERIAL_OCTETS + 1];

    for (size_t i = 0; i < batch->count; i++) {
        hex_encode(bytes_of(batch->item[i].serial, batch->item[i].serial_len), serial,
                   sizeof(serial));
        if (!note_done(db, request, "revocation.create", serial, err,
                       "superseded: never used, replaced by another renewal"))
            return false;
    }
    return true;
}

bool
handle_certificate_renew(struct worker *worker, struct request *request, struct response *response,
                         struct error *err)
{
    AUTO_AUTHORITY authority = authority_ref(worker->server->authority);
    CLEANUP(wish_done) struct wish wish = {.csr = NULL};
    AUTO_ISSUED issued = {.issuer = 0};
    struct db *db = worker_db(worker, err);
    struct issue_means means = {db, worker->issuing, authority, request->deadline_ms};
    struct revoke_means revoking = {db, worker->server, request->deadline_ms, note_superseded,
                                    request};

    if (!db || !wish_parse(request, &wish, err) ||
        !identity_read(db, request->caller.certificate->identity, &wish.identity, err) ||
        !wish_order(request, &wish, err))
        return false;
    wish.order.predecessor = request->caller.certificate;
    return renewal_issue(&means, &revoking, &wish.order, &issued, err) &&
           answer(worker, &means, request, &wish, &issued, "certificate.renew", response, err);
}
