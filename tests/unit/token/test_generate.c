#include "suite.h"

#include <string.h>

#include "signet/keyring.h"
#include "signet/limits.h"
#include "signet/public_key.h"

#include "token_fixture.h"

static struct token_fixture fixture;

static bool
generate(const char *module, const char *uri, const char *pin, const char *label,
         struct buffer *spki, char ret_uri[KEYRING_URI_OCTETS], struct error *err)
{
    struct keyring_options options = {.module = module, .uri = uri};

    error_clear(err);
    buffer_clear(spki);
    return keyring_generate(&options, bytes_of_text(pin), label, spki, ret_uri, err);
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
    status = RUN_SUITE("token generate", TEST(t18_the_key_made_is_the_key_required),
                       TEST(refuses_a_label_that_is_taken), TEST(does_without_allowed_mechanisms),
                       TEST(refuses_wrong_pin_key_uri_and_label));
    token_fixture_stop(&fixture);
    return status;
}
