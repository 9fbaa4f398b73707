#include "params.h"

/* PostgreSQL counts time from 2000-01-01. */
static const int64_t EPOCH_2000_US = INT64_C(946684800000000);

struct type_row {
    char letter;
    unsigned oid, array_oid; /* as in the server's pg_type.dat: fixed for ever */
};

static const struct type_row type_rows[] = {
    {'i', 23, 1007}, {'l', 20, 1016}, {'s', 21, 1005},   {'o', 16, 1000},
    {'t', 25, 1009}, {'b', 17, 1001}, {'z', 1184, 1185},
};

unsigned
param_type_oid(char type)
{
    for (size_t i = 0; i < ARRAY_LEN(type_rows); i++) {
        if (type_rows[i].letter == type)
            return type_rows[i].oid;
        if (type_rows[i].letter - 'a' + 'A' == type)
            return type_rows[i].array_oid;
    }
    return 0;
}

void
params_init(struct params *params)
{
    params->count = 0;
    params->failed = false;
    buffer_init(&params->data, PARAMS_OCTETS);
}

void
params_done(struct params *params)
{
    buffer_done(&params->data);
}

static void
put(struct params *params, bool ok)
{
    if (!ok)
        params->failed = true;
}

static struct param *
param_new(struct params *params, char type, bool null)
{
    struct param *param;

    if (params->count == PARAMS_MAX) {
        params->failed = true;
        return &params->item[PARAMS_MAX - 1];
    }
    param = &params->item[params->count++];
    *param = (struct param){.type = type, .null = null, .offset = params->data.len};
    return param;
}

static void
param_close(struct params *params, struct param *param)
{
    param->len = params->data.len - param->offset;
}

void
param_null(struct params *params, char type)
{
    param_new(params, type, true);
}

void
param_int(struct params *params, int32_t value)
{
    struct param *param = param_new(params, 'i', false);

    put(params, buffer_put_u32(&params->data, (uint32_t)value));
    param_close(params, param);
}

void
param_short(struct params *params, int16_t value)
{
    struct param *param = param_new(params, 's', false);

    put(params, buffer_put_u16(&params->data, (uint16_t)value));
    param_close(params, param);
}

void
param_long(struct params *params, int64_t value)
{
    struct param *param = param_new(params, 'l', false);

    put(params, buffer_put_u64(&params->data, (uint64_t)value));
    param_close(params, param);
}

void
param_text(struct params *params, const char *value)
{
    struct param *param = param_new(params, 't', !value);

    if (value)
        put(params, buffer_put(&params->data, value, strlen(value)));
    param_close(params, param);
}

void
param_bytes(struct params *params, struct bytes value)
{
    struct param *param = param_new(params, 'b', false);

    put(params, buffer_put(&params->data, value.data, value.len));
    param_close(params, param);
}

void
param_time_us(struct params *params, int64_t time_us)
{
    struct param *param = param_new(params, 'z', false);

    put(params, buffer_put_u64(&params->data, (uint64_t)(time_us - EPOCH_2000_US)));
    param_close(params, param);
}

void
param_time_s(struct params *params, int64_t time_s)
{
    param_time_us(params, time_s * 1000000);
}

void
param_array_begin(struct params *params, char type, size_t count)
{
    char element = (char)(type - 'A' + 'a');

    param_new(params, type, false);
    /* One dimension (none when empty), NULLs possible, type, length, first index. */
    put(params, buffer_put_u32(&params->data, count > 0));
    put(params, buffer_put_u32(&params->data, 1));
    put(params, buffer_put_u32(&params->data, param_type_oid(element)));
    if (count == 0)
        return;
    put(params, buffer_put_u32(&params->data, (uint32_t)count));
    put(params, buffer_put_u32(&params->data, 1));
}

void
param_array_end(struct params *params)
{
    if (params->count > 0)
        param_close(params, &params->item[params->count - 1]);
}

void
item_int(struct params *params, int32_t value)
{
    put(params, buffer_put_u32(&params->data, 4) && buffer_put_u32(&params->data, (uint32_t)value));
}

void
item_short(struct params *params, int16_t value)
{
    put(params, buffer_put_u32(&params->data, 2) && buffer_put_u16(&params->data, (uint16_t)value));
}

void
item_long(struct params *params, int64_t value)
{
    put(params, buffer_put_u32(&params->data, 8) && buffer_put_u64(&params->data, (uint64_t)value));
}

static void
item_null(struct params *params)
{
    put(params, buffer_put_u32(&params->data, UINT32_MAX));
}

void
item_text(struct params *params, const char *value)
{
    if (!value) {
        item_null(params);
        return;
    }
    put(params, buffer_put_vector(&params->data, bytes_of_text(value)));
}

void
item_bytes(struct params *params, struct bytes value)
{
    put(params, buffer_put_vector(&params->data, value));
}

void
item_bytes_or_null(struct params *params, struct bytes value)
{
    if (value.len == 0) {
        item_null(params);
        return;
    }
    item_bytes(params, value);
}

void
item_time_us(struct params *params, int64_t time_us)
{
    item_long(params, time_us - EPOCH_2000_US);
}

void
item_time_s(struct params *params, int64_t time_s)
{
    item_time_us(params, time_s * 1000000);
}
