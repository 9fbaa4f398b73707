#include "suite.h"

#include "signet/token_signer.h"

#include "token_fixture.h"

static struct token_fixture fixture;
static uint8_t signature[LIMIT_SIGNATURE_OCTETS];

static void
open_key(const char *module, struct keyring **ret_keyring, struct public_key **ret_key)
{
    struct keyring_options options = {
        .module = module, .uri = "pkcs11:token=sign;object=key", .sessions = 2};
    struct error err = {0};

    CU_ASSERT_TRUE_FATAL(ASSERT_OK(
        keyring_open(&options, bytes_of_text(TOKEN_FIXTURE_PIN), ret_keyring, &err), &err));
    CU_ASSERT_TRUE_FATAL(
        ASSERT_OK(public_key_parse(keyring_spki(*ret_keyring), ret_key, &err), &err));
}

static void
t12_signs_in_x509_form_on_every_session(void)
{
    struct bytes message = bytes_of_text("to be signed");
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;
    AUTO_PUBLIC_KEY key = NULL;

    open_key(token_fixture_softhsm(), &keyring, &key);
    CU_ASSERT_EQUAL(keyring_sessions(keyring), 2);
    for (unsigned i = 0; i < 200; i++) {
        size_t len = 0;

        ASSERT_OK(
            token_sign(keyring, i % 2, key, SIGNATURE_ECDSA_SHA256, message, signature, &len, &err),
            &err);
        ASSERT_OK(
            public_key_verify(key, SIGNATURE_ECDSA_SHA256, message, bytes_of(signature, len), &err),
            &err);
    }
}

static void
t09_releases_no_signature_that_does_not_verify(void)
{
    struct error err = {0};
    size_t len = 4711;
    AUTO_KEYRING keyring = NULL;
    AUTO_PUBLIC_KEY key = NULL;

    open_key(token_fixture_shim(), &keyring, &key);
    token_fixture_order(&fixture, "C_Sign wrong\n");
    signature[0] = 0;
    ASSERT_REFUSED(token_sign(keyring, 0, key, SIGNATURE_ECDSA_SHA256, bytes_of_text("x"),
                              signature, &len, &err),
                   &err, ERROR_SIGNATURE_WRONG);
    CU_ASSERT_EQUAL(len, 4711);
    CU_ASSERT_EQUAL(signature[0], 0);
    token_fixture_order(&fixture, "");
    ASSERT_OK(token_sign(keyring, 0, key, SIGNATURE_ECDSA_SHA256, bytes_of_text("x"), signature,
                         &len, &err),
              &err);
}

static void
refuses_an_algorithm_of_another_key_type(void)
{
    struct error err = {0};
    size_t len = 0;
    AUTO_KEYRING keyring = NULL;
    AUTO_PUBLIC_KEY key = NULL;

    open_key(token_fixture_softhsm(), &keyring, &key);
    ASSERT_REFUSED(token_sign(keyring, 0, key, SIGNATURE_RSA_SHA256, bytes_of_text("x"), signature,
                              &len, &err),
                   &err, ERROR_TOKEN_KEY);
    ASSERT_REFUSED(
        token_sign(keyring, 0, key, SIGNATURE_ED25519, bytes_of_text("x"), signature, &len, &err),
        &err, ERROR_TOKEN_KEY);
}

static void
t12_integers_are_minimal_and_positive(void)
{
    static const struct {
        struct bytes raw;
        struct bytes der;
    } rows[] = {
        {{(const uint8_t *)"\x01\x02", 2},
         {(const uint8_t *)"\x30\x06\x02\x01\x01\x02\x01\x02", 8}},
        /* high bits take a zero octet */
        {{(const uint8_t *)"\x80\xff", 2},
         {(const uint8_t *)"\x30\x08\x02\x02\x00\x80\x02\x02\x00\xff", 10}},
        /* leading zeros go, but not the one that keeps it positive */
        {{(const uint8_t *)"\x00\x00\x7f\x00\x80\x01", 6},
         {(const uint8_t *)"\x30\x08\x02\x01\x7f\x02\x03\x00\x80\x01", 10}},
        {{(const uint8_t *)"\x00\x00\x00\x00", 4},
         {(const uint8_t *)"\x30\x06\x02\x01\x00\x02\x01\x00", 8}},
    };
    uint8_t der[80];
    size_t len = 0;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CU_ASSERT_TRUE(ecdsa_signature_to_der(rows[i].raw, der, sizeof(der), &len));
        CU_ASSERT_TRUE(bytes_equal(bytes_of(der, len), rows[i].der));
    }
}

static void
t12_refuses_odd_empty_and_oversized(void)
{
    uint8_t raw[140], der[80];
    size_t len = 0;

    memset(raw, 0xff, sizeof(raw));
    CU_ASSERT_FALSE(ecdsa_signature_to_der(bytes_of(raw, 0), der, sizeof(der), &len));
    CU_ASSERT_FALSE(ecdsa_signature_to_der(bytes_of(raw, 63), der, sizeof(der), &len));
    CU_ASSERT_FALSE(ecdsa_signature_to_der(bytes_of(raw, 134), der, sizeof(der), &len));
    CU_ASSERT_FALSE(ecdsa_signature_to_der(bytes_of(raw, 64), der, 71, &len));
    CU_ASSERT_TRUE(ecdsa_signature_to_der(bytes_of(raw, 64), der, 72, &len));
    CU_ASSERT_EQUAL(len, 72);
}

int
main(void)
{
    struct keyring_options options = {.module = token_fixture_softhsm(),
                                      .uri = "pkcs11:token=sign"};
    char uri[KEYRING_URI_OCTETS];
    struct error err = {0};
    AUTO_BUFFER spki;
    int status;

    buffer_init(&spki, LIMIT_SPKI_OCTETS);
    token_fixture_start(&fixture, "sign");
    if (!keyring_generate(&options, bytes_of_text(TOKEN_FIXTURE_PIN), KEY_P256, "key", &spki, uri,
                          &err)) {
        fprintf(stderr, "%s\n", err.detail);
        return 1;
    }
    status = RUN_SUITE("token signer", TEST(t12_signs_in_x509_form_on_every_session),
                       TEST(t09_releases_no_signature_that_does_not_verify),
                       TEST(refuses_an_algorithm_of_another_key_type),
                       TEST(t12_integers_are_minimal_and_positive),
                       TEST(t12_refuses_odd_empty_and_oversized));
    token_fixture_stop(&fixture);
    return status;
}
