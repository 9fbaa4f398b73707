/* Key pairs made in a token: what keyring_generate keeps and keyring_bench throws away. */
#ifndef SIGNET_TOKEN_GENERATE_H
#define SIGNET_TOKEN_GENERATE_H

#include "session.h"

enum { GENERATE_ID_OCTETS = 16 };

/* An open token with its login, for the length of one piece of work. */
struct generator {
    struct module module;
    CK_SLOT_ID slot;
    CK_TOKEN_INFO info;
    CK_SESSION_HANDLE session;
};

/* Per type of key: what makes it, and what it may then do. */
struct generate_row {
    enum key_type type;
    CK_MECHANISM_TYPE mechanism;
    CK_MECHANISM_TYPE allowed;
    struct bytes curve[2]; /* forms of CKA_EC_PARAMS, tried in turn; none for RSA */
    CK_ULONG modulus_bits;
};

struct generate_wish {
    const struct generate_row *row;
    char *label;
    uint8_t *id;
    bool passing; /* a session object: gone with the session */
};

/* In place; generator_done accepts a zeroed or half-made one. */
MUST_USE bool generator_init(struct generator *generator, const struct keyring_options *options,
                             struct bytes pin, struct error *err);
void generator_done(struct generator *generator);
/* Null when there is no such type. */
const struct generate_row *generate_row_of(enum key_type type);
/* ERROR_TOKEN_KEY, rule "key.mechanism", when the token cannot make such keys. */
MUST_USE bool generate_can(struct generator *generator, const struct generate_row *row,
                           struct error *err);
/* CKR_OK and both handles, or what the token said in the end. */
CK_RV generate_pair(struct generator *generator, const struct generate_wish *wish,
                    CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private);

#endif
