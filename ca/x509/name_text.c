#include "signet/encode.h"
#include "signet/tbs_cert.h"

#include "name.h"
#include "oid.h"

enum { NAME_TEXT_MOST = 4096 };

static const struct {
    struct bytes type;
    const char *keyword;
} keywords[] = {
    {OID_COMMON_NAME, "CN"},
    {OID_COUNTRY, "C"},
    {OID_ORGANIZATION, "O"},
    {OID("\x55\x04\x07"), "L"},
    {OID("\x55\x04\x08"), "ST"},
    {OID("\x55\x04\x09"), "STREET"},
    {OID("\x55\x04\x0B"), "OU"},
    {OID("\x09\x92\x26\x89\x93\xF2\x2C\x64\x01\x19"), "DC"},
    {OID("\x09\x92\x26\x89\x93\xF2\x2C\x64\x01\x01"), "UID"},
};

static bool
put_text(struct buffer *out, const char *text)
{
    return buffer_put(out, text, strlen(text));
}

static bool
put_type(struct buffer *out, struct bytes type)
{
    char dotted[96];

    for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
        if (bytes_equal(keywords[i].type, type))
            return put_text(out, keywords[i].keyword);
    der_oid_text(type, dotted, sizeof(dotted));
    return put_text(out, dotted);
}

/* RFC 4514 §2.4; controls as pairs of hexadecimal digits, so that a terminal is safe with it. */
static bool
put_escaped(struct buffer *out, struct bytes value, size_t at)
{
    uint8_t octet = value.data[at];
    bool edge_space = octet == ' ' && (at == 0 || at == value.len - 1);

    if (octet < 0x20 || octet == 0x7F)
        return buffer_printf(out, "\\%02X", octet);
    if (edge_space || (octet == '#' && at == 0) || strchr("\"+,;<>\\", octet))
        return buffer_put_u8(out, '\\') && buffer_put_u8(out, octet);
    return buffer_put_u8(out, octet);
}

static bool
put_value(struct buffer *out, const struct name_attribute *attribute)
{
    bool is_text = attribute->tag == TAG_UTF8_STRING || attribute->tag == TAG_PRINTABLE_STRING ||
                   attribute->tag == TAG_IA5_STRING;
    bool ok = true;

    if (!is_text || !utf8_valid(attribute->value)) {
        ok = buffer_printf(out, "#%02X%02X", attribute->tag, (unsigned)attribute->value.len & 0xFF);
        for (size_t i = 0; ok && i < attribute->value.len; i++)
            ok = buffer_printf(out, "%02X", attribute->value.data[i]);
        return ok;
    }
    for (size_t i = 0; ok && i < attribute->value.len; i++)
        ok = put_escaped(out, attribute->value, i);
    return ok;
}

/* The attribute in front of what stands already: RFC 4514 begins with the last RDN. */
static bool
prepend(struct buffer *text, const struct name_attribute *attribute)
{
    AUTO_BUFFER whole = {.max = NAME_TEXT_MOST};
    bool ok = put_type(&whole, attribute->type) && buffer_put_u8(&whole, '=') &&
              put_value(&whole, attribute);

    if (ok && text->len)
        ok = buffer_put_u8(&whole, attribute->first_of_rdn ? ',' : '+') &&
             buffer_put(&whole, text->data, text->len);
    buffer_clear(text);
    return ok && buffer_put(text, whole.data, whole.len);
}

void
name_text(struct bytes name, char *text, size_t room)
{
    AUTO_BUFFER all = {.max = NAME_TEXT_MOST};
    struct name_attribute attribute;
    struct name_walk walk;
    size_t len;

    if (room == 0)
        return;
    text[0] = '\0';
    if (!name_walk_begin(&walk, name))
        return;
    while (!name_walk_at_end(&walk))
        if (!name_walk_next(&walk, &attribute) || !prepend(&all, &attribute))
            return;
    len = all.len < room ? all.len : room - 1;
    if (len)
        memcpy(text, all.data, len);
    text[len] = '\0';
}
