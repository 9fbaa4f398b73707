#include "main/health.h"
#include "suite.h"

#include <string.h>

enum { NOW = 2000000000 };

static struct jobs_state jobs;
static struct publisher_facts publisher;
static struct health_report health;

static void
all_well(void)
{
    jobs = (struct jobs_state){
        .database_s = NOW - 1,
        .clock_skew_us = 1000,
        .issuing_signature_s = NOW - 3,
        .status_signature_s = NOW - 3,
        .issuing_end_s = NOW + 1000,
        .responder_end_s = NOW + 1000,
        .tls_end_s = NOW + 1000,
    };
    publisher = (struct publisher_facts){
        .polled_s = NOW - 1,
        .issuer_count = 1,
        .issuer = {{.name = "issuing-1",
                    .kind = "issuing",
                    .not_after_s = NOW + 1000,
                    .crl_number = 7,
                    .crl_this_update_s = NOW - 10,
                    .crl_next_update_s = NOW + 10}},
    };
}

static bool
part_is_ready(const char *name)
{
    for (size_t i = 0; i < health.count; i++)
        if (strcmp(health.part[i].name, name) == 0)
            return health.part[i].ready;
    CU_FAIL("no such part");
    return false;
}

/* Judges; the named part is the only one that is not well. */
static void
only_bad(const char *name)
{
    size_t bad = 0;

    health_judge(&jobs, &publisher, true, NOW, &health);
    for (size_t i = 0; i < health.count; i++)
        bad += !health.part[i].ready;
    CU_ASSERT_EQUAL(bad, 1);
    CU_ASSERT_FALSE(part_is_ready(name));
    CU_ASSERT_FALSE(health.ready);
    all_well();
}

static void
is_ready_when_all_is_well(void)
{
    all_well();
    health_judge(&jobs, &publisher, true, NOW, &health);
    CU_ASSERT(health.ready);
    CU_ASSERT(health.count >= 10);
}

static void
names_the_part_that_is_not_well(void)
{
    all_well();
    jobs.database_s = NOW - 60;
    only_bad("database");
    jobs.database_s = 0;
    only_bad("database");
    jobs.clock_skew_us = 6000000;
    only_bad("clock");
    jobs.clock_skew_us = -6000000;
    only_bad("clock");
    jobs.issuing_signature_s = NOW - 60;
    only_bad("issuing_signer");
    jobs.status_signature_s = 0;
    only_bad("status_signer");
    jobs.responder_end_s = NOW - 1;
    only_bad("responder_certificate");
    jobs.tls_end_s = NOW - 1;
    only_bad("tls_certificate");
    publisher.polled_s = NOW - 60;
    only_bad("publisher");
    publisher.issuer[0].not_after_s = NOW - 1;
    only_bad("ca_certificate:issuing-1");
    publisher.issuer[0].crl_next_update_s = NOW;
    only_bad("crl:issuing-1");
    publisher.issuer[0].crl_number = 0;
    only_bad("crl:issuing-1");
}

/* The CRL of a root that is somebody else's is published there. */
static void
an_external_root_needs_no_crl_here(void)
{
    all_well();
    publisher.issuer[0].crl_number = 0;
    publisher.issuer[0].external = true;
    health_judge(&jobs, &publisher, true, NOW, &health);
    CU_ASSERT_TRUE(health.ready);
}

static void
is_not_ready_without_https(void)
{
    all_well();
    health_judge(&jobs, &publisher, false, NOW, &health);
    CU_ASSERT_FALSE(health.ready);
    CU_ASSERT_FALSE(part_is_ready("https"));
}

/* What comes from outside cannot break the JSON that is written without escapes. */
static void
keeps_names_plain(void)
{
    all_well();
    memcpy(publisher.issuer[0].name, "a\"b\\c\n", sizeof("a\"b\\c\n"));
    health_judge(&jobs, &publisher, true, NOW, &health);
    CU_ASSERT(part_is_ready("crl:a?b?c?"));
}

int
main(void)
{
    return RUN_SUITE("health", TEST(is_ready_when_all_is_well),
                     TEST(names_the_part_that_is_not_well),
                     TEST(an_external_root_needs_no_crl_here), TEST(is_not_ready_without_https),
                     TEST(keeps_names_plain));
}
