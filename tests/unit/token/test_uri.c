#include "suite.h"

#include <string.h>

#include "signet/keyring.h"

static void
takes_a_token_and_a_key(void)
{
    static const char *const good[] = {
        "pkcs11:token=issuing;object=key",
        "pkcs11:token=issuing;id=%01%02%ff",
        "pkcs11:serial=0badc0de;id=%01;type=private",
        "pkcs11:token=a%20b;manufacturer=SoftHSM%20p;model=SoftHSM;serial=1;object=k;id=%00",
    };
    struct error err = {0};

    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        ASSERT_OK(keyring_uri_check(good[i], true, &err), &err);
    ASSERT_OK(keyring_uri_check("pkcs11:token=issuing", false, &err), &err);
}

static void
t16_refuses_what_would_be_read_two_ways(void)
{
    static const char *const bad[] = {
        "",
        "pkcs11:",
        "PKCS11:token=a;object=b",
        "token=a;object=b",
        "pkcs11:token=a",                  /* no key */
        "pkcs11:object=b",                 /* no token */
        "pkcs11:token=a;object=b;",        /* empty attribute */
        "pkcs11:token=a;token=b;object=c", /* twice */
        "pkcs11:token=;object=b",          /* no value */
        "pkcs11:token;object=b",
        "pkcs11:token=a;object=b#fragment",
        "pkcs11:token=a;object=b?module-path=/tmp/evil.so",
        "pkcs11:token=a;object=b?pin-source=/tmp/pin",
        "pkcs11:token=a;object=b;slot-id=1", /* slot numbers change */
        "pkcs11:token=a;object=b;x-vendor=1",
        "pkcs11:token=a;object=b;type=public",
        "pkcs11:token=a;object=%zz",
        "pkcs11:token=a;object=b;tokens=c",
    };
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        error_clear(&err);
        if (!ASSERT_REFUSED(keyring_uri_check(bad[i], true, &err), &err, ERROR_CONFIG))
            fprintf(stderr, "taken: %s\n", bad[i]);
    }
    ASSERT_REFUSED(keyring_uri_check("pkcs11:token=a;object=b", false, &err), &err, ERROR_CONFIG);
    ASSERT_REFUSED(keyring_uri_check(NULL, true, &err), &err, ERROR_CONFIG);
}

static void
t15_refuses_a_pin_and_does_not_repeat_it(void)
{
    struct error err = {0};

    ASSERT_REFUSED(keyring_uri_check("pkcs11:token=a;object=b?pin-value=4711", true, &err), &err,
                   ERROR_CONFIG);
    CU_ASSERT_PTR_NULL(strstr(err.detail, "4711"));
    CU_ASSERT_PTR_NULL(strstr(err.internal, "4711"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "pin_file"));
}

int
main(void)
{
    return RUN_SUITE("token uri", TEST(takes_a_token_and_a_key),
                     TEST(t16_refuses_what_would_be_read_two_ways),
                     TEST(t15_refuses_a_pin_and_does_not_repeat_it));
}
