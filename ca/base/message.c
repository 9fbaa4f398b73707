#include "signet/message.h"

#include <stdio.h>
#include <string.h>

static bool
message_malformed(struct error *err, const char *what)
{
    return error_set(err, ERROR_FRAME, "the body of a frame is not a well-formed %s", what);
}

static bool
message_get_bool(struct reader *reader, bool *ret_value)
{
    uint8_t value;

    if (!reader_get_u8(reader, &value) || value > 1)
        return false;
    *ret_value = value == 1;
    return true;
}

static bool
message_get_s64(struct reader *reader, int64_t *ret_value)
{
    uint64_t value;

    if (!reader_get_u64(reader, &value))
        return false;
    *ret_value = (int64_t)value;
    return true;
}

/* Octets of a fixed count, without a length before them. */
static bool
message_get_fixed(struct reader *reader, uint8_t *data, size_t len)
{
    struct bytes bytes;

    if (!reader_get(reader, len, &bytes))
        return false;
    memcpy(data, bytes.data, len);
    return true;
}

/* A vector of at most `room` octets into a fixed array. */
static bool
message_get_array(struct reader *reader, uint8_t *data, size_t room, size_t *ret_len)
{
    struct bytes bytes;

    if (!reader_get_vector(reader, room, &bytes))
        return false;
    if (bytes.len)
        memcpy(data, bytes.data, bytes.len);
    *ret_len = bytes.len;
    return true;
}

bool
issue_request_put(struct buffer *out, const struct issue_request *message)
{
    return buffer_put_u8(out, (uint8_t)message->grant_kind) &&
           buffer_put(out, message->grant_key, sizeof(message->grant_key)) &&
           buffer_put(out, message->request_hash, sizeof(message->request_hash)) &&
           buffer_put_text(out, message->identity) && buffer_put_text(out, message->profile) &&
           buffer_put_u64(out, message->policy_version) &&
           buffer_put_text(out, message->requester) && buffer_put_text(out, message->request_id) &&
           buffer_put_vector(out, message->predecessor) && buffer_put_u32(out, message->attempt) &&
           buffer_put_vector(out, message->tbs);
}

bool
issue_request_get(struct bytes body, struct issue_request *ret, struct error *err)
{
    struct reader reader = reader_of(body);
    struct issue_request got = {0};
    uint8_t kind;

    if (!reader_get_u8(&reader, &kind) || kind < GRANT_TOKEN || kind > GRANT_CEREMONY ||
        !message_get_fixed(&reader, got.grant_key, sizeof(got.grant_key)) ||
        !message_get_fixed(&reader, got.request_hash, sizeof(got.request_hash)) ||
        !reader_get_text(&reader, got.identity, sizeof(got.identity)) ||
        !reader_get_text(&reader, got.profile, sizeof(got.profile)) ||
        !reader_get_u64(&reader, &got.policy_version) ||
        !reader_get_text(&reader, got.requester, sizeof(got.requester)) ||
        !reader_get_text(&reader, got.request_id, sizeof(got.request_id)) ||
        !reader_get_vector(&reader, LIMIT_SERIAL_OCTETS, &got.predecessor) ||
        !reader_get_u32(&reader, &got.attempt) ||
        !reader_get_vector(&reader, LIMIT_TBS_OCTETS, &got.tbs) || !reader_at_end(&reader))
        return message_malformed(err, "issue request");
    got.grant_kind = (enum grant_kind)kind;
    *ret = got;
    return true;
}

bool
issue_reply_put(struct buffer *out, const struct issue_reply *message)
{
    return buffer_put_vector(out, message->serial) &&
           buffer_put_vector(out, message->certificate) && buffer_put_u8(out, message->replayed);
}

bool
issue_reply_get(struct bytes body, struct issue_reply *ret, struct error *err)
{
    struct reader reader = reader_of(body);
    struct issue_reply got = {0};

    if (!reader_get_vector(&reader, LIMIT_SERIAL_OCTETS, &got.serial) ||
        !reader_get_vector(&reader, LIMIT_CERTIFICATE_OCTETS, &got.certificate) ||
        !message_get_bool(&reader, &got.replayed) || !reader_at_end(&reader))
        return message_malformed(err, "issue reply");
    *ret = got;
    return true;
}

bool
crl_request_put(struct buffer *out, const struct crl_request *message)
{
    return buffer_put_u32(out, message->shard) && buffer_put_u8(out, message->reason);
}

bool
crl_request_get(struct bytes body, struct crl_request *ret, struct error *err)
{
    struct reader reader = reader_of(body);
    struct crl_request got = {0};

    if (!reader_get_u32(&reader, &got.shard) || !reader_get_u8(&reader, &got.reason) ||
        got.reason > 1 || !reader_at_end(&reader))
        return message_malformed(err, "CRL request");
    *ret = got;
    return true;
}

bool
crl_reply_put(struct buffer *out, const struct crl_reply *message)
{
    return buffer_put_u64(out, message->number) &&
           buffer_put_u64(out, (uint64_t)message->this_update_s) &&
           buffer_put_u64(out, (uint64_t)message->next_update_s) &&
           buffer_put_u32(out, message->entries);
}

bool
crl_reply_get(struct bytes body, struct crl_reply *ret, struct error *err)
{
    struct reader reader = reader_of(body);
    struct crl_reply got = {0};

    if (!reader_get_u64(&reader, &got.number) || !message_get_s64(&reader, &got.this_update_s) ||
        !message_get_s64(&reader, &got.next_update_s) || !reader_get_u32(&reader, &got.entries) ||
        !reader_at_end(&reader))
        return message_malformed(err, "CRL reply");
    *ret = got;
    return true;
}

static bool
ocsp_query_put(struct buffer *out, const struct ocsp_query *query)
{
    return buffer_put_u8(out, (uint8_t)query->hash) && buffer_put_u8(out, query->null_parameters) &&
           buffer_put_vector(out, bytes_of(query->serial, query->serial_len));
}

static bool
ocsp_query_get(struct reader *reader, struct ocsp_query *query)
{
    uint8_t hash;
    size_t len;

    if (!reader_get_u8(reader, &hash) || hash < CERTID_SHA1 || hash > CERTID_SHA256 ||
        !message_get_bool(reader, &query->null_parameters) ||
        !message_get_array(reader, query->serial, sizeof(query->serial), &len) || len == 0)
        return false;
    query->hash = (enum certid_hash)hash;
    query->serial_len = (uint8_t)len;
    return true;
}

bool
ocsp_request_message_put(struct buffer *out, const struct ocsp_request_message *message)
{
    if (message->count > LIMIT_OCSP_REQUESTS || message->nonce_len > LIMIT_OCSP_NONCE_OCTETS ||
        !buffer_put_u32(out, message->count))
        return false;
    for (uint32_t i = 0; i < message->count; i++)
        if (!ocsp_query_put(out, &message->query[i]))
            return false;
    return buffer_put_vector(out, bytes_of(message->nonce, message->nonce_len));
}

bool
ocsp_request_message_get(struct bytes body, struct ocsp_request_message *ret, struct error *err)
{
    struct reader reader = reader_of(body);
    struct ocsp_request_message got = {0};
    size_t nonce_len;

    if (!reader_get_u32(&reader, &got.count) || got.count == 0 || got.count > LIMIT_OCSP_REQUESTS)
        return message_malformed(err, "OCSP request");
    for (uint32_t i = 0; i < got.count; i++)
        if (!ocsp_query_get(&reader, &got.query[i]))
            return message_malformed(err, "OCSP request");
    if (!message_get_array(&reader, got.nonce, sizeof(got.nonce), &nonce_len) ||
        !reader_at_end(&reader))
        return message_malformed(err, "OCSP request");
    got.nonce_len = (uint32_t)nonce_len;
    *ret = got;
    return true;
}

bool
ocsp_reply_put(struct buffer *out, const struct ocsp_reply *message)
{
    return buffer_put_vector(out, message->response) &&
           buffer_put_u64(out, (uint64_t)message->this_update_s) &&
           buffer_put_u64(out, (uint64_t)message->next_update_s) &&
           buffer_put_u8(out, message->worst);
}

bool
ocsp_reply_get(struct bytes body, struct ocsp_reply *ret, struct error *err)
{
    struct reader reader = reader_of(body);
    struct ocsp_reply got = {0};

    if (!reader_get_vector(&reader, LIMIT_OCSP_RESPONSE_OCTETS, &got.response) ||
        !message_get_s64(&reader, &got.this_update_s) ||
        !message_get_s64(&reader, &got.next_update_s) || !reader_get_u8(&reader, &got.worst) ||
        got.worst > OCSP_UNKNOWN || !reader_at_end(&reader))
        return message_malformed(err, "OCSP reply");
    *ret = got;
    return true;
}

bool
probe_reply_put(struct buffer *out, const struct probe_reply *message)
{
    return buffer_put_u64(out, (uint64_t)message->last_signature_s) &&
           buffer_put_u64(out, (uint64_t)message->certificate_end_s) &&
           buffer_put_u32(out, message->sessions) && buffer_put_u64(out, message->signatures) &&
           buffer_put_u64(out, message->refusals) && buffer_put_text(out, message->module);
}

bool
probe_reply_get(struct bytes body, struct probe_reply *ret, struct error *err)
{
    struct reader reader = reader_of(body);
    struct probe_reply got = {0};

    if (!message_get_s64(&reader, &got.last_signature_s) ||
        !message_get_s64(&reader, &got.certificate_end_s) ||
        !reader_get_u32(&reader, &got.sessions) || !reader_get_u64(&reader, &got.signatures) ||
        !reader_get_u64(&reader, &got.refusals) ||
        !reader_get_text(&reader, got.module, sizeof(got.module)) || !reader_at_end(&reader))
        return message_malformed(err, "probe reply");
    *ret = got;
    return true;
}

/* The kind travels as its type, so that programs of different age understand each other. */
bool
error_put(struct buffer *out, const struct error *err)
{
    char internal[ERROR_INTERNAL_OCTETS];
    const char *slash = err->file ? strrchr(err->file, '/') : NULL;
    const char *file = slash ? slash + 1 : err->file;

    if (file)
        snprintf(internal, sizeof(internal), "%.360s%s(%.64s:%d)", err->internal,
                 err->internal[0] ? " " : "", file, err->line);
    else
        snprintf(internal, sizeof(internal), "%s", err->internal);
    return buffer_put_text(out, error_row(err->kind)->type) && buffer_put_text(out, err->detail) &&
           buffer_put_text(out, internal) && buffer_put_text(out, err->rule) &&
           buffer_put_u8(out, (uint8_t)err->cause) && buffer_put_u64(out, err->cause_code) &&
           buffer_put_text(out, err->sqlstate);
}

bool
error_get(struct bytes body, struct error *ret_error, struct error *err)
{
    struct reader reader = reader_of(body);
    struct error got = {0};
    char type[64];
    uint8_t cause;
    uint64_t code;

    if (!reader_get_text(&reader, type, sizeof(type)) ||
        !reader_get_text(&reader, got.detail, sizeof(got.detail)) ||
        !reader_get_text(&reader, got.internal, sizeof(got.internal)) ||
        !reader_get_text(&reader, got.rule, sizeof(got.rule)) || !reader_get_u8(&reader, &cause) ||
        cause > CAUSE_SQLSTATE || !reader_get_u64(&reader, &code) ||
        !reader_get_text(&reader, got.sqlstate, sizeof(got.sqlstate)) || !reader_at_end(&reader))
        return message_malformed(err, "error");
    got.kind = error_kind_of_type(type);
    if (got.kind == ERROR_NONE)
        return message_malformed(err, "error of a known kind");
    got.cause = (enum error_cause)cause;
    got.cause_code = (unsigned long)code;
    *ret_error = got;
    return true;
}
