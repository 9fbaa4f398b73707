/*
 * Continuous enrolments, renewals and revocations over several kept connections. A request that got
 * no answer or a 5xx is repeated as it is until it is answered; each answer goes to the ledger.
 */
#ifndef SIGNET_FAULT_LOAD_H
#define SIGNET_FAULT_LOAD_H

#include <stdatomic.h>

#include "ledger.h"
#include "ocsp.h"

enum { LOAD_THREADS = 6 };

struct load;

struct load_thread {
    struct load *load;
    pthread_t thread;
    unsigned number;
};

struct load {
    struct ca *ca;
    struct ledger *ledger;
    struct witness witness;
    atomic_bool stop;
    atomic_uint next_token;
    unsigned tokens;
    _Atomic int64_t served_begin_us; /* when the latest issuance that was answered 201 had begun */
    atomic_uint issued, renewed, revoked, repeated, refused;
    char *admin_pem, *admin_key;
    struct load_thread thread[LOAD_THREADS];
    pthread_t watch; /* looks at the CRL */
};

/* Makes identities and `tokens` tokens and starts the threads. */
void load_start(struct load *load, struct ca *ca, struct ledger *ledger, unsigned tokens);
/* Waits until a certificate is issued whose request began after this instant; gives the
 * milliseconds that went by since, or -1 after timeout_ms. */
int64_t load_back_after(struct load *load, int64_t instant_us, int timeout_ms);
/* Lets each thread finish what it began, ends them, says what was done. */
void load_stop(struct load *load);

#endif
