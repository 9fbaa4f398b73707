#include "signet/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUFFER_FIRST_OCTETS = 256 };

void
buffer_init(struct buffer *buffer, size_t max_octets)
{
    *buffer = (struct buffer){.max = max_octets};
}

void
buffer_done(struct buffer *buffer)
{
    if (!buffer)
        return;
    bytes_wipe(buffer->data, buffer->room);
    free(buffer->data);
    *buffer = (struct buffer){.max = buffer->max};
}

void
buffer_clear(struct buffer *buffer)
{
    buffer->len = 0;
}

/* Grows by doubling into fresh memory, so that an old copy can be wiped. */
static bool
buffer_reserve(struct buffer *buffer, size_t more, size_t spare)
{
    size_t room = buffer->room ? buffer->room : BUFFER_FIRST_OCTETS;
    uint8_t *data;

    if (more > buffer->max || buffer->len > buffer->max - more)
        return false;
    if (buffer->len + more + spare <= buffer->room)
        return true;
    while (room < buffer->len + more + spare)
        room *= 2;
    data = malloc(room);
    if (!data)
        return false;
    if (buffer->len)
        memcpy(data, buffer->data, buffer->len);
    bytes_wipe(buffer->data, buffer->room);
    free(buffer->data);
    buffer->data = data;
    buffer->room = room;
    return true;
}

uint8_t *
buffer_extend(struct buffer *buffer, size_t len)
{
    uint8_t *start;

    if (!buffer_reserve(buffer, len, 1))
        return NULL;
    start = buffer->data + buffer->len;
    buffer->len += len;
    return start;
}

bool
buffer_put(struct buffer *buffer, const void *data, size_t len)
{
    uint8_t *start = buffer_extend(buffer, len);

    if (!start)
        return false;
    if (len)
        memcpy(start, data, len);
    return true;
}

static bool
buffer_put_integer(struct buffer *buffer, uint64_t value, size_t octets)
{
    uint8_t *start = buffer_extend(buffer, octets);

    if (!start)
        return false;
    for (size_t i = 0; i < octets; i++)
        start[i] = (uint8_t)(value >> (8 * (octets - 1 - i)));
    return true;
}

bool
buffer_put_u8(struct buffer *buffer, uint8_t value)
{
    return buffer_put_integer(buffer, value, 1);
}

bool
buffer_put_u16(struct buffer *buffer, uint16_t value)
{
    return buffer_put_integer(buffer, value, 2);
}

bool
buffer_put_u32(struct buffer *buffer, uint32_t value)
{
    return buffer_put_integer(buffer, value, 4);
}

bool
buffer_put_u64(struct buffer *buffer, uint64_t value)
{
    return buffer_put_integer(buffer, value, 8);
}

bool
buffer_put_vector(struct buffer *buffer, struct bytes bytes)
{
    if (bytes.len > UINT32_MAX || !buffer_reserve(buffer, 4 + bytes.len, 1))
        return false;
    return buffer_put_u32(buffer, (uint32_t)bytes.len) && buffer_put(buffer, bytes.data, bytes.len);
}

bool
buffer_put_text(struct buffer *buffer, const char *text)
{
    return buffer_put_vector(buffer, bytes_of_text(text));
}

bool
buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0 || !buffer_reserve(buffer, (size_t)len, 1))
        return false;
    va_start(args, format);
    vsnprintf((char *)buffer->data + buffer->len, (size_t)len + 1, format, args);
    va_end(args);
    buffer->len += (size_t)len;
    return true;
}

struct bytes
buffer_bytes(const struct buffer *buffer)
{
    return bytes_of(buffer->data, buffer->len);
}

const char *
buffer_text(struct buffer *buffer)
{
    if (!buffer_reserve(buffer, 0, 1))
        return NULL;
    buffer->data[buffer->len] = '\0';
    return (const char *)buffer->data;
}

struct reader
reader_of(struct bytes bytes)
{
    return (struct reader){.rest = bytes};
}

bool
reader_get(struct reader *reader, size_t len, struct bytes *ret_bytes)
{
    if (len > reader->rest.len)
        return false;
    *ret_bytes = bytes_of(reader->rest.data, len);
    reader->rest.data += len;
    reader->rest.len -= len;
    return true;
}

static bool
reader_get_integer(struct reader *reader, size_t octets, uint64_t *ret_value)
{
    struct bytes bytes;
    uint64_t value = 0;

    if (!reader_get(reader, octets, &bytes))
        return false;
    for (size_t i = 0; i < octets; i++)
        value = value << 8 | bytes.data[i];
    *ret_value = value;
    return true;
}

bool
reader_get_u8(struct reader *reader, uint8_t *ret_value)
{
    uint64_t value;

    if (!reader_get_integer(reader, 1, &value))
        return false;
    *ret_value = (uint8_t)value;
    return true;
}

bool
reader_get_u16(struct reader *reader, uint16_t *ret_value)
{
    uint64_t value;

    if (!reader_get_integer(reader, 2, &value))
        return false;
    *ret_value = (uint16_t)value;
    return true;
}

bool
reader_get_u32(struct reader *reader, uint32_t *ret_value)
{
    uint64_t value;

    if (!reader_get_integer(reader, 4, &value))
        return false;
    *ret_value = (uint32_t)value;
    return true;
}

bool
reader_get_u64(struct reader *reader, uint64_t *ret_value)
{
    return reader_get_integer(reader, 8, ret_value);
}

bool
reader_get_vector(struct reader *reader, size_t max, struct bytes *ret_bytes)
{
    struct reader ahead = *reader;
    uint32_t len;

    if (!reader_get_u32(&ahead, &len) || len > max || !reader_get(&ahead, len, ret_bytes))
        return false;
    *reader = ahead;
    return true;
}

bool
reader_get_text(struct reader *reader, char *text, size_t room)
{
    struct reader ahead = *reader;
    struct bytes bytes;

    if (room == 0 || !reader_get_vector(&ahead, room - 1, &bytes))
        return false;
    if (bytes.len && memchr(bytes.data, 0, bytes.len))
        return false;
    if (bytes.len)
        memcpy(text, bytes.data, bytes.len);
    text[bytes.len] = '\0';
    *reader = ahead;
    return true;
}

bool
reader_at_end(const struct reader *reader)
{
    return reader->rest.len == 0;
}
