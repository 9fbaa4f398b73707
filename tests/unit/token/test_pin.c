#include "suite.h"

#include <string.h>
#include <unistd.h>

#include "signet/file.h"
#include "signet/keyring.h"

static bool
pin_from(const void *content, size_t len, struct buffer *ret_pin, struct error *err)
{
    int ends[2];
    bool ok;

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    CU_ASSERT_EQUAL(write(ends[1], content, len), (ssize_t)len);
    close(ends[1]);
    ok = keyring_pin_read(ends[0], ret_pin, err);
    close(ends[0]);
    return ok;
}

static void
t15_takes_one_newline_off(void)
{
    static const struct {
        const char *content;
        const char *pin;
    } rows[] = {{"1234\n", "1234"}, {"1234", "1234"}, {"12 34\n", "12 34"}, {"1234\n\n", "1234\n"}};
    struct error err = {0};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_BUFFER pin;

        ASSERT_OK(pin_from(rows[i].content, strlen(rows[i].content), &pin, &err), &err);
        CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&pin), bytes_of_text(rows[i].pin)));
    }
}

static void
t15_refuses_what_no_pin_is(void)
{
    char longest[KEYRING_PIN_OCTETS + 8];
    struct error err = {0};
    struct buffer pin;

    memset(longest, '7', sizeof(longest));
    ASSERT_REFUSED(pin_from("", 0, &pin, &err), &err, ERROR_TOKEN_PIN);
    ASSERT_REFUSED(pin_from("\n", 1, &pin, &err), &err, ERROR_TOKEN_PIN);
    ASSERT_REFUSED(pin_from("12\00034", 5, &pin, &err), &err, ERROR_TOKEN_PIN);
    ASSERT_REFUSED(pin_from(longest, KEYRING_PIN_OCTETS + 1, &pin, &err), &err, ERROR_TOKEN_PIN);
    CU_ASSERT_FALSE(pin_from(longest, sizeof(longest), &pin, &err));
    longest[KEYRING_PIN_OCTETS] = '\n';
    ASSERT_OK(pin_from(longest, KEYRING_PIN_OCTETS + 1, &pin, &err), &err);
    CU_ASSERT_EQUAL(pin.len, KEYRING_PIN_OCTETS);
    buffer_done(&pin);
}

int
main(void)
{
    return RUN_SUITE("token pin", TEST(t15_takes_one_newline_off),
                     TEST(t15_refuses_what_no_pin_is));
}
