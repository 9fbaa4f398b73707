#include "suite.h"

#include "signet/keyring.h"
#include "signet/limits.h"

#include "token_fixture.h"

static bool
token_init(const char *label, const char *so_pin, const char *pin, struct error *err)
{
    struct keyring_options options = {.module = token_fixture_softhsm()};

    error_clear(err);
    return keyring_token_init(&options, label, bytes_of_text(so_pin), bytes_of_text(pin), err);
}

static void
makes_a_token_that_takes_its_pin_only(void)
{
    struct keyring_options options = {.module = token_fixture_softhsm(), .uri = "pkcs11:token=new"};
    char uri[KEYRING_URI_OCTETS];
    struct error err = {0};
    AUTO_BUFFER spki;

    buffer_init(&spki, LIMIT_SPKI_OCTETS);
    ASSERT_OK(token_init("new", "87654321", "1234567", &err), &err);
    ASSERT_REFUSED(
        keyring_generate(&options, bytes_of_text("87654321"), KEY_P256, "key", &spki, uri, &err),
        &err, ERROR_TOKEN_PIN);
    ASSERT_OK(
        keyring_generate(&options, bytes_of_text("1234567"), KEY_P256, "key", &spki, uri, &err),
        &err);
}

static void
refuses_a_label_that_is_taken_and_bad_input(void)
{
    struct error err = {0};

    ASSERT_REFUSED(token_init("first", "87654321", "1234567", &err), &err, ERROR_STATE_EXISTS);
    ASSERT_REFUSED(token_init("", "87654321", "1234567", &err), &err, ERROR_CONFIG);
    ASSERT_REFUSED(
        token_init("a label of more than thirty-two octets", "87654321", "1234567", &err), &err,
        ERROR_CONFIG);
    ASSERT_REFUSED(token_init("empty", "", "1234567", &err), &err, ERROR_TOKEN_PIN);
    ASSERT_REFUSED(token_init("empty", "87654321", "", &err), &err, ERROR_TOKEN_PIN);
}

int
main(void)
{
    struct token_fixture fixture;
    int status;

    token_fixture_start(&fixture, "first");
    status = RUN_SUITE("token init", TEST(makes_a_token_that_takes_its_pin_only),
                       TEST(refuses_a_label_that_is_taken_and_bad_input));
    token_fixture_stop(&fixture);
    return status;
}
