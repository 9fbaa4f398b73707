/* The public key of whatever file holds one. */
#ifndef SIGNET_CLI_SPKI_H
#define SIGNET_CLI_SPKI_H

#include <stdint.h>

#include "signet/error.h"
#include "signet/limits.h"

/* SHA-256 of the SubjectPublicKeyInfo in a PEM file with a certificate, certification request,
 * public key or private key; the first that it holds. ERROR_FILE_ACCESS. */
MUST_USE bool spki_digest_of_file(const char *path, uint8_t ret_digest[LIMIT_DIGEST_OCTETS],
                                  struct error *err);

#endif
