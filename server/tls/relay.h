/*
 * One TLS connection: handshake, then plain bytes to and from a socket pair. Nothing is read from
 * one side while bytes for the other are waiting, so that at most RELAY_OCTETS are held each way.
 *
 * Both descriptors are watched edge-triggered; relay_run goes on until neither side can move.
 */
#ifndef SIGNET_TLS_RELAY_H
#define SIGNET_TLS_RELAY_H

#include <openssl/ssl.h>

#include "http/connection.h"

enum { RELAY_OCTETS = 16 * 1024 };

enum relay_state { RELAY_HANDSHAKE, RELAY_OPEN, RELAY_LINGER };

/* Bytes that the other side did not take yet. */
struct relay_rest {
    uint8_t *data;
    size_t len, offset;
};

struct relay {
    SSL *ssl;
    int tcp;
    int plain;                     /* -1 until relay_open */
    struct connection *connection; /* one reference */
    enum relay_state state;
    struct relay_rest up, down; /* up: from the client */
    bool up_ended;              /* the client sends no more */
    bool up_shut;               /* ... and the plain side was told */
    bool up_refused;            /* the plain side reads no more: what comes is dropped */
    bool resumed;
    bool finishing; /* ends as soon as the plain side has nothing more to say at the moment */
};

enum relay_result {
    RELAY_WAITS,  /* for the next event */
    RELAY_AGAIN,  /* it could go on; others first */
    RELAY_SHAKEN, /* the handshake is done: call relay_open */
    RELAY_ENDED   /* call relay_done */
};

/* Takes `ssl`, `tcp` and the reference to the record. */
void relay_init(struct relay *relay, SSL *ssl, int tcp, struct connection *connection);
void relay_done(struct relay *relay);
/* `scratch` has RELAY_OCTETS, for the time of the call. */
enum relay_result relay_run(struct relay *relay, uint8_t *scratch);
/* Takes the near end of the socket pair. */
void relay_open(struct relay *relay, int plain);
/* Whether bytes wait for room on the plain side. Only then is that room worth an event: a socket
 * pair raises one whenever the other end reads. */
bool relay_wants_plain_room(const struct relay *relay);

#endif
