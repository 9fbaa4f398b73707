#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
suite_run(const char *name, const struct suite_test *tests)
{
    const char *only = getenv("SIGNET_TEST");
    unsigned failures;
    CU_pSuite suite;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    suite = CU_add_suite(name, NULL, NULL);
    for (; suite && tests->name; tests++)
        if (!only || strcmp(only, tests->name) == 0)
            CU_add_test(suite, tests->name, tests->run);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    failures = CU_get_number_of_failures() + (CU_get_number_of_tests_run() == 0);
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

bool
suite_assert_ok(bool ok, const struct error *err, const char *file, int line, const char *call)
{
    if (!ok)
        printf("\n    %s:%d: %s failed: [%s] %s (%s)\n", file, line, call,
               error_row(err->kind)->type, err->detail, err->internal);
    CU_assertImplementation(ok, (unsigned)line, call, file, "", CU_FALSE);
    return ok;
}

bool
suite_assert_refused(bool ok, const struct error *err, enum error_kind wanted, const char *file,
                     int line, const char *call)
{
    bool as_wanted = !ok && err->kind == wanted;

    if (!as_wanted)
        printf("\n    %s:%d: %s: wanted [%s], got [%s] %s\n", file, line, call,
               error_row(wanted)->type, ok ? "success" : error_row(err->kind)->type,
               ok ? "" : err->detail);
    CU_assertImplementation(as_wanted, (unsigned)line, call, file, "", CU_FALSE);
    return as_wanted;
}
