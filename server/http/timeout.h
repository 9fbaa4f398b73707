/* What a client reads that was too slow with its request: 408 as a problem document, whole, since
 * no request is there that libmicrohttpd could answer. */
#ifndef SIGNET_TIMEOUT_H
#define SIGNET_TIMEOUT_H

#include "signet/buffer.h"
#include "signet/error.h"

enum { TIMEOUT_REPLY_OCTETS = 1024 };

/* Appends status line, header and body. False when `out` is full or there is no randomness. */
MUST_USE bool timeout_reply(struct buffer *out);

#endif
