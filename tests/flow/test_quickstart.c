/* deploy/quickstart --once, with the programs of this build. */
#include "scratch.h"
#include "suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signet/buffer.h"
#include "signet/spawn.h"

enum { QUICKSTART_MS = 120000, QUICKSTART_OUTPUT = 1024 * 1024 };

static char folder[64];
static unsigned base_port;
static struct buffer out;

static int shell(const char *format, ...) PRINTF_LIKE(1, 2);

static int
shell(const char *format, ...)
{
    char command[4096] = "exec 2>&1; ";
    size_t used = strlen(command);
    const char *const argv[] = {"bash", "-c", command, NULL};
    const char *const env[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                               "LANG=C.UTF-8", "HOME=/", "SIGNET_BUILD=" SIGNET_BIN "/..", NULL};
    const struct spawn spawn = {.path = "/bin/bash", .argv = argv, .env = env};
    struct error err = {0};
    int status = -1;
    va_list args;

    va_start(args, format);
    vsnprintf(command + used, sizeof(command) - used, format, args);
    va_end(args);
    buffer_clear(&out);
    if (!spawn_run(&spawn, bytes_of(NULL, 0), &out, QUICKSTART_MS, &status, &err)) {
        fprintf(stderr, "%s: %s\n", command, err.detail);
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static int
quickstart(const char *state, const char *more)
{
    return shell("exec %s/deploy/quickstart --no-build --once --state %s --https %u --publish %u "
                 "--health %u %s",
                 SIGNET_SOURCE, state, base_port, base_port + 1, base_port + 2, more);
}

static void
assert_said(const char *text)
{
    bool said = strstr(buffer_text(&out), text) != NULL;

    CU_ASSERT_TRUE(said);
    if (!said)
        fprintf(stderr, "not said: %s\nsaid: %s\n", text, buffer_text(&out));
}

static void
tells_the_whole_story(void)
{
    char state[96];

    snprintf(state, sizeof(state), "%s/first", folder);
    CU_ASSERT_EQUAL(quickstart(state, ""), 0);
    assert_said("root fingerprint");
    assert_said("web.pem: OK");
    assert_said("URI:spiffe://example.internal/shop-1/api");
    assert_said("api.pem: good");
    assert_said("api.pem: revoked");
    assert_said("Key Compromise");
    assert_said("Every step gave the expected answer.");
    /* Nothing is left running. */
    CU_ASSERT_NOT_EQUAL(
        shell("fuser -s %s/pg/postmaster.pid || test -e %s/pg/postmaster.pid", state, state), 0);
    CU_ASSERT_NOT_EQUAL(shell("curl -s --max-time 2 http://127.0.0.1:%u/livez", base_port + 2), 0);
}

static void
goes_on_with_the_same_authority(void)
{
    char state[96], before[80];

    snprintf(state, sizeof(state), "%s/first", folder);
    CU_ASSERT_EQUAL(shell("sha256sum < %s/pki/root.pem", state), 0);
    snprintf(before, sizeof(before), "%.64s", buffer_text(&out));
    /* A crash of PostgreSQL left its file behind. */
    CU_ASSERT_EQUAL(shell("printf '2147480000\\n' > %s/pg/postmaster.pid", state), 0);
    base_port += 3;
    CU_ASSERT_EQUAL(
        shell("exec %s/deploy/quickstart --no-build --once --state %s --https %u --health "
              "%u",
              SIGNET_SOURCE, state, base_port, base_port + 2),
        0);
    assert_said("going on with it");
    assert_said("stale");
    assert_said("shop-2/api");
    CU_ASSERT_EQUAL(shell("sha256sum < %s/pki/root.pem", state), 0);
    CU_ASSERT_EQUAL(strncmp(before, buffer_text(&out), 64), 0);
    /* The publishing port stands in every certificate. */
    CU_ASSERT_EQUAL(shell("exec %s/deploy/quickstart --no-build --once --state %s --publish 1234",
                          SIGNET_SOURCE, state),
                    1);
    assert_said("stands in its certificates");
}

static void
a_long_path_gets_a_short_socket(void)
{
    char state[256];

    snprintf(state, sizeof(state),
             "%s/a-state-folder-whose-path-is-so-long-that-no-unix-socket-address-in-the-world-can-"
             "hold-the-name-of-a-socket-in-it",
             folder);
    CU_ASSERT_EQUAL(quickstart(state, ""), 0);
    assert_said("long for a Unix socket");
    CU_ASSERT_EQUAL(shell("rm -r \"$(cat %s/socket)\"", state), 0);
}

static void
what_is_in_its_way_is_named(void)
{
    CU_ASSERT_EQUAL(shell("exec 5>%s/lock; mkdir -p %s/busy; flock %s/busy/quickstart.lock "
                          "%s/deploy/quickstart --no-build --once --state %s/busy",
                          folder, folder, folder, SIGNET_SOURCE, folder),
                    1);
    assert_said("another quickstart uses");
    CU_ASSERT_EQUAL(shell("exec %s/deploy/quickstart --colour", SIGNET_SOURCE), 1);
    assert_said("--colour is not an option");
    CU_ASSERT_EQUAL(shell("exec %s/deploy/quickstart --https 70000", SIGNET_SOURCE), 1);
    assert_said("needs a port");
    CU_ASSERT_EQUAL(
        shell("openssl s_server -accept 127.0.0.1:%u -nocert >/dev/null & sleep 0.5; "
              "%s/deploy/quickstart --no-build --once --state %s/ports --https %u; s=$?; "
              "kill %%1; exit $s",
              base_port, SIGNET_SOURCE, folder, base_port),
        1);
    assert_said("is in use");
    assert_said("choose another with --https PORT");
}

static void
a_closed_parent_is_named(void)
{
    if (geteuid() != 0)
        return;
    CU_ASSERT_EQUAL(shell("mkdir -p -m 0700 %s/closed", folder), 0);
    CU_ASSERT_EQUAL(
        shell("exec %s/deploy/quickstart --no-build --once --state %s/closed/state --https "
              "%u --publish %u --health %u",
              SIGNET_SOURCE, folder, base_port, base_port + 1, base_port + 2),
        1);
    assert_said("because of the rights of");
    assert_said("/closed");
}

int
main(void)
{
    int status;

    scratch_make(folder, "signet-quick");
    if (chmod(folder, 0755) != 0)
        return 1;
    base_port = 30000 + (unsigned)getpid() % 250 * 10;
    buffer_init(&out, QUICKSTART_OUTPUT);
    status = RUN_SUITE("quickstart", TEST(tells_the_whole_story),
                       TEST(goes_on_with_the_same_authority), TEST(a_long_path_gets_a_short_socket),
                       TEST(what_is_in_its_way_is_named), TEST(a_closed_parent_is_named));
    scratch_remove(folder);
    buffer_done(&out);
    return status;
}
