/*
 * The one bounded buffer. Every byte that comes from or goes to a wire passes through it.
 *
 * A buffer grows on the heap up to `max`; a put past that returns false and leaves the content as
 * it was. Integers are big-endian. A vector is a 32-bit length and that many octets.
 * A reader walks borrowed bytes; a get past the end returns false and moves nothing.
 */
#ifndef SIGNET_BUFFER_H
#define SIGNET_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signet/attributes.h"
#include "signet/bytes.h"

struct buffer {
    uint8_t *data;
    size_t len;
    size_t room;
    size_t max;
};

void buffer_init(struct buffer *buffer, size_t max_octets);
/* Wipes and frees. Accepts a buffer that was never used; it may be initialised again. */
void buffer_done(struct buffer *buffer);
/* Empties, keeps the memory. */
void buffer_clear(struct buffer *buffer);
#define AUTO_BUFFER CLEANUP(buffer_done) struct buffer

MUST_USE bool buffer_put(struct buffer *buffer, const void *data, size_t len);
MUST_USE bool buffer_put_u8(struct buffer *buffer, uint8_t value);
MUST_USE bool buffer_put_u16(struct buffer *buffer, uint16_t value);
MUST_USE bool buffer_put_u32(struct buffer *buffer, uint32_t value);
MUST_USE bool buffer_put_u64(struct buffer *buffer, uint64_t value);
MUST_USE bool buffer_put_vector(struct buffer *buffer, struct bytes bytes);
/* A vector of the text's characters; null is put as the empty text. */
MUST_USE bool buffer_put_text(struct buffer *buffer, const char *text);
MUST_USE bool buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
/* Room for `len` more octets at the end, counted as content; null when over the limit. */
MUST_USE uint8_t *buffer_extend(struct buffer *buffer, size_t len);
/* Borrows the content. */
struct bytes buffer_bytes(const struct buffer *buffer);
/* The content as a terminated text, valid until the next put; null when memory ran out. */
const char *buffer_text(struct buffer *buffer);

struct reader {
    struct bytes rest;
};

struct reader reader_of(struct bytes bytes);
MUST_USE bool reader_get(struct reader *reader, size_t len, struct bytes *ret_bytes);
MUST_USE bool reader_get_u8(struct reader *reader, uint8_t *ret_value);
MUST_USE bool reader_get_u16(struct reader *reader, uint16_t *ret_value);
MUST_USE bool reader_get_u32(struct reader *reader, uint32_t *ret_value);
MUST_USE bool reader_get_u64(struct reader *reader, uint64_t *ret_value);
/* A vector of at most `max` octets, borrowed. */
MUST_USE bool reader_get_vector(struct reader *reader, size_t max, struct bytes *ret_bytes);
/* A vector copied into `text` of `room` octets with a terminator; refuses NUL inside. */
MUST_USE bool reader_get_text(struct reader *reader, char *text, size_t room);
/* Nothing may follow. */
bool reader_at_end(const struct reader *reader);

#endif
