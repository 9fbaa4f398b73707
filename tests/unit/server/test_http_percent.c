#include "http/percent.h"
#include "suite.h"

#include <stdio.h>

static char text[256];
static size_t len;

static bool
decode(const char *encoded, struct error *err)
{
    return percent_decode(bytes_of_text(encoded), text, &len, err);
}

static void
decodes(void)
{
    static const struct {
        const char *encoded, *wanted;
    } rows[] = {{"", ""},
                {"abc", "abc"},
                {"%41%7a", "Az"},
                {"a+b", "a+b"},
                {"%2B%2f", "+/"},
                {"%25", "%"},
                {"%C3%A4", "\xc3\xa4"},
                {"%2541", "%41"},
                {"\xc3\xa4", "\xc3\xa4"},
                {"%F0%9F%98%80", "\xf0\x9f\x98\x80"}};
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ASSERT_OK(decode(rows[i].encoded, &err), &err);
        CU_ASSERT_STRING_EQUAL(text, rows[i].wanted);
        CU_ASSERT_EQUAL(len, strlen(rows[i].wanted));
    }
}

static void
refuses(void)
{
    static const struct {
        const char *encoded, *rule;
    } rows[] = {{"%", "target.escape"},          {"%4", "target.escape"},
                {"%4g", "target.escape"},        {"%g4", "target.escape"},
                {"%-1", "target.escape"},        {"% 1", "target.escape"},
                {"%00", "target.control"},       {"a%00b", "target.control"},
                {"%0a", "target.control"},       {"%7F", "target.control"},
                {"a\tb", "target.control"},      {"%ff", "target.utf8"},
                {"%C3", "target.utf8"},          {"%C0%80", "target.utf8"},
                {"%ED%A0%80", "target.utf8"},    {"%E0%80%80", "target.utf8"},
                {"%F4%90%80%80", "target.utf8"}, {"%80", "target.utf8"},
                {"%C3%41", "target.utf8"},       {"%F8%88%80%80%80", "target.utf8"}};
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ASSERT_REFUSED(decode(rows[i].encoded, &err), &err, ERROR_REQUEST_MALFORMED);
        CU_ASSERT_STRING_EQUAL(err.rule, rows[i].rule);
    }
}

static void
makes_utf8(void)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {{"", ""},
                {"abc", "abc"},
                {"\xc3\xa4", "\xc3\xa4"},
                {"\xc3\xa4 and \xc3", "?? and ?"},
                {"a\xff", "a?"}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        snprintf(text, sizeof(text), "%s", rows[i].text);
        text_make_utf8(text);
        CU_ASSERT_STRING_EQUAL(text, rows[i].wanted);
    }
}

int
main(void)
{
    return RUN_SUITE("percent", TEST(decodes), TEST(refuses), TEST(makes_utf8));
}
