/* The published CRL of the issuing CA, read by OpenSSL alone and verified with its key. */
#ifndef SIGNET_TEST_FLOW_CRL_H
#define SIGNET_TEST_FLOW_CRL_H

#include <openssl/x509.h>

#include "flow.h"

/* From this node's publishing listener; null when none is published or it does not verify. The
 * caller frees. */
X509_CRL *crl_fetch(struct flow *flow);
long long crl_number_of(const X509_CRL *crl);
/* `serial` in hexadecimal. */
bool crl_has(X509_CRL *crl, const char *serial);
/* Number of the published one; -1: none. */
long long crl_published_number(struct flow *flow);
bool crl_published_has(struct flow *flow, const char *serial);
/* Asks until the published one lists the serial; the milliseconds, or -1 after `timeout_ms`. */
int crl_wait_has(struct flow *flow, const char *serial, int timeout_ms);

#endif
