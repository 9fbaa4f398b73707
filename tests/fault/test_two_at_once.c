/*
 * Two requests at the same instant, a thousand times each through the real API. PostgreSQL keeps
 * the times of commits here, so that which of the two came first is known and not guessed.
 */
#include "suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "checker.h"
#include "client.h"
#include "ledger.h"
#include "storm.h"
#include "subject.h"

enum { ROUNDS = 1000 };

/* One of the two: its own connection, its own key, and what it asks in this round. */
struct side {
    struct client *client;
    struct subject subject;
    pthread_t thread;
    pthread_barrier_t *meet;
    const char *method, *path, *token, *json;
    struct client_reply reply;
    bool end;
};

static struct {
    struct ca *ca;
    struct ledger ledger;
    char *admin_pem, *admin_key;
    pthread_barrier_t meet;
    struct side side[2];
} world;

static void *
side_main(void *context)
{
    struct side *side = context;

    for (;;) {
        pthread_barrier_wait(side->meet);
        if (side->end)
            return NULL;
        client_json(side->client, side->method, side->path, side->token, side->json, &side->reply);
        pthread_barrier_wait(side->meet);
    }
}

/* Both at once; the connections stand already. */
static void
both(void)
{
    pthread_barrier_wait(&world.meet);
    pthread_barrier_wait(&world.meet);
}

static void
ask(int number, const char *method, const char *path, const char *token, const char *json)
{
    struct side *side = &world.side[number];

    side->method = method;
    side->path = path;
    side->token = token;
    side->json = json;
}

static bool
is_issued(const struct side *side)
{
    return side->reply.status == 200 || side->reply.status == 201;
}

static bool
is_refused(struct side *side, int status, const char *type)
{
    if (side->reply.status == status && strstr(buffer_text(&side->reply.body), type))
        return true;
    fprintf(stderr, "wanted %d %s, got %d %s\n", status, type, side->reply.status,
            side->reply.status ? buffer_text(&side->reply.body) : "");
    return false;
}

static void
note(struct side *side, const char *grant, char serial[LEDGER_SERIAL], char **pem)
{
    if (!ledger_received(&world.ledger, grant, &side->reply.body, serial, pem))
        CU_FAIL("no certificate");
}

/* --- one token --- */

static void
one_token_used_twice(void)
{
    static const char family[] = "two/token";
    unsigned same = 0, won[2] = {0};

    subject_identities(world.ca, family, 1);
    subject_tokens(world.ca, family, 1, ROUNDS);
    for (unsigned i = 1; i <= ROUNDS; i++) {
        char token[CA_TOKEN_TEXT], grant[LEDGER_GRANT], serial[LEDGER_SERIAL];
        bool one_request = i % 2;
        int winner;

        subject_token(family, i, token);
        snprintf(grant, sizeof(grant), "%s %u", family, i);
        ask(0, "POST", "/v1/certificates", token, world.side[0].subject.body);
        ask(1, "POST", "/v1/certificates", token, world.side[one_request ? 0 : 1].subject.body);
        both();
        for (int n = 0; n < 2; n++)
            if (is_issued(&world.side[n]))
                note(&world.side[n], grant, serial, NULL);
        winner = is_issued(&world.side[0]) ? 0 : 1;
        won[winner]++;
        same += is_issued(&world.side[0]) && is_issued(&world.side[1]);
        CU_ASSERT_TRUE(is_issued(&world.side[winner]));
        if (one_request)
            CU_ASSERT_TRUE(is_issued(&world.side[1 - winner]));
        if (!one_request)
            CU_ASSERT_TRUE(is_refused(&world.side[1 - winner], 409, "grant-used"));
    }
    fprintf(stderr, "one token: the same request twice %u, two requests won by %u and %u\n", same,
            won[0] - same, won[1]);
    CU_ASSERT_EQUAL(same, ROUNDS / 2);
    CU_ASSERT_EQUAL(ca_sql_number(world.ca,
                                  "SELECT count(*) FROM certificate c JOIN identity i ON "
                                  "i.id = c.identity WHERE i.name = '%s-1'",
                                  family),
                    ROUNDS);
}

/* --- suspend and enrol --- */

static void
suspended_while_it_enrols(void)
{
    static const char family[] = "two/suspend";
    unsigned issued = 0;

    subject_identities(world.ca, family, ROUNDS);
    subject_tokens(world.ca, family, ROUNDS, 2);
    client_show(world.side[1].client, world.admin_pem, world.admin_key);
    for (unsigned i = 1; i <= ROUNDS; i++) {
        char token[CA_TOKEN_TEXT], path[128], grant[LEDGER_GRANT], serial[LEDGER_SERIAL];

        subject_token(family, i, token);
        snprintf(path, sizeof(path), "/v1/identities/two%%2Fsuspend-%u", i);
        snprintf(grant, sizeof(grant), "%s %u", family, i);
        ask(0, "POST", "/v1/certificates", token, world.side[0].subject.body);
        ask(1, "PATCH", path, NULL, "{\"state\":\"suspended\"}");
        both();
        CU_ASSERT_EQUAL(world.side[1].reply.status, 200);
        if (is_issued(&world.side[0])) {
            issued++;
            note(&world.side[0], grant, serial, NULL);
        } else {
            CU_ASSERT_TRUE(is_refused(&world.side[0], 403, "identity-suspended"));
        }
        /* What comes after the acknowledgement is refused, whoever won. */
        subject_token(family, ROUNDS + i, token);
        client_json(world.side[0].client, "POST", "/v1/certificates", token,
                    world.side[0].subject.body, &world.side[0].reply);
        CU_ASSERT_TRUE(is_refused(&world.side[0], 403, "identity-suspended"));
    }
    client_show(world.side[1].client, NULL, NULL);
    fprintf(stderr, "suspend and enrol: %u of %d certificates came before\n", issued, ROUNDS);
    CU_ASSERT_EQUAL(ca_sql_number(world.ca,
                                  "SELECT count(*) FROM certificate c JOIN identity i ON i.id = "
                                  "c.identity WHERE i.name LIKE '%s-%%'",
                                  family),
                    issued);
    CU_ASSERT_EQUAL(ca_sql_number(world.ca,
                                  "SELECT count(*) FROM certificate c JOIN identity i ON i.id = "
                                  "c.identity WHERE i.state = 'suspended' AND "
                                  "pg_xact_commit_timestamp(c.xmin) >= "
                                  "pg_xact_commit_timestamp(i.xmin)"),
                    0);
}

/* --- revoke and renew --- */

/* Enrols host i on the first side's key and shows it there, over a connection that stands. */
static void
enrol_host(const char *family, unsigned i, char serial[LEDGER_SERIAL])
{
    struct side *side = &world.side[0];
    char token[CA_TOKEN_TEXT], grant[LEDGER_GRANT], *pem = NULL;

    subject_token(family, i, token);
    snprintf(grant, sizeof(grant), "%s %u", family, i);
    client_show(side->client, NULL, NULL);
    client_json(side->client, "POST", "/v1/certificates", token, side->subject.body, &side->reply);
    CU_ASSERT_EQUAL(side->reply.status, 201);
    note(side, grant, serial, &pem);
    client_show(side->client, pem, side->subject.key_pem);
    client_json(side->client, "GET", "/v1/roots", NULL, NULL, &side->reply);
    CU_ASSERT_EQUAL(side->reply.status, 200);
    free(pem);
}

/* Alternately by the serial and by the identity, which revokes the successor as well. */
static void
revoked_while_it_renews(void)
{
    static const char family[] = "two/revoke";
    unsigned renewed = 0;

    subject_identities(world.ca, family, ROUNDS);
    subject_tokens(world.ca, family, ROUNDS, 1);
    client_show(world.side[1].client, world.admin_pem, world.admin_key);
    for (unsigned i = 1; i <= ROUNDS; i++) {
        char serial[LEDGER_SERIAL], next[LEDGER_SERIAL], json[160], grant[LEDGER_GRANT];
        bool by_serial = i % 2;

        enrol_host(family, i, serial);
        snprintf(grant, sizeof(grant), "renewal of %s", serial);
        if (by_serial)
            snprintf(json, sizeof(json), "{\"serial\":\"%s\",\"reason\":\"keyCompromise\"}",
                     serial);
        else
            snprintf(json, sizeof(json), "{\"identity\":\"%s-%u\"}", family, i);
        ask(0, "POST", "/v1/certificates/renew", NULL, world.side[0].subject.body);
        ask(1, "POST", "/v1/revocations", NULL, json);
        both();
        CU_ASSERT_EQUAL(world.side[1].reply.status, 200);
        ledger_revoked(&world.ledger, serial);
        if (is_issued(&world.side[0])) {
            renewed++;
            note(&world.side[0], grant, next, NULL);
            if (!by_serial)
                ledger_revoked(&world.ledger, next);
        } else {
            CU_ASSERT_TRUE(is_refused(&world.side[0], 403, "revoked"));
        }
    }
    client_show(world.side[1].client, NULL, NULL);
    client_show(world.side[0].client, NULL, NULL);
    fprintf(stderr, "revoke and renew: %u of %d renewals came before\n", renewed, ROUNDS);
}

static void
nobody_lives_who_was_revoked_before(void)
{
    CU_ASSERT_EQUAL(
        ca_sql_number(world.ca, "SELECT count(*) FROM certificate c JOIN revocation r ON r.serial "
                                "= c.predecessor AND r.issuer = c.issuer WHERE "
                                "pg_xact_commit_timestamp(c.xmin) >= "
                                "pg_xact_commit_timestamp(r.xmin)"),
        0);
    CU_ASSERT_EQUAL(ca_sql_number(world.ca,
                                  "SELECT count(*) FROM certificate c JOIN identity i ON i.id = "
                                  "c.identity LEFT JOIN revocation r USING (serial, issuer) "
                                  "WHERE i.state = 'revoked' AND r.serial IS NULL"),
                    0);
    CU_ASSERT_EQUAL(ca_sql_number(world.ca, "SELECT count(*) FROM revocation WHERE "
                                            "pg_xact_commit_timestamp(xmin) IS NULL"),
                    0);
}

static void
the_checker_agrees(void)
{
    check_everything(world.ca, &world.ledger);
    CU_ASSERT_EQUAL(world.ledger.breaches, 0);
}

/* --- the world --- */

/* The one setting that is needed before the authority runs. */
static struct ca *
start_with_commit_times(void)
{
    struct ca *ca = ca_start(&(struct ca_options){.stopped = true, .config = storm_config});
    char path[96];
    FILE *file;

    snprintf(path, sizeof(path), "%s/pg/postgresql.conf", ca->folder);
    file = fopen(path, "ae");
    if (!file || fputs("track_commit_timestamp = on\n", file) < 0 || fclose(file) != 0)
        abort();
    ca_postgres_stop(ca, false);
    ca_postgres_start(ca);
    ca_signetd_start(ca);
    return ca;
}

static void
world_open(void)
{
    world.ca = start_with_commit_times();
    ledger_init(&world.ledger);
    world.admin_pem = subject_file(world.ca->admin_pem);
    world.admin_key = subject_file(world.ca->admin_key);
    pthread_barrier_init(&world.meet, NULL, 3);
    for (int i = 0; i < 2; i++) {
        struct side *side = &world.side[i];

        side->client = client_new(world.ca);
        side->meet = &world.meet;
        subject_make(&side->subject);
        if (pthread_create(&side->thread, NULL, side_main, side) != 0)
            abort();
    }
}

static void
world_close(void)
{
    for (int i = 0; i < 2; i++)
        world.side[i].end = true;
    pthread_barrier_wait(&world.meet);
    for (int i = 0; i < 2; i++) {
        struct side *side = &world.side[i];

        pthread_join(side->thread, NULL);
        client_free(side->client);
        client_reply_done(&side->reply);
        subject_done(&side->subject);
    }
    pthread_barrier_destroy(&world.meet);
    free(world.admin_pem);
    free(world.admin_key);
    ledger_done(&world.ledger);
    ca_stop(world.ca);
}

int
main(void)
{
    int status;

    world_open();
    status = RUN_SUITE("two at once", TEST(one_token_used_twice), TEST(suspended_while_it_enrols),
                       TEST(revoked_while_it_renews), TEST(nobody_lives_who_was_revoked_before),
                       TEST(the_checker_agrees));
    world_close();
    return status;
}
