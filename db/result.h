/*
 * Reading binary results: a row is walked column by column in the order of its SELECT list. A
 * column that does not fit (length, type width, room) marks the row as bad; row_ok says so at the
 * end.
 */
#ifndef SIGNET_DB_RESULT_H
#define SIGNET_DB_RESULT_H

#include <libpq-fe.h>

#include "signet/buffer.h"
#include "signet/error.h"

DEFINE_CLEANUP(PGresult *, PQclear);
#define AUTO_RESULT CLEANUP(PQclear_auto) PGresult *

struct row {
    const PGresult *result;
    int number;
    int column;
    bool bad;
};

struct row row_of(const PGresult *result, int number);
/* All columns were read and fitted. Errors: ERROR_DATABASE. */
MUST_USE bool row_ok(const struct row *row, struct error *err);

bool row_null(const struct row *row); /* the next column is NULL; moves nothing */
void row_skip(struct row *row);
int32_t row_int(struct row *row); /* numbers and times: NULL reads as 0 */
int16_t row_short(struct row *row);
int64_t row_long(struct row *row);
bool row_bool(struct row *row);
int64_t row_time_s(struct row *row);
int64_t row_time_us(struct row *row);
/* Copies with a terminator; NULL reads as "". */
void row_text(struct row *row, char *text, size_t room);
/* As row_text, but what is too long is cut instead of refused. */
void row_text_cut(struct row *row, char *text, size_t room);
/* Copies at most `room` octets; returns how many. NULL reads as none. */
size_t row_bytes(struct row *row, uint8_t *bytes, size_t room);
/* Exactly `len` octets; NULL reads as zeros. */
void row_digest(struct row *row, uint8_t *digest, size_t len);
/* Borrows the column from the result. */
struct bytes row_borrow(struct row *row);
/* text[]: each element copied to texts + i * room; returns their number. */
size_t row_texts(struct row *row, char *texts, size_t room, size_t max);

#endif
