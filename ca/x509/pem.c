#include <stdio.h>

#include "signet/der.h"
#include "signet/encode.h"

enum { PEM_LINE_OCTETS = 64, PEM_BOUNDARY_OCTETS = 96 };

static bool
is_space(uint8_t octet)
{
    return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

static struct bytes
trimmed(struct bytes text)
{
    while (text.len && is_space(text.data[0]))
        text = bytes_of(text.data + 1, text.len - 1);
    while (text.len && is_space(text.data[text.len - 1]))
        text.len--;
    return text;
}

/* "-----BEGIN label-----" or END; false when the label is too long to be one. */
static bool
boundary_text(char text[PEM_BOUNDARY_OCTETS], const char *word, const char *label)
{
    int len = snprintf(text, PEM_BOUNDARY_OCTETS, "-----%s %s-----", word, label);

    return len > 0 && len < PEM_BOUNDARY_OCTETS;
}

static bool
starts_with(struct bytes text, const char *start)
{
    size_t len = strlen(start);

    return text.len >= len && memcmp(text.data, start, len) == 0;
}

static struct bytes
skip(struct bytes text, size_t len)
{
    return bytes_of(text.data + len, text.len - len);
}

/* Base64 with or without line breaks (RFC 7468 §2, RFC 8951) replaces the content of `out`. */
static bool
base64_lines_decode(struct bytes text, struct buffer *out)
{
    AUTO_BUFFER dense = {.max = text.len};
    uint8_t *next;

    buffer_clear(out);
    if (text.len == 0)
        return false;
    next = buffer_extend(&dense, text.len);
    if (!next)
        return false;
    dense.len = 0;
    for (size_t i = 0; i < text.len; i++)
        if (!is_space(text.data[i]))
            next[dense.len++] = text.data[i];
    return base64_decode(buffer_bytes(&dense), out) && out->len > 0;
}

/* Takes one block that begins right here. */
static bool
pem_block(struct bytes *text, const char *label, struct buffer *out)
{
    char begin[PEM_BOUNDARY_OCTETS], end[PEM_BOUNDARY_OCTETS];
    const uint8_t *stop;
    struct bytes body;

    if (!boundary_text(begin, "BEGIN", label) || !boundary_text(end, "END", label) ||
        !starts_with(*text, begin))
        return false;
    body = skip(*text, strlen(begin));
    if (body.len == 0 || !is_space(body.data[0]))
        return false;
    stop = memmem(body.data, body.len, end, strlen(end));
    if (!stop)
        return false;
    if (!base64_lines_decode(bytes_of(body.data, (size_t)(stop - body.data)), out))
        return false;
    *text = skip(body, (size_t)(stop - body.data) + strlen(end));
    return true;
}

static bool
pem_only(struct bytes text, const char *label, enum error_kind kind, struct buffer *out,
         struct error *err)
{
    if (!pem_block(&text, label, out))
        return error_refuse(err, kind, "pem.syntax",
                            "the text is not one PEM block labelled \"%s\"", label);
    if (trimmed(text).len)
        return error_refuse(err, kind, "pem.trailing",
                            "%zu octets follow the PEM block labelled \"%s\"", text.len, label);
    return true;
}

bool
pem_or_der(struct bytes input, const char *label, enum error_kind kind, struct buffer *out,
           struct error *err)
{
    struct bytes text = trimmed(input);

    /* A SEQUENCE begins with 0x30, its base64 with "M": never with the character "0". */
    if (input.len > 0 && input.data[0] == 0x30) {
        buffer_clear(out);
        if (!buffer_put(out, input.data, input.len))
            return error_refuse(err, kind, "pem.size", "%zu octets of %s, at most %zu", input.len,
                                label, out->max);
    } else if (starts_with(text, "-----")) {
        if (!pem_only(text, label, kind, out, err))
            return false;
    } else if (!base64_lines_decode(text, out)) {
        return error_refuse(err, kind, "pem.syntax",
                            "wanted %s as PEM, DER or base64 of DER, found none of them", label);
    }
    return der_check_as(buffer_bytes(out), label, kind, err);
}

bool
pem_encode(struct bytes der, const char *label, struct buffer *out)
{
    AUTO_BUFFER dense = {.max = der.len / 3 * 4 + 8};
    size_t begin = out->len;
    bool ok = base64_encode(der, &dense) && buffer_printf(out, "-----BEGIN %s-----\n", label);

    for (size_t at = 0; ok && at < dense.len; at += PEM_LINE_OCTETS) {
        size_t len = dense.len - at < PEM_LINE_OCTETS ? dense.len - at : PEM_LINE_OCTETS;
        ok = buffer_put(out, dense.data + at, len) && buffer_put_u8(out, '\n');
    }
    ok = ok && buffer_printf(out, "-----END %s-----\n", label);
    if (!ok)
        out->len = begin;
    return ok;
}

/* Moves to the next line that begins with "-----BEGIN "; the end of the text when there is none. */
static struct bytes
pem_seek(struct bytes text)
{
    static const char mark[] = "-----BEGIN ";
    const uint8_t *found = text.len ? text.data : NULL;

    while (found) {
        size_t left = text.len - (size_t)(found - text.data);
        found = memmem(found, left, mark, sizeof(mark) - 1);
        if (found && (found == text.data || found[-1] == '\n'))
            return skip(text, (size_t)(found - text.data));
        found = found ? found + 1 : NULL;
    }
    return skip(text, text.len);
}

bool
pem_next(struct reader *text, const char *label, struct buffer *out)
{
    char begin[PEM_BOUNDARY_OCTETS];
    struct bytes rest = text->rest;

    if (!boundary_text(begin, "BEGIN", label))
        return false;
    for (rest = pem_seek(rest); rest.len; rest = pem_seek(skip(rest, 1))) {
        text->rest = rest;
        if (starts_with(rest, begin))
            return pem_block(&text->rest, label, out);
    }
    text->rest = rest;
    return false;
}
