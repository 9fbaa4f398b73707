/* The request of an OCSP GET, taken from the raw request target (O-01). */
#ifndef SIGNET_PUBLISH_TARGET_H
#define SIGNET_PUBLISH_TARGET_H

#include <stdbool.h>

#include "signet/buffer.h"

/* Whether the raw target asks for OCSP by GET: "/ocsp" and something after it. */
bool target_is_ocsp(const char *target);
/*
 * Appends the DER that stands behind "/ocsp": percent-encoded or raw "/", "+" and "=", the slash
 * before it missing or repeated. False: not base64, an encoded NUL, a query, or over the limits of
 * `out` and LIMIT_TARGET_OCTETS; all of that is a malformed OCSP request.
 */
MUST_USE bool target_ocsp_request(const char *target, struct buffer *out);

#endif
