#include "query.h"

#include <ctype.h>
#include <string.h>

static bool
query_put(struct buffer *target, const char *text, const char *kept, struct error *err)
{
    for (; *text != '\0'; text++) {
        unsigned char octet = (unsigned char)*text;
        bool plain = octet < 0x80 && (isalnum(octet) || strchr(kept, octet));

        if (plain ? !buffer_put_u8(target, octet) : !buffer_printf(target, "%%%02X", octet))
            return error_set(err, ERROR_USAGE, "the request would be longer than %d octets",
                             QUERY_OCTETS);
    }
    return true;
}

bool
query_path(struct buffer *target, const char *path, struct error *err)
{
    return query_put(target, path, "-._~/", err);
}

bool
query_add(struct buffer *target, const char *name, const char *value, struct error *err)
{
    bool first = !memchr(target->data, '?', target->len);

    if (!value)
        return true;
    if (!buffer_printf(target, "%c%s=", first ? '?' : '&', name))
        return error_set(err, ERROR_USAGE, "the request would be longer than %d octets",
                         QUERY_OCTETS);
    return query_put(target, value, "-._~", err);
}
