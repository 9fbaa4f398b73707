#include "suite.h"

#include <string.h>

#include "name.h"

static void
names_get_their_kind(void)
{
    static const struct {
        const char *typed, *text;
    } cases[] = {
        {"dns:a.example", "dns:a.example"},
        {"a.example", "dns:a.example"},
        {"ip:10.0.0.1", "ip:10.0.0.1"},
        {"10.0.0.1", "ip:10.0.0.1"},
        {"::1", "ip:::1"},
        {"10.0.0", "dns:10.0.0"},
    };
    char text[NAME_TEXT_OCTETS];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = {0};

        ASSERT_OK(name_normalise(cases[i].typed, text, &err), &err);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
    }
}

static void
other_kinds_are_refused(void)
{
    char longest[NAME_TEXT_OCTETS + 8], text[NAME_TEXT_OCTETS];
    struct error err = {0};

    ASSERT_REFUSED(name_normalise("uri:spiffe://x/y", text, &err), &err, ERROR_USAGE);
    ASSERT_REFUSED(name_normalise("a.example:443", text, &err), &err, ERROR_USAGE);
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    ASSERT_REFUSED(name_normalise(longest, text, &err), &err, ERROR_USAGE);
}

static void
lists_every_name(void)
{
    static const struct option options[] = {{"name", "NAME", "", true}, {0}};
    char *argv[] = {"--name", "a.example", "--name", "10.0.0.1"};
    char *wrong[] = {"--name", "ip:nonsense"};
    struct arguments arguments;
    struct error err = {0};
    struct names names;

    ASSERT_OK(arguments_parse(4, argv, options, NULL, 0, &arguments, &err), &err);
    ASSERT_OK(names_parse(&arguments, &names, &err), &err);
    CU_ASSERT_EQUAL_FATAL(names.list.count, 2);
    CU_ASSERT_EQUAL(names.list.item[0].type, SAN_DNS);
    CU_ASSERT_EQUAL(names.list.item[1].type, SAN_IP);
    CU_ASSERT_TRUE(bytes_equal(names.list.item[1].value, bytes_of("\x0a\0\0\x01", 4)));
    ASSERT_OK(arguments_parse(2, wrong, options, NULL, 0, &arguments, &err), &err);
    ASSERT_REFUSED(names_parse(&arguments, &names, &err), &err, ERROR_USAGE);
}

int
main(void)
{
    return RUN_SUITE("cli/name", TEST(names_get_their_kind), TEST(other_kinds_are_refused),
                     TEST(lists_every_name));
}
