#include "publish/target.h"

#include <string.h>

#include "signet/encode.h"
#include "signet/limits.h"

static const char ocsp_prefix[] = "/ocsp";

bool
target_is_ocsp(const char *target)
{
    size_t len = sizeof(ocsp_prefix) - 1;

    return strncmp(target, ocsp_prefix, len) == 0 && target[len] != '\0';
}

/* The next character with percent-encoding undone; -1 for a broken escape. */
static int
next_character(const char **text)
{
    const char *at = *text;
    int high, low;

    if (*at != '%') {
        *text = at + 1;
        return (unsigned char)*at;
    }
    high = hex_value(at[1]);
    low = high < 0 ? -1 : hex_value(at[2]);
    if (low < 0)
        return -1;
    *text = at + 3;
    return high << 4 | low;
}

/* Slashes are dropped before the first other character only: base64 of a SEQUENCE begins with "M",
 * so a slash there is the separator, and behind it a digit of the alphabet. The text only shrinks.
 */
static bool
unescape(const char *text, struct buffer *out)
{
    uint8_t *start = buffer_extend(out, strlen(text));
    size_t len = 0;
    int character;

    if (!start)
        return false;
    while (*text != '\0') {
        character = next_character(&text);
        if (character <= 0)
            return false;
        if (character != '/' || len > 0)
            start[len++] = (uint8_t)character;
    }
    out->len = len;
    return len > 0;
}

bool
target_ocsp_request(const char *target, struct buffer *out)
{
    AUTO_BUFFER text = {.max = LIMIT_TARGET_OCTETS};

    if (!target_is_ocsp(target))
        return false;
    if (strnlen(target, LIMIT_TARGET_OCTETS + 1) > LIMIT_TARGET_OCTETS)
        return false;
    return unescape(target + sizeof(ocsp_prefix) - 1, &text) &&
           base64_decode(buffer_bytes(&text), out);
}
