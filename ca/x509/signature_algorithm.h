/* Signature algorithms and their AlgorithmIdentifiers, byte for byte (C-03). */
#ifndef SIGNET_X509_SIGNATURE_ALGORITHM_H
#define SIGNET_X509_SIGNATURE_ALGORITHM_H

#include <openssl/evp.h>

#include "signet/public_key.h"

/* The whole AlgorithmIdentifier; empty for a number that is no algorithm. */
struct bytes signature_algorithm_der(enum signature_algorithm algorithm);
/* The algorithm whose AlgorithmIdentifier this is, or 0. */
enum signature_algorithm signature_algorithm_of_der(struct bytes der);
/* Null for Ed25519, which has none of its own. */
const EVP_MD *signature_algorithm_digest(enum signature_algorithm algorithm);

#endif
