/*
 * What OpenSSL does not look at in public keys. Each check gives the fault it found, or null; every
 * fault has a rule of its own, so that an operator who sees a refusal knows which kind of key it
 * was.
 */
#ifndef SIGNET_X509_KEY_CHECK_H
#define SIGNET_X509_KEY_CHECK_H

#include "signet/bytes.h"

struct key_fault {
    const char *rule; /* "key.roca" */
    const char *text;
};

enum { RSA_LEAST_BITS = 2048, RSA_MOST_BITS = 4096 };

/* 32 octets: canonical (below 2^255 - 19), not one of the points of small order. */
const struct key_fault *ed25519_point_fault(struct bytes point);
/* The public exponent, big-endian: odd, above 2^16, at most 32 bits. */
const struct key_fault *rsa_exponent_fault(struct bytes exponent);
/* The modulus, big-endian: whole octets of bits, odd, no small factor, not of the ROCA form, primes
 * not close. */
const struct key_fault *rsa_modulus_fault(struct bytes modulus);

#endif
