/* Patterns of identity names, segment by segment. A pattern comes from the policy alone; no part of
 * a name is ever read as one, since "*" cannot stand in a name. */
#include "internal.h"

#define SEGMENT_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

static bool
segment_is(const char *segment, size_t len, const char *text)
{
    return len == strlen(text) && memcmp(segment, text, len) == 0;
}

static bool
segment_fits(const char *segment, size_t len, bool last)
{
    if (segment_is(segment, len, "*") || (last && segment_is(segment, len, "**")))
        return true;
    return len > 0 && strspn(segment, SEGMENT_CHARACTERS) >= len &&
           !segment_is(segment, len, ".") && !segment_is(segment, len, "..");
}

bool
identity_pattern_fits(const char *pattern)
{
    if (strlen(pattern) > LIMIT_NAME_OCTETS)
        return false;
    for (;;) {
        size_t len = strcspn(pattern, "/");
        bool last = pattern[len] == '\0';

        if (!segment_fits(pattern, len, last))
            return false;
        if (last)
            return true;
        pattern += len + 1;
    }
}

bool
identity_pattern_holds(const char *pattern, const char *name)
{
    for (;;) {
        size_t len = strcspn(pattern, "/"), name_len = strcspn(name, "/");
        bool last = pattern[len] == '\0', name_last = name[name_len] == '\0';

        if (segment_is(pattern, len, "**"))
            return name_len > 0; /* it is the last of its pattern and holds all that follows */
        if (!segment_is(pattern, len, "*") && (len != name_len || memcmp(pattern, name, len) != 0))
            return false;
        if (last || name_last)
            return last && name_last;
        pattern += len + 1;
        name += name_len + 1;
    }
}
