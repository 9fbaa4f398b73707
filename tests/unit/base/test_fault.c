#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signet/clock.h"
#include "signet/fault.h"
#include "suite.h"

static char fault_path[] = "/tmp/signet-fault-XXXXXX";

static void
write_faults(const char *text)
{
    int fd = open(fault_path, O_WRONLY | O_TRUNC);

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_FATAL(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

#ifdef SIGNET_FAULTS

static void
read_faults(char *text, size_t room)
{
    int fd = open(fault_path, O_RDONLY);
    ssize_t got = read(fd, text, room - 1);

    text[got > 0 ? got : 0] = '\0';
    close(fd);
}

static void
nothing_happens_without_a_line(void)
{
    CU_ASSERT_FALSE(FAULT_POINT("before-record"));
    write_faults("other-point fail\n# before-record fail\nbefore-record\n");
    CU_ASSERT_FALSE(FAULT_POINT("before-record"));
    CU_ASSERT_TRUE(FAULT_POINT("other-point"));
    CU_ASSERT_TRUE(FAULT_POINT("other-point"));
    setenv("SIGNET_FAULT_FILE", "/nowhere/at/all", 1);
    CU_ASSERT_FALSE(FAULT_POINT("other-point"));
    setenv("SIGNET_FAULT_FILE", fault_path, 1);
}

static void
a_count_acts_once(void)
{
    char text[200];

    write_faults("first fail\nsecond fail 3\nthird fail 1");
    CU_ASSERT_FALSE(FAULT_POINT("second"));
    CU_ASSERT_FALSE(FAULT_POINT("second"));
    CU_ASSERT_TRUE(FAULT_POINT("second"));
    CU_ASSERT_FALSE(FAULT_POINT("second"));
    CU_ASSERT_TRUE(FAULT_POINT("third"));
    CU_ASSERT_FALSE(FAULT_POINT("third"));
    CU_ASSERT_TRUE(FAULT_POINT("first"));
    read_faults(text, sizeof(text));
    CU_ASSERT_EQUAL(strncmp(text, "first fail\n#", 12), 0);
    CU_ASSERT_EQUAL(strlen(text), strlen("first fail\nsecond fail 3\nthird fail 1"));
}

static void
a_count_spans_processes(void)
{
    int failed = 0;

    write_faults("point fail 25\n");
    for (int i = 0; i < 10; i++)
        if (fork() == 0) {
            int seen = 0;

            for (int j = 0; j < 5; j++)
                seen += FAULT_POINT("point");
            _exit(seen);
        }
    for (int i = 0; i < 10; i++) {
        int status = 0;

        CU_ASSERT_TRUE(wait(&status) > 0);
        failed += WEXITSTATUS(status);
    }
    CU_ASSERT_EQUAL(failed, 1);
}

static void
kills_and_waits(void)
{
    int status = 0;
    int64_t start_ms = clock_monotonic_ms();
    pid_t pid;

    write_faults("slow wait:50 1\ndeadly kill 2\n");
    CU_ASSERT_FALSE(FAULT_POINT("slow"));
    CU_ASSERT_TRUE(clock_monotonic_ms() - start_ms >= 50);
    pid = fork();
    if (pid == 0) {
        if (FAULT_POINT("deadly"))
            _exit(1);
        if (FAULT_POINT("deadly"))
            _exit(2);
        _exit(3);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

#else

static void
a_release_build_has_no_points(void)
{
    write_faults("point kill\n");
    CU_ASSERT_FALSE(FAULT_POINT("point"));
}

#endif

int
main(void)
{
    int fd = mkstemp(fault_path), status;

    if (fd < 0 || close(fd) != 0 || setenv("SIGNET_FAULT_FILE", fault_path, 1) != 0)
        return EXIT_FAILURE;
#ifdef SIGNET_FAULTS
    status = RUN_SUITE("fault", TEST(nothing_happens_without_a_line), TEST(a_count_acts_once),
                       TEST(a_count_spans_processes), TEST(kills_and_waits));
#else
    status = RUN_SUITE("fault", TEST(a_release_build_has_no_points));
#endif
    unlink(fault_path);
    return status;
}
