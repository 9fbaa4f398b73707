#include "fixture.h"

#include <openssl/pem.h>

#include "signet/csr.h"

static void
keys_make_requests_that_parse(void)
{
    static const enum key_type types[] = {KEY_P256, KEY_P384, KEY_RSA, KEY_ED25519};
    struct san_list names = {.count = 2,
                             .item = {{SAN_URI, bytes_of_text("spiffe://example.internal/a")},
                                      {SAN_IP, bytes_of_text("\x0A\x01\x02\x03")}}};
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        AUTO_BUFFER pem = {.max = TEST_ROOM};
        AUTO_BUFFER der = {.max = TEST_ROOM};
        AUTO_CSR csr = NULL;
        const unsigned char *at;
        EVP_PKEY *witness_key;
        X509_REQ *witness;
        ASSERT_OK(private_key_generate(types[i], &pem, &err), &err);
        CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&pem), "-----BEGIN PRIVATE KEY-----\n"));
        ASSERT_OK(csr_build(buffer_text(&pem), &names, &der, &err), &err);
        if (!ASSERT_OK(csr_parse(buffer_bytes(&der), &csr, &err), &err))
            continue;
        CU_ASSERT_EQUAL(public_key_type(csr_key(csr)), types[i]);
        CU_ASSERT_EQUAL(csr_names(csr)->count, 2);
        at = der.data;
        witness = d2i_X509_REQ(NULL, &at, (long)der.len);
        CU_ASSERT_PTR_NOT_NULL_FATAL(witness);
        witness_key = X509_REQ_get_pubkey(witness);
        CU_ASSERT_EQUAL(X509_REQ_verify(witness, witness_key), 1);
        EVP_PKEY_free(witness_key);
        X509_REQ_free(witness);
    }
}

static void
names_are_optional(void)
{
    AUTO_BUFFER pem = {.max = TEST_ROOM};
    AUTO_BUFFER der = {.max = TEST_ROOM};
    AUTO_CSR csr = NULL;
    struct error err;

    ASSERT_OK(private_key_generate(KEY_P256, &pem, &err), &err);
    ASSERT_OK(csr_build(buffer_text(&pem), NULL, &der, &err), &err);
    if (ASSERT_OK(csr_parse(buffer_bytes(&der), &csr, &err), &err)) {
        CU_ASSERT_EQUAL(csr_names(csr)->count, 0);
        CU_ASSERT_STRING_EQUAL(csr_common_name(csr), "");
    }
}

static void
two_keys_differ(void)
{
    AUTO_BUFFER one = {.max = TEST_ROOM};
    AUTO_BUFFER two = {.max = TEST_ROOM};
    struct error err;

    ASSERT_OK(private_key_generate(KEY_P256, &one, &err), &err);
    ASSERT_OK(private_key_generate(KEY_P256, &two, &err), &err);
    CU_ASSERT_FALSE(bytes_equal(buffer_bytes(&one), buffer_bytes(&two)));
}

static void
refuses_what_is_no_key(void)
{
    static const char *const bad[] = {
        "", "hello", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n"};
    struct san_list bad_name = {.count = 1, .item = {{SAN_DNS, bytes_of_text("*.a")}}};
    AUTO_BUFFER pem = {.max = TEST_ROOM};
    AUTO_BUFFER small = {.max = 10};
    AUTO_BUFFER out = {.max = TEST_ROOM};
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ASSERT_REFUSED(csr_build(bad[i], NULL, &out, &err), &err, ERROR_FILE_ACCESS);
    ASSERT_REFUSED(private_key_generate((enum key_type)0, &pem, &err), &err, ERROR_CRYPTO);
    ASSERT_REFUSED(private_key_generate((enum key_type)9, &pem, &err), &err, ERROR_CRYPTO);
    ASSERT_REFUSED(private_key_generate(KEY_P256, &small, &err), &err, ERROR_MEMORY);
    ASSERT_OK(private_key_generate(KEY_P256, &pem, &err), &err);
    ASSERT_REFUSED(csr_build(buffer_text(&pem), &bad_name, &out, &err), &err, ERROR_MEMBER_INVALID);
    CU_ASSERT_EQUAL(out.len, 0);
}

/* A passphrase is never asked for: a client without a terminal would wait for ever. */
static void
refuses_encrypted_keys(void)
{
    AUTO_KEY key = key_make("P-256");
    AUTO_BUFFER out = {.max = TEST_ROOM};
    BIO *bio = BIO_new(BIO_s_mem());
    char passphrase[] = "secret", pem[4096] = "";
    struct error err;

    CU_ASSERT_EQUAL_FATAL(
        PEM_write_bio_PKCS8PrivateKey(bio, key.pkey, EVP_aes_128_cbc(), passphrase, 6, NULL, NULL),
        1);
    CU_ASSERT_TRUE_FATAL(BIO_read(bio, pem, sizeof(pem) - 1) > 0);
    BIO_free(bio);
    ASSERT_REFUSED(csr_build(pem, NULL, &out, &err), &err, ERROR_FILE_ACCESS);
}

int
main(void)
{
    return RUN_SUITE("key_file", TEST(keys_make_requests_that_parse), TEST(names_are_optional),
                     TEST(two_keys_differ), TEST(refuses_what_is_no_key),
                     TEST(refuses_encrypted_keys));
}
