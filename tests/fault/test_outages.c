/*
 * Signers that do not answer, programs that are killed: clients get 503 with Retry-After in time,
 * what is published goes on being served, and all is back by itself when the part is.
 */
#include "suite.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "signet/clock.h"
#include "storm.h"
#include "visitor.h"

/* A part that takes requests and never answers: the deadline is set to 4 s below. */
enum { SILENT_MS = 9000 };

static struct ca *ca;
static struct visitor visitor;

/* What needs no signature of the issuing key goes on. */
static void
a_revocation_works(const char *serial)
{
    AUTO_REPLY reply = {0};
    char json[128];

    snprintf(json, sizeof(json), "{\"serial\":\"%s\",\"reason\":\"superseded\"}", serial);
    client_json(visitor.admin, "POST", "/v1/revocations", NULL, json, &reply);
    CU_ASSERT_EQUAL(reply.status, 200);
    CU_ASSERT_TRUE(reply.took_ms < VISITOR_AWAY_MS);
    CU_ASSERT_EQUAL(ocsp_ask_one(&visitor.witness, visitor.relying, serial), SEEN_REVOKED);
}

static void
issuing_signer_silent(void)
{
    char serial[LEDGER_SERIAL];

    visitor_obtain(&visitor, serial);
    CU_ASSERT_TRUE(ca_kill(ca, CA_ISSUING, SIGSTOP));
    visitor_is_put_off(&visitor, "signer stopped", SILENT_MS);
    visitor_is_put_off(&visitor, "signer stopped, once more", SILENT_MS);
    visitor_sees_published(&visitor);
    a_revocation_works(serial);
    visitor_sees_unready(&visitor, "issuing_signer");
    CU_ASSERT_TRUE(ca_kill(ca, CA_ISSUING, SIGCONT));
    visitor_is_served_again(&visitor, "signer continued");
}

static void
status_signer_silent(void)
{
    char serial[LEDGER_SERIAL];

    CU_ASSERT_TRUE(ca_kill(ca, CA_STATUS, SIGSTOP));
    visitor_sees_published(&visitor);
    for (int i = 0; i < 3; i++) {
        visitor_obtain(&visitor, serial);
        CU_ASSERT_EQUAL(ocsp_ask_one(&visitor.witness, visitor.relying, serial), SEEN_NOTHING);
    }
    visitor_sees_published(&visitor);
    CU_ASSERT_TRUE(ca_kill(ca, CA_STATUS, SIGCONT));
    visitor_sees_status_again(&visitor);
}

static void
server_killed(void)
{
    CU_ASSERT_TRUE(ca_kill(ca, CA_SERVER, SIGKILL));
    visitor_is_served_again(&visitor, "server killed");
    visitor_sees_published(&visitor);
}

/* Nobody stays behind: they would serve with an old configuration and hold the ports. */
static void
all_killed(void)
{
    pid_t server = ca_pid(ca, CA_SERVER), signer = ca_pid(ca, CA_ISSUING);
    int64_t end_ms = clock_monotonic_ms() + VISITOR_LIMIT_MS;

    CU_ASSERT_TRUE(ca_kill(ca, CA_SIGNETD, SIGKILL));
    ca_signetd_stop(ca);
    while ((kill(server, 0) == 0 || kill(signer, 0) == 0) && clock_monotonic_ms() < end_ms)
        poll(NULL, 0, VISITOR_STEP_MS);
    CU_ASSERT_NOT_EQUAL(kill(server, 0), 0);
    CU_ASSERT_NOT_EQUAL(kill(signer, 0), 0);
    ca_signetd_start(ca);
    visitor_is_served_again(&visitor, "signetd killed");
    visitor_sees_published(&visitor);
}

int
main(void)
{
    static const char *const edits[] = {"s/^server {/server {\\n  request_deadline_ms = 4000/",
                                        NULL};
    int status;

    ca = ca_start(&(struct ca_options){.config = storm_config, .edits = edits});
    visitor_open(&visitor, ca);
    status = RUN_SUITE("outages", TEST(issuing_signer_silent), TEST(status_signer_silent),
                       TEST(server_killed), TEST(all_killed));
    visitor_close(&visitor);
    ca_stop(ca);
    return status;
}
