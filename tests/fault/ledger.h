/*
 * What clients received and were promised, as they saw it: every certificate with the grant that
 * it was asked with, every acknowledged revocation. Filled by many threads, read by the checker.
 */
#ifndef SIGNET_FAULT_LEDGER_H
#define SIGNET_FAULT_LEDGER_H

#include <pthread.h>

#include "signet/buffer.h"

enum { LEDGER_SERIAL = 48, LEDGER_GRANT = 96 };

struct held {
    uint8_t *der;
    size_t len;
    char serial[LEDGER_SERIAL]; /* lower-case hexadecimal */
    char grant[LEDGER_GRANT];   /* equal texts: the same authorisation */
    bool revoked;               /* the revocation was acknowledged */
};

struct ledger {
    pthread_mutex_t lock;
    struct held *row; /* every answer is a row: a replay stands here again */
    size_t count, room;
    unsigned breaches;
};

void ledger_init(struct ledger *ledger);
void ledger_done(struct ledger *ledger);

/* Reads a JSON answer of an issuance ("certificate" in PEM), notes it; gives the serial and, when
 * `ret_pem` is not null, the certificate's text (heap). False: it cannot be read, a breach. */
bool ledger_received(struct ledger *ledger, const char *grant, struct buffer *json,
                     char ret_serial[LEDGER_SERIAL], char **ret_pem);
void ledger_revoked(struct ledger *ledger, const char *serial);
/* Says on stderr what is wrong and counts it. */
void ledger_breach(struct ledger *ledger, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
