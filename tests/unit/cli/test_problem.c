#include "suite.h"

#include <string.h>

#include "problem.h"

static struct exchange_answer
answer_of(int status, const char *body)
{
    struct exchange_answer answer = exchange_answer_empty();

    answer.status = status;
    memcpy(answer.request_id, "abc123", 7);
    CU_ASSERT_TRUE_FATAL(buffer_put(&answer.body, body, strlen(body)));
    return answer;
}

static void
a_problem_document_becomes_the_error(void)
{
    AUTO_EXCHANGE_ANSWER answer = answer_of(
        403, "{\"type\":\"urn:signet:error:lifetime\",\"title\":\"Too long\",\"status\":403,"
             "\"detail\":\"ttl_s is 700000\",\"rule\":\"policy.ttl\"}");
    struct failure failure = {0};
    struct error err = {0};

    ASSERT_REFUSED(problem_of_answer(&answer, &failure, &err), &err, ERROR_LIFETIME);
    CU_ASSERT_STRING_EQUAL(err.detail, "ttl_s is 700000");
    CU_ASSERT_STRING_EQUAL(err.rule, "policy.ttl");
    CU_ASSERT_STRING_EQUAL(failure.title, "Too long");
    CU_ASSERT_STRING_EQUAL(failure.request_id, "abc123");
    CU_ASSERT_EQUAL(failure.status, 403);
}

static void
a_kind_of_a_later_version_is_still_a_refusal(void)
{
    AUTO_EXCHANGE_ANSWER answer =
        answer_of(422, "{\"type\":\"urn:signet:error:new\",\"title\":\"New\",\"detail\":\"x\"}");
    struct failure failure = {0};
    struct error err = {0};

    ASSERT_REFUSED(problem_of_answer(&answer, &failure, &err), &err, ERROR_REQUEST_MALFORMED);
    CU_ASSERT_STRING_EQUAL(failure.title, "New");
}

static void
other_answers_are_network_failures(void)
{
    static const char *const bodies[] = {"", "<html>", "[1]", "{\"a\":1,\"a\":2}", "{} trailing"};

    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        AUTO_EXCHANGE_ANSWER answer = answer_of(502, bodies[i]);
        struct failure failure = {0};
        struct error err = {0};

        ASSERT_REFUSED(problem_of_answer(&answer, &failure, &err), &err, ERROR_NETWORK);
        CU_ASSERT_EQUAL(failure.status, 502);
    }
}

static void
next_steps_are_told(void)
{
    CU_ASSERT_PTR_NOT_NULL(problem_next_step(ERROR_TOKEN_EXPIRED));
    CU_ASSERT_PTR_NOT_NULL(problem_next_step(ERROR_TRUST));
    CU_ASSERT_PTR_NULL(problem_next_step(ERROR_NONE));
}

int
main(void)
{
    return RUN_SUITE("cli/problem", TEST(a_problem_document_becomes_the_error),
                     TEST(a_kind_of_a_later_version_is_still_a_refusal),
                     TEST(other_answers_are_network_failures), TEST(next_steps_are_told));
}
