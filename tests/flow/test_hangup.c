/* SIGHUP to signetd: the server reads its TLS file again and serves on. */
#include "suite.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ca_fixture.h"

static struct ca *ca;

/* Waits until the log has so many lines with this message. */
static bool
logged(const char *message, int count)
{
    char command[256];

    snprintf(command, sizeof(command),
             "for i in $(seq 150); do test \"$(grep -c '%s' %s)\" -ge %d && exit 0; sleep 0.1; "
             "done; exit 1",
             message, ca->log, count);
    return ca_run(ca, NULL, NULL, "sh", "-c", command, NULL) == 0;
}

static void
the_server_lives_on(void)
{
    pid_t server = ca_pid(ca, CA_SERVER), issuing = ca_pid(ca, CA_ISSUING);

    CU_ASSERT_TRUE(ca_kill(ca, CA_SIGNETD, SIGHUP));
    CU_ASSERT_TRUE(logged("TLS file read again", 1));
    CU_ASSERT_EQUAL(ca_pid(ca, CA_SERVER), server);
    CU_ASSERT_EQUAL(ca_pid(ca, CA_ISSUING), issuing);
    CU_ASSERT_EQUAL(ca_http(ca, "GET", "/v1/identities", "admin", NULL, NULL, NULL), 200);
}

static void
a_file_that_cannot_be_used_changes_nothing(void)
{
    CU_ASSERT_EQUAL(ca_run(ca, NULL, NULL, "sh", "-c",
                           "cp -p ../tls/server.pem saved && echo nonsense > ../tls/server.pem",
                           NULL),
                    0);
    CU_ASSERT_TRUE(ca_kill(ca, CA_SIGNETD, SIGHUP));
    CU_ASSERT_TRUE(logged("\"TLS file\"", 1));
    CU_ASSERT_EQUAL(ca_http(ca, "GET", "/v1/identities", "admin", NULL, NULL, NULL), 200);
    CU_ASSERT_EQUAL(ca_run(ca, NULL, NULL, "cp", "-p", "saved", "../tls/server.pem", NULL), 0);
    CU_ASSERT_TRUE(ca_kill(ca, CA_SIGNETD, SIGHUP));
    CU_ASSERT_TRUE(logged("TLS file read again", 2));
}

int
main(void)
{
    int status;

    ca = ca_start(NULL);
    status = RUN_SUITE("hangup", TEST(the_server_lives_on),
                       TEST(a_file_that_cannot_be_used_changes_nothing));
    ca_stop(ca);
    return status;
}
