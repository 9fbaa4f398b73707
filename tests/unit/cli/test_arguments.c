#include "suite.h"

#include "arguments.h"

static const struct option own[] = {
    {"ttl", "TIME", "", false}, {"name", "NAME", "", true}, {"yes", NULL, "", false}, {0}};
static const struct option general[] = {
    {"json", NULL, "", false}, {"server", "URL", "", false}, {0}};

#define PARSE(ret, err, ...)                                                                       \
    arguments_parse((int)ARRAY_LEN(((char *[]){__VA_ARGS__})), (char *[]){__VA_ARGS__}, own,       \
                    general, 1, (ret), (err))

static void
takes_options_and_operands_in_any_order(void)
{
    struct arguments arguments;
    struct error err = {0};

    ASSERT_OK(PARSE(&arguments, &err, "--ttl", "1h", "payments/api", "--json", "--server=x"), &err);
    CU_ASSERT_STRING_EQUAL(arguments_value(&arguments, "ttl"), "1h");
    CU_ASSERT_STRING_EQUAL(arguments_value(&arguments, "server"), "x");
    CU_ASSERT_TRUE(arguments_given(&arguments, "json"));
    CU_ASSERT_PTR_NULL(arguments_value(&arguments, "json"));
    CU_ASSERT_FALSE(arguments_given(&arguments, "yes"));
    CU_ASSERT_EQUAL(arguments.operand_count, 1);
    CU_ASSERT_STRING_EQUAL(arguments.operand[0], "payments/api");
}

static void
takes_what_repeats_in_order(void)
{
    struct arguments arguments;
    struct error err = {0};

    ASSERT_OK(PARSE(&arguments, &err, "--name", "a", "--name=b"), &err);
    CU_ASSERT_STRING_EQUAL(arguments_value_at(&arguments, "name", 0), "a");
    CU_ASSERT_STRING_EQUAL(arguments_value_at(&arguments, "name", 1), "b");
    CU_ASSERT_PTR_NULL(arguments_value_at(&arguments, "name", 2));
}

static void
two_dashes_end_the_options(void)
{
    struct arguments arguments;
    struct error err = {0};

    ASSERT_OK(PARSE(&arguments, &err, "--", "--yes"), &err);
    CU_ASSERT_FALSE(arguments_given(&arguments, "yes"));
    CU_ASSERT_STRING_EQUAL(arguments.operand[0], "--yes");
    ASSERT_OK(PARSE(&arguments, &err, "-"), &err);
    CU_ASSERT_STRING_EQUAL(arguments.operand[0], "-");
}

static void
refuses_what_is_not_in_the_tables(void)
{
    struct arguments arguments = {.operand_count = 77};
    struct error err = {0};

    ASSERT_REFUSED(PARSE(&arguments, &err, "--nope"), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(&arguments, &err, "--tt", "1h"), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(&arguments, &err, "--ttlx", "1h"), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(&arguments, &err, "-t", "1h"), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(&arguments, &err, "one", "two"), &err, ERROR_USAGE);
    CU_ASSERT_EQUAL(arguments.operand_count, 77);
}

static void
refuses_wrong_values(void)
{
    struct arguments arguments;
    struct error err = {0};

    ASSERT_REFUSED(PARSE(&arguments, &err, "--ttl"), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(&arguments, &err, "--ttl="), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(&arguments, &err, "--ttl", ""), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(&arguments, &err, "--yes=no"), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(&arguments, &err, "--ttl", "1h", "--ttl", "2h"), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(&arguments, &err, "--yes", "--yes"), &err, ERROR_USAGE);
}

int
main(void)
{
    return RUN_SUITE("cli/arguments", TEST(takes_options_and_operands_in_any_order),
                     TEST(takes_what_repeats_in_order), TEST(two_dashes_end_the_options),
                     TEST(refuses_what_is_not_in_the_tables), TEST(refuses_wrong_values));
}
