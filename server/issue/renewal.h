/*
 * Renewal: the grant is the certificate that the caller shows, and the number of the attempt. As
 * long as the newest successor was never used, another request revokes it as superseded and takes
 * the next attempt, so that a lost answer strands nobody.
 */
#ifndef SIGNET_RENEWAL_H
#define SIGNET_RENEWAL_H

#include "issue/issue.h"
#include "issue/revoke.h"

/*
 * `order` without grant_kind, grant_key and attempt; its predecessor is the row of the shown
 * certificate. Errors: those of issue_certificate; ERROR_GRANT_USED when the newest successor is in
 * use; ERROR_RENEWAL_LIMIT after LIMIT_RENEWAL_ATTEMPTS.
 */
MUST_USE bool renewal_issue(const struct issue_means *means, const struct revoke_means *revoking,
                            const struct issue_order *order, struct issued *ret_issued,
                            struct error *err);

#endif
