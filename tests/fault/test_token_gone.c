/*
 * The token's folder or the module's configuration vanishes under a running authority: issuance is
 * put off, everything else goes on, and all is back by itself when the token is.
 */
#include "suite.h"

#include <signal.h>
#include <stdio.h>

#include "storm.h"
#include "visitor.h"

static struct ca *ca;
static struct visitor visitor;

static void
rename_in_state(const char *from, const char *to)
{
    char paths[2][160];

    snprintf(paths[0], sizeof(paths[0]), "%s/%s", ca->folder, from);
    snprintf(paths[1], sizeof(paths[1]), "%s/%s", ca->folder, to);
    CU_ASSERT_EQUAL(rename(paths[0], paths[1]), 0);
}

static void
token_folder_away(void)
{
    visitor_sees_published(&visitor);
    rename_in_state("tokens/issuing", "tokens/away");
    visitor_is_put_off(&visitor, "token folder away", VISITOR_LIMIT_MS);
    visitor_is_put_off(&visitor, "token folder away, later", VISITOR_LIMIT_MS);
    visitor_sees_published(&visitor);
    rename_in_state("tokens/away", "tokens/issuing");
    visitor_is_served_again(&visitor, "token folder back");
}

static void
responder_token_away(void)
{
    char serial[LEDGER_SERIAL];

    visitor_sees_published(&visitor);
    rename_in_state("tokens/status", "tokens/away");
    visitor_obtain(&visitor, serial);
    CU_ASSERT_EQUAL(ocsp_ask_one(&visitor.witness, visitor.relying, serial), SEEN_NOTHING);
    visitor_sees_published(&visitor);
    rename_in_state("tokens/away", "tokens/status");
    visitor_sees_status_again(&visitor);
}

/* SoftHSM reads its configuration once: it is missed at the next start. */
static void
configuration_gone(void)
{
    rename_in_state("tokens/issuing/softhsm2.conf", "tokens/issuing/away.conf");
    CU_ASSERT_TRUE(ca_kill(ca, CA_ISSUING, SIGKILL));
    visitor_is_put_off(&visitor, "configuration gone", VISITOR_LIMIT_MS);
    visitor_sees_published(&visitor);
    rename_in_state("tokens/issuing/away.conf", "tokens/issuing/softhsm2.conf");
    visitor_is_served_again(&visitor, "configuration back");
}

int
main(void)
{
    int status;

    ca = ca_start(&(struct ca_options){.config = storm_config});
    visitor_open(&visitor, ca);
    status = RUN_SUITE("token gone", TEST(token_folder_away), TEST(responder_token_away),
                       TEST(configuration_gone));
    visitor_close(&visitor);
    ca_stop(ca);
    return status;
}
