#include <sys/eventfd.h>
#include <unistd.h>

#include "signer.h"
#include "suite.h"

static struct error
error_of(enum error_kind kind)
{
    struct error err = {0};

    error_set(&err, kind, "for the test");
    return err;
}

static struct error
token_error_of(unsigned long rv)
{
    struct error err = error_of(ERROR_CRYPTO);

    err.cause = CAUSE_PKCS11;
    err.cause_code = rv;
    return err;
}

/* What ends the program, and whether a restart can help. */
static void
tells_what_is_fatal(void)
{
    static const struct {
        enum error_kind kind;
        bool fatal;
        int status;
    } table[] = {
        {ERROR_DATABASE_UNAVAILABLE, true, 75},
        {ERROR_COMMIT_UNKNOWN, true, 75},
        {ERROR_TOKEN_UNAVAILABLE, true, 75},
        {ERROR_SIGNATURE_WRONG, true, 75},
        {ERROR_TOKEN_PIN, true, 78},
        {ERROR_TOKEN_KEY, true, 78},
        {ERROR_SCHEMA, true, 78},
        {ERROR_DATABASE_REWOUND, true, 79},
        {ERROR_PERMIT, false, 75},
        {ERROR_DATABASE, false, 75},
        {ERROR_GRANT_USED, false, 75},
        {ERROR_FRAME, false, 75},
        {ERROR_CONFIG, false, 78},
        {ERROR_USAGE, false, 78},
        {ERROR_FILE_ACCESS, false, 78},
        {ERROR_MEMORY, false, 75},
    };

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct error err = error_of(table[i].kind);

        CU_ASSERT_EQUAL(error_is_fatal(&err), table[i].fatal);
        CU_ASSERT_EQUAL(error_exit_status(&err), table[i].status);
    }
}

static void
tells_by_the_token_s_code(void)
{
    struct error gone = token_error_of(0x30);   /* CKR_DEVICE_ERROR */
    struct error wrong = token_error_of(0xa0);  /* CKR_PIN_INCORRECT */
    struct error small = token_error_of(0x150); /* CKR_BUFFER_TOO_SMALL */

    CU_ASSERT_TRUE(error_is_fatal(&gone));
    CU_ASSERT_EQUAL(error_exit_status(&gone), 75);
    CU_ASSERT_TRUE(error_is_fatal(&wrong));
    CU_ASSERT_EQUAL(error_exit_status(&wrong), 78);
    CU_ASSERT_FALSE(error_is_fatal(&small));
}

/* The first cause stays, and the serving thread is woken. */
static void
keeps_the_first_cause(void)
{
    struct signer signer;
    struct error first = error_of(ERROR_TOKEN_UNAVAILABLE);
    struct error second = error_of(ERROR_DATABASE_UNAVAILABLE);
    struct error cause = {0};
    uint64_t woken = 0;

    signer_init(&signer);
    signer.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CU_ASSERT_FALSE(signer_is_doomed(&signer, &cause));
    CU_ASSERT_EQUAL(cause.kind, ERROR_NONE);
    signer_doom(&signer, &first);
    signer_doom(&signer, &second);
    CU_ASSERT_TRUE(signer_is_doomed(&signer, &cause));
    CU_ASSERT_EQUAL(cause.kind, ERROR_TOKEN_UNAVAILABLE);
    CU_ASSERT_EQUAL(read(signer.wake_fd, &woken, sizeof(woken)), sizeof(woken));
    CU_ASSERT_EQUAL(woken, 2);
    close(signer.wake_fd);
}

int
main(void)
{
    return RUN_SUITE("signer", TEST(tells_what_is_fatal), TEST(tells_by_the_token_s_code),
                     TEST(keeps_the_first_cause));
}
