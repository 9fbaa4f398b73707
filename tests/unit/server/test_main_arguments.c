#include "main/arguments.h"
#include "suite.h"

static struct arguments arguments;
static struct error err;

static bool
parse(const char *const *words)
{
    int count = 0;

    while (words[count])
        count++;
    return arguments_parse(count, (char *const *)(uintptr_t)words, &arguments, &err);
}

#define PARSE(...) parse((const char *const[]){"signet-server", __VA_ARGS__, NULL})

static void
takes_what_the_supervisor_writes(void)
{
    ASSERT_OK(PARSE("--config", "/etc/signet.conf", "--control", "5", "--listen", "https:6",
                    "--listen", "https:7", "--listen", "publish:8", "--listen", "health:9"),
              &err);
    CU_ASSERT_STRING_EQUAL(arguments.config, "/etc/signet.conf");
    CU_ASSERT_EQUAL(arguments.control, 5);
    CU_ASSERT_EQUAL(arguments.listen[LISTEN_HTTPS].count, 2);
    CU_ASSERT_EQUAL(arguments.listen[LISTEN_HTTPS].fd[1], 7);
    CU_ASSERT_EQUAL(arguments.listen[LISTEN_PUBLISH].fd[0], 8);
    CU_ASSERT_EQUAL(arguments.listen[LISTEN_HEALTH].fd[0], 9);
}

#define LISTENERS "--listen", "https:6", "--listen", "publish:8", "--listen", "health:9"

static void
refuses_what_it_does_not_know(void)
{
    ASSERT_REFUSED(PARSE(LISTENERS), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE("--config", "c", "--listen", "https:6", "--listen", "publish:8"), &err,
                   ERROR_USAGE);
    ASSERT_REFUSED(PARSE(LISTENERS, "--config"), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(LISTENERS, "--config", "c", "--verbose", "1"), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(LISTENERS, "--config", "c", "file"), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(LISTENERS, "--config", "c", "--control", "-1"), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(LISTENERS, "--config", "c", "--control", "2"), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(LISTENERS, "--config", "c", "--control", "5x"), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(LISTENERS, "--config", "c", "--listen", "http:6"), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(LISTENERS, "--config", "c", "--listen", "https"), &err, ERROR_USAGE);
    ASSERT_REFUSED(PARSE(LISTENERS, "--config", "c", "--listen", "https:"), &err, ERROR_USAGE);
}

int
main(void)
{
    return RUN_SUITE("arguments", TEST(takes_what_the_supervisor_writes),
                     TEST(refuses_what_it_does_not_know));
}
