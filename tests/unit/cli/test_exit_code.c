#include "suite.h"

#include "exit_code.h"

static void
tells_the_class_of_a_failure(void)
{
    static const struct {
        enum error_kind kind;
        int status;
        enum exit_code code;
    } cases[] = {
        {ERROR_NONE, 0, EXIT_CODE_OK},
        {ERROR_LIFETIME, 403, EXIT_CODE_REFUSED},
        {ERROR_REQUEST_MALFORMED, 400, EXIT_CODE_REFUSED},
        {ERROR_IDENTITY_EXISTS, 409, EXIT_CODE_REFUSED},
        {ERROR_RATE_LIMITED, 429, EXIT_CODE_NETWORK},
        {ERROR_OVERLOADED, 503, EXIT_CODE_NETWORK},
        {ERROR_INTERNAL, 500, EXIT_CODE_NETWORK},
        {ERROR_FILE_ACCESS, 500, EXIT_CODE_NETWORK}, /* a file of the server's, not ours */
        {ERROR_USAGE, 0, EXIT_CODE_USAGE},
        {ERROR_CONFIG, 0, EXIT_CODE_USAGE},
        {ERROR_NETWORK, 0, EXIT_CODE_NETWORK},
        {ERROR_FILE_ACCESS, 0, EXIT_CODE_FILE},
        {ERROR_TRUST, 0, EXIT_CODE_TRUST},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CU_ASSERT_EQUAL(exit_code_of(cases[i].kind, cases[i].status), cases[i].code);
}

int
main(void)
{
    return RUN_SUITE("cli/exit_code", TEST(tells_the_class_of_a_failure));
}
