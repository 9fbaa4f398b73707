/* What the parsers of this folder need on top of der_get: wanted tags, small integers, the rest. */
#ifndef SIGNET_X509_DER_READ_H
#define SIGNET_X509_DER_READ_H

#include "signet/der.h"

enum {
    TAG_BOOLEAN = 0x01,
    TAG_INTEGER = 0x02,
    TAG_BIT_STRING = 0x03,
    TAG_OCTET_STRING = 0x04,
    TAG_NULL = 0x05,
    TAG_OID = 0x06,
    TAG_ENUMERATED = 0x0A,
    TAG_UTF8_STRING = 0x0C,
    TAG_PRINTABLE_STRING = 0x13,
    TAG_IA5_STRING = 0x16,
    TAG_UTC_TIME = 0x17,
    TAG_GENERALIZED_TIME = 0x18,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31
};
/* [n], primitive and constructed */
#define TAG_CONTEXT(n) ((uint8_t)(0x80 | (n)))
#define TAG_CONTEXT_CONSTRUCTED(n) ((uint8_t)(0xA0 | (n)))

/* Whether the next value has this tag; nothing is taken. */
bool der_next_is(const struct reader *reader, uint8_t tag);
/* Takes the next value, which must have this tag; its content. Nothing is taken otherwise. */
MUST_USE bool der_take(struct reader *reader, uint8_t tag, struct bytes *ret_content);
/* As der_take, header and content together. */
MUST_USE bool der_take_whole(struct reader *reader, uint8_t tag, struct bytes *ret_whole);
/* As der_take for a constructed value: a reader over its content. */
MUST_USE bool der_enter(struct reader *reader, uint8_t tag, struct reader *ret_inside);
/* An INTEGER (or ENUMERATED, by tag) from 0 to `max`. */
MUST_USE bool der_take_number(struct reader *reader, uint8_t tag, uint64_t max,
                              uint64_t *ret_value);
/* INTEGER content: minimal two's complement. */
bool der_integer_minimal(struct bytes content);
/* BIT STRING without unused bits: the octets behind the count. */
MUST_USE bool der_take_bits(struct reader *reader, struct bytes *ret_octets);
/* UTF-8 without overlong forms, surrogates or anything past U+10FFFF. */
bool utf8_valid(struct bytes text);

/* One Extension (RFC 5280 §4.1): critical is DEFAULT FALSE, so FALSE must not be spelled out. */
struct der_extension {
    struct bytes oid;
    bool critical;
    struct bytes value; /* content of extnValue */
};
MUST_USE bool der_take_extension(struct reader *reader, struct der_extension *ret_extension);

#endif
