#include "suite.h"

#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signet/keyring.h"
#include "signet/limits.h"

#include "token_fixture.h"

static struct token_fixture fixture;
static char key_uri[KEYRING_URI_OCTETS];

static bool
open_with(const char *module, const char *uri, const char *pin, const char *const *waivers,
          struct keyring **ret_keyring, struct error *err)
{
    struct keyring_options options = {
        .module = module, .uri = uri, .sessions = 3, .waivers = waivers};

    error_clear(err);
    return keyring_open(&options, bytes_of_text(pin), ret_keyring, err);
}

static bool
open_shim(struct keyring **ret_keyring, struct error *err)
{
    return open_with(token_fixture_shim(), key_uri, TOKEN_FIXTURE_PIN, NULL, ret_keyring, err);
}

static bool
sign_once(struct keyring *keyring, unsigned session, struct error *err)
{
    uint8_t digest[32] = {1}, raw[KEYRING_SIGNATURE_RAW];
    size_t len = 0;

    return keyring_sign(keyring, session, bytes_of(digest, sizeof(digest)), raw, &len, err) &&
           len == 64;
}

static void
opens_signs_and_tells_its_module(void)
{
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;

    CU_ASSERT_TRUE_FATAL(ASSERT_OK(
        open_with(token_fixture_softhsm(), key_uri, TOKEN_FIXTURE_PIN, NULL, &keyring, &err),
        &err));
    CU_ASSERT_EQUAL(keyring_sessions(keyring), 3);
    CU_ASSERT_EQUAL(keyring_mechanism_of(keyring), KEYRING_ECDSA);
    CU_ASSERT_PTR_NOT_NULL(strstr(keyring_module_name(keyring), "SoftHSM"));
    CU_ASSERT_EQUAL(keyring_spki(keyring).len, 91);
    ASSERT_OK(sign_once(keyring, 0, &err), &err);
    ASSERT_OK(sign_once(keyring, 2, &err), &err);
    ASSERT_REFUSED(sign_once(keyring, 3, &err), &err, ERROR_INTERNAL);
}

static void
t01_serialises_a_module_that_cannot_lock(void)
{
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;

    token_fixture_order(&fixture, "C_Initialize rv 0xa\n");
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(open_shim(&keyring, &err), &err));
    CU_ASSERT_EQUAL(token_fixture_calls(&fixture, "C_Initialize"), 2);
    ASSERT_OK(sign_once(keyring, 1, &err), &err);
}

static void
t01_finalises_only_what_it_initialised(void)
{
    struct error err = {0};
    struct keyring *first = NULL;
    struct keyring *second = NULL;

    token_fixture_order(&fixture, "");
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(open_shim(&first, &err), &err));
    token_fixture_order(&fixture, "");
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(open_shim(&second, &err), &err));
    keyring_close(second);
    CU_ASSERT_EQUAL(token_fixture_calls(&fixture, "C_Finalize"), 0);
    keyring_close(first);
    CU_ASSERT_EQUAL(token_fixture_calls(&fixture, "C_Finalize"), 1);
}

static void
t02_a_forked_child_cannot_use_it(void)
{
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;
    int status = 0;
    pid_t child;

    token_fixture_order(&fixture, "");
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(open_shim(&keyring, &err), &err));
    child = fork();
    if (child == 0) {
        bool refused = !sign_once(keyring, 0, &err) && err.kind == ERROR_INTERNAL;

        keyring_close(keyring);
        _exit(refused ? 0 : 1);
    }
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(status, 0);
    /* Neither a signature nor the end of the parent's module came from the child. */
    CU_ASSERT_EQUAL(token_fixture_calls(&fixture, "C_Sign"), 0);
    CU_ASSERT_EQUAL(token_fixture_calls(&fixture, "C_Finalize"), 0);
    ASSERT_OK(sign_once(keyring, 0, &err), &err);
}

static void
t03_a_program_that_closed_it_exits_cleanly(void)
{
    int status = 0;
    pid_t child;

    token_fixture_order(&fixture, "");
    child = fork();
    if (child == 0) {
        struct error err = {0};
        struct keyring *keyring = NULL;

        if (!open_shim(&keyring, &err) || !sign_once(keyring, 0, &err))
            _exit(1);
        keyring_close(keyring);
        exit(0);
    }
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(token_fixture_calls(&fixture, "C_Finalize"), 1);
}

static void
t04_being_logged_in_already_is_success(void)
{
    struct error err = {0};
    struct keyring *first = NULL;
    AUTO_KEYRING second = NULL;

    token_fixture_order(&fixture, "");
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(open_shim(&first, &err), &err));
    ASSERT_OK(open_shim(&second, &err), &err);
    ASSERT_OK(sign_once(second, 0, &err), &err);
    keyring_close(steal(&second));
    keyring_close(first);
}

static void
t04_asks_the_session_whether_the_login_stands(void)
{
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;

    /* Claimed success without a login. */
    token_fixture_order(&fixture, "C_Login rv 0x0\n");
    ASSERT_REFUSED(open_shim(&keyring, &err), &err, ERROR_TOKEN_UNAVAILABLE);
    token_fixture_order(&fixture, "C_Login rv 0x100\n");
    ASSERT_REFUSED(open_shim(&keyring, &err), &err, ERROR_TOKEN_UNAVAILABLE);
}

static void
t05_wants_exactly_one_key(void)
{
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;

    token_fixture_order(&fixture, "C_FindObjects twice\n");
    ASSERT_REFUSED(open_shim(&keyring, &err), &err, ERROR_TOKEN_KEY);
    CU_ASSERT_STRING_EQUAL(err.rule, "key.single");
    ASSERT_REFUSED(open_with(token_fixture_softhsm(), "pkcs11:token=unit;object=absent",
                             TOKEN_FIXTURE_PIN, NULL, &keyring, &err),
                   &err, ERROR_TOKEN_KEY);
    ASSERT_REFUSED(open_with(token_fixture_softhsm(), "pkcs11:token=unit;id=%de%ad",
                             TOKEN_FIXTURE_PIN, NULL, &keyring, &err),
                   &err, ERROR_TOKEN_KEY);
    ASSERT_OK(open_with(token_fixture_softhsm(), "pkcs11:token=unit;object=key", TOKEN_FIXTURE_PIN,
                        NULL, &keyring, &err),
              &err);
}

static void
t06_takes_no_more_sessions_than_the_token_allows(void)
{
    static const struct {
        const char *order;
        unsigned sessions;
    } rows[] = {{"sessions 3\n", 2},   {"sessions 2\n", 1},
                {"sessions 0\n", 3},   {"sessions 18446744073709551615\n", 3},
                {"sessions 100\n", 3}, {"open-most 3\n", 2},
                {"open-most 2\n", 1}};
    struct error err = {0};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_KEYRING keyring = NULL;

        token_fixture_order(&fixture, rows[i].order);
        CU_ASSERT_TRUE_FATAL(ASSERT_OK(open_shim(&keyring, &err), &err));
        CU_ASSERT_EQUAL(keyring_sessions(keyring), rows[i].sessions);
    }
}

struct signing_thread {
    struct keyring *keyring;
    unsigned session;
    unsigned done;
};

static void *
sign_many(void *context)
{
    struct signing_thread *thread = context;
    struct error err = {0};

    for (unsigned i = 0; i < 300; i++)
        thread->done += sign_once(thread->keyring, thread->session, &err);
    return NULL;
}

static void
t06_a_token_without_a_signing_session_is_temporary(void)
{
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;

    token_fixture_order(&fixture, "open-most 1\n");
    ASSERT_REFUSED(open_shim(&keyring, &err), &err, ERROR_TOKEN_UNAVAILABLE);
    token_fixture_order(&fixture, "C_OpenSession rv 0x32\n");
    ASSERT_REFUSED(open_shim(&keyring, &err), &err, ERROR_TOKEN_UNAVAILABLE);
    CU_ASSERT_EQUAL(token_fixture_calls(&fixture, "C_Login"), 0);
}

static void
t06_each_thread_signs_on_its_own_session(void)
{
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;
    struct signing_thread threads[3];
    pthread_t ids[3];

    CU_ASSERT_TRUE_FATAL(ASSERT_OK(
        open_with(token_fixture_softhsm(), key_uri, TOKEN_FIXTURE_PIN, NULL, &keyring, &err),
        &err));
    for (unsigned i = 0; i < 3; i++) {
        threads[i] = (struct signing_thread){keyring, i, 0};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&ids[i], NULL, sign_many, &threads[i]), 0);
    }
    for (unsigned i = 0; i < 3; i++) {
        pthread_join(ids[i], NULL);
        CU_ASSERT_EQUAL(threads[i].done, 300);
    }
}

static void
t07_a_failed_signature_names_its_code(void)
{
    static const struct {
        const char *order;
        CK_RV rv;
        enum error_kind kind;
        unsigned session; /* a C_Sign that never reached the token leaves its operation open */
    } rows[] = {
        {"C_Sign rv 0x30\n", CKR_DEVICE_ERROR, ERROR_TOKEN_UNAVAILABLE, 0},
        {"C_SignInit rv 0xb3\n", CKR_SESSION_HANDLE_INVALID, ERROR_TOKEN_UNAVAILABLE, 1},
        {"C_SignInit rv 0x101\n", CKR_USER_NOT_LOGGED_IN, ERROR_TOKEN_UNAVAILABLE, 1},
        {"C_SignInit rv 0x70\n", CKR_MECHANISM_INVALID, ERROR_TOKEN_KEY, 1},
        {"C_Sign rv 0x21\n", CKR_DATA_LEN_RANGE, ERROR_CRYPTO, 2},
    };
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;

    token_fixture_order(&fixture, "");
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(open_shim(&keyring, &err), &err));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        token_fixture_order(&fixture, rows[i].order);
        ASSERT_REFUSED(sign_once(keyring, rows[i].session, &err), &err, rows[i].kind);
        CU_ASSERT_EQUAL(err.cause, CAUSE_PKCS11);
        CU_ASSERT_EQUAL(err.cause_code, rows[i].rv);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, token_rv_name(rows[i].rv)));
        /* One call, no retry behind the caller's back. */
        CU_ASSERT_EQUAL(token_fixture_calls(&fixture, "C_SignInit"), 1);
    }
}

static void
t10_t18_refuses_a_key_that_is_not_as_required(void)
{
    static const struct {
        const char *order;
        const char *rule;
    } rows[] = {
        {"attribute 0x202 01\n", "key.always-authenticate"},
        {"attribute 0x1 00\n", "key.token"},
        {"attribute 0x2 00\n", "key.private"},
        {"attribute 0x103 00\n", "key.sensitive"},
        {"attribute 0x162 01\n", "key.extractable"},
        {"attribute 0x162 -\n", "key.extractable"},
        {"attribute 0x163 00\n", "key.local"},
        {"attribute 0x108 00\n", "key.sign"},
        {"attribute 0x105 01\n", "key.decrypt"},
        {"attribute 0x107 01\n", "key.unwrap"},
        {"attribute 0x10c 01\n", "key.derive"},
    };
    struct error err = {0};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_KEYRING keyring = NULL;

        token_fixture_order(&fixture, rows[i].order);
        ASSERT_REFUSED(open_shim(&keyring, &err), &err, ERROR_TOKEN_KEY);
        CU_ASSERT_STRING_EQUAL(err.rule, rows[i].rule);
        CU_ASSERT_PTR_NULL(keyring);
    }
}

static void
t10_an_unknown_always_authenticate_means_false(void)
{
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;

    token_fixture_order(&fixture, "attribute 0x202 -\n");
    ASSERT_OK(open_shim(&keyring, &err), &err);
}

static void
t18_a_waiver_covers_only_what_it_names(void)
{
    const char *const local[] = {"local", NULL};
    const char *const others[] = {"sensitive", "always-authenticate", NULL};
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;

    token_fixture_order(&fixture, "attribute 0x163 00\n");
    ASSERT_REFUSED(
        open_with(token_fixture_shim(), key_uri, TOKEN_FIXTURE_PIN, others, &keyring, &err), &err,
        ERROR_TOKEN_KEY);
    ASSERT_OK(open_with(token_fixture_shim(), key_uri, TOKEN_FIXTURE_PIN, local, &keyring, &err),
              &err);
    keyring_close(steal(&keyring));
    /* The PIN is wiped after the login, so this one cannot be waived. */
    token_fixture_order(&fixture, "attribute 0x202 01\n");
    ASSERT_REFUSED(
        open_with(token_fixture_shim(), key_uri, TOKEN_FIXTURE_PIN, others, &keyring, &err), &err,
        ERROR_TOKEN_KEY);
}

static void
t11_takes_the_point_bare_and_wrapped(void)
{
    struct error err = {0};
    AUTO_KEYRING wrapped = NULL;
    char order[200] = "attribute 0x181 ";
    size_t used = strlen(order);
    uint8_t spki[91];

    token_fixture_order(&fixture, "");
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(open_shim(&wrapped, &err), &err));
    CU_ASSERT_EQUAL_FATAL(keyring_spki(wrapped).len, sizeof(spki));
    memcpy(spki, keyring_spki(wrapped).data, sizeof(spki));
    keyring_close(steal(&wrapped));
    for (size_t i = sizeof(spki) - 65; i < sizeof(spki); i++)
        used += (size_t)snprintf(order + used, sizeof(order) - used, "%02x", spki[i]);
    token_fixture_order(&fixture, order);
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(open_shim(&wrapped, &err), &err));
    CU_ASSERT_TRUE(bytes_equal(keyring_spki(wrapped), bytes_of(spki, sizeof(spki))));
    keyring_close(steal(&wrapped));
    token_fixture_order(&fixture, "attribute 0x181 0401020304\n");
    ASSERT_REFUSED(open_shim(&wrapped, &err), &err, ERROR_TOKEN_KEY);
    CU_ASSERT_STRING_EQUAL(err.rule, "key.point");
}

static void
t13_needs_no_public_key_object(void)
{
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;

    token_fixture_order(&fixture, "no-public-key\n");
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(open_shim(&keyring, &err), &err));
    CU_ASSERT_EQUAL(keyring_spki(keyring).len, 0);
    ASSERT_OK(sign_once(keyring, 0, &err), &err);
    keyring_close(steal(&keyring));
    /* A curve that is not known here is as good as no public key. */
    token_fixture_order(&fixture, "attribute 0x180 -\n");
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(open_shim(&keyring, &err), &err));
    CU_ASSERT_EQUAL(keyring_spki(keyring).len, 0);
    ASSERT_OK(sign_once(keyring, 0, &err), &err);
}

static void
t14_ends_every_search(void)
{
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;

    token_fixture_order(&fixture, "C_FindObjects rv 0x30\n");
    ASSERT_REFUSED(open_shim(&keyring, &err), &err, ERROR_TOKEN_UNAVAILABLE);
    CU_ASSERT_EQUAL(token_fixture_calls(&fixture, "C_FindObjects"),
                    token_fixture_calls(&fixture, "C_FindObjectsFinal"));
    CU_ASSERT_NOT_EQUAL(token_fixture_calls(&fixture, "C_FindObjectsFinal"), 0);
}

static void
t15_a_wrong_pin_is_tried_once(void)
{
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;

    token_fixture_order(&fixture, "");
    ASSERT_REFUSED(open_with(token_fixture_shim(), key_uri, "999999", NULL, &keyring, &err), &err,
                   ERROR_TOKEN_PIN);
    CU_ASSERT_EQUAL(err.cause_code, CKR_PIN_INCORRECT);
    CU_ASSERT_EQUAL(token_fate_of(err.cause_code), TOKEN_FATE_PERMANENT);
    CU_ASSERT_EQUAL(token_fixture_calls(&fixture, "C_Login"), 1);
    CU_ASSERT_PTR_NULL(strstr(err.detail, "999999"));
}

static void
t15_a_pin_at_its_last_try_is_not_tried(void)
{
    static const char *const flags[] = {"token-flags 0x20000\n", "token-flags 0x40000\n"};
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;

    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        token_fixture_order(&fixture, flags[i]);
        ASSERT_REFUSED(open_shim(&keyring, &err), &err, ERROR_TOKEN_PIN);
        CU_ASSERT_EQUAL(token_fixture_calls(&fixture, "C_Login"), 0);
    }
}

static void
t16_a_token_that_is_not_there_is_waited_for(void)
{
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;

    ASSERT_REFUSED(open_with(token_fixture_softhsm(), "pkcs11:token=other;object=key",
                             TOKEN_FIXTURE_PIN, NULL, &keyring, &err),
                   &err, ERROR_TOKEN_UNAVAILABLE);
    ASSERT_REFUSED(
        open_with("/nowhere/module.so", key_uri, TOKEN_FIXTURE_PIN, NULL, &keyring, &err), &err,
        ERROR_CONFIG);
}

static void
t16_two_tokens_of_one_label_need_the_serial(void)
{
    struct error err = {0};
    AUTO_KEYRING keyring = NULL;

    token_fixture_add(&fixture, "unit");
    ASSERT_REFUSED(open_with(token_fixture_softhsm(), "pkcs11:token=unit;object=key",
                             TOKEN_FIXTURE_PIN, NULL, &keyring, &err),
                   &err, ERROR_CONFIG);
    /* The URI that the generation gave has the serial. */
    ASSERT_OK(open_with(token_fixture_softhsm(), key_uri, TOKEN_FIXTURE_PIN, NULL, &keyring, &err),
              &err);
}

int
main(void)
{
    struct keyring_options options = {.module = token_fixture_softhsm(),
                                      .uri = "pkcs11:token=unit"};
    struct error err = {0};
    AUTO_BUFFER spki;
    int status;

    buffer_init(&spki, LIMIT_SPKI_OCTETS);
    token_fixture_start(&fixture, "unit");
    if (!keyring_generate(&options, bytes_of_text(TOKEN_FIXTURE_PIN), KEY_P256, "key", &spki,
                          key_uri, &err)) {
        fprintf(stderr, "%s\n", err.detail);
        return 1;
    }
    status = RUN_SUITE(
        "keyring", TEST(opens_signs_and_tells_its_module),
        TEST(t01_serialises_a_module_that_cannot_lock),
        TEST(t01_finalises_only_what_it_initialised), TEST(t02_a_forked_child_cannot_use_it),
        TEST(t03_a_program_that_closed_it_exits_cleanly),
        TEST(t04_being_logged_in_already_is_success),
        TEST(t04_asks_the_session_whether_the_login_stands), TEST(t05_wants_exactly_one_key),
        TEST(t06_takes_no_more_sessions_than_the_token_allows),
        TEST(t06_a_token_without_a_signing_session_is_temporary),
        TEST(t06_each_thread_signs_on_its_own_session), TEST(t07_a_failed_signature_names_its_code),
        TEST(t10_t18_refuses_a_key_that_is_not_as_required),
        TEST(t10_an_unknown_always_authenticate_means_false),
        TEST(t18_a_waiver_covers_only_what_it_names), TEST(t11_takes_the_point_bare_and_wrapped),
        TEST(t13_needs_no_public_key_object), TEST(t14_ends_every_search),
        TEST(t15_a_wrong_pin_is_tried_once), TEST(t15_a_pin_at_its_last_try_is_not_tried),
        TEST(t16_a_token_that_is_not_there_is_waited_for),
        TEST(t16_two_tokens_of_one_label_need_the_serial));
    token_fixture_stop(&fixture);
    return status;
}
