/* One request and its answer over libcurl. */
#ifndef SIGNET_CLI_EXCHANGE_H
#define SIGNET_CLI_EXCHANGE_H

#include "http.h"

enum { EXCHANGE_ANSWER_OCTETS = 16 * 1024 * 1024 };

struct exchange {
    const char *base; /* "https://host:port" */
    const struct http_call *call;
    struct bytes roots;     /* PEM; empty only with `unverified` */
    bool unverified;        /* to fetch roots that are then compared with a fingerprint */
    bool plain;             /* http, for the health listener on this machine */
    const char *cert, *key; /* null: none */
    const char *accept;     /* null: JSON */
};

struct exchange_answer {
    int status;
    struct buffer body;
    char request_id[LIMIT_REQUEST_ID_OCTETS + 1];
    int64_t retry_after_s; /* -1: not said */
};
struct exchange_answer exchange_answer_empty(void);
void exchange_answer_done(struct exchange_answer *answer);
#define AUTO_EXCHANGE_ANSWER CLEANUP(exchange_answer_done) struct exchange_answer

/* True for any HTTP answer. Errors: ERROR_NETWORK, ERROR_TRUST, ERROR_FILE_ACCESS (certificate or
 * key), ERROR_USAGE, ERROR_MEMORY. */
MUST_USE bool exchange_run(const struct exchange *exchange, struct exchange_answer *ret_answer,
                           struct error *err);

#endif
