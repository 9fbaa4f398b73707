/* The arrays of the record statement: a column for each of its parameters. */
#include "record_batch.h"
#include "serial_range.h"

/* One array parameter: `type`, and how an element is put from `r`. */
#define COLUMN(type, put)                                                                          \
    do {                                                                                           \
        param_array_begin(params, (type), batch->count);                                           \
        for (size_t i_ = 0; i_ < batch->count; i_++) {                                             \
            const struct record *r = batch->record[i_];                                            \
            put;                                                                                   \
        }                                                                                          \
        param_array_end(params);                                                                   \
    } while (0)

static void
put_authorisation(struct params *params, const struct batch *batch)
{
    COLUMN('I', item_int(params, r->issuer));
    COLUMN('S', item_short(params, (int16_t)r->grant_kind));
    COLUMN('B', item_bytes(params, bytes_of(r->grant_key, LIMIT_DIGEST_OCTETS)));
    COLUMN('B', item_bytes(params, bytes_of(r->request_hash, LIMIT_DIGEST_OCTETS)));
    COLUMN('T', item_text(params, r->identity));
    COLUMN('T', item_text(params, r->identity_kind));
    COLUMN('T', item_text(params, r->own_name));
    COLUMN('T', item_text(params, r->profile));
    COLUMN('L', item_long(params, (int64_t)r->policy_version));
    COLUMN('T', item_text(params, r->requester));
    COLUMN('T', item_text(params, r->request_id));
    COLUMN('B', item_bytes_or_null(params, r->predecessor));
    COLUMN('I', item_int(params, (int32_t)r->attempt));
    COLUMN('I', item_int(params, r->line_limit > INT32_MAX ? INT32_MAX : (int32_t)r->line_limit));
}

static void
put_certificate(struct params *params, const struct batch *batch)
{
    COLUMN('B', item_bytes(params, r->serial));
    COLUMN('B', item_bytes(params, bytes_of(r->spki_hash, LIMIT_DIGEST_OCTETS)));
    COLUMN('T', item_text(params, r->names ? r->names : ""));
    COLUMN('B', item_bytes(params, r->tbs));
    COLUMN('Z', item_time_s(params, r->not_before_s));
    COLUMN('Z', item_time_s(params, r->not_after_s));
    COLUMN('I', item_int(params, (int32_t)r->shard));
}

void
batch_put_records(struct params *params, const struct batch *batch)
{
    struct serial_range range = {0};

    put_authorisation(params, batch);
    put_certificate(params, batch);
    param_time_s(params, batch->now_s);
    if (!batch->renewal)
        return;
    for (size_t i = 0; i < batch->count; i++)
        serial_range_take(&range, batch->record[i]->predecessor);
    param_bytes(params, range.least);
    param_bytes(params, range.greatest);
}

void
batch_put_identities(struct params *params, const struct batch *batch)
{
    COLUMN('T', item_text(params, r->identity));
}
