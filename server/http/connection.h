/*
 * Connection records: one slot for each client connection, with its address, its client certificate
 * and its deadline. A record is found by slot and generation, never by descriptor (descriptors are
 * used again while another thread still speaks of the old connection), and is reference counted:
 * the front holds it until the socket is closed, libmicrohttpd's side while it knows the
 * connection, a request as long as it runs.
 *
 * The table also enforces deadlines: connections_cut, called every LIMIT_TICK_MS by one thread,
 * shuts down the socket of each record that is past its own. libmicrohttpd knows only a time
 * without any byte; a client that sends one byte a second is ended here. If that is amid a request
 * it is told so with 408: on a plain connection right here, on a TLS connection by the front, which
 * sees the end of what it reads and the mark.
 */
#ifndef SIGNET_CONNECTION_H
#define SIGNET_CONNECTION_H

#include <netinet/in.h>
#include <stdatomic.h>

#include "signet/bytes.h"
#include "signet/error.h"

struct connections;

/* Where a connection is; each has its total deadline. */
enum connection_phase {
    CONNECTION_HANDSHAKE, /* LIMIT_HANDSHAKE_MS */
    CONNECTION_FIRST,     /* until the header of the first request is whole: LIMIT_HEADER_MS */
    CONNECTION_BODY,      /* until the body is whole: LIMIT_BODY_MS */
    CONNECTION_WORK,      /* the request has a deadline of its own: none here */
    CONNECTION_REPLY,     /* until the reply is taken by the client: LIMIT_REPLY_MS */
    CONNECTION_IDLE,      /* between requests, until the next header is whole: LIMIT_IDLE_MS */
    CONNECTION_LINGER,    /* reply sent, end announced, waiting for the client's: LIMIT_LINGER_MS */
    CONNECTION_PHASES
};

struct connection {
    struct connections *table;
    uint32_t slot;
    uint32_t generation;
    struct sockaddr_storage peer;
    char peer_text[64];
    uint8_t peer_key[16]; /* what counts as one address: IPv4 whole, IPv6 its first 64 bits */
    struct bytes client_certificate; /* DER; set once, before the hand-over; empty without one */
    atomic_int_fast64_t deadline_ms; /* monotonic; 0: none */
    atomic_int phase;                /* enum connection_phase */
    atomic_bool late; /* cut with an unfinished request: its front answers 408 and ends it */
    /* The rest is the table's own. */
    unsigned references;
    int fd; /* what connections_cut shuts down; -1 once closed */
    uint32_t address;
    uint32_t next_free;
};

struct connections_options {
    uint32_t most;             /* connections at once */
    uint32_t most_per_address; /* IPv6: per /64 */
    bool encrypted;            /* there is a front that answers for it */
};

MUST_USE bool connections_new(const struct connections_options *options,
                              struct connections **ret_table, struct error *err);
/* All records must have been released. */
void connections_free(struct connections *table);
uint32_t connections_count(struct connections *table);
uint32_t connections_most(const struct connections *table);

/*
 * A record for a connection from `peer` on `fd` (borrowed; call connection_closing before closing
 * it), in `phase`, with one reference. Errors: ERROR_OVERLOADED over either limit.
 */
MUST_USE bool connection_open(struct connections *table, const struct sockaddr *peer,
                              socklen_t peer_len, int fd, enum connection_phase phase,
                              struct connection **ret_connection, struct error *err);
/* Copies the certificate into the record. Only before the hand-over. */
MUST_USE bool connection_set_certificate(struct connection *connection, struct bytes der,
                                         struct error *err);
struct connection *connection_ref(struct connection *connection);
/* The record of this slot with one more reference; null when that connection is gone. */
struct connection *connection_find(struct connections *table, uint32_t slot, uint32_t generation);
void connection_unref(struct connection *connection);
/* From now on the descriptor is not touched any more. */
void connection_closing(struct connection *connection);
void connection_phase(struct connection *connection, enum connection_phase phase, int64_t now_ms);
/* The client sent something: an idle connection now has LIMIT_HEADER_MS for the rest of a header.
 */
void connection_stir(struct connection *connection);

/* Shuts down what is past its deadline; returns how many. */
unsigned connections_cut(struct connections *table, int64_t now_ms);
#endif
