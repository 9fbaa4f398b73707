/* The same token code on NSS softokn, which differs in nearly everything that PKCS#11 leaves open.
 */
#include "scratch.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signet/spawn.h"
#include "signet/token_signer.h"

static char folder[64], init_string[160];
static const char *module;

enum { SKIPPED = 77 };

static const char *
find_module(void)
{
    static const char *const places[] = {
        "/usr/lib/x86_64-linux-gnu/libsoftokn3.so", "/usr/lib/aarch64-linux-gnu/libsoftokn3.so",
        "/usr/lib/x86_64-linux-gnu/nss/libsoftokn3.so", "/usr/lib64/libsoftokn3.so"};

    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return NULL;
}

static int
shell(const char *command)
{
    const char *const argv[] = {"sh", "-c", command, NULL};
    const struct spawn spawn = {.path = "/bin/sh", .argv = argv, .directory = folder};
    struct error err = {0};
    int status = -1;
    AUTO_BUFFER out;

    buffer_init(&out, 65536);
    if (!spawn_run(&spawn, bytes_of(NULL, 0), &out, 30000, &status, &err))
        fprintf(stderr, "%s: %s\n", command, err.detail);
    return status;
}

static bool
generate(const char *label, struct buffer *spki, char uri[KEYRING_URI_OCTETS], struct error *err)
{
    struct keyring_options options = {
        .module = module, .init_string = init_string, .uri = "pkcs11:token=signet%20nss"};

    return keyring_generate(&options, bytes_of_text("314159"), KEY_P256, label, spki, uri, err);
}

static bool
open_key(const char *uri, const char *pin, const char *const *waivers, struct keyring **ret_keyring,
         struct error *err)
{
    struct keyring_options options = {.module = module,
                                      .init_string = init_string,
                                      .uri = uri,
                                      .sessions = 2,
                                      .waivers = waivers};

    error_clear(err);
    return keyring_open(&options, bytes_of_text(pin), ret_keyring, err);
}

/* NSS says CKA_LOCAL false of a key that it made: the configuration waives that by name. */
static void
makes_and_uses_a_key_with_its_waiver(void)
{
    static const char *const waivers[] = {"local", NULL};
    uint8_t signature[LIMIT_SIGNATURE_OCTETS];
    char uri[KEYRING_URI_OCTETS];
    struct error err = {0};
    size_t len = 0;
    AUTO_KEYRING keyring = NULL;
    AUTO_PUBLIC_KEY key = NULL;
    AUTO_BUFFER spki;

    buffer_init(&spki, LIMIT_SPKI_OCTETS);
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(generate("issuing", &spki, uri, &err), &err));
    ASSERT_REFUSED(open_key(uri, "314159", NULL, &keyring, &err), &err, ERROR_TOKEN_KEY);
    CU_ASSERT_STRING_EQUAL(err.rule, "key.local");
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(open_key(uri, "314159", waivers, &keyring, &err), &err));
    CU_ASSERT_TRUE(bytes_equal(keyring_spki(keyring), buffer_bytes(&spki)));
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(public_key_parse(buffer_bytes(&spki), &key, &err), &err));
    for (unsigned i = 0; i < 20; i++)
        ASSERT_OK(token_sign(keyring, i % 2, key, SIGNATURE_ECDSA_SHA256, bytes_of_text("message"),
                             signature, &len, &err),
                  &err);
}

/* What softokn can, and that a kind of key it cannot make is refused by name. */
static void
makes_the_types_that_it_knows(void)
{
    static const struct {
        enum key_type type;
        const char *label;
        bool known;
    } rows[] = {{KEY_P384, "p384", true}, {KEY_RSA, "rsa", true}, {KEY_ED25519, "ed25519", false}};
    static const char *const waivers[] = {"local", NULL};
    struct keyring_options options = {
        .module = module, .init_string = init_string, .uri = "pkcs11:token=signet%20nss"};
    uint8_t signature[LIMIT_SIGNATURE_OCTETS];
    char uri[KEYRING_URI_OCTETS];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error err = {0};
        AUTO_KEYRING keyring = NULL;
        AUTO_PUBLIC_KEY key = NULL;
        AUTO_BUFFER spki = {.max = LIMIT_SPKI_OCTETS};
        size_t len = 0;
        bool made = keyring_generate(&options, bytes_of_text("314159"), rows[i].type, rows[i].label,
                                     &spki, uri, &err);

        if (!made && !rows[i].known) {
            CU_ASSERT_EQUAL(err.kind, ERROR_TOKEN_KEY);
            CU_ASSERT_STRING_EQUAL(err.rule, "key.mechanism");
            continue;
        }
        if (!ASSERT_OK(made, &err) ||
            !ASSERT_OK(public_key_parse(buffer_bytes(&spki), &key, &err), &err) ||
            !ASSERT_OK(open_key(uri, "314159", waivers, &keyring, &err), &err))
            continue;
        CU_ASSERT_TRUE(bytes_equal(keyring_spki(keyring), buffer_bytes(&spki)));
        ASSERT_OK(token_sign(keyring, 0, key, public_key_default_signature(rows[i].type),
                             bytes_of_text("message"), signature, &len, &err),
                  &err);
    }
}

static void
t15_a_wrong_pin_is_permanent(void)
{
    char uri[KEYRING_URI_OCTETS];
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;
    AUTO_BUFFER spki;

    buffer_init(&spki, LIMIT_SPKI_OCTETS);
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(generate("other", &spki, uri, &err), &err));
    ASSERT_REFUSED(open_key(uri, "271828", NULL, &keyring, &err), &err, ERROR_TOKEN_PIN);
    CU_ASSERT_EQUAL(token_fate_of(err.cause_code), TOKEN_FATE_PERMANENT);
}

int
main(void)
{
    int status;

    module = find_module();
    if (!module)
        return SKIPPED;
    scratch_make(folder, "signet-nss");
    if (shell("printf '314159\\n' > pin && certutil -N -d sql:. -f pin") != 0) {
        scratch_remove(folder);
        return SKIPPED;
    }
    snprintf(init_string, sizeof(init_string),
             "configDir='sql:%s' flags= dbTokenDescription='signet nss'", folder);
    status = RUN_SUITE("token nss", TEST(makes_and_uses_a_key_with_its_waiver),
                       TEST(makes_the_types_that_it_knows), TEST(t15_a_wrong_pin_is_permanent));
    scratch_remove(folder);
    return status;
}
