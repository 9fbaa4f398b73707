/* What OpenSSL does not look at in public keys (traps.md): each check names what is wrong, or null.
 */
#ifndef SIGNET_X509_KEY_CHECK_H
#define SIGNET_X509_KEY_CHECK_H

#include "signet/bytes.h"

enum { RSA_LEAST_BITS = 2048, RSA_MOST_BITS = 4096 };

/* 32 octets: canonical (below 2^255 - 19), not one of the points of small order. */
const char *ed25519_point_fault(struct bytes point);
/* The public exponent, big-endian: odd, above 2^16, at most 32 bits. */
const char *rsa_exponent_fault(struct bytes exponent);
/* The modulus, big-endian: odd, no small factor, not of the ROCA form, primes not close. */
const char *rsa_modulus_fault(struct bytes modulus);

#endif
