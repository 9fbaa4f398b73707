#include "suite.h"

#include "duration.h"

static void
takes_numbers_with_units(void)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } right[] = {{"1", 1},       {"90s", 90},     {"15m", 900},        {"24h", 86400},
                 {"7d", 604800}, {"2w", 1209600}, {"3653d", 315619200}};

    for (size_t i = 0; i < ARRAY_LEN(right); i++) {
        struct error err = {0};
        int64_t seconds = 0;

        ASSERT_OK(duration_parse("--ttl", right[i].text, &seconds, &err), &err);
        CU_ASSERT_EQUAL(seconds, right[i].seconds);
    }
}

static void
refuses_the_rest(void)
{
    static const char *const wrong[] = {
        "",    "0",    "0h",          "-1h",   "+1h",         "1.5h", "1 h", "h",  "1x",
        "1hh", "1h1m", "99999999999", "3654d", "9999999999w", "0x10", " 1h", "1h "};

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error err = {0};
        int64_t seconds = 42;

        ASSERT_REFUSED(duration_parse("--ttl", wrong[i], &seconds, &err), &err, ERROR_USAGE);
        CU_ASSERT_EQUAL(seconds, 42);
    }
}

static void
tells_times_as_people_do(void)
{
    static const struct {
        int64_t span_s;
        const char *text;
    } spans[] = {{0, "now"},
                 {1, "in 1 s"},
                 {119, "in 119 s"},
                 {120, "in 2 min"},
                 {7199, "in 119 min"},
                 {7200, "in 2 h"},
                 {3 * 3600 + 1800, "in 3 h"},
                 {2 * 86400 - 1, "in 47 h"},
                 {2 * 86400, "in 2 d"},
                 {729 * 86400, "in 729 d"},
                 {730 * 86400, "in 2 y"},
                 {-1, "1 s ago"},
                 {-300, "5 min ago"},
                 {-86400 * 5, "5 d ago"}};
    char text[DURATION_TEXT_OCTETS];

    for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
        duration_relative(1000000000 + spans[i].span_s, 1000000000, text);
        CU_ASSERT_STRING_EQUAL(text, spans[i].text);
    }
    duration_moment(1000000000, 1000000000 - 7200, text);
    CU_ASSERT_STRING_EQUAL(text, "2001-09-09T01:46:40Z (in 2 h)");
}

int
main(void)
{
    return RUN_SUITE("cli/duration", TEST(takes_numbers_with_units), TEST(refuses_the_rest),
                     TEST(tells_times_as_people_do));
}
