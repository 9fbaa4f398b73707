#include "suite.h"

#include <string.h>

#include "publish/ask.h"

static const char subject[] = "0\x0d the subject";
static const char key_bits[] = "the bits of the issuer's key";
static const uint8_t serial[] = {0x51, 2, 3, 4, 5, 6, 7, 8, 9, 10};

static struct ocsp_issuer
issuer_of(const char *name)
{
    struct ocsp_issuer issuer;

    ocsp_issuer_init(&issuer, bytes_of_text(name), bytes_of_text(key_bits));
    return issuer;
}

static struct ocsp_certid
certid_of(const struct ocsp_issuer *issuer, enum certid_hash hash)
{
    bool sha1 = hash == CERTID_SHA1;

    return (struct ocsp_certid){
        .hash = hash,
        .issuer_name_hash =
            sha1 ? bytes_of(issuer->name_sha1, 20) : bytes_of(issuer->name_sha256, 32),
        .issuer_key_hash = sha1 ? bytes_of(issuer->key_sha1, 20) : bytes_of(issuer->key_sha256, 32),
        .serial = bytes_of(serial, sizeof(serial)),
    };
}

static struct ask
ask_of(const struct ocsp_request *request, const struct ocsp_issuer *issuer)
{
    AUTO_BUFFER der = {.max = LIMIT_OCSP_REQUEST_OCTETS};
    struct ask ask = {0};

    CU_ASSERT_TRUE_FATAL(ocsp_request_build(request, &der));
    ask_parse(buffer_bytes(&der), issuer, &ask);
    return ask;
}

/* O-05 */
static void
one_certificate_comes_from_the_cache(void)
{
    struct ocsp_issuer issuer = issuer_of(subject);
    enum certid_hash hashes[] = {CERTID_SHA1, CERTID_SHA256};

    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        struct ocsp_request request = {.count = 1, .certid = {certid_of(&issuer, hashes[i])}};
        struct ask ask = ask_of(&request, &issuer);

        CU_ASSERT_EQUAL(ask.kind, ASK_SINGLE);
        CU_ASSERT_EQUAL(ask.message.count, 1);
        CU_ASSERT_EQUAL(ask.message.query[0].hash, hashes[i]);
        CU_ASSERT_TRUE(
            bytes_equal(bytes_of(ask.message.query[0].serial, ask.message.query[0].serial_len),
                        bytes_of(serial, sizeof(serial))));
    }
}

static void
a_nonce_or_several_certificates_are_live(void)
{
    static const uint8_t nonce[32] = {7};
    struct ocsp_issuer issuer = issuer_of(subject);
    struct ocsp_request request = {.count = 1,
                                   .certid = {certid_of(&issuer, CERTID_SHA1)},
                                   .has_nonce = true,
                                   .nonce = bytes_of(nonce, sizeof(nonce))};
    struct ask ask = ask_of(&request, &issuer);

    CU_ASSERT_EQUAL(ask.kind, ASK_LIVE);
    CU_ASSERT_EQUAL(ask.message.nonce_len, sizeof(nonce));
    CU_ASSERT_EQUAL(memcmp(ask.message.nonce, nonce, sizeof(nonce)), 0);
    request.has_nonce = false;
    request.nonce = bytes_of(NULL, 0);
    request.count = 2;
    request.certid[1] = certid_of(&issuer, CERTID_SHA256);
    ask = ask_of(&request, &issuer);
    CU_ASSERT_EQUAL(ask.kind, ASK_LIVE);
    CU_ASSERT_EQUAL(ask.message.count, 2);
    CU_ASSERT_EQUAL(ask.message.nonce_len, 0);
}

/* O-03: one stranger among several makes the whole request none of ours. */
static void
other_issuers_are_unauthorized(void)
{
    struct ocsp_issuer issuer = issuer_of(subject), other = issuer_of("another subject");
    struct ocsp_request request = {.count = 1, .certid = {certid_of(&other, CERTID_SHA1)}};
    struct ask ask = ask_of(&request, &issuer);

    CU_ASSERT_EQUAL(ask.kind, ASK_ERROR);
    CU_ASSERT_EQUAL(ask.error, OCSP_UNAUTHORIZED);
    request.certid[0] = certid_of(&issuer, CERTID_SHA1);
    request.certid[1] = certid_of(&other, CERTID_SHA1);
    request.count = 2;
    ask = ask_of(&request, &issuer);
    CU_ASSERT_EQUAL(ask.kind, ASK_ERROR);
    CU_ASSERT_EQUAL(ask.error, OCSP_UNAUTHORIZED);
    request.count = 1;
    ask = ask_of(&request, NULL);
    CU_ASSERT_EQUAL(ask.kind, ASK_ERROR);
    CU_ASSERT_EQUAL(ask.error, OCSP_UNAUTHORIZED);
}

static void
what_does_not_parse_is_malformed(void)
{
    static const char *const wrong[] = {"", "x", "0", "\x30\x05garbage", "{}"};
    struct ocsp_issuer issuer = issuer_of(subject);
    struct ask ask;

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        ask = (struct ask){.kind = ASK_LIVE};
        ask_parse(bytes_of_text(wrong[i]), &issuer, &ask);
        CU_ASSERT_EQUAL(ask.kind, ASK_ERROR);
        CU_ASSERT_EQUAL(ask.error, OCSP_MALFORMED_REQUEST);
    }
}

static void
takes_the_bytes_of_get_and_post(void)
{
    struct request get = {.method = "GET", .target = "/ocsp/MAP%2F//s="};
    struct request post = {.method = "POST", .target = "/ocsp", .body = bytes_of_text("body")};
    AUTO_BUFFER from_get = {.max = 64};
    AUTO_BUFFER from_post = {.max = 64};

    CU_ASSERT_TRUE(ask_request_bytes(&get, &from_get));
    CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&from_get), bytes_of("\x30\x03\xff\xff\xfb", 5)));
    CU_ASSERT_TRUE(ask_request_bytes(&post, &from_post));
    CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&from_post), bytes_of_text("body")));
    get.target = "/ocsp/%";
    CU_ASSERT_FALSE(ask_request_bytes(&get, &from_get));
}

int
main(void)
{
    return RUN_SUITE("publish/ask", TEST(one_certificate_comes_from_the_cache),
                     TEST(a_nonce_or_several_certificates_are_live),
                     TEST(other_issuers_are_unauthorized), TEST(what_does_not_parse_is_malformed),
                     TEST(takes_the_bytes_of_get_and_post));
}
