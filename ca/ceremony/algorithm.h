/* The kinds of key that a ceremony can make in a token, as its command line names them. */
#ifndef SIGNET_CEREMONY_ALGORITHM_H
#define SIGNET_CEREMONY_ALGORITHM_H

#include "signet/public_key.h"

#define ALGORITHM_NAMES "p256, p384, rsa3072 or ed25519"

/* Null: p256. ERROR_USAGE for a name that is not in the table. */
MUST_USE bool algorithm_of_name(const char *name, enum key_type *ret_type, struct error *err);
const char *algorithm_name(enum key_type type);

#endif
