/* An HTTP client with one kept connection, for one thread. Nothing of Signet's own is in it. */
#ifndef SIGNET_FAULT_CLIENT_H
#define SIGNET_FAULT_CLIENT_H

#include "ca_fixture.h"
#include "signet/bytes.h"

struct client;

struct client_reply {
    int status;        /* 0: no answer */
    int retry_after_s; /* -1: the field was not there */
    int64_t took_ms;
    struct buffer body;
};

#define AUTO_REPLY CLEANUP(client_reply_done) struct client_reply
void client_reply_done(struct client_reply *reply);

struct client *client_new(const struct ca *ca);
void client_free(struct client *client);
/* Shows this certificate from now on, over a fresh connection; nulls: none. Copies the texts. */
void client_show(struct client *client, const char *certificate_pem, const char *key_pem);

struct client_request {
    const char *method, *url;
    const char *token; /* null: none */
    const char *type;  /* content type of the body, null: no body */
    struct bytes body;
};
/* The reply is emptied first; true when any answer came. */
bool client_call(struct client *client, const struct client_request *request,
                 struct client_reply *reply);
/* POST (or `method`) of JSON to a path of the API. */
bool client_json(struct client *client, const char *method, const char *path, const char *token,
                 const char *json, struct client_reply *reply);

#endif
