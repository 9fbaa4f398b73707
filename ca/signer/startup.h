/* The phases of the signer's start: each either holds or names what is wrong. */
#ifndef SIGNET_SIGNER_STARTUP_H
#define SIGNET_SIGNER_STARTUP_H

#include "anchor.h"
#include "pin.h"
#include "signer.h"

/*
 * Takes the state folder until this process ends. Two signers on one folder would spoil each
 * other's anchor, and a ceremony must not sign beside a signer in service. ERROR_STATE_CONFLICT.
 */
MUST_USE bool startup_lock(const struct signer *signer, struct error *err);
/* The permit, refused when the role's own user could rewrite it, unless all run as one user. */
MUST_USE bool startup_permit(struct signer *signer, struct error *err);
/* The token: module, the one login under the latch, the key, its public half, a first signature. */
MUST_USE bool startup_token(struct signer *signer, struct pin *pin, struct error *err);
/* A connection with the schema that this program knows, which is never made anew. */
MUST_USE bool startup_database(const struct signer *signer, struct db **ret_db, struct error *err);
/* The issuer's row that carries the certificate of the permit. */
MUST_USE bool startup_issuer(struct signer *signer, struct db *db, struct error *err);

#endif
