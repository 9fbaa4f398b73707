#include "anchor.h"
#include "fixture.h"

/* What the file keeps. That a database behind it is refused is tested with a real one (issuing). */

static char folder[64];

static void
remove_anchor(void)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/anchor", folder);
    unlink(path);
}

static void
begins_with_nothing(void)
{
    struct anchor anchor;
    struct error err = {0};

    ASSERT_OK(anchor_open(&anchor, folder, &err), &err);
    CU_ASSERT_EQUAL(anchor_crl_number(&anchor), 0);
    CU_ASSERT_EQUAL(anchor.mark.serial_len, 0);
    anchor_close(&anchor);
    ASSERT_OK(anchor_open(&anchor, folder, &err), &err);
    anchor_close(&anchor);
    remove_anchor();
}

static void
keeps_number_and_serial(void)
{
    static const uint8_t serial[] = {0x51, 0x50, 0x22, 1,  2,  3,  4,  5,  6, 7,
                                     8,    9,    10,   11, 12, 13, 14, 15, 16};
    struct anchor anchor;
    struct error err = {0};

    ASSERT_OK(anchor_open(&anchor, folder, &err), &err);
    anchor_put_serial(&anchor, bytes_of(serial, sizeof(serial)));
    ASSERT_OK(anchor_put_crl(&anchor, UINT64_MAX - 1, &err), &err);
    anchor_close(&anchor);
    ASSERT_OK(anchor_open(&anchor, folder, &err), &err);
    CU_ASSERT_EQUAL(anchor_crl_number(&anchor), UINT64_MAX - 1);
    CU_ASSERT_TRUE(bytes_equal(bytes_of(anchor.mark.serial, anchor.mark.serial_len),
                               bytes_of(serial, sizeof(serial))));
    anchor_close(&anchor);
    remove_anchor();
}

static void
flushes_the_serial_later(void)
{
    struct anchor anchor, other;
    struct error err = {0};

    ASSERT_OK(anchor_open(&anchor, folder, &err), &err);
    anchor_put_serial(&anchor, bytes_of_text("\x51\x01\x02\x03"));
    ASSERT_OK(anchor_open(&other, folder, &err), &err);
    CU_ASSERT_EQUAL(other.mark.serial_len, 0);
    anchor_close(&other);
    ASSERT_OK(anchor_flush(&anchor, &err), &err);
    ASSERT_OK(anchor_open(&other, folder, &err), &err);
    CU_ASSERT_EQUAL(other.mark.serial_len, 4);
    anchor_close(&other);
    anchor_close(&anchor);
    remove_anchor();
}

static void
numbers_only_rise(void)
{
    struct anchor anchor;
    struct error err = {0};

    ASSERT_OK(anchor_open(&anchor, folder, &err), &err);
    ASSERT_OK(anchor_put_crl(&anchor, 9, &err), &err);
    ASSERT_OK(anchor_put_crl(&anchor, 7, &err), &err);
    CU_ASSERT_EQUAL(anchor_crl_number(&anchor), 9);
    anchor_close(&anchor);
    remove_anchor();
}

/* A content that we never wrote is not taken for "nothing yet". */
static void
refuses_a_strange_content(void)
{
    static const char *const contents[] = {"hello", "signet-anchor-v1", "signet-anchor-v1 crl x",
                                           "signet-anchor-v1 crl 1 serial abc"};
    struct anchor anchor;
    struct error err = {0};
    char path[128];

    snprintf(path, sizeof(path), "%s/anchor", folder);
    for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
        must(file_write_atomic(path, bytes_of_text(contents[i]), 0600, (uid_t)-1, (gid_t)-1, &err),
             &err);
        ASSERT_REFUSED(anchor_open(&anchor, folder, &err), &err, ERROR_FILE_ACCESS);
        anchor_close(&anchor);
    }
    remove_anchor();
    ASSERT_REFUSED(anchor_open(&anchor, "/nowhere/at/all", &err), &err, ERROR_FILE_ACCESS);
}

int
main(void)
{
    int status;

    test_folder(folder);
    status = RUN_SUITE("anchor", TEST(begins_with_nothing), TEST(keeps_number_and_serial),
                       TEST(flushes_the_serial_later), TEST(numbers_only_rise),
                       TEST(refuses_a_strange_content));
    rmdir(folder);
    return status;
}
