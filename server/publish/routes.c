#include "http/http.h"
#include "main/server.h"
#include "publish/responder.h"
#include "signet/clock.h"

static bool
header_unless_empty(struct response *response, const char *name, const char *value,
                    struct error *err)
{
    return value[0] == '\0' || response_header(response, name, value, err);
}

static bool
respond(struct response *response, const struct request *request, const struct published *published,
        struct error *err)
{
    char control[PUBLISHED_CONTROL_OCTETS];

    published_cache_control(published, clock_now_s(), control);
    response->status = published_status(published, request->method, request->if_none_match,
                                        request->if_modified_since);
    response->content_type = published->content_type;
    if (!response_header(response, "Cache-Control", control, err) ||
        !header_unless_empty(response, "ETag", published->etag, err) ||
        !header_unless_empty(response, "Last-Modified", published->last_modified, err) ||
        !header_unless_empty(response, "Expires", published->expires, err))
        return false;
    if (response->status == 304)
        return true;
    if (response->body.max < published->body.len)
        response->body.max = published->body.len;
    return buffer_put(&response->body, published->body.data, published->body.len) ||
           error_set(err, ERROR_MEMORY, "no memory for an answer of %zu octets",
                     published->body.len);
}

static bool
ocsp_get(struct worker *worker, struct request *request, struct response *response,
         struct error *err)
{
    AUTO_PUBLISHED answer = responder_answer(worker->server->publisher, worker->status, request);

    return respond(response, request, answer, err);
}

static bool
ocsp_post(struct worker *worker, struct request *request, struct response *response,
          struct error *err)
{
    if (!responder_takes(request))
        return error_set(err, ERROR_MEDIA_TYPE,
                         "content type is %s, OCSP takes application/ocsp-request",
                         request->content_type ? request->content_type : "missing");
    return ocsp_get(worker, request, response, err);
}

static bool
publication_get(struct worker *worker, struct request *request, struct response *response,
                enum error_kind missing, struct error *err)
{
    AUTO_CATALOGUE catalogue = publisher_catalogue(worker->server->publisher);
    struct published *found;

    if (!catalogue)
        return error_set(err, ERROR_DATABASE_UNAVAILABLE,
                         "nothing is published yet; try again in a moment");
    found = catalogue_find(catalogue, request->target);
    if (!found)
        return error_set(err, missing, "nothing is published at %s", request->path);
    return respond(response, request, found, err);
}

static bool
crl_get(struct worker *worker, struct request *request, struct response *response,
        struct error *err)
{
    return publication_get(worker, request, response, ERROR_CRL_NOT_FOUND, err);
}

static bool
issuer_get(struct worker *worker, struct request *request, struct response *response,
           struct error *err)
{
    return publication_get(worker, request, response, ERROR_ISSUER_NOT_FOUND, err);
}

static bool
roots_get(struct worker *worker, struct request *request, struct response *response,
          struct error *err)
{
    return publication_get(worker, request, response, ERROR_ISSUER_NOT_FOUND, err);
}

/* HEAD comes with GET. The slash after "/ocsp" may be missing or there twice (O-01). */
const struct route publish_routes[] = {
    {"POST", "/ocsp", CALLER_ANY, ocsp_post, LIMIT_OCSP_REQUEST_OCTETS, NULL, "ocsp.post"},
    {"GET", "/ocsp{raw...}", CALLER_ANY, ocsp_get, 0, NULL, "ocsp.get"},
    {"GET", "/crl/{issuer}.crl", CALLER_ANY, crl_get, 0, NULL, "crl.get"},
    {"GET", "/issuers/{issuer}.cer", CALLER_ANY, issuer_get, 0, NULL, "issuer.get"},
    {"GET", "/roots.pem", CALLER_ANY, roots_get, 0, NULL, "roots.get"},
    {0},
};
