/* Connections that send what no HTTP client would, plain or over TLS. */
#ifndef SIGNET_TEST_FLOW_RAW_H
#define SIGNET_TEST_FLOW_RAW_H

#include <openssl/ssl.h>

#include "flow.h"

struct raw {
    int fd;
    SSL_CTX *context; /* null: plain */
    SSL *ssl;
};

/* To 127.0.0.1; false when nobody accepts it or the handshake fails. `party` (or null) gives the
 * client certificate. */
bool raw_open(const struct ca *ca, unsigned port, bool tls, const struct party *party,
              struct raw *ret_raw);
void raw_close(struct raw *raw);
#define AUTO_RAW CLEANUP(raw_close) struct raw
/* False when the other side is gone. */
bool raw_send(struct raw *raw, const void *data, size_t len);
/* Whatever is there within `timeout_ms` up to the end of the connection; true when it has ended. */
bool raw_receive(struct raw *raw, int timeout_ms, struct buffer *out);
/* Sends all of it, then reads to the end of the connection or for `timeout_ms`. */
void raw_ask(const struct ca *ca, unsigned port, bool tls, const char *text, struct buffer *out);

#endif
