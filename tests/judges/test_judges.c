/*
 * Programs that are not ours judge what a running authority emits and answers. `test_judges NAME`
 * runs the script NAME.sh beside this file against an authority of its own. A judge that cannot be
 * had ends with 77, a skip of its whole ctest entry, and says so.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ca_fixture.h"
#include "suite.h"

enum { SKIPPED = 77 };

static const char *judge;
static int status;

static void
finds_nothing_unexplained(void)
{
    AUTO_BUFFER out = {.max = 8 * 1024 * 1024};
    char path[512], publish[64], state[80];
    const char *env[] = {publish, state, "JUDGES=" SIGNET_JUDGES, NULL};
    const char *argv[] = {"bash", path, NULL};
    struct ca *authority = ca_start(NULL);

    snprintf(path, sizeof(path), "%s/tests/judges/%s.sh", SIGNET_SOURCE, judge);
    snprintf(publish, sizeof(publish), "PUBLISH=%s", authority->publish_url);
    snprintf(state, sizeof(state), "STATE=%s", authority->folder);
    status = ca_run_argv(authority, NULL, &out, NULL, env, argv);
    printf("\n%s", buffer_text(&out));
    CU_ASSERT_TRUE(status == 0 || status == SKIPPED);
    ca_stop(authority);
}

int
main(int argc, char **argv)
{
    int failed;

    if (argc != 2) {
        fprintf(stderr, "usage: test_judges NAME\n");
        return 64;
    }
    judge = argv[1];
    failed = RUN_SUITE(judge, TEST(finds_nothing_unexplained));
    return failed ? failed : status;
}
