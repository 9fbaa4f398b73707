/*
 * Requests to the server: HTTPS only, TLS 1.2 or newer, the chain must end in the root that the
 * settings name. Retries what the server asks to repeat (429, 503), within bounds.
 */
#ifndef SIGNET_CLI_HTTP_H
#define SIGNET_CLI_HTTP_H

#include <jansson.h>

#include "cli.h"
#include "signet/buffer.h"

struct http_call {
    const char *method;
    const char *target;     /* "/v1/certificates?limit=5", encoded */
    const json_t *body;     /* null: none; borrowed */
    const char *bearer;     /* enrolment token; null: none */
    bool anonymous;         /* do not show the client certificate */
    const char *cert, *key; /* client certificate other than that of the settings; null: those */
    bool repeatable; /* doing it twice is doing it once: also repeated after a lost connection */
};

/* The JSON of a 2xx answer, given (json_decref). A problem document becomes the error, with
 * cli->failure filled. Errors: ERROR_USAGE, ERROR_NETWORK, ERROR_TRUST, ERROR_FILE_ACCESS, those of
 * the server. */
MUST_USE bool http_json(struct cli *cli, const struct http_call *call, json_t **ret_json,
                        struct error *err);

/* A server setting as "https://host:port": adds the scheme, refuses others, cuts a last slash. */
MUST_USE bool http_base(const char *server, struct buffer *out, struct error *err);

#endif
