/* A real signetd over stand-ins of its programs: start, restart, stop. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "signet/clock.h"
#include "signet/file.h"
#include "suite.h"
#include "world.h"

static struct world world;

/* The process id in the newest "NAME: started PID". */
static pid_t
newest_pid(const char *name)
{
    char text[64];
    pid_t pid = 0;

    snprintf(text, sizeof(text), "%s: started ", name);
    for (const char *at = strstr(world_read(&world, "story"), text); at; at = strstr(at + 1, text))
        pid = (pid_t)strtol(at + strlen(text), NULL, 10);
    return pid;
}

static bool
all_channels_answer(int times)
{
    return world_sees(&world, "story", "server: channels of role 0: 6 answered of 6", times) &&
           world_sees(&world, "story", "server: channels of role 1: 4 answered of 4", times);
}

static void
stop_with(int status)
{
    kill(world.signetd, SIGTERM);
    CU_ASSERT_EQUAL(world_wait(&world), status);
    world_remove(&world);
}

static void
starts_all_three(void)
{
    world_make(&world);
    world_start(&world);
    CU_ASSERT_TRUE(all_channels_answer(1));
    CU_ASSERT_TRUE(
        world_sees(&world, "story", "server: listeners 3, pin in the environment no", 1));
    CU_ASSERT_TRUE(world_sees(&world, "story",
                              "issuing: pin 1234, channels 6, extra here, "
                              "descriptor after the last -1",
                              1));
    CU_ASSERT_TRUE(world_sees(&world, "story",
                              "status: pin 5678, channels 4, extra -, "
                              "descriptor after the last -1",
                              1));
    CU_ASSERT_TRUE(world_sees(&world, "log", "the separation between users is off", 1));
    stop_with(0);
}

static void
stops_the_server_before_the_signers(void)
{
    const char *server, *signer;
    pid_t pid;

    world_make(&world);
    world_start(&world);
    CU_ASSERT_TRUE(all_channels_answer(1));
    pid = newest_pid("issuing");
    kill(world.signetd, SIGINT);
    CU_ASSERT_EQUAL(world_wait(&world), 0);
    world_read(&world, "story");
    server = strstr(world.text, "server: told to stop");
    signer = strstr(world.text, "issuing: told to stop");
    if (!signer)
        signer = strstr(world.text, "issuing: channels closed");
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    CU_ASSERT_PTR_NOT_NULL_FATAL(signer);
    CU_ASSERT_TRUE(server < signer);
    CU_ASSERT_EQUAL(kill(pid, 0), -1);
    world_remove(&world);
}

static void
a_killed_signer_comes_back_with_new_channels(void)
{
    int64_t start_ms;

    world_make(&world);
    world_start(&world);
    CU_ASSERT_TRUE(all_channels_answer(1));
    start_ms = clock_monotonic_ms();
    kill(newest_pid("issuing"), SIGKILL);
    CU_ASSERT_TRUE(world_sees(&world, "story", "server: channels of role 0: 6 answered of 6", 2));
    CU_ASSERT_TRUE(clock_monotonic_ms() - start_ms < 2000);
    CU_ASSERT_TRUE(world_sees(&world, "story", "issuing: pin 1234", 2));
    /* the others were left alone */
    world_read(&world, "story");
    CU_ASSERT_PTR_NULL(strstr(strstr(world.text, "server: started") + 1, "server: started"));
    CU_ASSERT_PTR_NULL(strstr(strstr(world.text, "status: started") + 1, "status: started"));
    stop_with(0);
}

static void
a_killed_server_comes_back_with_new_channels(void)
{
    world_make(&world);
    world_start(&world);
    for (int round = 1; round <= 3; round++) {
        int64_t start_ms = clock_monotonic_ms();

        CU_ASSERT_TRUE(all_channels_answer(round));
        CU_ASSERT_TRUE(clock_monotonic_ms() - start_ms < 4000);
        kill(newest_pid("server"), SIGKILL);
    }
    CU_ASSERT_TRUE(all_channels_answer(4));
    stop_with(0);
}

static void
all_killed_at_once_come_back(void)
{
    world_make(&world);
    world_start(&world);
    CU_ASSERT_TRUE(all_channels_answer(1));
    kill(newest_pid("issuing"), SIGKILL);
    kill(newest_pid("status"), SIGKILL);
    kill(newest_pid("server"), SIGKILL);
    CU_ASSERT_TRUE(all_channels_answer(2));
    stop_with(0);
}

static void
connections_wait_while_the_server_is_down(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    AUTO_FD fd = socket(AF_INET, SOCK_STREAM, 0);

    world_make(&world);
    world_start(&world);
    CU_ASSERT_TRUE(all_channels_answer(1));
    address.sin_port = htons((uint16_t)world.port);
    kill(newest_pid("server"), SIGKILL);
    CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    stop_with(0);
}

static void
a_signer_that_gives_up_is_left_until_hangup(void)
{
    world_make(&world);
    world_write(&world, "status.exit", "78", 0600);
    world_start(&world);
    CU_ASSERT_TRUE(world_sees(&world, "log", "\"level\":\"alert\"", 1));
    CU_ASSERT_TRUE(world_sees(&world, "log", "stopped for good", 1));
    CU_ASSERT_TRUE(world_sees(&world, "story", "server: channels of role 0: 6 answered of 6", 1));
    CU_ASSERT_TRUE(world_sees(&world, "story", "server: role 1 stopped with 78", 1));
    usleep(300000);
    world_read(&world, "story");
    CU_ASSERT_PTR_NULL(strstr(strstr(world.text, "status: started") + 1, "status: started"));
    unlink(world_path(&world, "status.exit"));
    kill(world.signetd, SIGHUP);
    CU_ASSERT_TRUE(world_sees(&world, "story", "server: channels of role 1: 4 answered of 4", 1));
    CU_ASSERT_TRUE(world_sees(&world, "story", "server: hangup", 1));
    stop_with(0);
}

static void
a_server_that_gives_up_ends_all(void)
{
    world_make(&world);
    world_write(&world, "server.exit", "78", 0600);
    world_start(&world);
    CU_ASSERT_EQUAL(world_wait(&world), 78);
    CU_ASSERT_TRUE(world_sees(&world, "log", "\"level\":\"alert\"", 1));
    world_remove(&world);
}

static void
a_failing_server_is_tried_with_growing_delay(void)
{
    int64_t start_ms = clock_monotonic_ms();

    world_make(&world);
    world_write(&world, "server.exit", "75", 0600);
    world_start(&world);
    CU_ASSERT_TRUE(world_sees(&world, "story", "server: started", 5));
    CU_ASSERT_TRUE(clock_monotonic_ms() - start_ms >= 50 + 100 + 200 + 400);
    unlink(world_path(&world, "server.exit"));
    CU_ASSERT_TRUE(all_channels_answer(1));
    stop_with(0);
}

static void
a_readable_pin_file_is_not_used(void)
{
    world_make(&world);
    CU_ASSERT_EQUAL(chmod(world_path(&world, "issuing.pin"), 0644), 0);
    world_start(&world);
    CU_ASSERT_TRUE(
        world_sees(&world, "log", "has mode 0644, so that others can use it: chmod 0600", 2));
    CU_ASSERT_PTR_NULL(strstr(world_read(&world, "story"), "issuing: started"));
    CU_ASSERT_EQUAL(chmod(world_path(&world, "issuing.pin"), 0600), 0);
    CU_ASSERT_TRUE(all_channels_answer(1));
    stop_with(0);
}

static void
a_missing_program_is_told_and_tried_again(void)
{
    world_make(&world);
    unlink(world_path(&world, "bin/signet-server"));
    world_start(&world);
    CU_ASSERT_TRUE(world_sees(&world, "log", "bin/signet-server: cannot execute the file", 2));
    CU_ASSERT_EQUAL(symlink(SIGNET_FAKE_CHILD, world_path(&world, "bin/signet-server")), 0);
    CU_ASSERT_TRUE(all_channels_answer(1));
    stop_with(0);
}

static void
an_address_in_use_ends_the_start(void)
{
    int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    AUTO_FD fd = socket(AF_INET, SOCK_STREAM, 0);

    world_make(&world);
    address.sin_port = htons((uint16_t)(world.port + 1));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    CU_ASSERT_EQUAL_FATAL(listen(fd, 1), 0);
    world_start(&world);
    CU_ASSERT_EQUAL(world_wait(&world), 78);
    CU_ASSERT_TRUE(world_sees(&world, "log", "another program listens there", 1));
    CU_ASSERT_STRING_EQUAL(world_read(&world, "story"), "");
    world_remove(&world);
}

static void
the_service_manager_is_told(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    AUTO_FD fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct timeval patience = {.tv_sec = 5};
    char text[64] = "";

    world_make(&world);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", world_path(&world, "notify"));
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    world_start(&world);
    unsetenv("NOTIFY_SOCKET");
    CU_ASSERT_EQUAL(recv(fd, text, sizeof(text) - 1, 0), 7);
    CU_ASSERT_STRING_EQUAL(text, "READY=1");
    kill(world.signetd, SIGTERM);
    CU_ASSERT_EQUAL(recv(fd, text, sizeof(text) - 1, 0), 10);
    CU_ASSERT_STRING_EQUAL(text, "STOPPING=1");
    CU_ASSERT_EQUAL(world_wait(&world), 0);
    world_remove(&world);
}

static void
no_child_outlives_a_killed_signetd(void)
{
    pid_t pids[3];

    world_make(&world);
    world_start(&world);
    CU_ASSERT_TRUE(all_channels_answer(1));
    pids[0] = newest_pid("server");
    pids[1] = newest_pid("issuing");
    pids[2] = newest_pid("status");
    kill(world.signetd, SIGKILL);
    CU_ASSERT_EQUAL(world_wait(&world), -1);
    for (int i = 0; i < 3; i++) {
        int tries = 0;

        while (kill(pids[i], 0) == 0 && tries++ < 400)
            usleep(5000);
        CU_ASSERT_TRUE(tries < 400);
    }
    world_remove(&world);
}

int
main(void)
{
    return RUN_SUITE(
        "supervise", TEST(starts_all_three), TEST(stops_the_server_before_the_signers),
        TEST(a_killed_signer_comes_back_with_new_channels),
        TEST(a_killed_server_comes_back_with_new_channels), TEST(all_killed_at_once_come_back),
        TEST(connections_wait_while_the_server_is_down),
        TEST(a_signer_that_gives_up_is_left_until_hangup), TEST(a_server_that_gives_up_ends_all),
        TEST(a_failing_server_is_tried_with_growing_delay), TEST(a_readable_pin_file_is_not_used),
        TEST(a_missing_program_is_told_and_tried_again), TEST(an_address_in_use_ends_the_start),
        TEST(the_service_manager_is_told), TEST(no_child_outlives_a_killed_signetd));
}
