#include "suite.h"

#include <string.h>

#include "signet/keyring.h"
#include "signet/limits.h"
#include "signet/public_key.h"
#include "signet/token_signer.h"

#include "token_fixture.h"

static struct token_fixture fixture;

static bool
generate(const char *module, const char *uri, const char *pin, const char *label,
         struct buffer *spki, char ret_uri[KEYRING_URI_OCTETS], struct error *err)
{
    struct keyring_options options = {.module = module, .uri = uri};

    error_clear(err);
    buffer_clear(spki);
    return keyring_generate(&options, bytes_of_text(pin), KEY_P256, label, spki, ret_uri, err);
}

static void
t18_the_key_made_is_the_key_required(void)
{
    struct keyring_options options = {.module = token_fixture_softhsm(), .sessions = 1};
    char uri[KEYRING_URI_OCTETS];
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;
    AUTO_PUBLIC_KEY key = NULL;
    AUTO_BUFFER spki;

    buffer_init(&spki, LIMIT_SPKI_OCTETS);
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(generate(token_fixture_softhsm(), "pkcs11:token=gen",
                                            TOKEN_FIXTURE_PIN, "first", &spki, uri, &err),
                                   &err));
    ASSERT_OK(public_key_parse(buffer_bytes(&spki), &key, &err), &err);
    options.uri = uri;
    /* No waiver: what the opening checks is what the generation set. */
    CU_ASSERT_TRUE_FATAL(
        ASSERT_OK(keyring_open(&options, bytes_of_text(TOKEN_FIXTURE_PIN), &keyring, &err), &err));
    CU_ASSERT_TRUE(bytes_equal(keyring_spki(keyring), buffer_bytes(&spki)));
    CU_ASSERT_PTR_NOT_NULL(strstr(uri, "token=gen"));
    CU_ASSERT_PTR_NOT_NULL(strstr(uri, "serial="));
    CU_ASSERT_PTR_NOT_NULL(strstr(uri, "id=%"));
    CU_ASSERT_PTR_NOT_NULL(strstr(uri, "object=first"));
}

/* Made, opened without waiver, its public half read back, and a signature that OpenSSL verifies. */
static void
t12_each_type_is_made_and_signs(void)
{
    static const struct {
        enum key_type type;
        const char *label;
        unsigned bits;
    } rows[] = {{KEY_P256, "type-p256", 256},
                {KEY_P384, "type-p384", 384},
                {KEY_RSA, "type-rsa", 3072},
                {KEY_ED25519, "type-ed25519", 256}};
    struct keyring_options options = {.module = token_fixture_softhsm(), .sessions = 1};
    uint8_t signature[LIMIT_SIGNATURE_OCTETS];
    char uri[KEYRING_URI_OCTETS];
    struct error err = {0};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_KEYRING keyring = NULL;
        AUTO_PUBLIC_KEY key = NULL;
        AUTO_BUFFER spki = {.max = LIMIT_SPKI_OCTETS};
        size_t len = 0;

        options.uri = "pkcs11:token=gen";
        if (!ASSERT_OK(keyring_generate(&options, bytes_of_text(TOKEN_FIXTURE_PIN), rows[i].type,
                                        rows[i].label, &spki, uri, &err),
                       &err) ||
            !ASSERT_OK(public_key_parse(buffer_bytes(&spki), &key, &err), &err))
            continue;
        CU_ASSERT_EQUAL(public_key_type(key), rows[i].type);
        CU_ASSERT_EQUAL(public_key_bits(key), rows[i].bits);
        options.uri = uri;
        if (!ASSERT_OK(keyring_open(&options, bytes_of_text(TOKEN_FIXTURE_PIN), &keyring, &err),
                       &err))
            continue;
        CU_ASSERT_TRUE(bytes_equal(keyring_spki(keyring), buffer_bytes(&spki)));
        ASSERT_OK(token_sign(keyring, 0, key, public_key_default_signature(rows[i].type),
                             bytes_of_text("a message"), signature, &len, &err),
                  &err);
    }
}

static void
refuses_a_label_that_is_taken(void)
{
    char uri[KEYRING_URI_OCTETS];
    struct error err = {0};
    AUTO_BUFFER spki;

    buffer_init(&spki, LIMIT_SPKI_OCTETS);
    ASSERT_OK(generate(token_fixture_softhsm(), "pkcs11:token=gen", TOKEN_FIXTURE_PIN, "taken",
                       &spki, uri, &err),
              &err);
    ASSERT_REFUSED(generate(token_fixture_softhsm(), "pkcs11:token=gen", TOKEN_FIXTURE_PIN, "taken",
                            &spki, uri, &err),
                   &err, ERROR_STATE_EXISTS);
    CU_ASSERT_EQUAL(spki.len, 0);
}

static void
does_without_allowed_mechanisms(void)
{
    char uri[KEYRING_URI_OCTETS];
    struct error err = {0};
    AUTO_BUFFER spki;

    buffer_init(&spki, LIMIT_SPKI_OCTETS);
    token_fixture_order(&fixture, "no-allowed-mechanisms\n");
    ASSERT_OK(generate(token_fixture_shim(), "pkcs11:token=gen", TOKEN_FIXTURE_PIN, "plain", &spki,
                       uri, &err),
              &err);
    CU_ASSERT_EQUAL(token_fixture_calls(&fixture, "C_GenerateKeyPair"), 2);
}

static void
refuses_wrong_pin_key_uri_and_label(void)
{
    char uri[KEYRING_URI_OCTETS];
    struct error err = {0};
    AUTO_BUFFER spki;

    buffer_init(&spki, LIMIT_SPKI_OCTETS);
    token_fixture_order(&fixture, "");
    ASSERT_REFUSED(
        generate(token_fixture_shim(), "pkcs11:token=gen", "000000", "x", &spki, uri, &err), &err,
        ERROR_TOKEN_PIN);
    CU_ASSERT_EQUAL(token_fixture_calls(&fixture, "C_Login"), 1);
    ASSERT_REFUSED(generate(token_fixture_shim(), "pkcs11:token=gen;object=x", TOKEN_FIXTURE_PIN,
                            "x", &spki, uri, &err),
                   &err, ERROR_CONFIG);
    ASSERT_REFUSED(
        generate(token_fixture_shim(), "pkcs11:token=gen", TOKEN_FIXTURE_PIN, "", &spki, uri, &err),
        &err, ERROR_CONFIG);
    ASSERT_REFUSED(generate(token_fixture_shim(), "pkcs11:token=gen", TOKEN_FIXTURE_PIN,
                            "a label of more than thirty-two octets", &spki, uri, &err),
                   &err, ERROR_CONFIG);
}

int
main(void)
{
    int status;

    token_fixture_start(&fixture, "gen");
    status =
        RUN_SUITE("token generate", TEST(t18_the_key_made_is_the_key_required),
                  TEST(t12_each_type_is_made_and_signs), TEST(refuses_a_label_that_is_taken),
                  TEST(does_without_allowed_mechanisms), TEST(refuses_wrong_pin_key_uri_and_label));
    token_fixture_stop(&fixture);
    return status;
}
