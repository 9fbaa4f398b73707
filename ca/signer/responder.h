/*
 * The responder's certificate: the newest signed, unrevoked certificate in the database for the
 * token's own OCSP key, read again every RESPONDER_REFRESH_S and when it nears its end.
 */
#ifndef SIGNET_SIGNER_RESPONDER_H
#define SIGNET_SIGNER_RESPONDER_H

#include "signer.h"

enum { RESPONDER_REFRESH_S = 30, RESPONDER_OCTETS = 4096 };

struct responder {
    bool present;
    uint8_t certificate[RESPONDER_OCTETS];
    size_t certificate_len;
    int64_t not_before_s;
    int64_t not_after_s;
    int64_t read_s; /* when the database was asked last; 0: never */
};

/* Asks the database when it is time. False only when the database fails; a certificate that is not
 * there (or does not fit key, issuer and purpose) leaves present == false. */
MUST_USE bool responder_refresh(struct responder *responder, struct signer *signer, struct db *db,
                                int64_t now_s, struct error *err);

#endif
