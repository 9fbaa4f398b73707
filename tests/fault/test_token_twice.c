/* One token used from two connections at the same instant, a thousand times. */
#include "suite.h"

#include <stdio.h>

#include "duel.h"

static struct duel duel;

static void
one_token_used_twice(void)
{
    static const char family[] = "two/token";
    unsigned same = 0, won[2] = {0};

    subject_identities(duel.ca, family, 1);
    subject_tokens(duel.ca, family, 1, DUEL_ROUNDS);
    for (unsigned i = 1; i <= DUEL_ROUNDS; i++) {
        char token[CA_TOKEN_TEXT], grant[LEDGER_GRANT], serial[LEDGER_SERIAL];
        bool one_request = i % 2;
        int winner;

        subject_token(family, i, token);
        snprintf(grant, sizeof(grant), "%s %u", family, i);
        duel_ask(&duel, 0, "POST", "/v1/certificates", token, duel.side[0].subject.body);
        duel_ask(&duel, 1, "POST", "/v1/certificates", token,
                 duel.side[one_request ? 0 : 1].subject.body);
        duel_run(&duel);
        for (int n = 0; n < 2; n++)
            if (duel_issued(&duel.side[n]))
                duel_note(&duel, &duel.side[n], grant, serial, NULL);
        winner = duel_issued(&duel.side[0]) ? 0 : 1;
        won[winner]++;
        same += duel_issued(&duel.side[0]) && duel_issued(&duel.side[1]);
        CU_ASSERT_TRUE(duel_issued(&duel.side[winner]));
        if (one_request)
            CU_ASSERT_TRUE(duel_issued(&duel.side[1 - winner]));
        if (!one_request)
            CU_ASSERT_TRUE(duel_refused(&duel.side[1 - winner], 409, "grant-used"));
    }
    fprintf(stderr, "one token: the same request twice %u, two requests won by %u and %u\n", same,
            won[0] - same, won[1]);
    CU_ASSERT_EQUAL(same, DUEL_ROUNDS / 2);
    CU_ASSERT_EQUAL(ca_sql_number(duel.ca,
                                  "SELECT count(*) FROM certificate c JOIN identity i ON "
                                  "i.id = c.identity WHERE i.name = '%s-1'",
                                  family),
                    DUEL_ROUNDS);
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
    status = RUN_SUITE("one token twice", TEST(one_token_used_twice), TEST(the_checker_agrees));
    duel_close(&duel);
    return status;
}
