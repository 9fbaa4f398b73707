/* Between the files of this folder. */
#ifndef SIGNET_POLICY_INTERNAL_H
#define SIGNET_POLICY_INTERNAL_H

#include <jansson.h>

#include "signet/policy.h"

/* Parses one member of "profiles". Errors: ERROR_POLICY with the JSON path. */
MUST_USE bool profile_parse(const char *name, const json_t *value, struct profile *ret_profile,
                            struct error *err);

/* A DNS name in the one form that we keep: lower case, letters, digits and hyphens, no trailing
 * dot, no wildcard, not the look of an address. On refusal *ret_why is a static text. */
MUST_USE bool dns_name_fits(const char *name, const char **ret_why);

/* Of the parsed document, in its order. */
const struct profile *policy_profile_at(const struct policy *policy, size_t index);

struct ip_range {
    uint8_t octets[16];
    size_t octet_count; /* 4 or 16 */
    unsigned prefix_bits;
};
/* "10.0.0.0/8" with no bit set past the prefix. */
MUST_USE bool ip_range_parse(const char *text, struct ip_range *ret_range);
/* All addresses of `inner` are in `outer`. */
bool ip_range_within(const struct ip_range *outer, const struct ip_range *inner);
bool ip_range_holds(const struct ip_range *range, const uint8_t *octets, size_t octet_count);

/* Segments as in a name; "*" is one segment, "**" at the end one or more. No other wildcard. */
bool identity_pattern_fits(const char *pattern);
/* For a pattern that fits. */
bool identity_pattern_holds(const char *pattern, const char *name);

/* The same name or one below it: never a part of a label. */
bool dns_suffix_holds(const char *suffix, const char *name);

#endif
