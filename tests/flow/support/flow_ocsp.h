/* OCSP by OpenSSL alone: requests of any shape, answers verified up to the root. */
#ifndef SIGNET_TEST_FLOW_OCSP_H
#define SIGNET_TEST_FLOW_OCSP_H

#include <openssl/ocsp.h>

#include "flow.h"

/* A CertID of the issuing CA; `serial` in hexadecimal. The caller frees. */
OCSP_CERTID *ocsp_certid(struct flow *flow, const EVP_MD *hash, const char *serial);
/* One request of these CertIDs (taken) without a nonce, as DER. */
void ocsp_request_der(OCSP_CERTID *const *certids, size_t count, struct buffer *ret_der);

/* What an answer says. */
struct ocsp_said {
    int http_status;
    int response_status; /* OCSP_RESPONSE_STATUS_...; -1 when it cannot be read */
    int status;          /* V_OCSP_CERTSTATUS_... of the first certificate; -1: there is none */
    int reason;          /* of a revocation; -1: none is given */
    int singles;
    bool verified;    /* signature and responder certificate up to the root */
    int nonce_octets; /* -1: none */
};
/* Reads an HTTP answer; a successful response must verify or `verified` stays false. */
void ocsp_read(struct flow *flow, const struct answer *answer, struct ocsp_said *ret_said);
void ocsp_post(struct flow *flow, struct bytes der, struct ocsp_said *ret_said);
/* Asks for one certificate by POST with SHA-1 CertIDs. */
void ocsp_ask(struct flow *flow, const char *serial, struct ocsp_said *ret_said);
/* Asks until the certificate is revoked; gives the milliseconds, or -1 after `timeout_ms`. */
int ocsp_wait_revoked(struct flow *flow, const char *serial, int timeout_ms);

#endif
