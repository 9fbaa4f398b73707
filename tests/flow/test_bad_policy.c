/* A policy document that cannot be used: the old one stays in force, and what is published goes on.
 */
#include "suite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ca_fixture.h"

enum { STALE_S = 12 }; /* past the age at which /readyz calls the publisher not ready */

static struct ca *ca;

static int
shell(const char *format, ...)
{
    char command[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    return ca_run(ca, NULL, NULL, "bash", "-c", command, NULL);
}

static bool
log_says(const char *text)
{
    return shell("for i in $(seq 200); do grep -q '%s' %s && exit 0; sleep 0.1; done; exit 1", text,
                 ca->log) == 0;
}

static void
the_old_one_stays_in_force(void)
{
    ca_sql(ca, NULL,
           "INSERT INTO policy (document, created_by) VALUES ('{\"profiles\": 7}', 'tests')");
    CU_ASSERT_TRUE(log_says("\"job failed\",\"error\":\"policy\""));
    ca_enroll(ca, "payments/api", "api");
    CU_ASSERT_EQUAL(ca_sql_number(ca, "SELECT policy_version FROM certificate ORDER BY recorded_at "
                                      "DESC LIMIT 1"),
                    1);
}

static void
revocations_are_published(void)
{
    sleep(STALE_S);
    CU_ASSERT_TRUE(ca_wait_ready(ca, 0));
    CU_ASSERT_EQUAL(shell("signet revoke --certificate api.pem --yes"), 0);
    CU_ASSERT_EQUAL(
        shell("for i in $(seq 100); do openssl ocsp -issuer %s -cert api.pem -url "
              "%s/ocsp -CAfile ../pki/chain.pem | grep -q revoked && exit 0; sleep 0.1; "
              "done; exit 1",
              ca->issuing_pem, ca->publish_url),
        0);
    CU_ASSERT_EQUAL(
        shell("serial=$(openssl x509 -in api.pem -noout -serial); for i in $(seq 100); "
              "do curl -sf %s/crl/issuing-1.crl | openssl crl -inform DER -noout -text | "
              "grep -q \"${serial#serial=}\" && exit 0; sleep 0.1; done; exit 1",
              ca->publish_url),
        0);
}

static void
a_good_one_counts_again(void)
{
    ca_sql(ca, NULL,
           "INSERT INTO policy (document, created_by) SELECT document, 'tests' FROM policy "
           "WHERE version = 1");
    CU_ASSERT_TRUE(log_says("\"job works again\",\"job\":\"authority\""));
    ca_enroll(ca, "payments/web", "web");
    CU_ASSERT_EQUAL(ca_sql_number(ca, "SELECT policy_version FROM certificate ORDER BY recorded_at "
                                      "DESC LIMIT 1"),
                    3);
}

int
main(void)
{
    int status;

    ca = ca_start(NULL);
    status = RUN_SUITE("bad policy", TEST(the_old_one_stays_in_force),
                       TEST(revocations_are_published), TEST(a_good_one_counts_again));
    ca_stop(ca);
    return status;
}
