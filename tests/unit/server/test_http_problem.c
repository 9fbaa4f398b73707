#include "http/problem.h"
#include "suite.h"

#include <jansson.h>

static json_t *
problem_of(const struct error *error)
{
    AUTO_BUFFER text = {.max = 65536};
    json_error_t where;
    json_t *problem;

    CU_ASSERT_FATAL(problem_build(error, "requestid", &text));
    problem = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &where);
    CU_ASSERT_PTR_NOT_NULL_FATAL(problem);
    return problem;
}

static const char *
member(const json_t *problem, const char *name)
{
    const char *text = json_string_value(json_object_get(problem, name));

    return text ? text : "(none)";
}

static void
has_the_members_of_rfc_9457(void)
{
    struct error error;
    json_t *problem;

    error_refuse(&error, ERROR_LIFETIME, "profile.ttl", "ttl_s is 9, at most 5");
    error_internal(&error, "only for the log");
    problem = problem_of(&error);
    CU_ASSERT_STRING_EQUAL(member(problem, "type"), "urn:signet:error:lifetime");
    CU_ASSERT_STRING_EQUAL(member(problem, "title"), error_row(ERROR_LIFETIME)->title);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(problem, "status")), 403);
    CU_ASSERT_STRING_EQUAL(member(problem, "detail"), "ttl_s is 9, at most 5");
    CU_ASSERT_STRING_EQUAL(member(problem, "instance"), "urn:signet:request:requestid");
    CU_ASSERT_STRING_EQUAL(member(problem, "rule"), "profile.ttl");
    CU_ASSERT_EQUAL(json_object_size(problem), 6);
    json_decref(problem);
}

static void
leaves_out_what_is_empty(void)
{
    struct error error = {.kind = ERROR_INTERNAL};
    json_t *problem = problem_of(&error);

    CU_ASSERT_EQUAL(json_object_size(problem), 4);
    json_decref(problem);
}

/* Whatever a client sent and a detail quotes, the document stays JSON. */
static void
stays_json_with_hostile_text(void)
{
    struct error error;
    json_t *problem;

    error_set(&error, ERROR_JSON_SYNTAX, "%s", "a\"b\\c\n\t\x01\x7f</script>");
    problem = problem_of(&error);
    CU_ASSERT_STRING_EQUAL(member(problem, "detail"), "a\"b\\c\n\t\x01\x7f</script>");
    json_decref(problem);
    error_set(&error, ERROR_JSON_SYNTAX, "%s", "cut \xc3");
    problem = problem_of(&error);
    CU_ASSERT_STRING_EQUAL(member(problem, "detail"), "cut ?");
    json_decref(problem);
    error_set(&error, ERROR_JSON_SYNTAX, "%s", "whole \xc3\xa4");
    problem = problem_of(&error);
    CU_ASSERT_STRING_EQUAL(member(problem, "detail"), "whole \xc3\xa4");
    json_decref(problem);
}

static void
is_made_for_every_kind(void)
{
    for (int kind = ERROR_NONE + 1; kind < ERROR_KIND_COUNT; kind++) {
        struct error error;
        json_t *problem;

        error_set(&error, (enum error_kind)kind, "detail");
        problem = problem_of(&error);
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(problem, "status")),
                        error_row((enum error_kind)kind)->status);
        CU_ASSERT_EQUAL(problem_retry_after_s(&error) > 0,
                        error_row((enum error_kind)kind)->retry != RETRY_NO);
        json_decref(problem);
    }
}

static void
refuses_a_full_buffer(void)
{
    struct error error;
    AUTO_BUFFER small = {.max = 40};

    error_set(&error, ERROR_LIFETIME, "detail");
    CU_ASSERT_FALSE(problem_build(&error, "requestid", &small));
}

int
main(void)
{
    return RUN_SUITE("problem", TEST(has_the_members_of_rfc_9457), TEST(leaves_out_what_is_empty),
                     TEST(stays_json_with_hostile_text), TEST(is_made_for_every_kind),
                     TEST(refuses_a_full_buffer));
}
