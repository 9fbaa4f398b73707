/* A certificate revoked at the instant at which it is renewed, a thousand times. */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "duel.h"

static struct duel duel;

/* Enrols host i on the first side's key and shows it there, over a connection that stands. */
static void
enrol_host(const char *family, unsigned i, char serial[LEDGER_SERIAL])
{
    struct duel_side *side = &duel.side[0];
    char token[CA_TOKEN_TEXT], grant[LEDGER_GRANT], *pem = NULL;

    subject_token(family, i, token);
    snprintf(grant, sizeof(grant), "%s %u", family, i);
    client_show(side->client, NULL, NULL);
    client_json(side->client, "POST", "/v1/certificates", token, side->subject.body, &side->reply);
    CU_ASSERT_EQUAL(side->reply.status, 201);
    duel_note(&duel, side, grant, serial, &pem);
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

    subject_identities(duel.ca, family, DUEL_ROUNDS);
    subject_tokens(duel.ca, family, DUEL_ROUNDS, 1);
    client_show(duel.side[1].client, duel.admin_pem, duel.admin_key);
    for (unsigned i = 1; i <= DUEL_ROUNDS; i++) {
        char serial[LEDGER_SERIAL], next[LEDGER_SERIAL], json[160], grant[LEDGER_GRANT];
        bool by_serial = i % 2;

        enrol_host(family, i, serial);
        snprintf(grant, sizeof(grant), "renewal of %s", serial);
        if (by_serial)
            snprintf(json, sizeof(json), "{\"serial\":\"%s\",\"reason\":\"keyCompromise\"}",
                     serial);
        else
            snprintf(json, sizeof(json), "{\"identity\":\"%s-%u\"}", family, i);
        duel_ask(&duel, 0, "POST", "/v1/certificates/renew", NULL, duel.side[0].subject.body);
        duel_ask(&duel, 1, "POST", "/v1/revocations", NULL, json);
        duel_run(&duel);
        CU_ASSERT_EQUAL(duel.side[1].reply.status, 200);
        ledger_revoked(&duel.ledger, serial);
        if (duel_issued(&duel.side[0])) {
            renewed++;
            duel_note(&duel, &duel.side[0], grant, next, NULL);
            if (!by_serial)
                ledger_revoked(&duel.ledger, next);
        } else {
            CU_ASSERT_TRUE(duel_refused(&duel.side[0], 403, "revoked"));
        }
    }
    client_show(duel.side[1].client, NULL, NULL);
    client_show(duel.side[0].client, NULL, NULL);
    fprintf(stderr, "revoke and renew: %u of %d renewals came before\n", renewed, DUEL_ROUNDS);
}

static void
nobody_lives_who_was_revoked_before(void)
{
    CU_ASSERT_EQUAL(
        ca_sql_number(duel.ca, "SELECT count(*) FROM certificate c JOIN revocation r ON r.serial "
                               "= c.predecessor AND r.issuer = c.issuer WHERE "
                               "pg_xact_commit_timestamp(c.xmin) >= "
                               "pg_xact_commit_timestamp(r.xmin)"),
        0);
    CU_ASSERT_EQUAL(ca_sql_number(duel.ca,
                                  "SELECT count(*) FROM certificate c JOIN identity i ON i.id = "
                                  "c.identity LEFT JOIN revocation r USING (serial, issuer) "
                                  "WHERE i.state = 'revoked' AND r.serial IS NULL"),
                    0);
    CU_ASSERT_EQUAL(ca_sql_number(duel.ca, "SELECT count(*) FROM revocation WHERE "
                                           "pg_xact_commit_timestamp(xmin) IS NULL"),
                    0);
}

static void
the_checker_agrees(void)
{
    duel_check(&duel);
}

int
main(void)
{
    int status;

    duel_open(&duel);
    status = RUN_SUITE("revoke and renew", TEST(revoked_while_it_renews),
                       TEST(nobody_lives_who_was_revoked_before), TEST(the_checker_agrees));
    duel_close(&duel);
    return status;
}
