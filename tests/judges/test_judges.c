/*
 * Programs that are not ours judge what a running authority emits and answers. `test_judges NAME
 * ALGORITHM` runs the script NAME.sh beside this file against an authority of its own, whose keys
 * are of that algorithm (as signet-ceremony spells it). A judge that cannot be had ends with 77, a
 * skip of its whole ctest entry, and says so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "ca_fixture.h"
#include "signet/file.h"
#include "suite.h"

enum { SKIPPED = 77, OUTPUT_OCTETS = 8 * 1024 * 1024 };

static const char *judge, *algorithm;
static int status;

/* To its end, however long it takes on a loaded machine: the limit is that of ctest. */
static int
script_run(struct ca *authority)
{
    char path[512], publish[64], state[80];
    const char *argv[] = {"env", publish, state, "JUDGES=" SIGNET_JUDGES, "bash", path, NULL};
    int wait_status = 0;
    pid_t pid;

    snprintf(path, sizeof(path), "%s/tests/judges/%s.sh", SIGNET_SOURCE, judge);
    snprintf(publish, sizeof(publish), "PUBLISH=%s", authority->publish_url);
    snprintf(state, sizeof(state), "STATE=%s", authority->folder);
    pid = ca_spawn(authority, "judge", argv);
    while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

static void
finds_nothing_unexplained(void)
{
    const char *const init[] = {"--algorithm", algorithm, "--key-type", "P-256",
                                "--key-type",  "P-384",   "--key-type", "RSA",
                                "--key-type",  "Ed25519", NULL};
    const struct ca_options options = {
        .init = init,
        .config = "rate {\n  address_per_s = 1000000\n  address_burst = 1000000\n"
                  "  identity_per_s = 1000000\n  identity_burst = 1000000\n}\n"};
    struct ca *authority = ca_start(&options);
    AUTO_BUFFER said = {.max = OUTPUT_OCTETS};
    struct error err = {0};
    char log[160];

    status = script_run(authority);
    snprintf(log, sizeof(log), "%s/judge.log", authority->work);
    if (ASSERT_OK(file_read(log, &said, &err), &err))
        printf("\n%s", buffer_text(&said));
    CU_ASSERT_TRUE(status == 0 || status == SKIPPED);
    ca_stop(authority);
}

int
main(int argc, char **argv)
{
    int failed;

    if (argc != 3) {
        fprintf(stderr, "usage: test_judges NAME ALGORITHM\n");
        return 64;
    }
    judge = argv[1];
    algorithm = argv[2];
    failed = RUN_SUITE(judge, TEST(finds_nothing_unexplained));
    if (!failed && status == SKIPPED)
        printf("SKIPPED: the judge %s is not to be had here; nothing was judged\n", judge);
    return failed ? failed : status;
}
