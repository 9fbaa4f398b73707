#include "fixture.h"
#include "pin.h"

#include <fcntl.h>

static char folder[64];

static int
descriptor(const void *data, size_t len)
{
    int fds[2];

    must(pipe2(fds, O_CLOEXEC) == 0 && write(fds[1], data, len) == (ssize_t)len,
         &(struct error){.detail = "pipe"});
    close(fds[1]);
    return fds[0];
}

static void
reads_and_wipes(void)
{
    struct pin pin = {0};
    struct error err = {0};

    ASSERT_OK(pin_read(&pin, descriptor("271828\n", 7), &err), &err);
    CU_ASSERT_TRUE(bytes_equal(pin_bytes(&pin), bytes_of_text("271828")));
    pin_wipe(&pin);
    CU_ASSERT_PTR_NULL(pin.page);
    CU_ASSERT_EQUAL(pin.len, 0);
    pin_wipe(&pin);
}

/* Only the one newline that an editor puts there. */
static void
keeps_what_else_is_there(void)
{
    struct pin pin = {0};
    struct error err = {0};

    ASSERT_OK(pin_read(&pin, descriptor(" a b \n\n", 7), &err), &err);
    CU_ASSERT_TRUE(bytes_equal(pin_bytes(&pin), bytes_of_text(" a b \n")));
    pin_wipe(&pin);
}

static void
refuses_no_pin_and_too_long_ones(void)
{
    char text[PIN_OCTETS + 2];
    struct pin pin = {0};
    struct error err = {0};

    memset(text, '1', sizeof(text));
    ASSERT_REFUSED(pin_read(&pin, descriptor("", 0), &err), &err, ERROR_FILE_ACCESS);
    ASSERT_REFUSED(pin_read(&pin, descriptor("\n", 1), &err), &err, ERROR_FILE_ACCESS);
    ASSERT_REFUSED(pin_read(&pin, descriptor(text, sizeof(text)), &err), &err, ERROR_FILE_ACCESS);
    ASSERT_REFUSED(pin_read(&pin, 999, &err), &err, ERROR_FILE_ACCESS);
    CU_ASSERT_PTR_NULL(pin.page);
    ASSERT_OK(pin_read(&pin, descriptor(text, PIN_OCTETS), &err), &err);
    CU_ASSERT_EQUAL(pin.len, PIN_OCTETS);
    pin_wipe(&pin);
}

static bool
latched(void)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/pin.latch", folder);
    return file_exists(path);
}

static void
unlatch(void)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/pin.latch", folder);
    unlink(path);
}

static void
a_good_login_leaves_no_latch(void)
{
    struct error err = {0};

    for (int i = 0; i < 5; i++) {
        ASSERT_OK(pin_latch_set(folder, &err), &err);
        CU_ASSERT_TRUE(latched());
        ASSERT_OK(pin_latch_settle(folder, false, &err), &err);
        CU_ASSERT_FALSE(latched());
    }
}

static void
a_refused_pin_is_not_tried_again(void)
{
    struct error err = {0};

    ASSERT_OK(pin_latch_set(folder, &err), &err);
    ASSERT_OK(pin_latch_settle(folder, true, &err), &err);
    for (int i = 0; i < 3; i++) {
        ASSERT_REFUSED(pin_latch_set(folder, &err), &err, ERROR_TOKEN_PIN);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "pin.latch"));
        CU_ASSERT_TRUE(latched());
    }
    unlatch();
    ASSERT_OK(pin_latch_set(folder, &err), &err);
    unlatch();
}

/* Killed in the middle of a login, nobody knows whether the token counted it. */
static void
unseen_attempts_are_few(void)
{
    struct error err = {0};

    for (int i = 0; i < PIN_UNSEEN_ATTEMPTS; i++)
        ASSERT_OK(pin_latch_set(folder, &err), &err);
    ASSERT_REFUSED(pin_latch_set(folder, &err), &err, ERROR_TOKEN_PIN);
    unlatch();
}

static void
a_strange_latch_holds(void)
{
    struct error err = {0};
    char path[128];

    snprintf(path, sizeof(path), "%s/pin.latch", folder);
    must(file_write_atomic(path, bytes_of_text("?"), 0600, (uid_t)-1, (gid_t)-1, &err), &err);
    ASSERT_REFUSED(pin_latch_set(folder, &err), &err, ERROR_TOKEN_PIN);
    unlatch();
}

/* Without a latch there is no attempt. */
static void
refuses_without_a_place_for_the_latch(void)
{
    struct error err = {0};

    ASSERT_REFUSED(pin_latch_set("/nowhere/at/all", &err), &err, ERROR_FILE_ACCESS);
}

int
main(void)
{
    int status;

    test_folder(folder);
    status = RUN_SUITE("pin", TEST(reads_and_wipes), TEST(keeps_what_else_is_there),
                       TEST(refuses_no_pin_and_too_long_ones), TEST(a_good_login_leaves_no_latch),
                       TEST(a_refused_pin_is_not_tried_again), TEST(unseen_attempts_are_few),
                       TEST(a_strange_latch_holds), TEST(refuses_without_a_place_for_the_latch));
    rmdir(folder);
    return status;
}
