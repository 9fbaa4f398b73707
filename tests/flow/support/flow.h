/*
 * One running authority (ca_fixture.h) with what flow tests do all the time: HTTP calls over kept
 * connections, counts of rows, identities, tokens, enrolments. What must not fail ends the program.
 *
 *   struct flow *flow = flow_start(NULL);
 *   struct party api;
 *   flow_enrol(flow, "payments/api", &api);
 *   AUTO_ANSWER answer = flow_call(flow, &(struct call){"GET", "/v1/certificates", .cert =
 * api.file}); flow_stop(flow);
 */
#ifndef SIGNET_TEST_FLOW_H
#define SIGNET_TEST_FLOW_H

#include <jansson.h>
#include <openssl/evp.h>

#include "ca_fixture.h"
#include "signet/attributes.h"
#include "signet/bytes.h"

enum { FLOW_SERIAL_TEXT = 64, FLOW_FILE_TEXT = 48, FLOW_NAME_TEXT = 96 };

struct flow;

/* Rates are raised far above what a test needs, unless `options` has its own `config`. */
struct flow *flow_start(const struct ca_options *options);
void flow_stop(struct flow *flow);
struct ca *flow_ca(const struct flow *flow);
/* The same calls to another node of the same authority, made and not started (ca_node_make); ended
 * with flow_node_stop before the first. */
struct flow *flow_node_make(struct flow *first, unsigned number);
void flow_node_stop(struct flow *node);
_Noreturn void flow_give_up(const char *format, ...) PRINTF_LIKE(1, 2);

/* --- calls --- */
struct call {
    const char *method;
    const char *path;         /* "/v1/..." of the API, or a whole URL */
    const char *cert;         /* stem of the client certificate's files, "admin", or null: nobody */
    const char *token;        /* one-time token, or null */
    const char *accept;       /* or null: any */
    const char *content_type; /* null: application/json when there is a body */
    const char *text;         /* body, or null */
    struct bytes octets;      /* the same for binary bodies */
    const char *header;       /* one more header line, or null */
    bool alone;               /* over a connection of its own */
    const char *from;         /* our address, or null: 127.0.0.1 */
    bool any_server;          /* whatever certificate it shows (a clock was moved) */
};

struct answer {
    int status; /* 0: none came */
    char content_type[96];
    struct buffer head; /* header lines */
    struct buffer body;
    json_t *json; /* null when the body is no JSON */
};

struct answer flow_call(struct flow *flow, const struct call *call);
void answer_done(struct answer *answer);
#define AUTO_ANSWER CLEANUP(answer_done) struct answer
/* The value of a header line in `text`; false when there is none. */
bool answer_header(const struct answer *answer, const char *name, char *text, size_t room);
/* A member of the JSON as text; "" when there is none. */
const char *answer_text(const struct answer *answer, const char *member);

/* --- the database --- */
/* First column of the first row, by the owner's right. */
void flow_text(struct flow *flow, char *text, size_t room, const char *format, ...)
    PRINTF_LIKE(4, 5);
long long flow_number(struct flow *flow, const char *format, ...) PRINTF_LIKE(2, 3);
/* The number of rows of every table that a refusal must leave alone, as a text to compare. */
enum { FLOW_COUNTS_TEXT = 160 };
void flow_counts(struct flow *flow, char text[FLOW_COUNTS_TEXT]);

/* Puts a new policy in force: `value` (JSON) at `path` ("profiles,workload,max_line"). Returns when
 * the server issues under it. */
void flow_policy(struct flow *flow, const char *path, const char *value);

/* --- refusals --- */
struct refusal {
    int status;
    const char *type;  /* without the URN's prefix */
    const char *names; /* what the detail must hold: the object */
    const char *rule;  /* null: not looked at */
};
/* Asserts all of it, and that the request id stands in header and document; `row` says which. */
void flow_expect_refused(const struct answer *answer, const struct refusal *refusal,
                         const char *row);
/* The same call, with the rows counted before and after. */
void flow_refused(struct flow *flow, const struct call *call, const struct refusal *refusal,
                  const char *row);
/* Asserts the status and prints the body otherwise. */
bool flow_expect(const struct answer *answer, int status, const char *row);

/* --- identities --- */
/* `members`: further members of the request as JSON text (", \"names\": [...]") or "". */
void flow_identity(struct flow *flow, const char *name, const char *members);
/* A token that lives `ttl_s` (0: the default); the identity is made when it is missing. */
void flow_token(struct flow *flow, const char *identity, unsigned ttl_s, char token[CA_TOKEN_TEXT]);

/* Somebody with a certificate. */
struct party {
    char identity[FLOW_NAME_TEXT];
    char file[FLOW_FILE_TEXT]; /* stem of NAME.pem and NAME.key in the work folder */
    char serial[FLOW_SERIAL_TEXT];
    EVP_PKEY *key;
    struct buffer csr; /* of the request that gave the certificate, as JSON body */
};
void flow_enrol(struct flow *flow, const char *identity, struct party *ret_party);
/* Renews: a new party whose certificate follows; `key` null: a new one. Gives the status; the party
 * is only made when that is 200 or 201. */
int flow_renew(struct flow *flow, const struct party *party, EVP_PKEY *key,
               struct party *ret_party);
void party_done(struct party *party);
#define AUTO_PARTY CLEANUP(party_done) struct party
/* Takes certificate and chain out of an answer into files with a name of their own. */
void party_take(struct flow *flow, const char *identity, EVP_PKEY *key, const char *body,
                const struct answer *answer, struct party *ret_party);
/* An administrator's identity with these roles ("[\"revoker\"]"), enrolled. */
void flow_staff(struct flow *flow, const char *name, const char *roles, struct party *ret_party);

/* {"reason": REASON, MEMBER: VALUE} posted by the first administrator must succeed. */
void flow_revoke(struct flow *flow, const char *member, const char *value, const char *reason);

#endif
