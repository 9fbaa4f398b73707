#include "issue/renewal.h"

#include <stdlib.h>

#include "signet/clock.h"
#include "signet/encode.h"

static void
row_free(struct db_certificate **row)
{
    free(*row);
}

static bool
same_request(const struct issue_order *order, const struct db_certificate *successor)
{
    return bytes_equal(bytes_of(order->request_hash, sizeof(order->request_hash)),
                       bytes_of(successor->request_hash, sizeof(successor->request_hash)));
}

/* Nobody holds a successor that was never shown to us, or its holder lost it: revoke it, unless the
 * new request would be refused anyway. */
static bool
successor_replace(const struct issue_means *means, const struct revoke_means *revoking,
                  const struct issue_order *order, const struct db_certificate *successor,
                  struct error *err)
{
    AUTO_REVOKED revoked = {.item = NULL};
    char serial[2 * LIMIT_SERIAL_OCTETS + 1];
    const struct revoke_wish wish = {
        .reason = REASON_SUPERSEDED,
        .revoked_s = clock_now_s(),
        .by = order->requester,
    };

    if (successor->used) {
        hex_encode(bytes_of(successor->serial, successor->serial_len), serial, sizeof(serial));
        return error_set(err, ERROR_GRANT_USED,
                         "this certificate was renewed by %s, which is in use; renew with that one",
                         serial);
    }
    if (successor->revoked)
        return true;
    return issue_check(means, order, err) && revoked_init(&revoked, err) &&
           revoke_certificate(revoking, successor, &wish, &revoked, err);
}

/* Finds the attempt that is this request's own, or the first that is free. */
static bool
attempt_find(const struct issue_means *means, const struct revoke_means *revoking,
             struct issue_order *order, struct db_certificate *row, struct error *err)
{
    const struct db_certificate *shown = order->predecessor;

    for (uint32_t attempt = 0; attempt < LIMIT_RENEWAL_ATTEMPTS; attempt++) {
        if (!issue_renewal_key(shown->issuer, bytes_of(shown->serial, shown->serial_len), attempt,
                               order->grant_key, err))
            return false;
        order->attempt = attempt;
        switch (db_certificate_by_grant(means->db, order->grant_key, row, err)) {
        case DB_MISSING:
            return true;
        case DB_FAILED:
            return false;
        case DB_FOUND:
            break;
        }
        if (same_request(order, row))
            return true;
        /* The last one stays: it is all that the host may still have. */
        if (attempt + 1 == LIMIT_RENEWAL_ATTEMPTS)
            break;
        if (!successor_replace(means, revoking, order, row, err))
            return false;
    }
    return error_refuse(err, ERROR_RENEWAL_LIMIT, "renewal.attempts",
                        "%d successors of this certificate were never used; enrol again",
                        LIMIT_RENEWAL_ATTEMPTS);
}

bool
renewal_issue(const struct issue_means *means, const struct revoke_means *revoking,
              const struct issue_order *order, struct issued *ret_issued, struct error *err)
{
    CLEANUP(row_free) struct db_certificate *row = calloc(1, sizeof(*row));
    struct issue_order renewal = *order;

    if (!row)
        return error_set(err, ERROR_MEMORY, "renewal: no memory");
    renewal.grant_kind = GRANT_RENEWAL;
    renewal.grant_unused = false; /* that was said of a token */
    return identity_active_check(order->identity->name, order->identity->state, err) &&
           attempt_find(means, revoking, &renewal, row, err) &&
           issue_certificate(means, &renewal, ret_issued, err);
}
