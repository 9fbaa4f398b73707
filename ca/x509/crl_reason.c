#include "signet/crl.h"

static const char *const reason_names[] = {
    [REASON_UNSPECIFIED] = "unspecified",
    [REASON_KEY_COMPROMISE] = "keyCompromise",
    [REASON_CA_COMPROMISE] = "cACompromise",
    [REASON_AFFILIATION_CHANGED] = "affiliationChanged",
    [REASON_SUPERSEDED] = "superseded",
    [REASON_CESSATION_OF_OPERATION] = "cessationOfOperation",
    [REASON_CERTIFICATE_HOLD] = "certificateHold",
    [REASON_PRIVILEGE_WITHDRAWN] = "privilegeWithdrawn",
    [REASON_AA_COMPROMISE] = "aACompromise",
};

const char *
revocation_reason_name(int reason)
{
    return reason >= 0 && (size_t)reason < ARRAY_LEN(reason_names) ? reason_names[reason] : NULL;
}

int
revocation_reason_of_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(reason_names); i++)
        if (reason_names[i] && strcmp(reason_names[i], name) == 0)
            return (int)i;
    return -1;
}
