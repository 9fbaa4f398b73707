#include "name.h"

#include "signet/tbs_cert.h"

#include "der_write.h"
#include "oid.h"

enum { NAME_COMMON_NAME_MOST = 64, NAME_ORGANIZATION_MOST = 64 }; /* RFC 5280 Appendix A.1 */

bool
name_walk_begin(struct name_walk *walk, struct bytes name)
{
    struct reader outer = reader_of(name);

    *walk = (struct name_walk){0};
    return der_enter(&outer, TAG_SEQUENCE, &walk->rdns) && reader_at_end(&outer);
}

bool
name_walk_at_end(const struct name_walk *walk)
{
    return reader_at_end(&walk->attributes) && reader_at_end(&walk->rdns);
}

bool
name_walk_next(struct name_walk *walk, struct name_attribute *ret_attribute)
{
    struct name_attribute attribute = {.first_of_rdn = reader_at_end(&walk->attributes)};
    struct reader pair;

    if (attribute.first_of_rdn && !der_enter(&walk->rdns, TAG_SET, &walk->attributes))
        return false;
    if (!der_enter(&walk->attributes, TAG_SEQUENCE, &pair) ||
        !der_take(&pair, TAG_OID, &attribute.type) ||
        !der_get(&pair, &attribute.tag, &attribute.value, NULL) || !reader_at_end(&pair))
        return false;
    *ret_attribute = attribute;
    return true;
}

static bool
printable_fits(struct bytes text)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  " '()+,-./:=?";

    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == 0 || !strchr(allowed, text.data[i]))
            return false;
    return true;
}

static bool
ia5_fits(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] >= 0x80)
            return false;
    return true;
}

static const char *
attribute_fault(const struct name_attribute *attribute)
{
    if (attribute->value.len == 0)
        return "an attribute of the name is empty";
    if (memchr(attribute->value.data, 0, attribute->value.len))
        return "an attribute of the name has a NUL in it";
    if ((attribute->tag == TAG_PRINTABLE_STRING && !printable_fits(attribute->value)) ||
        (attribute->tag == TAG_UTF8_STRING && !utf8_valid(attribute->value)) ||
        (attribute->tag == TAG_IA5_STRING && !ia5_fits(attribute->value)))
        return "an attribute of the name has characters outside its string type";
    return NULL;
}

const char *
name_fault(struct bytes name)
{
    struct name_attribute attribute;
    struct name_walk walk;
    const char *fault;

    if (!name_walk_begin(&walk, name))
        return "the name is not a SEQUENCE";
    while (!name_walk_at_end(&walk)) {
        if (!name_walk_next(&walk, &attribute))
            return "the name is malformed or has an empty RDN";
        fault = attribute_fault(&attribute);
        if (fault)
            return fault;
    }
    return NULL;
}

bool
name_is_empty(struct bytes name)
{
    return name.len == 2 && name.data[0] == TAG_SEQUENCE && name.data[1] == 0;
}

/* --- build ---------------------------------------------------------------------------------------
 */

static bool
has_control(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] == 0x7F)
            return true;
    return false;
}

static bool
attribute_text_check(const char *what, const char *text, size_t most, struct error *err)
{
    struct bytes value = bytes_of_text(text);

    if (value.len == 0 || value.len > most)
        return error_set(err, ERROR_INTERNAL, "the %s has %zu octets, wanted 1 to %zu", what,
                         value.len, most);
    if (!utf8_valid(value) || has_control(value))
        return error_set(err, ERROR_INTERNAL, "the %s is not UTF-8 text without controls", what);
    return true;
}

static void
rdn_put(struct der_writer *writer, struct bytes type, const char *text)
{
    der_open(writer, TAG_SET);
    der_open(writer, TAG_SEQUENCE);
    der_put(writer, TAG_OID, type);
    der_put(writer, TAG_UTF8_STRING, bytes_of_text(text));
    der_close(writer);
    der_close(writer);
}

bool
name_build(const char *organization, const char *common_name, struct buffer *out, struct error *err)
{
    struct der_writer writer;

    if (organization &&
        !attribute_text_check("organization", organization, NAME_ORGANIZATION_MOST, err))
        return false;
    if (!attribute_text_check("common name", common_name, NAME_COMMON_NAME_MOST, err))
        return false;
    der_writer_init(&writer, out);
    der_open(&writer, TAG_SEQUENCE);
    if (organization)
        rdn_put(&writer, (struct bytes)OID_ORGANIZATION, organization);
    rdn_put(&writer, (struct bytes)OID_COMMON_NAME, common_name);
    der_close(&writer);
    if (!der_writer_end(&writer))
        return error_set(err, ERROR_MEMORY, "no room for the name \"%s\"", common_name);
    return true;
}

/* --- text ----------------------------------------------------------------------------------------
 */

static bool
is_text_tag(uint8_t tag)
{
    return tag == TAG_UTF8_STRING || tag == TAG_PRINTABLE_STRING || tag == TAG_IA5_STRING;
}

void
name_common_name(struct bytes name, char *text, size_t room)
{
    struct name_attribute attribute;
    struct name_walk walk;
    struct bytes found = {0};

    if (room == 0)
        return;
    text[0] = '\0';
    if (!name_walk_begin(&walk, name))
        return;
    while (!name_walk_at_end(&walk) && name_walk_next(&walk, &attribute))
        if (bytes_equal(attribute.type, (struct bytes)OID_COMMON_NAME) &&
            is_text_tag(attribute.tag))
            found = attribute.value;
    if (found.len == 0 || found.len >= room || !utf8_valid(found) || has_control(found))
        return;
    memcpy(text, found.data, found.len);
    text[found.len] = '\0';
}
