#include "signet/encode.h"

#include <string.h>

static const char hex_alphabet[] = "0123456789abcdef";
static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
hex_encode(struct bytes bytes, char *text, size_t room)
{
    size_t used = 0;

    if (room == 0)
        return;
    for (size_t i = 0; i < bytes.len && used + 2 < room; i++) {
        text[used++] = hex_alphabet[bytes.data[i] >> 4];
        text[used++] = hex_alphabet[bytes.data[i] & 15];
    }
    text[used] = '\0';
}

int
hex_value(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

bool
hex_decode(const char *text, uint8_t *data, size_t room, size_t *ret_len)
{
    size_t len = strlen(text);

    if (len % 2 != 0 || len / 2 > room)
        return false;
    for (size_t i = 0; i < len; i++)
        if (hex_value(text[i]) < 0)
            return false;
    for (size_t i = 0; i < len / 2; i++)
        data[i] =
            (uint8_t)((unsigned)hex_value(text[2 * i]) * 16 + (unsigned)hex_value(text[2 * i + 1]));
    *ret_len = len / 2;
    return true;
}

/* Writes the 2 to 4 characters of a group of 1 to 3 octets. */
static size_t
base64_group(const char *alphabet, const uint8_t *data, size_t len, char group[4])
{
    uint32_t bits = (uint32_t)data[0] << 16;

    if (len > 1)
        bits |= (uint32_t)data[1] << 8;
    if (len > 2)
        bits |= data[2];
    for (size_t i = 0; i <= len; i++)
        group[i] = alphabet[bits >> (18 - 6 * i) & 63];
    return len + 1;
}

static bool
base64_put(const char *alphabet, bool padded, struct bytes bytes, struct buffer *out)
{
    size_t start = out->len;

    for (size_t at = 0; at < bytes.len; at += 3) {
        size_t left = bytes.len - at < 3 ? bytes.len - at : 3;
        char group[4] = {'=', '=', '=', '='};
        size_t used = base64_group(alphabet, bytes.data + at, left, group);

        if (!buffer_put(out, group, padded ? 4 : used)) {
            out->len = start;
            return false;
        }
    }
    return true;
}

bool
base64_encode(struct bytes bytes, struct buffer *out)
{
    return base64_put(base64_alphabet, true, bytes, out);
}

bool
base64url_encode(struct bytes bytes, struct buffer *out)
{
    return base64_put(base64url_alphabet, false, bytes, out);
}

/* Two to four characters without padding become one to three octets; unused bits must be zero. */
static bool
base64_ungroup(const char *alphabet, struct bytes group, struct buffer *out)
{
    uint8_t octets[3];
    uint32_t bits = 0;

    if (group.len < 2)
        return false;
    for (size_t i = 0; i < 4; i++) {
        const char *found = NULL;

        if (i < group.len)
            found = group.data[i] ? strchr(alphabet, group.data[i]) : NULL;
        if (i < group.len && !found)
            return false;
        bits = bits << 6 | (found ? (uint32_t)(found - alphabet) : 0);
    }
    octets[0] = (uint8_t)(bits >> 16);
    octets[1] = (uint8_t)(bits >> 8);
    octets[2] = (uint8_t)bits;
    for (size_t i = group.len - 1; i < 3; i++)
        if (octets[i])
            return false;
    return buffer_put(out, octets, group.len - 1);
}

static bool
base64_take(const char *alphabet, struct bytes text, struct buffer *out)
{
    size_t start = out->len;

    for (size_t at = 0; at < text.len; at += 4) {
        size_t left = text.len - at < 4 ? text.len - at : 4;

        if (!base64_ungroup(alphabet, bytes_of(text.data + at, left), out)) {
            out->len = start;
            return false;
        }
    }
    return true;
}

bool
base64_decode(struct bytes text, struct buffer *out)
{
    if (text.len % 4 != 0)
        return false;
    for (int i = 0; i < 2 && text.len && text.data[text.len - 1] == '='; i++)
        text.len--;
    return base64_take(base64_alphabet, text, out);
}

bool
base64url_decode(struct bytes text, struct buffer *out)
{
    return base64_take(base64url_alphabet, text, out);
}
