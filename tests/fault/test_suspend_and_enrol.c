/* An identity suspended at the instant at which it enrols, a thousand times. */
#include "suite.h"

#include <stdio.h>

#include "duel.h"

static struct duel duel;

static void
suspended_while_it_enrols(void)
{
    static const char family[] = "two/suspend";
    unsigned issued = 0;

    subject_identities(duel.ca, family, DUEL_ROUNDS);
    subject_tokens(duel.ca, family, DUEL_ROUNDS, 2);
    client_show(duel.side[1].client, duel.admin_pem, duel.admin_key);
    for (unsigned i = 1; i <= DUEL_ROUNDS; i++) {
        char token[CA_TOKEN_TEXT], path[128], grant[LEDGER_GRANT], serial[LEDGER_SERIAL];

        subject_token(family, i, token);
        snprintf(path, sizeof(path), "/v1/identities/two%%2Fsuspend-%u", i);
        snprintf(grant, sizeof(grant), "%s %u", family, i);
        duel_ask(&duel, 0, "POST", "/v1/certificates", token, duel.side[0].subject.body);
        duel_ask(&duel, 1, "PATCH", path, NULL, "{\"state\":\"suspended\"}");
        duel_run(&duel);
        CU_ASSERT_EQUAL(duel.side[1].reply.status, 200);
        if (duel_issued(&duel.side[0])) {
            issued++;
            duel_note(&duel, &duel.side[0], grant, serial, NULL);
        } else {
            CU_ASSERT_TRUE(duel_refused(&duel.side[0], 403, "identity-suspended"));
        }
        /* What comes after the acknowledgement is refused, whoever won. */
        subject_token(family, DUEL_ROUNDS + i, token);
        client_json(duel.side[0].client, "POST", "/v1/certificates", token,
                    duel.side[0].subject.body, &duel.side[0].reply);
        CU_ASSERT_TRUE(duel_refused(&duel.side[0], 403, "identity-suspended"));
    }
    client_show(duel.side[1].client, NULL, NULL);
    fprintf(stderr, "suspend and enrol: %u of %d certificates came before\n", issued, DUEL_ROUNDS);
    CU_ASSERT_EQUAL(ca_sql_number(duel.ca,
                                  "SELECT count(*) FROM certificate c JOIN identity i ON i.id = "
                                  "c.identity WHERE i.name LIKE '%s-%%'",
                                  family),
                    issued);
    CU_ASSERT_EQUAL(ca_sql_number(duel.ca,
                                  "SELECT count(*) FROM certificate c JOIN identity i ON i.id = "
                                  "c.identity WHERE i.state = 'suspended' AND "
                                  "pg_xact_commit_timestamp(c.xmin) >= "
                                  "pg_xact_commit_timestamp(i.xmin)"),
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
    status =
        RUN_SUITE("suspend and enrol", TEST(suspended_while_it_enrols), TEST(the_checker_agrees));
    duel_close(&duel);
    return status;
}
