#include "percent.h"

#include <string.h>

#include "signet/encode.h"

/* Octets of the character that begins with `first`, 0 when none can; its least code point and the
 * bits that `first` carries. */
static size_t
utf8_length(uint8_t first, uint32_t *ret_least, uint32_t *ret_bits)
{
    static const struct {
        uint8_t mask, lead;
        uint32_t least;
    } rows[] = {{0x80, 0x00, 1}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if ((first & rows[i].mask) == rows[i].lead) {
            *ret_least = rows[i].least;
            *ret_bits = first & (uint32_t)(uint8_t)~rows[i].mask;
            return i + 1;
        }
    return 0;
}

/* Octets of the first character of `text`, 0 when it is not well-formed. */
static size_t
utf8_first(struct bytes text)
{
    uint32_t code, least;
    size_t len = utf8_length(text.data[0], &least, &code);

    if (len == 0 || len > text.len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((text.data[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text.data[i] & 0x3fu);
    }
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return len;
}

bool
text_is_utf8(struct bytes text)
{
    while (text.len) {
        bool plain = text.data[0] - 1u < 0x7f; /* almost everything is */
        size_t len = plain ? 1 : utf8_first(text);

        if (len == 0)
            return false;
        text.data += len;
        text.len -= len;
    }
    return true;
}

void
text_make_utf8(char *text)
{
    if (text_is_utf8(bytes_of_text(text)))
        return;
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            *text = '?';
}

/* The octet that an escape at `i` stands for, -1 when it is none. */
static int
escape_value(struct bytes encoded, size_t i)
{
    int high, low;

    if (encoded.len - i < 3)
        return -1;
    high = hex_value((char)encoded.data[i + 1]);
    low = hex_value((char)encoded.data[i + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool
percent_decode(struct bytes encoded, char *text, size_t *ret_len, struct error *err)
{
    size_t len = 0;

    for (size_t i = 0; i < encoded.len; i++) {
        int octet = encoded.data[i];

        if (octet == '%') {
            octet = escape_value(encoded, i);
            if (octet < 0)
                return error_refuse(err, ERROR_REQUEST_MALFORMED, "target.escape",
                                    "the request target has a percent sign that is not followed by "
                                    "two hexadecimal digits");
            i += 2;
        }
        if (octet < 0x20 || octet == 0x7f)
            return error_refuse(err, ERROR_REQUEST_MALFORMED, "target.control",
                                "the request target has the control character %%%02X", octet);
        text[len++] = (char)octet;
    }
    text[len] = '\0';
    if (!text_is_utf8(bytes_of(text, len)))
        return error_refuse(err, ERROR_REQUEST_MALFORMED, "target.utf8",
                            "the request target is not UTF-8 once its escapes are decoded");
    *ret_len = len;
    return true;
}
