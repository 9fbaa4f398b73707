/*
 * One CUnit program in a few lines:
 *
 *   static void refuses_zero(void) { ... CU_ASSERT... }
 *   int main(void) { return RUN_SUITE("serial", TEST(refuses_zero), TEST(...)); }
 */
#ifndef SIGNET_TEST_SUITE_H
#define SIGNET_TEST_SUITE_H

#include <CUnit/Basic.h>

#include "signet/error.h"

struct suite_test {
    const char *name;
    void (*run)(void);
};

#define TEST(function)                                                                             \
    {                                                                                              \
#function, function                                                                        \
    }
#define RUN_SUITE(name, ...) suite_run((name), (const struct suite_test[]){__VA_ARGS__, {0, 0}})

/* Runs the tests, prints CUnit's summary, gives the exit status. SIGNET_TEST=NAME runs only that
 * one. */
int suite_run(const char *name, const struct suite_test *tests);

/* Asserts success and prints the error otherwise. */
#define ASSERT_OK(call, err) suite_assert_ok((call), (err), __FILE__, __LINE__, #call)
/* Asserts failure with this kind and prints what came instead. */
#define ASSERT_REFUSED(call, err, wanted)                                                          \
    suite_assert_refused((call), (err), (wanted), __FILE__, __LINE__, #call)
bool suite_assert_ok(bool ok, const struct error *err, const char *file, int line,
                     const char *call);
bool suite_assert_refused(bool ok, const struct error *err, enum error_kind wanted,
                          const char *file, int line, const char *call);

#endif
