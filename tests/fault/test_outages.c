/*
 * Parts that are away or do not answer: clients get 503 with Retry-After in time, what is published
 * goes on being served, and all is back by itself when the part is.
 */
#include "suite.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "ocsp.h"
#include "signet/clock.h"
#include "storm.h"
#include "subject.h"

enum {
    OUTAGE_TOKENS = 600,
    OUTAGE_AWAY_MS = 8000,   /* a 503 for a part that is known to be away; generous */
    OUTAGE_SILENT_MS = 9000, /* ... that takes requests and never answers: the deadline is 4 s */
    OUTAGE_WORKERS = 40,     /* requests that reach each of the 16 workers */
    OUTAGE_STEP_MS = 50
};

static const char family[] = "away/host";

static struct {
    struct ca *ca;
    struct witness witness;
    struct client *client, *relying;
    struct subject subject;
    unsigned token;
    char serial[LEDGER_SERIAL]; /* whose status is cached */
    char victim[LEDGER_SERIAL]; /* to be revoked while the signer is silent */
    char *admin_pem, *admin_key;
    struct ledger ledger;
} world;

static int
enrol(struct client_reply *reply)
{
    char token[CA_TOKEN_TEXT];

    subject_token(family, world.token, token);
    client_json(world.client, "POST", "/v1/certificates", token, world.subject.body, reply);
    if (reply->status == 201 || reply->status == 200)
        world.token++;
    return reply->status;
}

/* Answered, within the time, with a problem that says when to come again. */
static void
assert_refused_in_time(const char *what, int limit_ms)
{
    AUTO_REPLY reply = {0};
    int status = enrol(&reply);

    fprintf(stderr, "%s: %d after %lld ms, Retry-After %d\n", what, status,
            (long long)reply.took_ms, reply.retry_after_s);
    CU_ASSERT_EQUAL(status, 503);
    CU_ASSERT_TRUE(reply.retry_after_s > 0);
    CU_ASSERT_TRUE(reply.took_ms < limit_ms);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&reply.body), "urn:"));
}

static void
assert_published(void)
{
    bool wrong = false;
    X509_CRL *crl = crl_fetch(&world.witness, world.relying, &wrong);

    CU_ASSERT_PTR_NOT_NULL(crl);
    CU_ASSERT_FALSE(wrong);
    X509_CRL_free(crl);
    CU_ASSERT_EQUAL(ocsp_ask_one(&world.witness, world.relying, world.serial), SEEN_GOOD);
    CU_ASSERT_EQUAL(ocsp_get_one(&world.witness, world.relying, world.serial), SEEN_GOOD);
}

static void
assert_back(const char *what)
{
    int64_t begin_ms = clock_monotonic_ms();
    AUTO_REPLY reply = {0};

    while (enrol(&reply) != 201 && clock_monotonic_ms() < begin_ms + STORM_LIMIT_MS)
        poll(NULL, 0, OUTAGE_STEP_MS);
    fprintf(stderr, "%s: back after %lld ms\n", what, (long long)(clock_monotonic_ms() - begin_ms));
    CU_ASSERT_EQUAL(reply.status, 201);
    CU_ASSERT_TRUE(ca_wait_ready(world.ca, 2 * STORM_LIMIT_MS));
    /* Not one worker only. */
    for (int i = 0; i < OUTAGE_WORKERS; i++)
        if (enrol(&reply) != 201) {
            fprintf(stderr, "%s: %d: %s\n", what, reply.status, buffer_text(&reply.body));
            CU_FAIL("a request failed after all was back");
        }
}

/* --- the readiness report --- */

static bool
part_is_ready(const char *part, bool ready)
{
    const struct client_request request = {.method = "GET", .url = NULL};
    struct client_request at = request;
    char url[128], wanted[128];
    AUTO_REPLY reply = {0};

    snprintf(url, sizeof(url), "%s/readyz", world.ca->health_url);
    snprintf(wanted, sizeof(wanted), "\"%s\":{\"ready\":%s", part, ready ? "true" : "false");
    at.url = url;
    return client_call(world.relying, &at, &reply) && strstr(buffer_text(&reply.body), wanted) &&
           (ready || reply.status == 503);
}

static void
assert_readyz_names(const char *part)
{
    int64_t end_ms = clock_monotonic_ms() + 2 * STORM_LIMIT_MS;

    while (!part_is_ready(part, false) && clock_monotonic_ms() < end_ms)
        poll(NULL, 0, OUTAGE_STEP_MS);
    CU_ASSERT_TRUE(part_is_ready(part, false));
}

/* --- outages --- */

/* What needs no signature of the issuing key goes on. */
static void
assert_revocation_works(void)
{
    struct client *admin = client_new(world.ca);
    AUTO_REPLY reply = {0};
    char json[128];

    client_show(admin, world.admin_pem, world.admin_key);
    snprintf(json, sizeof(json), "{\"serial\":\"%s\",\"reason\":\"superseded\"}", world.victim);
    client_json(admin, "POST", "/v1/revocations", NULL, json, &reply);
    CU_ASSERT_EQUAL(reply.status, 200);
    CU_ASSERT_TRUE(reply.took_ms < OUTAGE_AWAY_MS);
    CU_ASSERT_EQUAL(ocsp_ask_one(&world.witness, world.relying, world.victim), SEEN_REVOKED);
    client_free(admin);
}

static void
database_stopped(void)
{
    assert_published();
    ca_postgres_stop(world.ca, false);
    assert_refused_in_time("database stopped", OUTAGE_AWAY_MS);
    assert_published();
    assert_readyz_names("database");
    assert_published();
    ca_postgres_start(world.ca);
    assert_back("database started");
}

static void
issuing_signer_silent(void)
{
    CU_ASSERT_TRUE(ca_kill(world.ca, CA_ISSUING, SIGSTOP));
    assert_refused_in_time("signer stopped", OUTAGE_SILENT_MS);
    assert_refused_in_time("signer stopped, once more", OUTAGE_SILENT_MS);
    assert_published();
    assert_readyz_names("issuing_signer");
    assert_revocation_works();
    CU_ASSERT_TRUE(ca_kill(world.ca, CA_ISSUING, SIGCONT));
    assert_back("signer continued");
}

static void
status_signer_silent(void)
{
    AUTO_REPLY reply = {0};
    char serial[LEDGER_SERIAL] = "";
    enum seen seen;

    CU_ASSERT_TRUE(ca_kill(world.ca, CA_STATUS, SIGSTOP));
    assert_published();
    CU_ASSERT_EQUAL(enrol(&reply), 201);
    CU_ASSERT_TRUE(ledger_received(&world.ledger, "status", &reply.body, serial, NULL));
    seen = ocsp_ask_one(&world.witness, world.relying, serial);
    CU_ASSERT_EQUAL(seen, SEEN_NOTHING);
    assert_published();
    CU_ASSERT_TRUE(ca_kill(world.ca, CA_STATUS, SIGCONT));
    for (int i = 0; i < OUTAGE_WORKERS; i++) {
        int64_t end_ms = clock_monotonic_ms() + STORM_LIMIT_MS;

        CU_ASSERT_EQUAL(enrol(&reply), 201);
        CU_ASSERT_TRUE(ledger_received(&world.ledger, "status", &reply.body, serial, NULL));
        do {
            seen = ocsp_ask_one(&world.witness, world.relying, serial);
        } while (seen == SEEN_NOTHING && i == 0 && clock_monotonic_ms() < end_ms);
        CU_ASSERT_EQUAL(seen, SEEN_GOOD);
    }
}

static void
server_killed(void)
{
    CU_ASSERT_TRUE(ca_kill(world.ca, CA_SERVER, SIGKILL));
    assert_back("server killed");
    assert_published();
}

static void
all_killed(void)
{
    pid_t server = ca_pid(world.ca, CA_SERVER), signer = ca_pid(world.ca, CA_ISSUING);

    CU_ASSERT_TRUE(ca_kill(world.ca, CA_SIGNETD, SIGKILL));
    ca_signetd_stop(world.ca);
    /* Nobody stays behind: they would serve with an old configuration and hold the ports. */
    for (int waited = 0; waited < STORM_LIMIT_MS && (kill(server, 0) == 0 || kill(signer, 0) == 0);
         waited += OUTAGE_STEP_MS)
        poll(NULL, 0, OUTAGE_STEP_MS);
    CU_ASSERT_NOT_EQUAL(kill(server, 0), 0);
    CU_ASSERT_NOT_EQUAL(kill(signer, 0), 0);
    ca_signetd_start(world.ca);
    assert_back("signetd killed");
    assert_published();
}

static void
world_open(void)
{
    AUTO_REPLY reply = {0};

    /* A shorter deadline than 10 s, so that the test does not wait for it so often. */
    static const char *const edits[] = {"s/^server {/server {\\n  request_deadline_ms = 4000/", NULL};

    world.ca = ca_start(&(struct ca_options){.config = storm_config, .edits = edits});
    world.client = client_new(world.ca);
    world.relying = client_new(world.ca);
    world.token = 1;
    world.admin_pem = subject_file(world.ca->admin_pem);
    world.admin_key = subject_file(world.ca->admin_key);
    ledger_init(&world.ledger);
    subject_make(&world.subject);
    witness_open(&world.witness, world.ca);
    subject_identities(world.ca, family, 1);
    subject_tokens(world.ca, family, 1, OUTAGE_TOKENS);
    if (enrol(&reply) != 201 ||
        !ledger_received(&world.ledger, "first", &reply.body, world.serial, NULL) ||
        enrol(&reply) != 201 ||
        !ledger_received(&world.ledger, "second", &reply.body, world.victim, NULL))
        abort();
}

static void
world_close(void)
{
    witness_close(&world.witness);
    free(world.admin_pem);
    free(world.admin_key);
    subject_done(&world.subject);
    client_free(world.client);
    client_free(world.relying);
    ledger_done(&world.ledger);
    ca_stop(world.ca);
}

int
main(void)
{
    int status;

    world_open();
    status = RUN_SUITE("outages", TEST(database_stopped), TEST(issuing_signer_silent),
                       TEST(status_signer_silent), TEST(server_killed), TEST(all_killed));
    world_close();
    return status;
}
