#include <errno.h>
#include <string.h>

#include "signet/error.h"
#include "suite.h"

static void
every_kind_has_a_row_of_its_own(void)
{
    for (int kind = ERROR_NONE + 1; kind < ERROR_KIND_COUNT; kind++) {
        const struct error_row *row = error_row((enum error_kind)kind);

        CU_ASSERT_TRUE(row->status >= 400 && row->status <= 599);
        CU_ASSERT_TRUE(strlen(row->title) > 5);
        CU_ASSERT_EQUAL((int)error_kind_of_type(row->type), kind);
        CU_ASSERT_EQUAL(strspn(row->type, "abcdefghijklmnopqrstuvwxyz-"), strlen(row->type));
        CU_ASSERT_TRUE(strlen(row->type) < 64);
        /* what may be tried again must say so by its status */
        CU_ASSERT_TRUE(row->retry != RETRY_LATER || row->status == 429 || row->status == 503);
    }
}

static void
what_is_not_a_kind_is_internal(void)
{
    CU_ASSERT_EQUAL(error_row((enum error_kind) - 1), error_row(ERROR_INTERNAL));
    CU_ASSERT_EQUAL(error_row(ERROR_KIND_COUNT), error_row(ERROR_INTERNAL));
    CU_ASSERT_EQUAL(error_kind_of_type("no-such-type"), ERROR_NONE);
    CU_ASSERT_EQUAL(error_kind_of_type(""), ERROR_NONE);
    CU_ASSERT_EQUAL(error_kind_of_type("none"), ERROR_NONE);
}

static void
setters_fill_all_and_return_false(void)
{
    struct error err;

    memset(&err, 0x5a, sizeof(err));
    CU_ASSERT_FALSE(error_set(&err, ERROR_LIFETIME, "ttl_s is %d", 5));
    CU_ASSERT_EQUAL(err.kind, ERROR_LIFETIME);
    CU_ASSERT_STRING_EQUAL(err.detail, "ttl_s is 5");
    CU_ASSERT_STRING_EQUAL(err.internal, "");
    CU_ASSERT_STRING_EQUAL(err.rule, "");
    CU_ASSERT_EQUAL(err.cause, CAUSE_NONE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.file, "test_error.c"));
    CU_ASSERT_FALSE(error_refuse(&err, ERROR_PERMIT, "permit.life", "too long"));
    CU_ASSERT_STRING_EQUAL(err.rule, "permit.life");
    errno = EACCES;
    CU_ASSERT_FALSE(error_errno(&err, ERROR_FILE_ACCESS, "cannot open %s", "x"));
    CU_ASSERT_EQUAL(err.cause, CAUSE_ERRNO);
    CU_ASSERT_EQUAL(err.cause_code, EACCES);
    CU_ASSERT_STRING_EQUAL(err.internal, "Permission denied");
    CU_ASSERT_STRING_EQUAL(err.rule, "");
    error_clear(&err);
    CU_ASSERT_EQUAL(err.kind, ERROR_NONE);
}

static void
context_and_internal_text_add_up(void)
{
    struct error err = {0};

    error_set(&err, ERROR_CRYPTO, "no key");
    CU_ASSERT_FALSE(error_internal(&err, "code %d", 1));
    CU_ASSERT_FALSE(error_internal(&err, "reason %s", "two"));
    CU_ASSERT_FALSE(error_context(&err, "issuer %d", 7));
    CU_ASSERT_STRING_EQUAL(err.internal, "code 1; reason two");
    CU_ASSERT_STRING_EQUAL(err.detail, "issuer 7: no key");
}

static void
long_texts_are_cut(void)
{
    char big[2000];
    struct error err = {0};

    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    error_refuse(&err, ERROR_CONFIG, big, "%s", big);
    for (int i = 0; i < 10; i++) {
        error_internal(&err, "%s", big);
        error_context(&err, "%s", big);
    }
    CU_ASSERT_EQUAL(strlen(err.detail), sizeof(err.detail) - 1);
    CU_ASSERT_EQUAL(strlen(err.internal), sizeof(err.internal) - 1);
    CU_ASSERT_EQUAL(strlen(err.rule), sizeof(err.rule) - 1);
}

static void
null_is_accepted(void)
{
    CU_ASSERT_FALSE(error_set(NULL, ERROR_CONFIG, "x"));
    CU_ASSERT_FALSE(error_refuse(NULL, ERROR_CONFIG, "r", "x"));
    CU_ASSERT_FALSE(error_errno(NULL, ERROR_CONFIG, "x"));
    CU_ASSERT_FALSE(error_internal(NULL, "x"));
    CU_ASSERT_FALSE(error_context(NULL, "x"));
    error_clear(NULL);
}

int
main(void)
{
    return RUN_SUITE("error", TEST(every_kind_has_a_row_of_its_own),
                     TEST(what_is_not_a_kind_is_internal), TEST(setters_fill_all_and_return_false),
                     TEST(context_and_internal_text_add_up), TEST(long_texts_are_cut),
                     TEST(null_is_accepted));
}
