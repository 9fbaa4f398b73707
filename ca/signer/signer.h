/*
 * What all parts of the signer share, and its end: the signer is crash-only. Whatever cannot be
 * mended here (a lost token, a lost database) dooms it: all in flight are answered, the program
 * exits, the supervisor starts it anew.
 */
#ifndef SIGNET_SIGNER_SIGNER_H
#define SIGNET_SIGNER_SIGNER_H

#include <pthread.h>
#include <stdatomic.h>

#include "permit.h"
#include "signet/config.h"
#include "signet/db.h"
#include "signet/token_signer.h"

enum {
    EXIT_TEMPORARY = 75,
    EXIT_PERMANENT = 78,
    EXIT_REWOUND = 79 /* as permanent: until an operator accepts the database */
};

struct signing;

struct signer {
    const struct config *config;
    const struct config_token *token;
    enum config_role role;
    bool ceremony;
    struct permit *permit;
    struct keyring *keyring;
    struct public_key *key; /* of the token's private key, proved by a signature at start */
    enum signature_algorithm algorithm;
    struct signing *signing;
    int32_t issuer_id;
    bool issuer_active;
    int wake_fd; /* eventfd: something is done, look */

    atomic_uint_least64_t signatures;
    atomic_uint_least64_t refusals;
    atomic_int_least64_t last_proof_s; /* last self-made signature that verified */

    atomic_bool doomed;
    pthread_mutex_t doom_lock;
    struct error doom; /* the first cause */
};

void signer_init(struct signer *signer);
/* Wakes the serving thread. */
void signer_wake(struct signer *signer);
/* The program must end because of this error; the first cause stays. Any thread. */
void signer_doom(struct signer *signer, const struct error *err);
bool signer_is_doomed(struct signer *signer, struct error *ret_cause);
/* An error after which a database or token cannot be used any more. */
bool error_is_fatal(const struct error *err);
/* What callers in flight are told of an error that ends the program: they are not to blame, and may
 * try again. Any other error is told as it is. */
struct error error_excuse(const struct error *cause);
/* The exit status that tells the supervisor whether starting again can help. */
int error_exit_status(const struct error *err);

#endif
