#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

static const struct column columns[] = {{"SERIAL", true}, {"STATE", false}, {"OWNER", true}, {0}};

static void
printed(const struct table *table, unsigned width, char *text, size_t room)
{
    FILE *out = fmemopen(text, room, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    table_print(table, width, out);
    fclose(out);
}

static void
columns_are_as_wide_as_they_need(void)
{
    AUTO_TABLE table = NULL;
    struct error err = {0};
    char text[512] = "";

    ASSERT_OK(table_new(columns, &table, &err), &err);
    ASSERT_OK(table_add(table, (const char *const[]){"51abcdef", "valid", "me"}, &err), &err);
    ASSERT_OK(table_add(table, (const char *const[]){"51", "revoked", NULL}, &err), &err);
    printed(table, 0, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "SERIAL    STATE    OWNER\n"
                                 "51abcdef  valid    me\n"
                                 "51        revoked  -\n");
    CU_ASSERT_EQUAL(table_rows(table), 2);
}

static void
the_widest_gives_way_in_a_narrow_terminal(void)
{
    AUTO_TABLE table = NULL;
    struct error err = {0};
    char text[512] = "";

    ASSERT_OK(table_new(columns, &table, &err), &err);
    ASSERT_OK(table_add(table, (const char *const[]){"5123456789abcdef", "valid", "team"}, &err),
              &err);
    printed(table, 24, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "SERIAL      STATE  OWNER\n"
                                 "512345678\xe2\x80\xa6  valid  team\n");
    printed(table, 1, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "SERIAL  STATE  OWNER\n"
                                 "51234\xe2\x80\xa6  valid  team\n");
}

static void
letters_count_not_octets(void)
{
    AUTO_TABLE table = NULL;
    struct error err = {0};
    char text[512] = "";

    ASSERT_OK(table_new(columns, &table, &err), &err);
    ASSERT_OK(table_add(table, (const char *const[]){"\xc3\xa4\xc3\xb6\xc3\xbc", "x", "y"}, &err),
              &err);
    printed(table, 0, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "SERIAL  STATE  OWNER\n"
                                 "\xc3\xa4\xc3\xb6\xc3\xbc     x      y\n");
}

/* What others wrote must not steer the terminal of who looks at it. */
static void
control_characters_are_not_passed_on(void)
{
    static const struct {
        const char *dirty, *clean;
    } cases[] = {
        {"plain", "plain"},      {"a\x1b[31mb", "a?[31mb"},
        {"a\nb\tc\r", "a?b?c?"}, {"\x7f", "?"},
        {"\xc2\x9b", "??"},      {"\xc3\xa4", "\xc3\xa4"},
        {"\xff\xfe", "??"},      {"\xe2\x82", "??"},
        {"\xc0\xaf", "??"},      {"\xe2\x82\xac", "\xe2\x82\xac"},
    };
    char text[64];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        snprintf(text, sizeof(text), "%s", cases[i].dirty);
        table_clean(text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].clean);
    }
}

static void
facts_without_a_value_are_left_out(void)
{
    char text[256] = "";
    FILE *out = fmemopen(text, sizeof(text), "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    table_print_fact("serial", "51", out);
    table_print_fact("names", "", out);
    table_print_fact("owner", NULL, out);
    table_print_fact("a title that is long", "x\x1b", out);
    fclose(out);
    CU_ASSERT_STRING_EQUAL(text, "serial:        51\na title that is long: x?\n");
}

int
main(void)
{
    return RUN_SUITE("cli/table", TEST(columns_are_as_wide_as_they_need),
                     TEST(the_widest_gives_way_in_a_narrow_terminal),
                     TEST(letters_count_not_octets), TEST(control_characters_are_not_passed_on),
                     TEST(facts_without_a_value_are_left_out));
}
