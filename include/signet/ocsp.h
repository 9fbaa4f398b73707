/* OCSP requests and responses (RFC 6960, RFC 9919, RFC 9654). */
#ifndef SIGNET_OCSP_H
#define SIGNET_OCSP_H

#include "signet/crl.h"
#include "signet/message.h"

/* OCSPResponseStatus */
enum ocsp_response_status {
    OCSP_SUCCESSFUL = 0,
    OCSP_MALFORMED_REQUEST = 1,
    OCSP_INTERNAL_ERROR = 2,
    OCSP_TRY_LATER = 3,
    OCSP_UNAUTHORIZED = 6
};

struct ocsp_certid {
    enum certid_hash hash; /* 0: a hash we do not know (then the rest is not meaningful) */
    bool null_parameters;
    struct bytes issuer_name_hash;
    struct bytes issuer_key_hash;
    struct bytes serial;
};

struct ocsp_request {
    size_t count; /* 1 to LIMIT_OCSP_REQUESTS */
    struct ocsp_certid certid[LIMIT_OCSP_REQUESTS];
    bool has_nonce;
    struct bytes nonce; /* content; 1 to 128 octets */
};

/* False with *ret_status the OCSP-level error to answer (O-03, O-06, O-12, O-13). Borrows der. */
MUST_USE bool ocsp_request_parse(struct bytes der, struct ocsp_request *ret_request,
                                 enum ocsp_response_status *ret_status);
/* Builds a request (client, tests): CertIDs need hash, hashes and serial. */
MUST_USE bool ocsp_request_build(const struct ocsp_request *request, struct buffer *out);

/* A complete unsuccessful OCSPResponse: five constant octets. */
struct bytes ocsp_error_response(enum ocsp_response_status status);

struct ocsp_issuer { /* what a CertID says of an issuer, for both hashes */
    uint8_t name_sha1[20], key_sha1[20];
    uint8_t name_sha256[32], key_sha256[32];
};
/* From the issuer's subject Name (DER) and the content of its subjectPublicKey BIT STRING. */
void ocsp_issuer_init(struct ocsp_issuer *issuer, struct bytes name, struct bytes key_bits);
bool ocsp_issuer_matches(const struct ocsp_issuer *issuer, const struct ocsp_certid *certid);

struct ocsp_single {
    struct ocsp_query query;
    enum ocsp_status status;
    int64_t revoked_s;
    int reason; /* REASON_UNSPECIFIED is left out */
};

struct ocsp_response {
    const struct ocsp_issuer *issuer;
    uint8_t responder_key_sha1[20]; /* byKey (O-07) */
    int64_t produced_at_s;
    int64_t this_update_s;
    int64_t next_update_s;
    struct bytes nonce; /* empty: none */
    size_t count;
    const struct ocsp_single *single;
};
/* ResponseData to sign, then the whole OCSPResponse with the responder's certificate in it. */
MUST_USE bool ocsp_response_data_build(const struct ocsp_response *response, struct buffer *out,
                                       struct error *err);
MUST_USE bool ocsp_response_assemble(struct bytes response_data, enum signature_algorithm algorithm,
                                     struct bytes signature, struct bytes responder_certificate,
                                     struct buffer *out, struct error *err);

#endif
