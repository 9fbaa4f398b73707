/* Certificate revocation lists (RFC 5280 §5). */
#ifndef SIGNET_CRL_H
#define SIGNET_CRL_H

#include "signet/public_key.h"

/* RFC 5280 §5.3.1; 7 is not used, 8 only in deltas. */
enum revocation_reason {
    REASON_UNSPECIFIED = 0,
    REASON_KEY_COMPROMISE = 1,
    REASON_CA_COMPROMISE = 2,
    REASON_AFFILIATION_CHANGED = 3,
    REASON_SUPERSEDED = 4,
    REASON_CESSATION_OF_OPERATION = 5,
    REASON_CERTIFICATE_HOLD = 6,
    REASON_PRIVILEGE_WITHDRAWN = 9,
    REASON_AA_COMPROMISE = 10
};
/* "keyCompromise" as RFC 5280 spells it; null for a number that has no name. */
const char *revocation_reason_name(int reason);
/* -1 for an unknown name. */
int revocation_reason_of_name(const char *name);

struct crl_entry {
    uint8_t serial[LIMIT_SERIAL_OCTETS];
    uint8_t serial_len;
    uint8_t reason; /* enum revocation_reason; 0 is left out */
    int64_t revoked_s;
    int64_t invalidity_s; /* 0: absent */
};

struct crl {
    enum signature_algorithm algorithm;
    struct bytes issuer; /* DER Name */
    int64_t this_update_s;
    int64_t next_update_s;
    uint64_t number;
    struct bytes authority_key_id;
    struct bytes distribution_url; /* issuing distribution point; empty: none (one shard) */
    const struct crl_entry *entries;
    size_t entry_count;
};

MUST_USE bool crl_tbs_build(const struct crl *crl, struct buffer *out, struct error *err);
MUST_USE bool crl_assemble(struct bytes tbs, enum signature_algorithm algorithm,
                           struct bytes signature, struct buffer *out, struct error *err);
/* Parses one of ours (for tests, the loss check and the client). *ret_entries is given (free()). */
MUST_USE bool crl_parse(struct bytes der, struct crl *ret_crl, struct crl_entry **ret_entries,
                        struct bytes *ret_tbs, struct bytes *ret_signature, struct error *err);

#endif
