#include "result.h"

static const int64_t EPOCH_2000_US = INT64_C(946684800000000);

struct row
row_of(const PGresult *result, int number)
{
    return (struct row){.result = result, .number = number};
}

bool
row_ok(const struct row *row, struct error *err)
{
    if (!row->bad && row->column == PQnfields(row->result))
        return true;
    return error_set(err, ERROR_DATABASE,
                     "a row of the database does not have the expected form") ||
           error_internal(err, "column %d of %d", row->column, PQnfields(row->result));
}

bool
row_null(const struct row *row)
{
    return row->column >= PQnfields(row->result) ||
           PQgetisnull(row->result, row->number, row->column);
}

void
row_skip(struct row *row)
{
    row->column++;
}

struct bytes
row_borrow(struct row *row)
{
    struct bytes value = {0};
    int column = row->column;

    if (column >= PQnfields(row->result)) {
        row->bad = true;
        return value;
    }
    row->column++;
    if (PQgetisnull(row->result, row->number, column))
        return value;
    return bytes_of(PQgetvalue(row->result, row->number, column),
                    (size_t)PQgetlength(row->result, row->number, column));
}

static uint64_t
row_integer(struct row *row, size_t octets)
{
    bool null = row_null(row);
    struct bytes value = row_borrow(row);
    uint64_t number = 0;

    if (null)
        return 0;
    if (value.len != octets) {
        row->bad = true;
        return 0;
    }
    for (size_t i = 0; i < octets; i++)
        number = number << 8 | value.data[i];
    return number;
}

int32_t
row_int(struct row *row)
{
    return (int32_t)(uint32_t)row_integer(row, 4);
}

int16_t
row_short(struct row *row)
{
    return (int16_t)(uint16_t)row_integer(row, 2);
}

int64_t
row_long(struct row *row)
{
    return (int64_t)row_integer(row, 8);
}

bool
row_bool(struct row *row)
{
    return row_integer(row, 1) != 0;
}

int64_t
row_time_us(struct row *row)
{
    int64_t since_2000_us;

    if (row_null(row)) {
        row_skip(row);
        return 0;
    }
    since_2000_us = row_long(row);
    /* "infinity" is the greatest number there is */
    return since_2000_us > INT64_MAX - EPOCH_2000_US ? INT64_MAX : since_2000_us + EPOCH_2000_US;
}

int64_t
row_time_s(struct row *row)
{
    int64_t time_us = row_time_us(row);

    /* Rounds down, also before 1970. */
    return time_us >= 0 ? time_us / 1000000 : -((-time_us + 999999) / 1000000);
}

void
row_text_cut(struct row *row, char *text, size_t room)
{
    struct bytes value = row_borrow(row);
    size_t len = value.len < room ? value.len : room - 1;

    if (len)
        memcpy(text, value.data, len);
    text[len] = '\0';
}

void
row_text(struct row *row, char *text, size_t room)
{
    if (!row_null(row) && (size_t)PQgetlength(row->result, row->number, row->column) >= room)
        row->bad = true;
    row_text_cut(row, text, room);
}

size_t
row_bytes(struct row *row, uint8_t *bytes, size_t room)
{
    struct bytes value = row_borrow(row);

    if (value.len > room) {
        row->bad = true;
        return 0;
    }
    if (value.len)
        memcpy(bytes, value.data, value.len);
    return value.len;
}

void
row_digest(struct row *row, uint8_t *digest, size_t len)
{
    bool null = row_null(row);

    memset(digest, 0, len);
    if (row_bytes(row, digest, len) != len && !null)
        row->bad = true;
}

/* Header of a binary array: dimensions, flags, element type, and per dimension length and first. */
static bool
array_get_count(struct reader *reader, uint32_t *ret_count)
{
    uint32_t dimensions, flags, type, count = 0, first;

    if (!reader_get_u32(reader, &dimensions) || !reader_get_u32(reader, &flags) ||
        !reader_get_u32(reader, &type) || dimensions > 1)
        return false;
    if (dimensions == 1 && !(reader_get_u32(reader, &count) && reader_get_u32(reader, &first)))
        return false;
    *ret_count = count;
    return true;
}

size_t
row_texts(struct row *row, char *texts, size_t room, size_t max)
{
    struct reader reader = reader_of(row_borrow(row));
    uint32_t count;

    if (!array_get_count(&reader, &count) || count > max) {
        row->bad = true;
        return 0;
    }
    for (uint32_t i = 0; i < count; i++)
        if (!reader_get_text(&reader, texts + i * room, room)) {
            row->bad = true;
            return 0;
        }
    return count;
}
