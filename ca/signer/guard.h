/*
 * The guard: what stands between a frame and the key. It parses the whole TBSCertificate, builds it
 * again and compares, then asks a closed table of rules, one after the other. A rule that says no
 * gives ERROR_PERMIT with its name ("permit.names"); the parser's and linter's refusals are named
 * "tbs.*" and "lint.*". The guard is pure: it reads no clock, no database, no token.
 */
#ifndef SIGNET_SIGNER_GUARD_H
#define SIGNET_SIGNER_GUARD_H

#include "permit.h"
#include "signet/message.h"

struct guard {
    const struct permit *permit;
    int32_t issuer_id;
    bool ceremony; /* GRANT_CEREMONY is admitted */
};

/* What the guard found, taken from the TBS; the row is made of this and not of the frame. */
struct guarded {
    enum permit_class_kind kind;
    const struct permit_class *class;
    struct tbs_cert tbs;                  /* borrows the request's TBS */
    char own_name[LIMIT_NAME_OCTETS + 1]; /* the SPIFFE id's path; "" for the responder */
    uint8_t spki_hash[LIMIT_DIGEST_OCTETS];
    char names[LIMIT_NAMES * (LIMIT_NAME_OCTETS + 8) + LIMIT_SPIFFE_ID_OCTETS]; /* a line each */
};

/* `now_s` is the signer's own clock, or for a row recorded before, the time of its record. */
MUST_USE bool guard_check(const struct guard *guard, const struct issue_request *request,
                          int64_t now_s, struct guarded *ret_guarded, struct error *err);
/* Only the TBS of a row that stands: the frame's words about the grant are not asked again. */
MUST_USE bool guard_check_recorded(const struct guard *guard, const char *identity,
                                   struct bytes tbs, int64_t recorded_s,
                                   struct guarded *ret_guarded, struct error *err);
/* The grant key of a renewal, bound to the predecessor: SHA-256("renewal" || issuer id as u32 ||
 * predecessor serial || attempt as u32), integers big-endian. */
void guard_renewal_key(int32_t issuer_id, struct bytes predecessor, uint32_t attempt,
                       uint8_t ret_key[LIMIT_DIGEST_OCTETS]);

#endif
