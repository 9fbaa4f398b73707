/* Between policy.c and policy_change.c. */
#ifndef SIGNET_API_POLICY_VIEW_H
#define SIGNET_API_POLICY_VIEW_H

#include "api/json.h"
#include "signet/db.h"

/* Without the document. Gives; null: memory ran out. */
json_t *view_policy(const struct db_policy *policy);
/* The row and the document as a terminated text. version 0: the newest. ERROR_POLICY_NOT_FOUND. */
MUST_USE bool policy_load(struct db *db, uint64_t version, struct db_policy *ret_policy,
                          struct buffer *ret_document, struct error *err);

#endif
