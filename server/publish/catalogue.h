/*
 * What is published besides OCSP: the CA certificates, the roots and the newest CRLs, as one
 * immutable set that is replaced whole. Knows the issuer that OCSP answers for.
 */
#ifndef SIGNET_CATALOGUE_H
#define SIGNET_CATALOGUE_H

#include "publish/publisher.h"
#include "signet/ocsp.h"

struct catalogue_issuer {
    int32_t id;
    struct publisher_issuer_facts facts;
    struct ocsp_issuer ocsp;
    struct published *certificate; /* DER */
    struct published *crl;         /* newest; null: none yet */
};

struct catalogue {
    atomic_uint references;
    size_t issuer_count;
    struct catalogue_issuer issuer[PUBLISHER_ISSUERS];
    const struct catalogue_issuer *issuing; /* the newest active issuing one; null: none */
    struct published *roots;                /* PEM */
};

/*
 * Reads issuers and CRLs; takes over from `old` (may be null) what did not change, and never a CRL
 * with a lower number than the one that is published. Gives.
 */
MUST_USE bool catalogue_load(struct db *db, const struct catalogue *old,
                             struct catalogue **ret_catalogue, struct error *err);
struct catalogue *catalogue_ref(struct catalogue *catalogue);
void catalogue_unref(struct catalogue *catalogue);
DEFINE_CLEANUP(struct catalogue *, catalogue_unref);
#define AUTO_CATALOGUE CLEANUP(catalogue_unref_auto) struct catalogue *

/* By raw target: "/crl/NAME.crl", "/issuers/NAME.cer", "/roots.pem". Borrowed; null: no such thing.
 */
struct published *catalogue_find(const struct catalogue *catalogue, const char *target);

#endif
