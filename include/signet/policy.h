/*
 * The policy document and what it decides. Pure: no clock, no database, no files. The document is
 * JSON, versioned in the database:
 *
 *   {"profiles": {"workload": {"kind": "workload", "default_ttl_s": 86400, "max_ttl_s": 604800,
 *                              "backdate_s": 60, "key_types": ["P-256"], "max_line": 1000,
 *                              "dns_suffixes": ["example.internal"], "ip_ranges": ["127.0.0.0/8"]},
 *                 "admin":    {"kind": "admin", ...}, "server": {...}, "responder": {...}}}
 *
 * A profile may also have "identities", patterns of the names that it is for: a segment that is one
 * star stands for any one segment, a last one of two stars for one or more. And "token_roles",
 * which administrators make enrolment tokens for it (["admin", "enroller"] for workloads, otherwise
 * ["admin"]).
 */
#ifndef SIGNET_POLICY_H
#define SIGNET_POLICY_H

#include "signet/csr.h"
#include "signet/permit_facts.h"

enum { POLICY_NAMES = 16 }; /* further names of one identity */

struct policy; /* immutable */

/* Errors: ERROR_POLICY with the line and the JSON path of what is wrong. Gives. */
MUST_USE bool policy_parse(const char *document, uint64_t version, struct policy **ret_policy,
                           struct error *err);
void policy_free(struct policy *policy);
uint64_t policy_version(const struct policy *policy);
size_t policy_profile_count(const struct policy *policy);
/* The line, from 1, of the value at a JSON path such as "$.profiles.admin.key_types[0]" in a
 * document that parses; of the innermost value on the way when the rest of the path is not there.
 */
unsigned policy_line(const char *document, const char *path);

/*
 * Everything that the profiles give is within the permit: else nothing of that kind would be
 * signed. `document` is the text that `policy` was parsed from. Errors: ERROR_POLICY_PERMIT naming
 * the line and JSON path of the document and the line of the permit's file.
 */
MUST_USE bool policy_permit_check(const struct policy *policy, const char *document,
                                  const struct permit_facts *facts, struct error *err);

struct profile {
    char name[LIMIT_PROFILE_OCTETS + 1];
    char kind[16]; /* kind of identity it serves */
    int64_t default_ttl_s, max_ttl_s, backdate_s;
    unsigned key_types; /* bit 1 << enum key_type */
    uint32_t max_line;  /* certificates since the last full authentication */
    size_t dns_suffix_count;
    char dns_suffixes[16][256];
    size_t ip_range_count;
    char ip_ranges[16][64];
    size_t identity_count;                      /* 0: every name of the kind */
    char identities[16][LIMIT_NAME_OCTETS + 1]; /* patterns of names */
    unsigned token_roles;                       /* who makes enrolment tokens: enum token_role */
};
enum token_role { TOKEN_ROLE_ADMIN = 1, TOKEN_ROLE_ENROLLER = 2 };
/* Borrowed; null when there is none of this name. */
const struct profile *policy_profile(const struct policy *policy, const char *name);
/* The longest life that any profile gives: how far ahead certificates may end. */
int64_t policy_longest_ttl_s(const struct policy *policy);

/* Identity names: SPIFFE path segments joined by "/" (ID-3), at most LIMIT_NAME_OCTETS. "admin/..."
 * is for administrators, "signet/..." for the authority itself, everything else for workloads. */
MUST_USE bool identity_name_check(const char *name, const char *kind, struct error *err);
MUST_USE bool trust_domain_check(const char *domain, struct error *err); /* ID-2 */
/* The name is one that the profile is for; ERROR_NAME_NOT_GRANTED. */
MUST_USE bool profile_identity_check(const struct profile *profile, const char *name,
                                     struct error *err);
/* A further name ("dns:...", "ip:...") fits the profile; ERROR_MEMBER_INVALID / NAME_NOT_GRANTED.
 */
MUST_USE bool identity_extra_name_check(const struct profile *profile, const char *text,
                                        struct error *err);

struct issuer_facts { /* what goes into every certificate of this issuer; borrowed */
    struct bytes name;
    struct bytes key_id;
    enum signature_algorithm algorithm;
    int64_t not_before_s; /* no certificate begins before its issuer's, whatever the back-date */
    int64_t not_after_s;
    const char *trust_domain;
    const char *crl_url, *ocsp_url, *ca_issuers_url;
};

struct decision_input {
    const struct issuer_facts *issuer;
    const struct profile *profile;
    const char *identity;           /* name */
    const char *const *extra_names; /* texts granted to the identity */
    size_t extra_name_count;
    const struct public_key *key;
    const struct san_list *asked_names; /* null: nothing asked */
    const char *asked_common_name;      /* "" none */
    int64_t asked_ttl_s;                /* 0: the profile's default */
    int64_t now_s;
};
/* What is to be signed. Bytes of ret_tbs borrow `storage` and the input. */
struct decision {
    struct tbs_cert tbs;
    int64_t renew_after_s;
    uint8_t serial[SERIAL_OCTETS];
    uint8_t key_id[20];
    char spiffe_id[LIMIT_SPIFFE_ID_OCTETS + 1];
    uint8_t ip[POLICY_NAMES][16];
    struct buffer subject;
};
/*
 * Decides: lifetime within profile and issuer (ERROR_LIFETIME), key type (ERROR_CSR_KEY), names
 * asked for granted (ERROR_NAME_NOT_GRANTED, naming the one), then fills ret_decision with the
 * names of the identity: never more, never those of the request. Policy is checked on the final
 * values.
 */
MUST_USE bool policy_decide(const struct decision_input *input, struct decision *ret_decision,
                            struct error *err);
void decision_done(struct decision *decision);
/*
 * The same policy over the finished certificate, as parsed back from the bytes that would be
 * signed: life, back-date, issuer, key, usages, subject, every single name, pointers. Whatever led
 * to them, nothing beyond profile and identity gets out. Errors: ERROR_INTERNAL, rule
 * "final.<what>", since only a mistake of our own comes so far.
 */
MUST_USE bool policy_check(const struct decision_input *input, const struct tbs_cert *tbs,
                           struct error *err);

/* state of a certificate or key by dates: pure. */
enum validity { VALIDITY_NOT_YET, VALIDITY_VALID, VALIDITY_RENEW, VALIDITY_EXPIRED };
enum validity validity_at(int64_t not_before_s, int64_t not_after_s, int64_t now_s);
/* Two thirds of the life: when a client should renew. */
int64_t renew_after(int64_t not_before_s, int64_t not_after_s);

#endif
