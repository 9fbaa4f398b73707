#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signet/clock.h"
#include "signet/spawn.h"
#include "suite.h"

#define SHELL(script)                                                                              \
    (struct spawn)                                                                                 \
    {                                                                                              \
        .path = "/bin/sh", .argv = (const char *const[])                                           \
        {                                                                                          \
            "sh", "-c", (script), NULL                                                             \
        }                                                                                          \
    }

/* Runs a shell script and gives what it wrote, without the last newline. */
static const char *
output_of(struct spawn spawn, const char *input)
{
    static char text[4096];
    struct error err = {0};
    AUTO_BUFFER out;
    int status = -1;

    buffer_init(&out, sizeof(text) - 1);
    if (!ASSERT_OK(spawn_run(&spawn, bytes_of_text(input), &out, 10000, &status, &err), &err))
        return "";
    CU_ASSERT_EQUAL(status, 0);
    snprintf(text, sizeof(text), "%s", buffer_text(&out));
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static void
feeds_and_collects(void)
{
    static char long_input[300000];
    struct error err = {0};
    struct spawn count = SHELL("wc -c");
    AUTO_BUFFER out;
    int status = -1;

    CU_ASSERT_STRING_EQUAL(output_of(SHELL("tr a-z A-Z"), "abc"), "ABC");
    CU_ASSERT_STRING_EQUAL(output_of(SHELL("echo done"), NULL), "done");
    memset(long_input, 'x', sizeof(long_input));
    buffer_init(&out, 100);
    ASSERT_OK(
        spawn_run(&count, bytes_of(long_input, sizeof(long_input)), &out, 10000, &status, &err),
        &err);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), "300000\n");
}

static void
input_that_is_not_read_does_no_harm(void)
{
    static char long_input[300000];
    struct error err = {0};
    struct spawn ends = SHELL("exit 3");
    int status = -1;

    ASSERT_OK(
        spawn_run(&ends, bytes_of(long_input, sizeof(long_input)), NULL, 10000, &status, &err),
        &err);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

static void
environment_and_folder_are_as_told(void)
{
    const char *const env[] = {"ONLY=this", NULL};
    struct spawn spawn = SHELL("echo $ONLY $HOME $SIGNET_SPAWN_TEST $TZ $(pwd)");

    setenv("SIGNET_SPAWN_TEST", "leak", 1);
    CU_ASSERT_STRING_EQUAL(output_of(spawn, NULL), "UTC /");
    spawn.env = env;
    spawn.directory = "/usr";
    CU_ASSERT_STRING_EQUAL(output_of(spawn, NULL), "this /usr");
}

static void
only_named_descriptors_pass(void)
{
    int leak = open("/dev/null", O_RDONLY); /* not close-on-exec, on purpose */
    int ends[2];
    struct spawn list = SHELL("cd /proc/self/fd && echo *");
    struct spawn_fd fds[2];

    CU_ASSERT_FATAL(leak >= 0 && pipe(ends) == 0);
    /* 3 is the folder that the shell's own glob opens */
    CU_ASSERT_STRING_EQUAL(output_of(list, NULL), "0 1 2 3");
    fds[0] = (struct spawn_fd){ends[0], ends[1]}; /* crosswise */
    fds[1] = (struct spawn_fd){ends[1], ends[0]};
    list.fds = fds;
    list.fd_count = 2;
    {
        char script[120];
        struct spawn swapped = list;

        snprintf(script, sizeof(script), "echo crossed >&%d; head -n1 <&%d", ends[0], ends[1]);
        swapped.argv = (const char *const[]){"sh", "-c", script, NULL};
        CU_ASSERT_STRING_EQUAL(output_of(swapped, NULL), "crossed");
    }
    close(leak);
    close(ends[0]);
    close(ends[1]);
}

static void
signals_start_at_their_defaults(void)
{
    sigset_t all, old;
    struct spawn spawn = SHELL("kill -TERM $$; sleep 5");
    struct error err = {0};
    int status = 0;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    signal(SIGTERM, SIG_IGN);
    ASSERT_OK(spawn_run(&spawn, bytes_of(NULL, 0), NULL, 10000, &status, &err), &err);
    signal(SIGTERM, SIG_DFL);
    sigprocmask(SIG_SETMASK, &old, NULL);
    CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void
a_slow_program_is_killed(void)
{
    struct spawn slow = SHELL("exec sleep 30");
    struct error err = {0};
    int status = 77;
    int64_t start_ms = clock_monotonic_ms();

    ASSERT_REFUSED(spawn_run(&slow, bytes_of(NULL, 0), NULL, 100, &status, &err), &err,
                   ERROR_DEADLINE);
    CU_ASSERT_TRUE(clock_monotonic_ms() - start_ms < 5000);
    CU_ASSERT_EQUAL(status, 77);
    CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1); /* it was reaped */
}

static void
a_grandchild_does_not_keep_us(void)
{
    int64_t start_ms = clock_monotonic_ms();

    CU_ASSERT_STRING_EQUAL(output_of(SHELL("sleep 8 2>/dev/null & echo started"), NULL), "started");
    CU_ASSERT_TRUE(clock_monotonic_ms() - start_ms < 5000);
}

static void
too_much_output_is_refused(void)
{
    struct spawn noisy = SHELL("exec yes");
    struct error err = {0};
    AUTO_BUFFER out;
    int status;

    buffer_init(&out, 10000);
    ASSERT_REFUSED(spawn_run(&noisy, bytes_of(NULL, 0), &out, 10000, &status, &err), &err,
                   ERROR_MEMORY);
}

static void
a_failed_start_is_told(void)
{
    struct spawn spawn = SHELL("true");
    struct error err = {0};
    pid_t pid = 42;

    spawn.path = "/nowhere/signet-server";
    ASSERT_REFUSED(spawn_start(&spawn, &pid, &err), &err, ERROR_FILE_ACCESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "/nowhere/signet-server"));
    spawn.path = "sh";
    ASSERT_REFUSED(spawn_start(&spawn, &pid, &err), &err, ERROR_INTERNAL);
    spawn.path = "/bin/sh";
    spawn.directory = "/nowhere";
    ASSERT_REFUSED(spawn_start(&spawn, &pid, &err), &err, ERROR_FILE_ACCESS);
    spawn.directory = NULL;
    spawn.user = "no-such-user-here";
    ASSERT_REFUSED(spawn_start(&spawn, &pid, &err), &err, ERROR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "no-such-user-here"));
    spawn.user = NULL;
    spawn.fds = &(struct spawn_fd){-1, 5};
    spawn.fd_count = 1;
    ASSERT_REFUSED(spawn_start(&spawn, &pid, &err), &err, ERROR_INTERNAL);
    CU_ASSERT_EQUAL(pid, 42);
    CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1);
}

static void
a_user_is_taken_whole_or_refused(void)
{
    struct spawn spawn = SHELL("id -u; id -G");
    struct passwd *nobody = getpwnam("nobody");
    struct error err = {0};
    char wanted[32];
    pid_t pid;

    CU_ASSERT_PTR_NOT_NULL_FATAL(nobody);
    snprintf(wanted, sizeof(wanted), "%u", nobody->pw_uid);
    spawn.user = "nobody";
    if (geteuid() != 0 && geteuid() != nobody->pw_uid) {
        ASSERT_REFUSED(spawn_start(&spawn, &pid, &err), &err, ERROR_CONFIG);
        return;
    }
    CU_ASSERT_STRING_EQUAL(output_of(spawn, NULL), wanted);
    spawn = SHELL("id -G");
    snprintf(wanted, sizeof(wanted), "%u", nobody->pw_gid);
    spawn.user = "nobody";
    CU_ASSERT_STRING_EQUAL(output_of(spawn, NULL), wanted);
}

int
main(void)
{
    return RUN_SUITE("spawn", TEST(feeds_and_collects), TEST(input_that_is_not_read_does_no_harm),
                     TEST(environment_and_folder_are_as_told), TEST(only_named_descriptors_pass),
                     TEST(signals_start_at_their_defaults), TEST(a_slow_program_is_killed),
                     TEST(a_grandchild_does_not_keep_us), TEST(too_much_output_is_refused),
                     TEST(a_failed_start_is_told), TEST(a_user_is_taken_whole_or_refused));
}
