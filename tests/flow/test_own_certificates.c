/* The authority's own certificates: renewed by themselves, without a restart, while it serves. */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca_fixture.h"
#include "flow_raw.h"

enum { RENEWAL_MS = 60000, STEP_MS = 250 };

static struct ca *ca;

/* Lives of 90 seconds with 30 of them before now: due half a minute after they were made. */
static void
short_lives(void)
{
    static const char *const profiles[] = {"server", "responder"};

    for (size_t i = 0; i < ARRAY_LEN(profiles); i++)
        ca_sql(ca, NULL,
               "INSERT INTO policy (document, created_by) SELECT jsonb_set(document::jsonb, "
               "'{profiles,%s}', document::jsonb->'profiles'->'%s' || "
               "'{\"default_ttl_s\": 90, \"backdate_s\": 30}')::json, 'tests' "
               "FROM policy ORDER BY version DESC LIMIT 1",
               profiles[i], profiles[i]);
}

/* Fingerprint of the certificate that a client meets, "" when there is none. */
static void
served(char *text, size_t room)
{
    char command[256];
    AUTO_BUFFER out = {.max = 65536};

    snprintf(command, sizeof(command),
             "openssl s_client -connect 127.0.0.1:%u </dev/null 2>/dev/null | "
             "openssl x509 -noout -fingerprint -sha256 2>/dev/null",
             ca->https_port);
    ca_run(ca, NULL, &out, "sh", "-c", command, NULL);
    snprintf(text, room, "%s", buffer_text(&out));
}

static void
sleep_step(void)
{
    ca_run(ca, NULL, NULL, "sleep", "0.25", NULL);
}

static long long
alive(const char *identity)
{
    return ca_sql_number(ca,
                         "SELECT count(*) FROM certificate c JOIN identity i ON i.id = c.identity "
                         "JOIN signature s USING (serial, issuer) WHERE i.name = '%s' AND NOT "
                         "EXISTS (SELECT FROM revocation r WHERE r.serial = c.serial)",
                         identity);
}

static void
expect_more(const char *identity, long long than)
{
    int waited_ms = 0;

    for (; waited_ms < RENEWAL_MS && alive(identity) <= than; waited_ms += STEP_MS)
        sleep_step();
    CU_ASSERT_TRUE(alive(identity) > than);
}

static void
a_server_without_certificate_makes_one(void)
{
    char before[160], after[160], path[128];

    served(before, sizeof(before));
    CU_ASSERT_EQUAL(ca_signetd_stop(ca), 0);
    short_lives();
    snprintf(path, sizeof(path), "%s/tls/server.pem", ca->folder);
    CU_ASSERT_EQUAL(remove(path), 0);
    ca_signetd_start(ca);
    served(after, sizeof(after));
    CU_ASSERT_STRING_NOT_EQUAL(before, after);
    CU_ASSERT_PTR_NOT_NULL(strstr(after, "ingerprint"));
    CU_ASSERT_EQUAL(ca_http(ca, "GET", "/v1/identities", "admin", NULL, NULL, NULL), 200);
}

/* Whether a request on this connection is answered. */
static bool
answered(struct raw *raw)
{
    static const char request[] = "GET /v1/roots HTTP/1.1\r\nHost: localhost\r\n\r\n";
    AUTO_BUFFER out = {.max = 65536};

    for (int waited_ms = 0; waited_ms < RENEWAL_MS; waited_ms += STEP_MS) {
        if (waited_ms == 0 && !raw_send(raw, request, strlen(request)))
            return false;
        if (raw_receive(raw, STEP_MS, &out))
            return false;
        if (out.len && strstr(buffer_text(&out), "HTTP/1.1 200"))
            return true;
    }
    return false;
}

/* The client meets another certificate, the process is the same, and a connection of before lives.
 */
static void
tls_is_renewed_without_a_restart(void)
{
    AUTO_RAW kept = {.fd = -1};
    char before[160], now[160];
    pid_t server = ca_pid(ca, CA_SERVER);
    int waited_ms = 0;

    CU_ASSERT_TRUE_FATAL(raw_open(ca, ca->https_port, true, NULL, &kept));
    served(before, sizeof(before));
    snprintf(now, sizeof(now), "%s", before);
    for (; waited_ms < RENEWAL_MS && strcmp(now, before) == 0; waited_ms += STEP_MS) {
        CU_ASSERT_TRUE_FATAL(answered(&kept));
        sleep_step();
        served(now, sizeof(now));
    }
    CU_ASSERT_TRUE(answered(&kept));
    CU_ASSERT_STRING_NOT_EQUAL(now, before);
    CU_ASSERT_EQUAL(ca_pid(ca, CA_SERVER), server);
    CU_ASSERT_EQUAL(ca_http(ca, "GET", "/v1/identities", "admin", NULL, NULL, NULL), 200);
}

/* The first one is taken away; what follows is renewed before its end. */
static void
the_responder_is_renewed_and_answers(void)
{
    static const char *const json[] = {"Content-Type: application/json", NULL};
    char serial[64], body[128];
    AUTO_BUFFER out = {.max = 65536};
    long long count = alive("signet/ocsp");

    CU_ASSERT_EQUAL(count, 1);
    ca_sql(ca, &out,
           "SELECT encode(c.serial, 'hex') FROM certificate c JOIN identity i ON i.id = c.identity "
           "WHERE i.name = 'signet/ocsp'");
    snprintf(serial, sizeof(serial), "%.38s", buffer_text(&out));
    snprintf(body, sizeof(body), "{\"serial\": \"%s\", \"reason\": \"superseded\"}", serial);
    CU_ASSERT_EQUAL(ca_http(ca, "POST", "/v1/revocations", "admin", json, body, NULL), 200);
    expect_more("signet/ocsp", 0);
    expect_more("signet/ocsp", 1);
    ca_enroll(ca, "payments/ocsp", "api");
    buffer_clear(&out);
    snprintf(body, sizeof(body), "%s/ocsp", ca->publish_url);
    CU_ASSERT_EQUAL(ca_run(ca, NULL, &out, "sh", "-c",
                           "openssl ocsp -issuer \"$0\" -cert api.pem -url \"$1\" -partial_chain "
                           "-CAfile \"$0\"",
                           ca->issuing_pem, body, NULL),
                    0);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "api.pem: good"));
}

int
main(void)
{
    int status;

    ca = ca_start(NULL);
    status = RUN_SUITE("own certificates", TEST(a_server_without_certificate_makes_one),
                       TEST(tls_is_renewed_without_a_restart),
                       TEST(the_responder_is_renewed_and_answers));
    ca_stop(ca);
    return status;
}
