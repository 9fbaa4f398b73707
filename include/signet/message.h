/*
 * Bodies of the frames: plain values with a put and a get each. Texts and bytes that a get yields
 * borrow the frame's buffer or are copied into the fixed arrays here. Every get refuses bytes left
 * over and anything over its limit with ERROR_FRAME.
 */
#ifndef SIGNET_MESSAGE_H
#define SIGNET_MESSAGE_H

#include "signet/buffer.h"
#include "signet/error.h"
#include "signet/limits.h"

enum grant_kind {
    GRANT_TOKEN = 1, /* one-time enrolment token; key = SHA-256 of the token text */
    GRANT_RENEWAL =
        2, /* key = SHA-256("renewal" || issuer id u32 || predecessor serial || attempt u32) */
    GRANT_SERVER = 3,    /* the server's own TLS certificate; key random */
    GRANT_RESPONDER = 4, /* OCSP responder certificate; key random */
    GRANT_CEREMONY = 5   /* first administrator; refused unless the permit says `ceremony = true` */
};

struct issue_request {
    enum grant_kind grant_kind;
    uint8_t grant_key[LIMIT_DIGEST_OCTETS];
    uint8_t request_hash[LIMIT_DIGEST_OCTETS]; /* SHA-256 over CSR DER and ttl: same request, same
                                                  answer */
    char identity[LIMIT_NAME_OCTETS + 1];
    char profile[LIMIT_PROFILE_OCTETS + 1];
    uint64_t policy_version;
    char requester[LIMIT_REQUESTER_OCTETS + 1];
    char request_id[LIMIT_REQUEST_ID_OCTETS + 1];
    struct bytes predecessor; /* serial of the renewed certificate, empty unless GRANT_RENEWAL */
    uint32_t attempt;         /* 0, or how many unused successors were replaced */
    struct bytes tbs;         /* DER TBSCertificate */
};

struct issue_reply {
    struct bytes serial;
    struct bytes certificate; /* DER */
    bool replayed;            /* the grant had been used with this very request */
};

struct crl_request {
    uint32_t shard;
    uint8_t reason; /* 0 scheduled, 1 after a revocation; for the log only */
};

struct crl_reply {
    uint64_t number;
    int64_t this_update_s;
    int64_t next_update_s;
    uint32_t entries;
};

enum certid_hash { CERTID_SHA1 = 1, CERTID_SHA256 = 2 };

/* One CertID to answer. The status signer builds the CertID itself from its own issuer. */
struct ocsp_query {
    enum certid_hash hash;
    bool null_parameters; /* the request's AlgorithmIdentifier had NULL, echo it (O-05) */
    uint8_t serial[LIMIT_SERIAL_OCTETS];
    uint8_t serial_len;
};

struct ocsp_request_message {
    uint32_t count;
    struct ocsp_query query[LIMIT_OCSP_REQUESTS];
    uint8_t nonce[LIMIT_OCSP_NONCE_OCTETS];
    uint32_t nonce_len; /* 0: none */
};

enum ocsp_status { OCSP_GOOD = 0, OCSP_REVOKED = 1, OCSP_UNKNOWN = 2 };

struct ocsp_reply {
    struct bytes response; /* DER OCSPResponse */
    int64_t this_update_s;
    int64_t next_update_s;
    uint8_t worst; /* the worst enum ocsp_status in it: for metrics and cache rules */
};

struct probe_reply {
    int64_t last_signature_s; /* last self-made signature that verified */
    int64_t
        certificate_end_s; /* issuing: CA certificate; status: responder certificate; 0: none yet */
    uint32_t sessions;
    uint64_t signatures; /* since start */
    uint64_t refusals;
    char module[64];
};

MUST_USE bool issue_request_put(struct buffer *out, const struct issue_request *message);
MUST_USE bool issue_request_get(struct bytes body, struct issue_request *ret, struct error *err);
MUST_USE bool issue_reply_put(struct buffer *out, const struct issue_reply *message);
MUST_USE bool issue_reply_get(struct bytes body, struct issue_reply *ret, struct error *err);
MUST_USE bool crl_request_put(struct buffer *out, const struct crl_request *message);
MUST_USE bool crl_request_get(struct bytes body, struct crl_request *ret, struct error *err);
MUST_USE bool crl_reply_put(struct buffer *out, const struct crl_reply *message);
MUST_USE bool crl_reply_get(struct bytes body, struct crl_reply *ret, struct error *err);
MUST_USE bool ocsp_request_message_put(struct buffer *out,
                                       const struct ocsp_request_message *message);
MUST_USE bool ocsp_request_message_get(struct bytes body, struct ocsp_request_message *ret,
                                       struct error *err);
MUST_USE bool ocsp_reply_put(struct buffer *out, const struct ocsp_reply *message);
MUST_USE bool ocsp_reply_get(struct bytes body, struct ocsp_reply *ret, struct error *err);
MUST_USE bool probe_reply_put(struct buffer *out, const struct probe_reply *message);
MUST_USE bool probe_reply_get(struct bytes body, struct probe_reply *ret, struct error *err);
/* A struct error crosses the border whole, except file and line, which stay text in `internal`. */
MUST_USE bool error_put(struct buffer *out, const struct error *err);
MUST_USE bool error_get(struct bytes body, struct error *ret_error, struct error *err);

#endif
