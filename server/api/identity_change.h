/* What POST and PATCH of /v1/identities make of a checked body: pure, for the tests. */
#ifndef SIGNET_API_IDENTITY_CHANGE_H
#define SIGNET_API_IDENTITY_CHANGE_H

#include <jansson.h>

#include "signet/db.h"
#include "signet/policy.h"

/* Errors: ERROR_MEMBER_INVALID, ERROR_PROFILE_UNKNOWN, ERROR_NAME_NOT_GRANTED. */
MUST_USE bool identity_make(const json_t *body, const struct policy *policy, int64_t now_s,
                            struct db_identity *ret_identity, struct error *err);
/* Applies state, owner and names to the row. ERROR_STATE_CONFLICT for a revoked one and for the
 * authority's own. */
MUST_USE bool identity_apply(const json_t *body, const struct policy *policy, int64_t now_s,
                             struct db_identity *identity, struct error *err);

#endif
