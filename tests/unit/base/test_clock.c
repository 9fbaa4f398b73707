#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signet/clock.h"
#include "suite.h"

static const struct {
    int64_t time_s;
    const char *text;
    const char *http;
} moments[] = {
    {0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
    {784111777, "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"},
    {951782400, "2000-02-29T00:00:00Z", "Tue, 29 Feb 2000 00:00:00 GMT"},
    {1795332600, "2026-11-22T07:30:00Z", "Sun, 22 Nov 2026 07:30:00 GMT"},
    {253402300799, "9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 GMT"},
    {-62135596800, "0001-01-01T00:00:00Z", "Mon, 01 Jan 0001 00:00:00 GMT"},
    {-1, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT"},
};

static void
writes_and_reads_both_forms(void)
{
    for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
        char text[CLOCK_TEXT_OCTETS], http[30];
        int64_t back_s = 7;

        clock_text(moments[i].time_s, text);
        clock_http_date(moments[i].time_s, http);
        CU_ASSERT_STRING_EQUAL(text, moments[i].text);
        CU_ASSERT_STRING_EQUAL(http, moments[i].http);
        CU_ASSERT_TRUE(clock_parse(text, &back_s));
        CU_ASSERT_EQUAL(back_s, moments[i].time_s);
        back_s = 7;
        CU_ASSERT_TRUE(clock_parse_http_date(http, &back_s));
        CU_ASSERT_EQUAL(back_s, moments[i].time_s);
    }
}

static void
is_empty_beyond_four_digits(void)
{
    char text[CLOCK_TEXT_OCTETS] = "x", http[30] = "x";

    clock_text(253402300800, text);
    clock_http_date(253402300800, http);
    CU_ASSERT_STRING_EQUAL(text, "");
    CU_ASSERT_STRING_EQUAL(http, "");
    clock_text(INT64_MAX, text);
    CU_ASSERT_STRING_EQUAL(text, "");
    clock_text(INT64_MIN, text);
    CU_ASSERT_STRING_EQUAL(text, "");
}

static void
refuses_other_texts(void)
{
    static const char *const wrong[] = {
        "",
        "2026-11-22",
        "2026-11-22T07:30:00",
        "2026-11-22T07:30:00+00:00",
        "2026-11-22t07:30:00z",
        "2026-11-22 07:30:00Z",
        "2026-11-22T07:30:00Z ",
        " 2026-11-22T07:30:00Z",
        "2026-11-22T07:30:00.5Z",
        "2026-13-22T07:30:00Z",
        "2026-00-22T07:30:00Z",
        "2026-02-30T07:30:00Z",
        "2025-02-29T07:30:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T07:60:00Z",
        "2026-11-22T07:30:60Z",
        "+026-11-22T07:30:00Z",
        "12026-11-22T07:30:00Z",
    };
    int64_t time_s = 42;

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CU_ASSERT_FALSE(clock_parse(wrong[i], &time_s));
        CU_ASSERT_EQUAL(time_s, 42);
    }
}

static void
refuses_other_http_dates(void)
{
    static const char *const wrong[] = {
        "",
        "Mon, 22 Nov 2026 07:30:00 GMT", /* a Sunday */
        "Sun, 22 nov 2026 07:30:00 GMT",
        "Sun, 22 Nov 2026 07:30:00 UTC",
        "Sun, 22 Nov 2026 07:30:00 GMT ",
        "Sun, 31 Nov 2026 07:30:00 GMT",
        "Sunday, 22-Nov-26 07:30:00 GMT",
        "Sun Nov 22 07:30:00 2026     ",
        "Sun, 22 Nov 2026 7:30:000 GMT",
    };
    int64_t time_s = 42;

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CU_ASSERT_FALSE(clock_parse_http_date(wrong[i], &time_s));
        CU_ASSERT_EQUAL(time_s, 42);
    }
}

static void
clocks_advance(void)
{
    int64_t wall_us = clock_now_us(), mono_us = clock_monotonic_us();

    usleep(3000);
    CU_ASSERT_TRUE(clock_monotonic_us() - mono_us >= 3000);
    CU_ASSERT_TRUE(clock_now_us() > wall_us);
    CU_ASSERT_TRUE(llabs(clock_now_s() - clock_now_us() / 1000000) <= 1);
}

#ifdef SIGNET_FAULTS
static void
a_test_build_moves_the_clock(void)
{
    char path[] = "/tmp/signet-clock-XXXXXX";
    int fd = mkstemp(path);
    int64_t before_s = clock_now_s();

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_FATAL(write(fd, "86400\n", 6) == 6);
    setenv("SIGNET_CLOCK_FILE", path, 1);
    CU_ASSERT_TRUE(clock_now_s() >= before_s + 86400);
    CU_ASSERT_TRUE(clock_now_s() <= before_s + 86405);
    CU_ASSERT_FATAL(pwrite(fd, "-3600\n", 6, 0) == 6);
    CU_ASSERT_TRUE(clock_now_s() < before_s);
    unlink(path);
    CU_ASSERT_TRUE(llabs(clock_now_s() - before_s) < 5);
    unsetenv("SIGNET_CLOCK_FILE");
    close(fd);
}
#else
static void
a_release_build_does_not_move_the_clock(void)
{
    char path[] = "/tmp/signet-clock-XXXXXX";
    int fd = mkstemp(path);
    int64_t before_s = clock_now_s();

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_FATAL(write(fd, "86400\n", 6) == 6);
    setenv("SIGNET_CLOCK_FILE", path, 1);
    CU_ASSERT_TRUE(clock_now_s() < before_s + 3600);
    unlink(path);
    unsetenv("SIGNET_CLOCK_FILE");
    close(fd);
}
#define a_test_build_moves_the_clock a_release_build_does_not_move_the_clock
#endif

int
main(void)
{
    return RUN_SUITE("clock", TEST(writes_and_reads_both_forms), TEST(is_empty_beyond_four_digits),
                     TEST(refuses_other_texts), TEST(refuses_other_http_dates),
                     TEST(clocks_advance), TEST(a_test_build_moves_the_clock));
}
