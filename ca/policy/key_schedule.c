#include "signet/policy.h"

int64_t
renew_after(int64_t not_before_s, int64_t not_after_s)
{
    int64_t life_s = not_after_s - not_before_s + 1; /* inclusive at both ends (C-06) */

    return not_before_s + life_s / 3 * 2 + life_s % 3 * 2 / 3;
}

enum validity
validity_at(int64_t not_before_s, int64_t not_after_s, int64_t now_s)
{
    if (now_s < not_before_s)
        return VALIDITY_NOT_YET;
    if (now_s > not_after_s)
        return VALIDITY_EXPIRED;
    if (now_s >= renew_after(not_before_s, not_after_s))
        return VALIDITY_RENEW;
    return VALIDITY_VALID;
}
