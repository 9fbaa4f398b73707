/*
 * What a handler sees of HTTP, and nothing of libmicrohttpd. Handlers are straight-line blocking
 * code on a worker thread; they fill the response or the error, never both.
 */
#ifndef SIGNET_HTTP_H
#define SIGNET_HTTP_H

#include <netinet/in.h>

#include "signet/buffer.h"
#include "signet/db.h"
#include "signet/error.h"
#include "signet/limits.h"
#include "signet/signer_client.h"

struct server; /* main/server.h */

/* Who asks; one bit each so that a route names its callers as a set. */
enum caller_kind {
    CALLER_NOBODY = 1 << 0,   /* no credential */
    CALLER_TOKEN = 1 << 1,    /* Authorization: Bearer, one-time token */
    CALLER_WORKLOAD = 1 << 2, /* client certificate of a workload */
    CALLER_ADMIN = 1 << 3,    /* client certificate with role admin */
    CALLER_REVOKER = 1 << 4,
    CALLER_ENROLLER = 1 << 5,
    CALLER_AUDITOR = 1 << 6,
    CALLER_ANY = 0x7f
};

struct caller {
    unsigned kinds; /* set of enum caller_kind; a certificate may carry several roles */
    char name[LIMIT_REQUESTER_OCTETS +
              1]; /* for log and audit: "nobody", "token:1a2b3c4d", "payments/api" */
    uint8_t token_hash[LIMIT_DIGEST_OCTETS]; /* CALLER_TOKEN */
    struct db_token token;
    struct db_certificate
        *certificate; /* row of the client certificate; null without one. Checked at
                         this request: chain, row by TBS hash, not revoked, active */
};

enum { HTTP_PARAMS = 4, HTTP_QUERY = 16, HTTP_HEADERS = 12, HTTP_HEADER_TEXT = 4096 };

/* Where the time of a request goes. Handlers add to DECIDE and SIGNER of request->stage_us; the
 * rest is measured around them. */
enum http_stage {
    STAGE_QUEUE,
    STAGE_AUTHENTICATE,
    STAGE_DECIDE,
    STAGE_SIGNER,
    STAGE_TOTAL,
    HTTP_STAGES
};

struct http_pair {
    const char *name;
    const char *value;
};

struct request {
    char id[LIMIT_REQUEST_ID_OCTETS + 1]; /* also in log, audit, problem document, X-Request-Id */
    const char *method;
    const char *target;             /* raw, as it came, before any unescaping */
    const char *path;               /* decoded, without query */
    const char *param[HTTP_PARAMS]; /* the {...} of the route's pattern, decoded */
    struct http_pair query[HTTP_QUERY];
    size_t query_count;
    const char *accept;       /* null: absent */
    const char *content_type; /* null: absent; parameters cut off, lower case */
    const char *authorization;
    const char *if_none_match, *if_modified_since;
    struct bytes body;
    struct sockaddr_storage peer;
    char peer_text[64];              /* address without port */
    struct bytes client_certificate; /* DER from the TLS handshake; empty without one */
    int64_t arrived_ms, deadline_ms; /* monotonic */
    int64_t stage_us[HTTP_STAGES];
    struct caller caller; /* filled before the handler runs */
};

/* The named query value or null; a route lists the names it takes, others are refused before. */
const char *request_query(const struct request *request, const char *name);

struct response {
    int status;               /* 0: 200 */
    const char *content_type; /* static text; null: application/json */
    struct buffer body;
    struct http_pair header[HTTP_HEADERS]; /* values borrow `text` or are static */
    size_t header_count;
    struct buffer text; /* backing store of header values */
    bool head_only_length;
    /* for log and audit, when the handler knows better than the path */
    char object[96];
    /* The handler wrote its audit row in the transaction of the change itself. Refusals and
     * failures (what ends in `err`) are always audited by who called the handler. */
    bool audited;
};
/* Copies the value. */
MUST_USE bool response_header(struct response *response, const char *name, const char *value,
                              struct error *err);

/* One worker thread: what it owns. */
struct worker {
    struct server *server;
    struct db *db;                  /* connected lazily; call worker_db */
    struct signer_channel *issuing; /* null in the publishing pool */
    struct signer_channel *status;  /* null in the API pool */
    unsigned index;
};
/* The worker's connection, opened or mended when need be; null with err set. */
MUST_USE struct db *worker_db(struct worker *worker, struct error *err);

typedef bool (*http_handler)(struct worker *worker, struct request *request,
                             struct response *response, struct error *err);

struct route {
    const char *method;
    const char *pattern; /* "/v1/certificates/{serial}"; a last "{name...}" takes slashes too */
    unsigned callers;    /* set of enum caller_kind that may call */
    http_handler handler;
    size_t max_body;          /* 0: takes no body */
    const char *const *query; /* null-terminated names it takes; null: none */
    const char *label;        /* for metrics, log and audit: "certificate.issue" */
};

/* The one table, in api/routes.c; ends with a null method. */
extern const struct route api_routes[];

#endif
