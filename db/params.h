/*
 * Parameters of one statement in PostgreSQL's binary form, put in the order of $1, $2, ... A failed
 * put (memory) is remembered and found when the statement is sent.
 *
 * Type letters, as in statements.def: i int4, l int8, s int2, o bool, t text, b bytea, z
 * timestamptz; the capital is the array of it.
 */
#ifndef SIGNET_DB_PARAMS_H
#define SIGNET_DB_PARAMS_H

#include "signet/buffer.h"

enum { PARAMS_MAX = 28, PARAMS_OCTETS = 4 * 1024 * 1024 };

struct param {
    char type;
    bool null;
    size_t offset; /* in the shared buffer */
    size_t len;
};

struct params {
    struct buffer data;
    struct param item[PARAMS_MAX];
    size_t count;
    bool failed;
};

void params_init(struct params *params);
void params_done(struct params *params);
#define AUTO_PARAMS CLEANUP(params_done) struct params

void param_int(struct params *params, int32_t value);
void param_short(struct params *params, int16_t value);
void param_long(struct params *params, int64_t value);
/* Null gives SQL's NULL. */
void param_text(struct params *params, const char *value);
void param_bytes(struct params *params, struct bytes value);
void param_null(struct params *params, char type);
void param_time_s(struct params *params, int64_t time_s);
void param_time_us(struct params *params, int64_t time_us);

/* An array of `count` elements: begin, exactly so many puts of its type, end. */
void param_array_begin(struct params *params, char type, size_t count);
void param_array_end(struct params *params);
void item_int(struct params *params, int32_t value);
void item_short(struct params *params, int16_t value);
void item_long(struct params *params, int64_t value);
void item_text(struct params *params, const char *value); /* null gives NULL */
void item_bytes(struct params *params, struct bytes value);
void item_bytes_or_null(struct params *params, struct bytes value); /* empty gives NULL */
void item_time_s(struct params *params, int64_t time_s);
void item_time_us(struct params *params, int64_t time_us);

/* PostgreSQL's type number of a letter; 0 for an unknown one. */
unsigned param_type_oid(char type);

#endif
