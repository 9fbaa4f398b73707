/* GET /v1/issuers and /v1/roots: public, from memory. */
#include "api/handlers.h"
#include "api/json.h"
#include "api/query.h"
#include "api/view.h"
#include "main/server.h"
#include "signet/der.h"

enum { ISSUERS_OCTETS = 2 * AUTHORITY_ISSUERS * LIMIT_CERTIFICATE_OCTETS };

static bool
wanted(const struct authority_issuer *issuer, const char *kind)
{
    return !kind || strcmp(issuer->row.kind, kind) == 0;
}

static bool
reply_pem(const struct authority_snapshot *authority, const char *kind, struct response *response,
          struct error *err)
{
    response->content_type = PEM_CHAIN_CONTENT_TYPE;
    if (response->body.max < ISSUERS_OCTETS)
        response->body.max = ISSUERS_OCTETS;
    for (size_t i = 0; i < authority->issuer_count; i++)
        if (wanted(&authority->issuer[i], kind) &&
            !pem_encode(authority->issuer[i].certificate.der, "CERTIFICATE", &response->body))
            return json_failed(err);
    return true;
}

/* `kind` null: all. */
static bool
reply_issuers(struct worker *worker, const struct request *request, const char *kind,
              const char *member, struct response *response, struct error *err)
{
    AUTO_AUTHORITY authority = authority_ref(worker->server->authority);
    AUTO_JSON page = json_object();
    AUTO_JSON list = json_array();
    enum accept accept = ACCEPT_JSON;

    if (!accept_choose(request->accept, &accept, err))
        return false;
    if (accept == ACCEPT_PEM_CHAIN)
        return reply_pem(authority, kind, response, err);
    for (size_t i = 0; i < authority->issuer_count; i++)
        if (wanted(&authority->issuer[i], kind) &&
            json_array_append_new(list, view_issuer(&authority->issuer[i])) != 0)
            return json_failed(err);
    if (json_object_set(page, member, list) != 0)
        return json_failed(err);
    return json_reply(response, 200, page, err);
}

bool
handle_issuer_list(struct worker *worker, struct request *request, struct response *response,
                   struct error *err)
{
    return reply_issuers(worker, request, NULL, "issuers", response, err);
}

bool
handle_root_list(struct worker *worker, struct request *request, struct response *response,
                 struct error *err)
{
    return reply_issuers(worker, request, "root", "roots", response, err);
}
