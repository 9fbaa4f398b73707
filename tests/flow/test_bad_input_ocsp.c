/* OCSP requests over HTTP: whatever comes, the answer is a well-formed OCSP response that never
 * says `good` of what is not known. */
#include "suite.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "flow_ocsp.h"
#include "signet/encode.h"
#include "signet/limits.h"

enum {
    MALFORMED = OCSP_RESPONSE_STATUS_MALFORMEDREQUEST,
    UNAUTHORIZED = OCSP_RESPONSE_STATUS_UNAUTHORIZED,
    SUCCESSFUL = OCSP_RESPONSE_STATUS_SUCCESSFUL
};

static struct flow *flow;
static struct party party;

static void
expect(struct bytes der, int response_status, const char *row)
{
    struct ocsp_said said;

    ocsp_post(flow, der, &said);
    if (said.http_status != 200 || said.response_status != response_status)
        printf("\n    %s: HTTP %d, response status %d\n", row, said.http_status,
               said.response_status);
    CU_ASSERT_EQUAL(said.http_status, 200);
    CU_ASSERT_EQUAL(said.response_status, response_status);
    CU_ASSERT_NOT_EQUAL(said.status, response_status == SUCCESSFUL ? -1 : V_OCSP_CERTSTATUS_GOOD);
}

/* A right request for the party's certificate. */
static void
right(struct buffer *der)
{
    OCSP_CERTID *certid = ocsp_certid(flow, EVP_sha1(), party.serial);

    ocsp_request_der(&certid, 1, der);
}

static void
garbage(void)
{
    static const struct {
        const char *octets;
        size_t len;
    } rows[] = {
        {"", 0},
        {"x", 1},
        {"GET / HTTP/1.1", 14},
        {"\x30", 1},
        {"\x30\x00", 2},
        {"\x30\x80\x00\x00", 4},         /* indefinite length */
        {"\x30\x03\x02\x01\x01", 5},     /* not a TBSRequest */
        {"\x30\x04\x30\x02\x30\x00", 6}, /* no request in the list */
        {"\x30\x84\xff\xff\xff\xff", 6}, /* four gigabytes announced */
        {"\x04\x02\x30\x00", 4},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char row[32];

        snprintf(row, sizeof(row), "garbage %zu", i);
        expect(bytes_of((const uint8_t *)rows[i].octets, rows[i].len), MALFORMED, row);
    }
}

static void
trailing_octets_and_cuts(void)
{
    AUTO_BUFFER der = {.max = 0};

    right(&der);
    expect(buffer_bytes(&der), SUCCESSFUL, "whole");
    for (size_t len = 1; len < der.len; len += 5)
        expect(bytes_of(der.data, len), MALFORMED, "cut");
    CU_ASSERT_TRUE(buffer_put_u8(&der, 0));
    expect(buffer_bytes(&der), MALFORMED, "an octet more");
}

static void
numbers_of_requests(void)
{
    static const struct {
        size_t count;
        int status;
    } rows[] = {{2, SUCCESSFUL}, {LIMIT_OCSP_REQUESTS, SUCCESSFUL}, {33, MALFORMED}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        OCSP_CERTID *certids[33];
        AUTO_BUFFER der = {.max = 0};
        struct ocsp_said said;

        for (size_t j = 0; j < rows[i].count; j++)
            certids[j] = ocsp_certid(flow, EVP_sha256(), party.serial);
        ocsp_request_der(certids, rows[i].count, &der);
        expect(buffer_bytes(&der), rows[i].status, "many");
        ocsp_post(flow, buffer_bytes(&der), &said);
        CU_ASSERT_EQUAL(said.singles, rows[i].status == SUCCESSFUL ? (int)rows[i].count : 0);
        CU_ASSERT_EQUAL(said.verified, rows[i].status == SUCCESSFUL);
    }
}

static void
unknown_hashes(void)
{
    const EVP_MD *const hashes[] = {EVP_sha512(), EVP_sha384(), EVP_md5(), EVP_sha224()};

    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        OCSP_CERTID *certid = ocsp_certid(flow, hashes[i], party.serial);
        AUTO_BUFFER der = {.max = 0};

        ocsp_request_der(&certid, 1, &der);
        expect(buffer_bytes(&der), UNAUTHORIZED, EVP_MD_get0_name(hashes[i]));
    }
}

/* One bit of either hash, for both algorithms, alone and behind a right one. */
static void
unknown_issuers(void)
{
    const EVP_MD *const hashes[] = {EVP_sha1(), EVP_sha256()};

    for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
        for (int which = 0; which < 2; which++) {
            OCSP_CERTID *certids[2] = {ocsp_certid(flow, hashes[i], party.serial),
                                       ocsp_certid(flow, hashes[i], party.serial)};
            ASN1_OCTET_STRING *name, *key;
            AUTO_BUFFER der = {.max = 0};

            OCSP_id_get0_info(&name, NULL, &key, NULL, certids[1]);
            ((uint8_t *)(uintptr_t)ASN1_STRING_get0_data(which ? name : key))[3] ^= 1;
            ocsp_request_der(certids, 2, &der);
            expect(buffer_bytes(&der), UNAUTHORIZED, "a right issuer and a wrong one");
        }
}

static void
unknown_serials(void)
{
    static const char *const serials[] = {"5151320102030405060708090a0b0c0d0e0f10", "01",
                                          "7fffffffffffffffffffffffffffffffffffffff", "00"};

    for (size_t i = 0; i < ARRAY_LEN(serials); i++) {
        struct ocsp_said said;

        ocsp_ask(flow, serials[i], &said);
        CU_ASSERT_EQUAL(said.response_status, SUCCESSFUL);
        CU_ASSERT_EQUAL(said.status, V_OCSP_CERTSTATUS_UNKNOWN);
        CU_ASSERT_TRUE(said.verified);
    }
}

/* What is unknown today may be issued tomorrow: nobody may keep the answer. */
static void
unknown_is_not_cached(void)
{
    OCSP_CERTID *certid = ocsp_certid(flow, EVP_sha1(), "5151320102030405060708090a0b0c0d0e0f11");
    AUTO_BUFFER der = {.max = 0};
    char url[128], control[128] = "";
    AUTO_ANSWER answer = {.status = 0};

    ocsp_request_der(&certid, 1, &der);
    snprintf(url, sizeof(url), "%s/ocsp", flow_ca(flow)->publish_url);
    answer = flow_call(flow, &(struct call){"POST", url, .octets = buffer_bytes(&der),
                                            .content_type = "application/ocsp-request"});
    CU_ASSERT_TRUE(answer_header(&answer, "Cache-Control", control, sizeof(control)));
    CU_ASSERT_TRUE(strstr(control, "no-store") || strstr(control, "no-cache") ||
                   strstr(control, "max-age=0"));
}

/* --- extensions --- */

static void
with_extension(const char *name, const char *value, struct buffer *der)
{
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    X509_EXTENSION *extension = X509V3_EXT_nconf(NULL, NULL, name, value);
    unsigned char *octets = NULL;
    int len;

    CU_ASSERT_PTR_NOT_NULL_FATAL(extension);
    OCSP_request_add0_id(request, ocsp_certid(flow, EVP_sha1(), party.serial));
    OCSP_REQUEST_add_ext(request, extension, -1);
    X509_EXTENSION_free(extension);
    len = i2d_OCSP_REQUEST(request, &octets);
    OCSP_REQUEST_free(request);
    buffer_init(der, 65536);
    CU_ASSERT_TRUE_FATAL(len > 0 && buffer_put(der, octets, (size_t)len));
    OPENSSL_free(octets);
}

enum { NONCE_TEXT = 4096 };

/* The content of the extension in OpenSSL's words: an OCTET STRING of this many octets. */
static void
nonce_value(int octets, char text[NONCE_TEXT])
{
    size_t used = (size_t)snprintf(text, NONCE_TEXT,
                                   octets < 128   ? "DER:04%02x"
                                   : octets < 256 ? "DER:0481%02x"
                                                  : "DER:0482%04x",
                                   (unsigned)octets);

    for (int i = 0; i < octets; i++)
        used += (size_t)snprintf(text + used, NONCE_TEXT - used, "%02x", (unsigned)i & 0xff);
}

static void
nonces_of_every_length(void)
{
    static const struct {
        int octets, status;
    } rows[] = {{0, MALFORMED},   {1, SUCCESSFUL},   {16, SUCCESSFUL},
                {32, SUCCESSFUL}, {127, SUCCESSFUL}, {128, SUCCESSFUL},
                {129, MALFORMED}, {255, MALFORMED},  {1000, MALFORMED}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char value[NONCE_TEXT];
        AUTO_BUFFER der = {.max = 0};
        struct ocsp_said said;

        nonce_value(rows[i].octets, value);
        with_extension("1.3.6.1.5.5.7.48.1.2", value, &der);
        expect(buffer_bytes(&der), rows[i].status, value);
        ocsp_post(flow, buffer_bytes(&der), &said);
        CU_ASSERT_EQUAL(said.nonce_octets, rows[i].status == SUCCESSFUL ? rows[i].octets : -1);
        CU_ASSERT_EQUAL(said.verified, rows[i].status == SUCCESSFUL);
    }
}

static void
a_nonce_that_is_no_octet_string(void)
{
    AUTO_BUFFER der = {.max = 0};

    with_extension("1.3.6.1.5.5.7.48.1.2", "ASN1:INTEGER:5", &der);
    expect(buffer_bytes(&der), MALFORMED, "an INTEGER");
}

static void
unknown_extensions(void)
{
    AUTO_BUFFER critical = {.max = 0};
    AUTO_BUFFER other = {.max = 0};

    with_extension("1.2.3.4.5", "critical,ASN1:UTF8String:x", &critical);
    expect(buffer_bytes(&critical), MALFORMED, "critical");
    with_extension("1.2.3.4.5", "ASN1:UTF8String:x", &other);
    expect(buffer_bytes(&other), SUCCESSFUL, "not critical");
}

/* --- HTTP around it --- */

static void
post_with_another_content_type(void)
{
    char url[128];
    AUTO_BUFFER der = {.max = 0};
    AUTO_ANSWER answer = {.status = 0};

    right(&der);
    snprintf(url, sizeof(url), "%s/ocsp", flow_ca(flow)->publish_url);
    answer = flow_call(flow, &(struct call){"POST", url, .octets = buffer_bytes(&der),
                                            .content_type = "application/octet-stream"});
    flow_expect_refused(&answer,
                        &(struct refusal){415, "media-type", "application/ocsp-request", NULL},
                        "content type");
}

static void
post_over_the_limit(void)
{
    static uint8_t body[LIMIT_OCSP_REQUEST_OCTETS + 1];
    char url[128];
    AUTO_ANSWER answer = {.status = 0};

    snprintf(url, sizeof(url), "%s/ocsp", flow_ca(flow)->publish_url);
    answer = flow_call(flow, &(struct call){"POST", url, .octets = bytes_of(body, sizeof(body)),
                                            .content_type = "application/ocsp-request"});
    flow_expect_refused(&answer, &(struct refusal){413, "body-too-large", "8192", NULL},
                        "8 KiB + 1");
}

static void
get(const char *between, const char *encoded, struct ocsp_said *said)
{
    char url[8192];
    AUTO_ANSWER answer = {.status = 0};

    snprintf(url, sizeof(url), "%s/ocsp%s%s", flow_ca(flow)->publish_url, between, encoded);
    answer = flow_call(flow, &(struct call){.method = "GET", .path = url});
    ocsp_read(flow, &answer, said);
}

/* Everything that is not a letter or digit as %XX, as RFC 6960 has it, or nothing. */
static void
escape(const char *text, const char *which, bool upper, char *out, size_t room)
{
    size_t used = 0;

    for (; *text && used + 4 < room; text++)
        used += (size_t)snprintf(out + used, room - used,
                                 strchr(which, *text) ? upper ? "%%%02X" : "%%%02x" : "%c", *text);
}

/* Serials until the base64 has what is wanted; the octets of serials that nobody has do as well. */
static void
request_with(const char *wanted, struct buffer *base64)
{
    for (unsigned i = 0; i < 100000; i++) {
        char serial[FLOW_SERIAL_TEXT];
        OCSP_CERTID *certid;
        AUTO_BUFFER der = {.max = 0};

        snprintf(serial, sizeof(serial), "5151321f2f3f4f5f6f7f8f9f%08xffeffe", i * 2654435761u);
        certid = ocsp_certid(flow, EVP_sha1(), serial);
        ocsp_request_der(&certid, 1, &der);
        buffer_init(base64, 65536);
        CU_ASSERT_TRUE_FATAL(base64_encode(buffer_bytes(&der), base64));
        if (strstr(buffer_text(base64), wanted))
            return;
        buffer_done(base64);
    }
    CU_FAIL_FATAL("no request has it");
}

static void
get_raw_and_percent_encoded(void)
{
    static const char *const wanted[] = {"/", "//", "+", "=", "+/"};
    static const char *const escaped[] = {"", "+", "/", "/+=", "="};
    static const char *const between[] = {"/", "//", ""};

    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        AUTO_BUFFER base64 = {.max = 0};

        request_with(wanted[i], &base64);
        for (size_t j = 0; j < ARRAY_LEN(escaped); j++)
            for (size_t k = 0; k < ARRAY_LEN(between); k++) {
                char target[4096];
                struct ocsp_said said;

                escape(buffer_text(&base64), escaped[j], (j + k) % 2, target, sizeof(target));
                get(between[k], target, &said);
                if (said.response_status != SUCCESSFUL)
                    printf("\n    GET /ocsp%s%s: HTTP %d, response status %d\n", between[k], target,
                           said.http_status, said.response_status);
                CU_ASSERT_EQUAL(said.response_status, SUCCESSFUL);
                CU_ASSERT_EQUAL(said.status, V_OCSP_CERTSTATUS_UNKNOWN);
                CU_ASSERT_TRUE(said.verified);
            }
    }
}

static void
get_of_a_known_certificate(void)
{
    AUTO_BUFFER der = {.max = 0};
    AUTO_BUFFER base64 = {.max = 65536};
    struct ocsp_said said;

    right(&der);
    CU_ASSERT_TRUE_FATAL(base64_encode(buffer_bytes(&der), &base64));
    get("/", buffer_text(&base64), &said);
    CU_ASSERT_EQUAL(said.status, V_OCSP_CERTSTATUS_GOOD);
    CU_ASSERT_TRUE(said.verified);
}

static void
get_garbage(void)
{
    static const char *const targets[] = {"AAAA",     "%",    "%4", "%zz", "%00",  "not-base64!",
                                          "MEUwQzBB", "MAA=", "M",  "%2",  "====", "MAA%3d?x=1"};

    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        struct ocsp_said said;

        get("/", targets[i], &said);
        CU_ASSERT_TRUE((said.http_status == 200 && said.response_status == MALFORMED) ||
                       said.http_status == 400);
    }
}

static void
get_longer_than_targets_may_be(void)
{
    static char target[LIMIT_TARGET_OCTETS + 100];
    char url[sizeof(target) + 128];
    AUTO_ANSWER answer = {.status = 0};

    memset(target, 'A', sizeof(target) - 1);
    snprintf(url, sizeof(url), "%s/ocsp/%s", flow_ca(flow)->publish_url, target);
    answer = flow_call(flow, &(struct call){.method = "GET", .path = url});
    flow_expect_refused(&answer, &(struct refusal){414, "target-too-long", "4096", NULL}, "long");
}

int
main(void)
{
    int status;

    flow = flow_start(NULL);
    flow_enrol(flow, "bad/ocsp", &party);
    status =
        RUN_SUITE("bad OCSP requests", TEST(garbage), TEST(trailing_octets_and_cuts),
                  TEST(numbers_of_requests), TEST(unknown_hashes), TEST(unknown_issuers),
                  TEST(unknown_serials), TEST(unknown_is_not_cached), TEST(nonces_of_every_length),
                  TEST(a_nonce_that_is_no_octet_string), TEST(unknown_extensions),
                  TEST(post_with_another_content_type), TEST(post_over_the_limit),
                  TEST(get_raw_and_percent_encoded), TEST(get_of_a_known_certificate),
                  TEST(get_garbage), TEST(get_longer_than_targets_may_be));
    party_done(&party);
    flow_stop(flow);
    return status;
}
