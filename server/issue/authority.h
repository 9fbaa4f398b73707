/*
 * What the server knows of its own authority: the issuers and the policy in force, as an immutable
 * snapshot that is replaced whole when the database says something else. A request takes one
 * reference and sees one state from beginning to end.
 */
#ifndef SIGNET_AUTHORITY_H
#define SIGNET_AUTHORITY_H

#include "signet/db.h"
#include "signet/policy.h"

enum { AUTHORITY_ISSUERS = 16 };

struct authority_issuer {
    struct db_issuer row;
    struct certificate certificate; /* borrows row.certificate */
    struct public_key *key;
    struct issuer_facts facts; /* borrows row and certificate */
};

struct authority_snapshot {
    unsigned references; /* guarded by the authority's lock */
    struct authority *authority;
    struct policy *policy;
    const struct authority_issuer *issuing; /* the active one that certificates are asked of */
    size_t issuer_count;
    struct authority_issuer issuer[AUTHORITY_ISSUERS];
};

struct authority;

/* Empty until the first load. Gives. */
MUST_USE bool authority_new(struct authority **ret_authority, struct error *err);
void authority_free(struct authority *authority);

/*
 * Reads issuers and newest policy and replaces the snapshot when they differ. Called at start (must
 * succeed then), by the jobs thread on NOTIFY and each second. When it fails the old snapshot
 * stays. Errors: those of db, ERROR_POLICY, ERROR_CONFIG when there is no active issuing issuer.
 */
MUST_USE bool authority_load(struct authority *authority, struct db *db, struct error *err);

/* A reference to the snapshot in force, never null after a first load that succeeded. Every
 * reference must be given back before authority_free. */
struct authority_snapshot *authority_ref(struct authority *authority);
void authority_unref(struct authority_snapshot *snapshot);
DEFINE_CLEANUP(struct authority_snapshot *, authority_unref);
#define AUTO_AUTHORITY CLEANUP(authority_unref_auto) struct authority_snapshot *

/* Null when there is none of this id or name. */
const struct authority_issuer *authority_issuer_by_id(const struct authority_snapshot *snapshot,
                                                      int32_t id);
const struct authority_issuer *authority_issuer_by_name(const struct authority_snapshot *snapshot,
                                                        const char *name);

#endif
