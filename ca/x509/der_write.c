#include "der_write.h"

#include "der_time.h"

void
der_writer_init(struct der_writer *writer, struct buffer *out)
{
    writer->out = out;
    writer->failed = false;
    writer->begin = out->len;
    writer->depth = 0;
}

bool
der_writer_end(struct der_writer *writer)
{
    if (!writer->failed && writer->depth == 0)
        return true;
    writer->out->len = writer->begin;
    return false;
}

static uint8_t *
der_room(struct der_writer *writer, size_t len)
{
    uint8_t *start = writer->failed ? NULL : buffer_extend(writer->out, len);

    if (!start)
        writer->failed = true;
    return start;
}

/* Octets of the length field: one, or one and as many as the number needs. */
static size_t
length_octets(size_t len)
{
    size_t octets = 1;

    if (len < 0x80)
        return 1;
    for (; len; len >>= 8)
        octets++;
    return octets;
}

static void
length_write(uint8_t *start, size_t octets, size_t len)
{
    if (octets == 1) {
        start[0] = (uint8_t)len;
        return;
    }
    start[0] = (uint8_t)(0x80 | (octets - 1));
    for (size_t i = octets - 1; i > 0; i--, len >>= 8)
        start[i] = (uint8_t)len;
}

void
der_open(struct der_writer *writer, uint8_t tag)
{
    uint8_t *header = der_room(writer, 2);

    if (!header)
        return;
    if (writer->depth == DER_WRITE_DEPTH) {
        writer->failed = true;
        return;
    }
    header[0] = tag;
    writer->start[writer->depth++] = writer->out->len;
}

void
der_close(struct der_writer *writer)
{
    size_t start, len, octets;
    uint8_t *content;

    if (writer->failed || writer->depth == 0) {
        writer->failed = true;
        return;
    }
    start = writer->start[--writer->depth];
    len = writer->out->len - start;
    octets = length_octets(len);
    if (octets > 1 && !der_room(writer, octets - 1))
        return;
    content = writer->out->data + start;
    if (octets > 1)
        memmove(content + octets - 1, content, len);
    length_write(content - 1, octets, len);
}

void
der_put(struct der_writer *writer, uint8_t tag, struct bytes content)
{
    size_t octets = length_octets(content.len);
    uint8_t *header = der_room(writer, 1 + octets + content.len);

    if (!header)
        return;
    header[0] = tag;
    length_write(header + 1, octets, content.len);
    if (content.len)
        memcpy(header + 1 + octets, content.data, content.len);
}

void
der_put_raw(struct der_writer *writer, struct bytes der)
{
    uint8_t *start = der_room(writer, der.len);

    if (start && der.len)
        memcpy(start, der.data, der.len);
}

void
der_put_number(struct der_writer *writer, uint8_t tag, uint64_t value)
{
    uint8_t octets[9];
    size_t first = sizeof(octets);

    do {
        octets[--first] = (uint8_t)value;
        value >>= 8;
    } while (value);
    if (octets[first] & 0x80)
        octets[--first] = 0;
    der_put(writer, tag, bytes_of(octets + first, sizeof(octets) - first));
}

void
der_put_true(struct der_writer *writer)
{
    der_put(writer, TAG_BOOLEAN, bytes_of("\xFF", 1));
}

void
der_put_bits(struct der_writer *writer, struct bytes octets)
{
    der_open(writer, TAG_BIT_STRING);
    der_put_raw(writer, bytes_of("\0", 1));
    der_put_raw(writer, octets);
    der_close(writer);
}

void
der_put_named_bits(struct der_writer *writer, unsigned bits)
{
    uint8_t content[1 + sizeof(bits)] = {0};
    unsigned last = 0;

    for (unsigned n = 0; n < 8 * sizeof(bits); n++) {
        if (!(bits & (1u << n)))
            continue;
        content[1 + n / 8] |= (uint8_t)(0x80u >> (n % 8));
        last = n;
    }
    content[0] = (uint8_t)(7 - last % 8);
    if (bits == 0)
        writer->failed = true;
    der_put(writer, TAG_BIT_STRING, bytes_of(content, 2 + last / 8));
}

void
der_put_time(struct der_writer *writer, int64_t time_s)
{
    char text[DER_TIME_OCTETS];
    bool short_form = der_time_is_utc(time_s);

    if (!der_time_text(time_s, text)) {
        writer->failed = true;
        return;
    }
    der_put(writer, short_form ? TAG_UTC_TIME : TAG_GENERALIZED_TIME,
            bytes_of_text(short_form ? text + 2 : text));
}

void
der_put_generalized_time(struct der_writer *writer, int64_t time_s)
{
    char text[DER_TIME_OCTETS];

    if (!der_time_text(time_s, text)) {
        writer->failed = true;
        return;
    }
    der_put(writer, TAG_GENERALIZED_TIME, bytes_of_text(text));
}

void
der_open_extension(struct der_writer *writer, struct bytes oid, bool critical)
{
    der_open(writer, TAG_SEQUENCE);
    der_put(writer, TAG_OID, oid);
    if (critical)
        der_put_true(writer);
    der_open(writer, TAG_OCTET_STRING);
}

void
der_close_extension(struct der_writer *writer)
{
    der_close(writer);
    der_close(writer);
}
