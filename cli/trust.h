/* The root certificates that the server's chain must end in. */
#ifndef SIGNET_CLI_TRUST_H
#define SIGNET_CLI_TRUST_H

#include "settings.h"
#include "signet/buffer.h"

enum { TRUST_OCTETS = 256 * 1024, TRUST_FINGERPRINT_OCTETS = 32 };

/* Hexadecimal with or without colons. ERROR_USAGE. */
MUST_USE bool trust_fingerprint_parse(const char *text,
                                      uint8_t ret_digest[TRUST_FINGERPRINT_OCTETS],
                                      struct error *err);
/* The one certificate of a PEM bundle with this SHA-256, as PEM. False when there is none. */
MUST_USE bool trust_pick(struct bytes bundle, const uint8_t digest[TRUST_FINGERPRINT_OCTETS],
                         struct buffer *out);
/*
 * The roots as PEM: from the root file; with a fingerprint only the certificate that has it; with a
 * fingerprint alone fetched from the server over an unverified connection that carries no secret
 * and of whose answer nothing is believed but the certificate that has the fingerprint. Errors:
 * ERROR_USAGE when neither is set, ERROR_FILE_ACCESS, ERROR_NETWORK, ERROR_TRUST.
 */
MUST_USE bool trust_roots(const struct settings *settings, const char *base, struct buffer *out,
                          struct error *err);

#endif
