/* The relying party: asks the publishing listener and judges its answers with OpenSSL alone. */
#ifndef SIGNET_FAULT_OCSP_H
#define SIGNET_FAULT_OCSP_H

#include <openssl/x509.h>

#include "client.h"

struct witness {
    const struct ca *ca;
    X509 *issuer;
    X509_STORE *trusted; /* root and issuing certificate */
    char crl_url[160];
};

void witness_open(struct witness *witness, struct ca *ca);
void witness_close(struct witness *witness);

enum seen { SEEN_NOTHING, SEEN_GOOD, SEEN_REVOKED, SEEN_UNKNOWN, SEEN_WRONG };
const char *seen_name(enum seen seen);

enum { OCSP_AT_ONCE = 30 }; /* serials in one request */
/*
 * Asks for these serials (hexadecimal) in one request. SEEN_NOTHING for all: no answer or tryLater.
 * SEEN_WRONG: an answer that does not verify, is stale or does not hold the serial.
 */
void ocsp_ask(const struct witness *witness, struct client *client, bool by_get,
              const char *const *serials, size_t count, enum seen *ret_seen);
enum seen ocsp_ask_one(const struct witness *witness, struct client *client, const char *serial);
/* The same with GET. */
enum seen ocsp_get_one(const struct witness *witness, struct client *client, const char *serial);

/* The CRL as it is published now, verified; null: none came or it does not verify (*ret_wrong). */
X509_CRL *crl_fetch(const struct witness *witness, struct client *client, bool *ret_wrong);
long long crl_number(X509_CRL *crl);
bool crl_has(X509_CRL *crl, const char *serial);

#endif
