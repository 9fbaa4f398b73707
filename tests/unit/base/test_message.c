#include <stdlib.h>
#include <string.h>

#include "signet/message.h"
#include "suite.h"

static struct issue_request
sample_issue_request(void)
{
    struct issue_request message = {.grant_kind = GRANT_RENEWAL,
                                    .policy_version = 0x1122334455667788,
                                    .attempt = 3,
                                    .predecessor = bytes_of("\x41\x42\x43", 3),
                                    .tbs = bytes_of("\x30\x03\x02\x01\x05", 5)};

    memset(message.grant_key, 0x11, sizeof(message.grant_key));
    memset(message.request_hash, 0x22, sizeof(message.request_hash));
    memset(message.identity, 'i', LIMIT_NAME_OCTETS);
    memset(message.profile, 'p', LIMIT_PROFILE_OCTETS);
    memset(message.requester, 'r', LIMIT_REQUESTER_OCTETS);
    memset(message.request_id, 'q', LIMIT_REQUEST_ID_OCTETS);
    return message;
}

static bool
put_issue_request(struct buffer *out)
{
    struct issue_request message = sample_issue_request();

    return issue_request_put(out, &message);
}

static bool
get_issue_request(struct bytes body, struct error *err)
{
    struct issue_request wanted = sample_issue_request(), got;

    if (!issue_request_get(body, &got, err))
        return false;
    CU_ASSERT_EQUAL(got.grant_kind, wanted.grant_kind);
    CU_ASSERT_EQUAL(memcmp(got.grant_key, wanted.grant_key, sizeof(got.grant_key)), 0);
    CU_ASSERT_EQUAL(memcmp(got.request_hash, wanted.request_hash, sizeof(got.request_hash)), 0);
    CU_ASSERT_STRING_EQUAL(got.identity, wanted.identity);
    CU_ASSERT_STRING_EQUAL(got.profile, wanted.profile);
    CU_ASSERT_STRING_EQUAL(got.requester, wanted.requester);
    CU_ASSERT_STRING_EQUAL(got.request_id, wanted.request_id);
    CU_ASSERT_EQUAL(got.policy_version, wanted.policy_version);
    CU_ASSERT_EQUAL(got.attempt, wanted.attempt);
    CU_ASSERT_TRUE(bytes_equal(got.predecessor, wanted.predecessor));
    CU_ASSERT_TRUE(bytes_equal(got.tbs, wanted.tbs));
    return true;
}

static bool
put_issue_reply(struct buffer *out)
{
    struct issue_reply message = {.serial = bytes_of("serial", 6),
                                  .certificate = bytes_of("certificate", 11),
                                  .replayed = true};

    return issue_reply_put(out, &message);
}

static bool
get_issue_reply(struct bytes body, struct error *err)
{
    struct issue_reply got;

    if (!issue_reply_get(body, &got, err))
        return false;
    CU_ASSERT_TRUE(bytes_equal(got.serial, bytes_of_text("serial")));
    CU_ASSERT_TRUE(bytes_equal(got.certificate, bytes_of_text("certificate")));
    CU_ASSERT_TRUE(got.replayed);
    return true;
}

static bool
put_crl_request(struct buffer *out)
{
    return crl_request_put(out, &(struct crl_request){.shard = 70000, .reason = 1});
}

static bool
get_crl_request(struct bytes body, struct error *err)
{
    struct crl_request got;

    if (!crl_request_get(body, &got, err))
        return false;
    CU_ASSERT_EQUAL(got.shard, 70000);
    CU_ASSERT_EQUAL(got.reason, 1);
    return true;
}

static bool
put_crl_reply(struct buffer *out)
{
    return crl_reply_put(out, &(struct crl_reply){.number = UINT64_MAX,
                                                  .this_update_s = -5,
                                                  .next_update_s = 253402300799,
                                                  .entries = UINT32_MAX});
}

static bool
get_crl_reply(struct bytes body, struct error *err)
{
    struct crl_reply got;

    if (!crl_reply_get(body, &got, err))
        return false;
    CU_ASSERT_EQUAL(got.number, UINT64_MAX);
    CU_ASSERT_EQUAL(got.this_update_s, -5);
    CU_ASSERT_EQUAL(got.next_update_s, 253402300799);
    CU_ASSERT_EQUAL(got.entries, UINT32_MAX);
    return true;
}

static struct ocsp_request_message ocsp_sample;

static bool
put_ocsp_request(struct buffer *out)
{
    ocsp_sample = (struct ocsp_request_message){.count = LIMIT_OCSP_REQUESTS,
                                                .nonce_len = LIMIT_OCSP_NONCE_OCTETS};
    memset(ocsp_sample.nonce, 'n', sizeof(ocsp_sample.nonce));
    for (uint32_t i = 0; i < LIMIT_OCSP_REQUESTS; i++) {
        struct ocsp_query *query = &ocsp_sample.query[i];

        query->hash = i % 2 ? CERTID_SHA1 : CERTID_SHA256;
        query->null_parameters = i % 3 == 0;
        query->serial_len = (uint8_t)(1 + i % LIMIT_SERIAL_OCTETS);
        memset(query->serial, (int)i, query->serial_len);
    }
    return ocsp_request_message_put(out, &ocsp_sample);
}

static bool
get_ocsp_request(struct bytes body, struct error *err)
{
    struct ocsp_request_message got;

    if (!ocsp_request_message_get(body, &got, err))
        return false;
    CU_ASSERT_EQUAL(got.count, ocsp_sample.count);
    CU_ASSERT_EQUAL(got.nonce_len, ocsp_sample.nonce_len);
    CU_ASSERT_EQUAL(memcmp(got.nonce, ocsp_sample.nonce, sizeof(got.nonce)), 0);
    for (uint32_t i = 0; i < got.count; i++) {
        CU_ASSERT_EQUAL(got.query[i].hash, ocsp_sample.query[i].hash);
        CU_ASSERT_EQUAL(got.query[i].null_parameters, ocsp_sample.query[i].null_parameters);
        CU_ASSERT_EQUAL(got.query[i].serial_len, ocsp_sample.query[i].serial_len);
        CU_ASSERT_EQUAL(
            memcmp(got.query[i].serial, ocsp_sample.query[i].serial, LIMIT_SERIAL_OCTETS), 0);
    }
    return true;
}

static bool
put_ocsp_reply(struct buffer *out)
{
    return ocsp_reply_put(out, &(struct ocsp_reply){.response = bytes_of("0\x03\x0a\x01\x03", 5),
                                                    .this_update_s = 1,
                                                    .next_update_s = 2,
                                                    .worst = OCSP_UNKNOWN});
}

static bool
get_ocsp_reply(struct bytes body, struct error *err)
{
    struct ocsp_reply got;

    if (!ocsp_reply_get(body, &got, err))
        return false;
    CU_ASSERT_EQUAL(got.response.len, 5);
    CU_ASSERT_EQUAL(got.this_update_s, 1);
    CU_ASSERT_EQUAL(got.next_update_s, 2);
    CU_ASSERT_EQUAL(got.worst, OCSP_UNKNOWN);
    return true;
}

static bool
put_probe_reply(struct buffer *out)
{
    return probe_reply_put(out, &(struct probe_reply){.last_signature_s = 11,
                                                      .certificate_end_s = 12,
                                                      .sessions = 2,
                                                      .signatures = 13,
                                                      .refusals = 14,
                                                      .module = "SoftHSM 2.6"});
}

static bool
get_probe_reply(struct bytes body, struct error *err)
{
    struct probe_reply got;

    if (!probe_reply_get(body, &got, err))
        return false;
    CU_ASSERT_EQUAL(got.last_signature_s, 11);
    CU_ASSERT_EQUAL(got.certificate_end_s, 12);
    CU_ASSERT_EQUAL(got.sessions, 2);
    CU_ASSERT_EQUAL(got.signatures, 13);
    CU_ASSERT_EQUAL(got.refusals, 14);
    CU_ASSERT_STRING_EQUAL(got.module, "SoftHSM 2.6");
    return true;
}

static bool
put_error(struct buffer *out)
{
    struct error err = {0};

    error_refuse(&err, ERROR_PERMIT, "permit.extension", "no %s", "CA:TRUE");
    error_internal(&err, "oid 2.5.29.19");
    err.cause = CAUSE_SQLSTATE;
    err.cause_code = 0x30;
    memcpy(err.sqlstate, "23505", 6);
    return error_put(out, &err);
}

static bool
get_error(struct bytes body, struct error *err)
{
    struct error got;

    if (!error_get(body, &got, err))
        return false;
    CU_ASSERT_EQUAL(got.kind, ERROR_PERMIT);
    CU_ASSERT_STRING_EQUAL(got.detail, "no CA:TRUE");
    CU_ASSERT_STRING_EQUAL(got.rule, "permit.extension");
    CU_ASSERT_PTR_NOT_NULL(strstr(got.internal, "oid 2.5.29.19 (test_message.c:"));
    CU_ASSERT_EQUAL(got.cause, CAUSE_SQLSTATE);
    CU_ASSERT_EQUAL(got.cause_code, 0x30);
    CU_ASSERT_STRING_EQUAL(got.sqlstate, "23505");
    CU_ASSERT_PTR_NULL(got.file);
    return true;
}

static const struct {
    const char *name;
    bool (*put)(struct buffer *out);
    bool (*get)(struct bytes body, struct error *err); /* compares with what put wrote */
} forms[] = {
    {"issue request", put_issue_request, get_issue_request},
    {"issue reply", put_issue_reply, get_issue_reply},
    {"CRL request", put_crl_request, get_crl_request},
    {"CRL reply", put_crl_reply, get_crl_reply},
    {"OCSP request", put_ocsp_request, get_ocsp_request},
    {"OCSP reply", put_ocsp_reply, get_ocsp_reply},
    {"probe reply", put_probe_reply, get_probe_reply},
    {"error", put_error, get_error},
};

static void
every_form_comes_back(void)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct error err = {0};
        AUTO_BUFFER out;

        buffer_init(&out, LIMIT_FRAME_OCTETS);
        CU_ASSERT_TRUE(forms[i].put(&out));
        ASSERT_OK(forms[i].get(buffer_bytes(&out), &err), &err);
    }
}

/* Cut at every place, each in memory of its own so that a sanitizer sees a read beyond. */
static void
every_truncation_is_refused(void)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        AUTO_BUFFER out;

        buffer_init(&out, LIMIT_FRAME_OCTETS);
        CU_ASSERT_TRUE(forms[i].put(&out));
        for (size_t len = 0; len < out.len; len++) {
            struct error err = {0};
            uint8_t *copy = malloc(len + 1);

            CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
            memcpy(copy, out.data, len);
            copy = realloc(copy, len ? len : 1);
            CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
            ASSERT_REFUSED(forms[i].get(bytes_of(copy, len), &err), &err, ERROR_FRAME);
            free(copy);
        }
    }
}

static void
bytes_left_over_are_refused(void)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct error err = {0};
        AUTO_BUFFER out;

        buffer_init(&out, LIMIT_FRAME_OCTETS);
        CU_ASSERT_TRUE(forms[i].put(&out));
        CU_ASSERT_TRUE(buffer_put_u8(&out, 0));
        ASSERT_REFUSED(forms[i].get(buffer_bytes(&out), &err), &err, ERROR_FRAME);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, forms[i].name));
    }
}

static void
oversized_members_are_refused(void)
{
    static uint8_t tbs[LIMIT_TBS_OCTETS + 1];
    struct issue_request message = sample_issue_request(), got;
    struct error err = {0};
    AUTO_BUFFER out;

    buffer_init(&out, LIMIT_FRAME_OCTETS);
    message.tbs = bytes_of(tbs, sizeof(tbs));
    CU_ASSERT_TRUE(issue_request_put(&out, &message));
    ASSERT_REFUSED(issue_request_get(buffer_bytes(&out), &got, &err), &err, ERROR_FRAME);
    message.tbs.len--;
    message.predecessor = bytes_of(tbs, LIMIT_SERIAL_OCTETS + 1);
    buffer_clear(&out);
    CU_ASSERT_TRUE(issue_request_put(&out, &message));
    ASSERT_REFUSED(issue_request_get(buffer_bytes(&out), &got, &err), &err, ERROR_FRAME);
    message.predecessor.len--;
    buffer_clear(&out);
    CU_ASSERT_TRUE(issue_request_put(&out, &message));
    ASSERT_OK(issue_request_get(buffer_bytes(&out), &got, &err), &err);
}

/* One octet of a well-formed body replaced. */
static void
values_outside_their_enum_are_refused(void)
{
    static const struct {
        size_t form, at;
        uint8_t value;
    } wrong[] = {
        {0, 0, 0}, /* grant kind */
        {0, 0, 6},
        {1, 6 + 4 + 11 + 4, 2}, /* replayed */
        {2, 4, 2},              /* reason */
        {4, 3, 0},              /* no query */
        {4, 3, LIMIT_OCSP_REQUESTS + 1},
        {4, 4, 0}, /* CertID hash */
        {4, 4, 3},
        {4, 5, 2},          /* null_parameters */
        {4, 9, 0},          /* serial without octets */
        {5, 4 + 5 + 16, 3}, /* worst */
        {7, 4, 'x'},        /* unknown error type */
    };

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error err = {0};
        AUTO_BUFFER out;

        buffer_init(&out, LIMIT_FRAME_OCTETS);
        CU_ASSERT_TRUE(forms[wrong[i].form].put(&out));
        CU_ASSERT_FATAL(wrong[i].at < out.len);
        out.data[wrong[i].at] = wrong[i].value;
        ASSERT_REFUSED(forms[wrong[i].form].get(buffer_bytes(&out), &err), &err, ERROR_FRAME);
    }
}

/* Noise never reads beyond its end; whatever is taken for a message can be written again. */
static void
noise_does_no_harm(void)
{
    unsigned state = 12345;

    for (int round = 0; round < 20000; round++) {
        uint8_t noise[96];
        struct error err = {0};
        struct issue_request issue;
        struct ocsp_request_message ocsp;
        struct crl_reply crl;
        struct error got;
        size_t len = (state >> 8) % sizeof(noise);
        uint8_t *copy;

        for (size_t i = 0; i < len; i++) {
            state = state * 1103515245 + 12345;
            noise[i] = (uint8_t)(state >> 24 & (state >> 16 & 1 ? 0xff : 0x03));
        }
        state = state * 1103515245 + 12345;
        copy = malloc(len ? len : 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
        memcpy(copy, noise, len);
        CU_ASSERT_FALSE(issue_request_get(bytes_of(copy, len), &issue, &err));
        CU_ASSERT_FALSE(error_get(bytes_of(copy, len), &got, &err));
        CU_ASSERT_EQUAL(crl_reply_get(bytes_of(copy, len), &crl, &err), len == 28);
        if (ocsp_request_message_get(bytes_of(copy, len), &ocsp, &err)) {
            AUTO_BUFFER out;

            buffer_init(&out, LIMIT_FRAME_OCTETS);
            CU_ASSERT_TRUE(ocsp_request_message_put(&out, &ocsp));
            CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&out), bytes_of(copy, len)));
        }
        free(copy);
    }
}

static void
a_put_respects_its_buffer(void)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        AUTO_BUFFER out;

        buffer_init(&out, 3);
        CU_ASSERT_FALSE(forms[i].put(&out));
    }
}

static void
too_many_queries_are_not_put(void)
{
    static struct ocsp_request_message message = {.count = LIMIT_OCSP_REQUESTS + 1};
    AUTO_BUFFER out;

    buffer_init(&out, LIMIT_FRAME_OCTETS);
    CU_ASSERT_FALSE(ocsp_request_message_put(&out, &message));
    message.count = 1;
    message.nonce_len = LIMIT_OCSP_NONCE_OCTETS + 1;
    CU_ASSERT_FALSE(ocsp_request_message_put(&out, &message));
}

int
main(void)
{
    return RUN_SUITE("message", TEST(every_form_comes_back), TEST(every_truncation_is_refused),
                     TEST(bytes_left_over_are_refused), TEST(oversized_members_are_refused),
                     TEST(values_outside_their_enum_are_refused), TEST(noise_does_no_harm),
                     TEST(a_put_respects_its_buffer), TEST(too_many_queries_are_not_put));
}
