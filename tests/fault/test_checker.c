/* The checker finds what it is there for: each kind of violation, made on purpose. */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "checker.h"
#include "storm.h"
#include "visitor.h"

static struct ca *ca;
static struct visitor visitor;

/* A ledger with one certificate that is as it should be. */
static struct held *
one_held(struct ledger *ledger)
{
    AUTO_REPLY reply = {0};
    char serial[LEDGER_SERIAL];

    ledger_init(ledger);
    CU_ASSERT_EQUAL_FATAL(visitor_enrol(&visitor, &reply), 201);
    CU_ASSERT_TRUE_FATAL(ledger_received(ledger, "one", &reply.body, serial, NULL));
    return &ledger->row[0];
}

static void
expect(struct ledger *ledger, unsigned breaches)
{
    fprintf(stderr, "%u breaches on purpose:\n", breaches);
    check_everything(ca, ledger);
    CU_ASSERT_EQUAL(ledger->breaches, breaches);
    ledger_done(ledger);
}

static void
nothing_wrong(void)
{
    struct ledger ledger;

    one_held(&ledger);
    expect(&ledger, 0);
}

static void
another_signature(void)
{
    struct ledger ledger;
    struct held *held = one_held(&ledger);

    held->der[held->len - 1] ^= 1;
    expect(&ledger, 1);
}

static void
another_certificate_under_a_serial(void)
{
    struct ledger ledger;
    AUTO_REPLY reply = {0};
    char serial[LEDGER_SERIAL];

    one_held(&ledger);
    CU_ASSERT_EQUAL_FATAL(visitor_enrol(&visitor, &reply), 201);
    CU_ASSERT_TRUE_FATAL(ledger_received(&ledger, "two", &reply.body, serial, NULL));
    snprintf(ledger.row[1].serial, LEDGER_SERIAL, "%s", ledger.row[0].serial);
    /* Not the bytes of the row of that serial, and two certificates under it. */
    expect(&ledger, 2);
}

static void
a_grant_served_twice(void)
{
    struct ledger ledger;
    AUTO_REPLY reply = {0};
    char serial[LEDGER_SERIAL];

    one_held(&ledger);
    CU_ASSERT_EQUAL_FATAL(visitor_enrol(&visitor, &reply), 201);
    CU_ASSERT_TRUE_FATAL(ledger_received(&ledger, "one", &reply.body, serial, NULL));
    expect(&ledger, 1);
}

/* Acknowledged as far as the client knows, and nowhere to be seen: CRL and OCSP. */
static void
a_forgotten_revocation(void)
{
    struct ledger ledger;

    one_held(&ledger)->revoked = true;
    expect(&ledger, 2);
}

static void
a_lost_signature(void)
{
    struct ledger ledger;
    struct held *held = one_held(&ledger);

    ca_sql(ca, NULL, "DELETE FROM signature WHERE serial = decode('%s', 'hex')", held->serial);
    expect(&ledger, 1);
}

/* No row; its grant goes as well, or the rules would have more to say. */
static void
a_lost_row(void)
{
    struct ledger ledger;
    struct held *held = one_held(&ledger);

    ca_sql(ca, NULL,
           "DELETE FROM signature WHERE serial = decode('%s', 'hex'); "
           "DELETE FROM certificate WHERE serial = decode('%s', 'hex')",
           held->serial, held->serial);
    expect(&ledger, 1);
}

int
main(void)
{
    int status;

    ca = ca_start(&(struct ca_options){.config = storm_config});
    visitor_open(&visitor, ca);
    status = RUN_SUITE("checker", TEST(nothing_wrong), TEST(another_signature),
                       TEST(another_certificate_under_a_serial), TEST(a_grant_served_twice),
                       TEST(a_forgotten_revocation), TEST(a_lost_signature), TEST(a_lost_row));
    visitor_close(&visitor);
    ca_stop(ca);
    return status;
}
