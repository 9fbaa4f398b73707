/*
 * The TLS front: accepts, does the TLS 1.2/1.3 handshake, and only then hands the connection on as
 * one end of a socket pair, over which it relays plain bytes both ways until either side ends.
 *
 * A few threads (LIMIT_FRONT_THREADS at most, one a core), each with an epoll set that holds the
 * listening sockets and its own connections. Nothing here blocks. Deadlines are those of the
 * connection record (http/connection.h): whatever passes its own is shut down from outside.
 *
 * A client certificate is asked for and not required. That the client owns its key is proved by the
 * handshake; chain and state are not judged here but at each request against the database, so that
 * a revocation takes effect on open and on resumed connections alike. Sessions resume by ticket,
 * for LIMIT_TLS_SESSION_S at most; the ticket carries the client certificate.
 */
#ifndef SIGNET_TLS_FRONT_H
#define SIGNET_TLS_FRONT_H

#include "http/connection.h"
#include "signet/bytes.h"
#include "signet/error.h"

struct tls_front;

/*
 * Takes over a connection whose handshake is done: `fd` (taken, also when it fails) is the plain
 * end, `connection` the record, of which a reference may be kept. `thread` numbers the calling
 * thread.
 */
typedef bool (*tls_hand_over)(void *context, unsigned thread, int fd,
                              struct connection *connection);

struct tls_front_options {
    const int *listen_fds; /* borrowed; must stay open until tls_front_free */
    size_t listen_count;
    unsigned threads;
    struct connections *connections; /* keeps; its limits are the limits of the front */
    tls_hand_over hand_over;
    void *context;
};

struct tls_front_counts {
    uint64_t accepted, refused; /* refused: over a limit, closed at once */
    uint64_t handshakes, resumed, handshakes_failed;
    unsigned handshaking; /* at this moment */
};

/* Gives. Accepts nothing before tls_front_start. */
MUST_USE bool tls_front_new(const struct tls_front_options *options, struct tls_front **ret_front,
                            struct error *err);
/*
 * Ends all threads and connections; replies that are on their way get LIMIT_LINGER_MS to arrive.
 * Before what hand_over gives connections to is freed. Accepts null.
 */
void tls_front_free(struct tls_front *front);

/*
 * The certificate chain (leaf first) and private key that new handshakes use; may be called at any
 * time from any thread, connections that are up stay as they are. Errors: ERROR_CRYPTO when they
 * cannot be parsed or do not belong together; the old ones stay.
 */
MUST_USE bool tls_front_set_certificate(struct tls_front *front, struct bytes chain_pem,
                                        struct bytes key_pem, struct error *err);
bool tls_front_has_certificate(struct tls_front *front);
/* Starts accepting, once. Errors: ERROR_CONFIG without a certificate. */
MUST_USE bool tls_front_start(struct tls_front *front, struct error *err);
/* It was started; false for null. */
bool tls_front_listening(const struct tls_front *front);
/* Accepts no more; what is up goes on. */
void tls_front_stop_accepting(struct tls_front *front);
void tls_front_counts(const struct tls_front *front, struct tls_front_counts *ret_counts);

#endif
