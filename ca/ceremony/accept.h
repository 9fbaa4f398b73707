/* An operator accepts a database that is older than what was published. */
#ifndef SIGNET_CEREMONY_ACCEPT_H
#define SIGNET_CEREMONY_ACCEPT_H

#include "ceremony.h"

/*
 * `ceremony` is begun (existing_begin). Tells on stdout what the database lost, by the anchor and,
 * when `crl_path` is not null, by that CRL in DER; takes revocations of the CRL over that the
 * database lost; raises the number of the next CRL above all that was published; writes the anchor
 * anew. Errors: ERROR_STATE_CONFLICT while a signer works; ERROR_SIGNATURE_WRONG for a CRL that is
 * not of this issuer.
 */
MUST_USE bool accept_database(struct ceremony *ceremony, const char *crl_path, struct error *err);

#endif
