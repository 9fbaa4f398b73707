/*
 * Signing threads: one for each signing session of the token, all fed from one queue. A job belongs
 * to whoever made it; each part has a bounded number of them, and so the queue is bounded.
 */
#ifndef SIGNET_SIGNER_SIGNING_H
#define SIGNET_SIGNER_SIGNING_H

#include "signer.h"

struct sign_job {
    struct bytes message;               /* borrowed until `done` */
    void (*done)(struct sign_job *job); /* on the signing thread */
    void *owner;
    /* out */
    bool ok;
    struct error err;
    uint8_t signature[LIMIT_SIGNATURE_OCTETS];
    size_t signature_len;
    struct sign_job *next; /* of the queue */
};

/* Starts the threads. The keyring is theirs from now on. */
MUST_USE bool signing_start(struct signer *signer, struct error *err);
void signing_submit(struct signing *signing, struct sign_job *job);
/* Submits and waits: for threads that have nothing else to do. */
MUST_USE bool signing_run(struct signing *signing, struct bytes message,
                          uint8_t ret_signature[LIMIT_SIGNATURE_OCTETS], size_t *ret_len,
                          struct error *err);

#endif
