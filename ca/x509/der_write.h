/*
 * Writes DER at the end of a buffer. The first failure (no room, too deep, a time out of range)
 * sticks and makes the rest do nothing; der_writer_end tells, and takes back what was written.
 *
 * A constructed value is opened with one octet for its length; closing moves the content up when it
 * needs more. Contents of 128 octets are rare below the top, so nearly nothing moves, and nothing
 * is measured in advance.
 */
#ifndef SIGNET_X509_DER_WRITE_H
#define SIGNET_X509_DER_WRITE_H

#include "der_read.h"

enum { DER_WRITE_DEPTH = 16 };

struct der_writer {
    struct buffer *out;
    bool failed;
    size_t begin; /* length of the buffer before the first put */
    size_t depth;
    size_t start[DER_WRITE_DEPTH]; /* where the content of each open value begins */
};

void der_writer_init(struct der_writer *writer, struct buffer *out);
/* True when everything was written and closed. */
MUST_USE bool der_writer_end(struct der_writer *writer);

void der_open(struct der_writer *writer, uint8_t tag);
void der_close(struct der_writer *writer);
void der_put(struct der_writer *writer, uint8_t tag, struct bytes content);
/* Bytes that are DER already. */
void der_put_raw(struct der_writer *writer, struct bytes der);
void der_put_number(struct der_writer *writer, uint8_t tag, uint64_t value);
void der_put_true(struct der_writer *writer);
/* A BIT STRING without unused bits. */
void der_put_bits(struct der_writer *writer, struct bytes octets);
/* A named bit list: bit n of `bits` is named bit n; trailing zero bits are left out (C-13). */
void der_put_named_bits(struct der_writer *writer, unsigned bits);
/* UTCTime up to 2049, GeneralizedTime from 2050 (C-05). */
void der_put_time(struct der_writer *writer, int64_t time_s);
void der_put_generalized_time(struct der_writer *writer, int64_t time_s);

/* An Extension up to the content of its extnValue; two der_close end it. */
void der_open_extension(struct der_writer *writer, struct bytes oid, bool critical);
void der_close_extension(struct der_writer *writer);

#endif
