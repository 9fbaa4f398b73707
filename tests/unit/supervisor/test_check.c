/* signetd --check, --help, --version and wrong usage. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signet/file.h"
#include "suite.h"
#include "world.h"

static struct world world;

static int
run_check(void)
{
    return world_run(&world, "--check", world_path(&world, "signet.conf"));
}

/* How often the report says so. */
static int
said(const char *text)
{
    int times = 0;

    for (const char *at = strstr(world.text, text); at; at = strstr(at + 1, text))
        times++;
    return times;
}

static void
says_what_is_in_order(void)
{
    world_make(&world);
    CU_ASSERT_EQUAL(run_check(), 78); /* there is no database here */
    CU_ASSERT_EQUAL(said("WRONG"), 3);
    CU_ASSERT_EQUAL(said("WRONG  database ("), 3);
    CU_ASSERT_EQUAL(said("3 wrong\n"), 1);
    CU_ASSERT_EQUAL(said("ok     PIN file"), 2);
    CU_ASSERT_EQUAL(said("ok     permit"), 2);
    CU_ASSERT_EQUAL(said("ok     token module"), 2);
    CU_ASSERT_EQUAL(said("ok     state folder"), 2);
    CU_ASSERT_EQUAL(said("ok     program"), 2);
    CU_ASSERT_EQUAL(said("ok     TLS folder"), 1);
    CU_ASSERT_EQUAL(said("is free"), 3);
    world_remove(&world);
}

/* Each with a shell command that spoils a good world. */
static const struct {
    const char *command;
    const char *words;
} faults[] = {
    {"chmod 0640 issuing.pin", "issuing.pin: mode 0640 lets others use it; chmod 0600"},
    {"rm status.pin", "status.pin: No such file or directory"},
    {": > status.pin", "status.pin: empty; put the PIN"},
    {"rm status.pin; mkdir status.pin", "status.pin: not a regular file"},
    {"chmod 0666 issuing.conf", "issuing.conf: mode 0666 lets others write; chmod 0644"},
    {"rm issuing.conf", "issuing.conf: No such file"},
    {"echo text > module.so", "module.so: not a shared library"},
    {"rm module.so", "module.so: No such file"},
    {"rmdir state", "state: No such file"},
    {"chmod 0777 tls", "tls: mode 0777 lets others write; chmod 0700"},
    {"rmdir tls; touch tls", "tls: not a folder"},
    {"touch state/pin.latch", "pin.latch: the last login did not succeed"},
    {"rm bin/signet-signer", "bin/signet-signer: No such file"},
};

static void
each_fault_is_told_with_its_cure(void)
{
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        char command[256];
        FILE *shell;

        world_make(&world);
        snprintf(command, sizeof(command), "cd %s && { %s; }", world.folder, faults[i].command);
        shell = popen(command, "r");
        CU_ASSERT_PTR_NOT_NULL_FATAL(shell);
        CU_ASSERT_EQUAL(pclose(shell), 0);
        CU_ASSERT_EQUAL(run_check(), 78);
        if (said(faults[i].words) == 0)
            printf("\n    after %s wanted %s in:\n%s", faults[i].command, faults[i].words,
                   world.text);
        CU_ASSERT_TRUE(said(faults[i].words) >= 1);
        CU_ASSERT_TRUE(said("WRONG") >= 4);
        world_remove(&world);
    }
}

static void
a_taken_address_is_told(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    AUTO_FD fd = socket(AF_INET, SOCK_STREAM, 0);

    world_make(&world);
    address.sin_port = htons((uint16_t)world.port);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    CU_ASSERT_EQUAL_FATAL(listen(fd, 1), 0);
    CU_ASSERT_EQUAL(run_check(), 78);
    CU_ASSERT_EQUAL(said("WRONG  address https: cannot listen on 127.0.0.1:"), 1);
    CU_ASSERT_EQUAL(said("another program listens there"), 1);
    world_remove(&world);
}

static void
a_wrong_configuration_is_told_by_line(void)
{
    world_make(&world);
    world_write(&world, "signet.conf", "# one\nserver { wrokers = 4 }\n", 0644);
    CU_ASSERT_EQUAL(run_check(), 78);
    CU_ASSERT_EQUAL(said("signet.conf:2: option \"wrokers\" is not known in section server"), 1);
    unlink(world_path(&world, "signet.conf"));
    CU_ASSERT_EQUAL(run_check(), 78);
    CU_ASSERT_EQUAL(said("cannot find the configuration"), 1);
    world_remove(&world);
}

static void
the_command_line_is_strict(void)
{
    world_make(&world);
    CU_ASSERT_EQUAL(world_run(&world, "--version", NULL), 0);
    CU_ASSERT_EQUAL(said("signetd " SIGNET_VERSION "\n"), 1);
    CU_ASSERT_EQUAL(world_run(&world, "--help", NULL), 0);
    CU_ASSERT_EQUAL(said("Example: signetd"), 1);
    CU_ASSERT_EQUAL(world_run(&world, NULL, NULL), 64);
    CU_ASSERT_EQUAL(world_run(&world, "--config", NULL), 64);
    CU_ASSERT_EQUAL(world_run(&world, "--help", "more"), 64);
    CU_ASSERT_EQUAL(world_run(&world, "--unknown", NULL), 64);
    world_remove(&world);
}

int
main(void)
{
    return RUN_SUITE("check", TEST(says_what_is_in_order), TEST(each_fault_is_told_with_its_cure),
                     TEST(a_taken_address_is_told), TEST(a_wrong_configuration_is_told_by_line),
                     TEST(the_command_line_is_strict));
}
