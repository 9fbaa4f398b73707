/*
 * The one path to a certificate. Every protocol authenticates in its own way and ends here with a
 * grant; nothing else builds a TBS for the signer (design section 11).
 *
 *   grant looked up (same request: same certificate) -> decide -> TBS -> signer -> answer
 *
 * The look-up before is only for speed: the recorder enforces one certificate for one grant.
 */
#ifndef SIGNET_ISSUE_H
#define SIGNET_ISSUE_H

#include "issue/authority.h"
#include "signet/signer_client.h"

/* What the caller lends for the length of one call. */
struct issue_means {
    struct db *db;
    struct signer_channel *channel;
    const struct authority_snapshot *authority;
    int64_t deadline_ms; /* monotonic */
};

/* An authorised wish. Everything is borrowed. */
struct issue_order {
    enum grant_kind grant_kind;
    uint8_t grant_key[LIMIT_DIGEST_OCTETS];
    bool grant_unused; /* as the caller saw it a moment ago: spares the look-up before */
    uint8_t request_hash[LIMIT_DIGEST_OCTETS];
    const struct db_identity *identity;
    const struct public_key *key;
    const struct san_list *asked_names;       /* null: nothing asked */
    const char *asked_common_name;            /* null or "": none */
    int64_t asked_ttl_s;                      /* 0: the profile's default */
    const struct db_certificate *predecessor; /* null unless GRANT_RENEWAL */
    uint32_t attempt;
    const char *requester;
    const char *request_id;
};

struct issued {
    uint8_t serial[LIMIT_SERIAL_OCTETS];
    size_t serial_len;
    int32_t issuer;
    char identity[LIMIT_NAME_OCTETS + 1];
    char profile[LIMIT_PROFILE_OCTETS + 1];
    int64_t not_before_s, not_after_s, renew_after_s;
    bool replayed; /* the same request had this certificate before */
    struct buffer der;
    int64_t decide_us, signer_us; /* where the time went */
};
void issued_done(struct issued *issued);
#define AUTO_ISSUED CLEANUP(issued_done) struct issued

/*
 * Errors: ERROR_GRANT_USED, ERROR_IDENTITY_SUSPENDED, ERROR_IDENTITY_REVOKED,
 * ERROR_PROFILE_UNKNOWN, ERROR_KEY_BLOCKED, those of policy_decide, of the signer, and
 * ERROR_CERTIFICATE_REVOKED when the certificate of this very request has been revoked since.
 * ret_issued must be empty or done.
 */
MUST_USE bool issue_certificate(const struct issue_means *means, const struct issue_order *order,
                                struct issued *ret_issued, struct error *err);

/* What issue_certificate would say of a request that was never answered, before it asks the signer;
 * changes nothing. */
MUST_USE bool issue_check(const struct issue_means *means, const struct issue_order *order,
                          struct error *err);

/* Errors: ERROR_IDENTITY_SUSPENDED or ERROR_IDENTITY_REVOKED, naming it, unless it is active. */
MUST_USE bool identity_active_check(const char *name, const char *state, struct error *err);

/* SHA-256("signet-request-v1" || u32 ttl_s || CSR DER) */
MUST_USE bool issue_request_hash(uint32_t ttl_s, struct bytes csr_der,
                                 uint8_t ret_hash[LIMIT_DIGEST_OCTETS], struct error *err);
/* SHA-256("renewal" || u32 issuer || predecessor serial || u32 attempt) */
MUST_USE bool issue_renewal_key(int32_t issuer, struct bytes predecessor, uint32_t attempt,
                                uint8_t ret_key[LIMIT_DIGEST_OCTETS], struct error *err);

#endif
