/* The road in short: enrol, verify, renew, revoke; and the parts of the fixture that others rely
 * on. */
#include "suite.h"

#include <signal.h>
#include <string.h>

#include "ca_fixture.h"

static struct ca *ca;

static int
run(struct buffer *out, const char *command)
{
    buffer_clear(out);
    return ca_run(ca, NULL, out, "sh", "-c", command, NULL);
}

static void
enrolled_certificates_verify(void)
{
    AUTO_BUFFER out;

    buffer_init(&out, 65536);
    ca_enroll(ca, "payments/api", "api");
    CU_ASSERT_EQUAL(run(&out, "openssl verify -x509_strict -CAfile $SIGNET_ROOT -untrusted api.pem "
                              "api.pem"),
                    0);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "api.pem: OK"));
    CU_ASSERT_EQUAL(ca_sql_number(ca,
                                  "SELECT count(*) FROM certificate c JOIN identity i ON i.id = "
                                  "c.identity WHERE i.name = 'payments/api'"),
                    1);
}

static void
http_helper_reaches_every_caller(void)
{
    AUTO_BUFFER out;

    buffer_init(&out, 65536);
    CU_ASSERT_EQUAL(ca_http(ca, "GET", "/v1/roots", NULL, NULL, NULL, &out), 200);
    CU_ASSERT_EQUAL(ca_http(ca, "GET", "/v1/identities", NULL, NULL, NULL, NULL), 401);
    CU_ASSERT_EQUAL(ca_http(ca, "GET", "/v1/identities", "api", NULL, NULL, NULL), 403);
    buffer_clear(&out);
    CU_ASSERT_EQUAL(ca_http(ca, "GET", "/v1/identities", "admin", NULL, NULL, &out), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "payments/api"));
}

static void
revoked_certificates_do_not_renew(void)
{
    char serial[64];
    AUTO_BUFFER out;

    buffer_init(&out, 65536);
    CU_ASSERT_EQUAL(run(&out, "signet renew --cert api.pem --key api.key"), 0);
    ca_serial(ca, "api.pem", serial);
    CU_ASSERT_EQUAL(
        ca_run(ca, NULL, NULL, "signet", "revoke", serial, "--reason", "superseded", "--yes", NULL),
        0);
    CU_ASSERT_EQUAL(run(&out, "signet renew --cert api.pem --key api.key"), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "revoked"));
}

static void
killed_programs_come_back(void)
{
    static const enum ca_process processes[] = {CA_ISSUING, CA_STATUS, CA_SERVER};

    for (size_t i = 0; i < ARRAY_LEN(processes); i++) {
        pid_t before = ca_pid(ca, processes[i]);

        CU_ASSERT_NOT_EQUAL(before, 0);
        CU_ASSERT_TRUE(ca_kill(ca, processes[i], SIGKILL));
        for (int waited = 0; waited < 500 && ca_pid(ca, processes[i]) == before; waited++)
            run(&(struct buffer){.max = 4096}, "sleep 0.01");
        CU_ASSERT_TRUE(ca_wait_ready(ca, 10000));
        CU_ASSERT_NOT_EQUAL(ca_pid(ca, processes[i]), before);
    }
    ca_enroll(ca, "payments/after", "after");
}

static void
a_crashed_database_comes_back(void)
{
    CU_ASSERT_NOT_EQUAL(ca_pid(ca, CA_POSTGRES), 0);
    ca_postgres_stop(ca, true);
    CU_ASSERT_EQUAL(ca_pid(ca, CA_POSTGRES), 0);
    ca_postgres_start(ca);
    CU_ASSERT_TRUE(ca_wait_ready(ca, 15000));
    ca_enroll(ca, "payments/later", "later");
}

static void
stops_and_starts_again(void)
{
    CU_ASSERT_EQUAL(ca_signetd_stop(ca), 0);
    CU_ASSERT_EQUAL(ca_pid(ca, CA_SERVER), 0);
    ca_signetd_start(ca);
    ca_enroll(ca, "payments/again", "again");
}

int
main(void)
{
    int status;

    ca = ca_start(NULL);
    status = RUN_SUITE("authority", TEST(enrolled_certificates_verify),
                       TEST(http_helper_reaches_every_caller),
                       TEST(revoked_certificates_do_not_renew), TEST(killed_programs_come_back),
                       TEST(a_crashed_database_comes_back), TEST(stops_and_starts_again));
    ca_stop(ca);
    return status;
}
