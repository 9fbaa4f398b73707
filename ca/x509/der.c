#include "signet/der.h"

#include <inttypes.h>
#include <stdio.h>

#include "der_read.h"

enum { DER_DEPTH = 24, DER_CONSTRUCTED = 0x20, DER_HIGH_TAG = 0x1F };

/* X.690 §8.1.3, §10.1: definite, in as few octets as possible; four are enough for anything here.
 */
static bool
der_get_length(struct reader *reader, size_t *ret_len)
{
    uint8_t first, octet;
    size_t len = 0;
    unsigned count;

    if (!reader_get_u8(reader, &first))
        return false;
    if (first < 0x80) {
        *ret_len = first;
        return true;
    }
    count = first & 0x7Fu;
    if (count == 0 || count > 4)
        return false;
    for (unsigned i = 0; i < count; i++) {
        if (!reader_get_u8(reader, &octet))
            return false;
        len = len << 8 | octet;
    }
    if (len < 0x80 || len >> (8 * (count - 1)) == 0)
        return false;
    *ret_len = len;
    return true;
}

bool
der_get(struct reader *reader, uint8_t *ret_tag, struct bytes *ret_content, struct bytes *ret_whole)
{
    struct reader ahead = *reader;
    const uint8_t *start = reader->rest.data;
    struct bytes content;
    uint8_t tag;
    size_t len;

    if (!reader_get_u8(&ahead, &tag) || (tag & DER_HIGH_TAG) == DER_HIGH_TAG || tag == 0)
        return false;
    if (!der_get_length(&ahead, &len) || !reader_get(&ahead, len, &content))
        return false;
    *ret_tag = tag;
    if (ret_content)
        *ret_content = content;
    if (ret_whole)
        *ret_whole = bytes_of(start, (size_t)(ahead.rest.data - start));
    *reader = ahead;
    return true;
}

bool
der_next_is(const struct reader *reader, uint8_t tag)
{
    return reader->rest.len > 0 && reader->rest.data[0] == tag;
}

bool
der_take(struct reader *reader, uint8_t tag, struct bytes *ret_content)
{
    uint8_t found;

    return der_next_is(reader, tag) && der_get(reader, &found, ret_content, NULL);
}

bool
der_take_whole(struct reader *reader, uint8_t tag, struct bytes *ret_whole)
{
    uint8_t found;

    return der_next_is(reader, tag) && der_get(reader, &found, NULL, ret_whole);
}

bool
der_enter(struct reader *reader, uint8_t tag, struct reader *ret_inside)
{
    struct bytes content;

    if (!der_take(reader, tag, &content))
        return false;
    *ret_inside = reader_of(content);
    return true;
}

bool
der_integer_minimal(struct bytes content)
{
    if (content.len == 0)
        return false;
    if (content.len == 1)
        return true;
    return !(content.data[0] == 0x00 && content.data[1] < 0x80) &&
           !(content.data[0] == 0xFF && content.data[1] >= 0x80);
}

bool
der_take_number(struct reader *reader, uint8_t tag, uint64_t max, uint64_t *ret_value)
{
    struct reader ahead = *reader;
    struct bytes content;
    uint64_t value = 0;

    if (!der_take(&ahead, tag, &content) || !der_integer_minimal(content))
        return false;
    if (content.data[0] >= 0x80 || content.len > 9 || (content.len == 9 && content.data[0] != 0))
        return false;
    for (size_t i = 0; i < content.len; i++)
        value = value << 8 | content.data[i];
    if (value > max)
        return false;
    *ret_value = value;
    *reader = ahead;
    return true;
}

bool
der_take_bits(struct reader *reader, struct bytes *ret_octets)
{
    struct reader ahead = *reader;
    struct bytes content;

    if (!der_take(&ahead, TAG_BIT_STRING, &content) || content.len < 1 || content.data[0] != 0)
        return false;
    *ret_octets = bytes_of(content.data + 1, content.len - 1);
    *reader = ahead;
    return true;
}

bool
der_take_extension(struct reader *reader, struct der_extension *ret_extension)
{
    struct der_extension extension = {.critical = false};
    struct reader ahead = *reader, inside;
    struct bytes flag;

    if (!der_enter(&ahead, TAG_SEQUENCE, &inside) || !der_take(&inside, TAG_OID, &extension.oid))
        return false;
    if (der_next_is(&inside, TAG_BOOLEAN)) {
        if (!der_take(&inside, TAG_BOOLEAN, &flag) || flag.len != 1 || flag.data[0] != 0xFF)
            return false;
        extension.critical = true;
    }
    if (!der_take(&inside, TAG_OCTET_STRING, &extension.value) || !reader_at_end(&inside))
        return false;
    *ret_extension = extension;
    *reader = ahead;
    return true;
}

/* --- the walk ----------------------------------------------------------------------------------
 */

static bool
boolean_fits(struct bytes content)
{
    return content.len == 1 && (content.data[0] == 0x00 || content.data[0] == 0xFF);
}

static bool
bit_string_fits(struct bytes content)
{
    uint8_t unused;

    if (content.len == 0)
        return false;
    unused = content.data[0];
    if (content.len == 1)
        return unused == 0;
    return unused < 8 && (content.data[content.len - 1] & ((1u << unused) - 1)) == 0;
}

static bool
null_fits(struct bytes content)
{
    return content.len == 0;
}

/* Each arc in as few octets as possible, the last one complete. */
static bool
oid_fits(struct bytes content)
{
    bool begins = true;

    for (size_t i = 0; i < content.len; i++) {
        if (begins && content.data[i] == 0x80)
            return false;
        begins = content.data[i] < 0x80;
    }
    return content.len > 0 && begins;
}

/* How many octets continue a character that begins with `first`; -1: it cannot begin one. */
static int
utf8_continuation(uint8_t first, uint32_t *ret_bits, uint32_t *ret_least)
{
    static const struct {
        uint8_t mask, value;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};

    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        if ((first & forms[i].mask) == forms[i].value) {
            *ret_bits = first & (uint8_t)~forms[i].mask;
            *ret_least = forms[i].least;
            return (int)i;
        }
    return -1;
}

bool
utf8_valid(struct bytes text)
{
    struct reader reader = reader_of(text);
    uint32_t character, least;
    uint8_t octet;

    while (reader_get_u8(&reader, &octet)) {
        int more = utf8_continuation(octet, &character, &least);
        if (more < 0)
            return false;
        for (; more > 0; more--) {
            if (!reader_get_u8(&reader, &octet) || (octet & 0xC0) != 0x80)
                return false;
            character = character << 6 | (octet & 0x3Fu);
        }
        if (character < least || character > 0x10FFFF || (character & 0xFFFFF800) == 0xD800)
            return false;
    }
    return true;
}

static const struct {
    uint8_t tag;
    bool (*fits)(struct bytes content);
} primitives[] = {
    {TAG_BOOLEAN, boolean_fits},
    {TAG_INTEGER, der_integer_minimal},
    {TAG_BIT_STRING, bit_string_fits},
    {TAG_NULL, null_fits},
    {TAG_OID, oid_fits},
    {TAG_ENUMERATED, der_integer_minimal},
    {TAG_UTF8_STRING, utf8_valid},
};

static bool
primitive_fits(uint8_t tag, struct bytes content)
{
    for (size_t i = 0; i < ARRAY_LEN(primitives); i++)
        if (primitives[i].tag == tag)
            return primitives[i].fits(content);
    return true;
}

/* Universal types: SEQUENCE and SET are always constructed, in DER everything else never is. */
static bool
form_fits(uint8_t tag)
{
    bool universal = (tag & 0xC0) == 0;
    unsigned number = tag & 0x1Fu;
    bool is_collection = number == (TAG_SEQUENCE & 0x1F) || number == (TAG_SET & 0x1F);

    return !universal || ((tag & DER_CONSTRUCTED) != 0) == is_collection;
}

/* X.690 §11.6: the elements of a SET OF ascend. Elements are compared as padded with zeros. */
static bool
set_ascends(struct bytes before, struct bytes next)
{
    size_t shorter = before.len < next.len ? before.len : next.len;
    int order = shorter ? memcmp(before.data, next.data, shorter) : 0;

    return order < 0 || (order == 0 && before.len <= next.len);
}

static const char *
der_fault(struct reader inside, bool is_set, unsigned depth)
{
    struct bytes content, whole, before = {0};
    const char *fault;
    uint8_t tag;

    if (depth > DER_DEPTH)
        return "nested too deeply";
    while (!reader_at_end(&inside)) {
        if (!der_get(&inside, &tag, &content, &whole))
            return "a tag or length is not DER, or the data is cut short";
        if (!form_fits(tag))
            return "a value has a form that DER does not allow";
        if (is_set && before.len && !set_ascends(before, whole))
            return "the elements of a SET are not in order";
        before = whole;
        fault = tag & DER_CONSTRUCTED ? der_fault(reader_of(content), tag == TAG_SET, depth + 1)
                : primitive_fits(tag, content) ? NULL
                                               : "a primitive value is not in its DER form";
        if (fault)
            return fault;
    }
    return NULL;
}

bool
der_check_as(struct bytes der, const char *what, enum error_kind kind, struct error *err)
{
    struct reader reader = reader_of(der);
    struct bytes whole;
    const char *fault;
    uint8_t tag;

    if (!der_get(&reader, &tag, NULL, &whole))
        return error_refuse(err, kind, "der.syntax",
                            "%s is not DER: wanted one complete value, found %zu octets", what,
                            der.len);
    if (!reader_at_end(&reader))
        return error_refuse(err, kind, "der.trailing", "%s has %zu octets after its end", what,
                            reader.rest.len);
    fault = der_fault(reader_of(whole), false, 0);
    if (fault)
        return error_refuse(err, kind, "der.syntax", "%s is not DER: %s", what, fault);
    return true;
}

bool
der_check(struct bytes der, const char *what, struct error *err)
{
    return der_check_as(der, what, ERROR_REQUEST_MALFORMED, err);
}

void
der_oid_text(struct bytes oid, char *text, size_t room)
{
    uint64_t arc = 0;
    size_t used = 0;
    int wrote;

    if (room)
        text[0] = '\0';
    for (size_t i = 0; i < oid.len && used < room; i++) {
        arc = arc << 7 | (oid.data[i] & 0x7Fu);
        if (oid.data[i] & 0x80)
            continue;
        if (used == 0) {
            uint64_t top = arc < 80 ? arc / 40 : 2;
            wrote = snprintf(text, room, "%" PRIu64 ".%" PRIu64, top, arc - top * 40);
        } else {
            wrote = snprintf(text + used, room - used, ".%" PRIu64, arc);
        }
        used += wrote > 0 ? (size_t)wrote : 0;
        arc = 0;
    }
}
