/* The marked shell blocks of README.md and docs/operations.md, run against an authority. */
#include "suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca_fixture.h"
#include "document.h"

enum { BLOCKS = 32 };

static struct ca *ca;
static struct buffer out;
static const char *const documents[] = {"README.md", "docs/operations.md"};
static char *texts[ARRAY_LEN(documents)];
static struct block {
    char name[BLOCK_NAME];
    const char *text;
    bool ran;
} blocks[BLOCKS];
static size_t block_count;

static void
read_blocks(void)
{
    char name[BLOCK_NAME];

    for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
        char *rest = texts[i] = document_read(documents[i]), *block;

        while ((block = document_block(&rest, name)) && block_count < BLOCKS) {
            snprintf(blocks[block_count].name, BLOCK_NAME, "%s", name);
            blocks[block_count++].text = block;
        }
    }
}

/* Runs a block as a reader would paste it; `more` is put before it. */
static int
run(const char *name, const char *more)
{
    char state[96], host[128], health[80], script[8192];
    const char *const env[] = {state, host, health, NULL};
    const char *const argv[] = {"bash", "-euo", "pipefail", "-c", script, NULL};

    snprintf(state, sizeof(state), "STATE=%s", ca->folder);
    snprintf(host, sizeof(host), "PGHOST=%s", ca->socket);
    snprintf(health, sizeof(health), "HEALTH=%s", ca->health_url);
    buffer_clear(&out);
    for (size_t i = 0; i < block_count; i++) {
        int status;

        if (strcmp(blocks[i].name, name) != 0)
            continue;
        blocks[i].ran = true;
        snprintf(script, sizeof(script), "%s\n%s\n", more, blocks[i].text);
        status = ca_run_argv(ca, NULL, &out, NULL, env, argv);
        if (status != 0)
            printf("\n    block %s ended with %d: %s\n", name, status, buffer_text(&out));
        return status;
    }
    printf("\n    there is no block %s\n", name);
    return -1;
}

#define ASSERT_SAID(said) CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), (said)))

static void
a_first_certificate_by_hand(void)
{
    CU_ASSERT_EQUAL(run("first-token", ""), 0);
    CU_ASSERT_EQUAL(run("first-certificate", ""), 0);
    ASSERT_SAID("api.pem: OK");
    ASSERT_SAID("URI:spiffe://example.internal/payments/api");
    ASSERT_SAID("DNS:api.example.internal");
    CU_ASSERT_EQUAL(run("first-ocsp", ""), 0);
    ASSERT_SAID("api.pem: good");
    CU_ASSERT_EQUAL(
        ca_run(ca, NULL, NULL, "signet", "renew", "--cert", "api.pem", "--key", "api.key", NULL),
        0);
}

static void
health_is_asked(void)
{
    CU_ASSERT_EQUAL(run("health", ""), 0);
    ASSERT_SAID("true");
}

static void
an_administrator_is_made(void)
{
    CU_ASSERT_EQUAL(run("administrator", "umask 077"), 0);
    ASSERT_SAID("admin/alice");
}

static void
the_policy_is_changed(void)
{
    CU_ASSERT_EQUAL(run("policy", ""), 0);
    ASSERT_SAID("172800");
    CU_ASSERT_EQUAL(ca_sql_number(ca, "SELECT count(*) FROM policy"), 2);
    CU_ASSERT_EQUAL(ca_sql_number(ca,
                                  "SELECT (document->'profiles'->'workload'->>'max_ttl_s')::int "
                                  "FROM policy ORDER BY version DESC LIMIT 1"),
                    172800);
}

static void
the_root_gets_a_crl(void)
{
    CU_ASSERT_EQUAL(run("root-crl", ""), 0);
    CU_ASSERT_EQUAL(
        ca_sql_number(ca, "SELECT number FROM crl_shard s JOIN issuer i ON i.id = s.issuer WHERE "
                          "i.kind = 'root'"),
        2);
}

static void
partitions_are_made_by_hand(void)
{
    CU_ASSERT_EQUAL(run("partitions", ""), 0);
    ASSERT_SAID("| f");
}

static void
the_last_administrator_is_replaced(void)
{
    CU_ASSERT_EQUAL(ca_signetd_stop(ca), 0);
    CU_ASSERT_EQUAL(run("last-administrator", ""), 0);
    CU_ASSERT_EQUAL(run("check", ""), 0);
    CU_ASSERT_PTR_NULL(strstr(buffer_text(&out), "WRONG"));
    CU_ASSERT_EQUAL(run("migrate", ""), 0);
    ASSERT_SAID("database at level ");
    ca_signetd_start(ca);
}

static long long
crl_number(void)
{
    return ca_sql_number(ca, "SELECT max(number) FROM crl c JOIN issuer i ON i.id = c.issuer WHERE "
                             "i.kind = 'issuing'");
}

/* As ca_signetd_start, but not before it is ready. */
static void
start_what_does_not_get_ready(void)
{
    const char *const argv[] = {"signetd", "--config", ca->config, NULL};

    ca->signetd = ca_spawn(ca, "signetd", argv);
}

static bool
log_says(const char *text)
{
    return ca_run(ca, NULL, NULL, "sh", "-c",
                  "for i in $(seq 300); do grep -q \"$0\" signetd.log && exit 0; sleep 0.1; done; "
                  "exit 1",
                  text, NULL) == 0;
}

/* A certificate is issued after the dump: the restored database is older, and not used as it is. */
static void
a_lost_database_is_restored(void)
{
    long long number;

    CU_ASSERT_EQUAL(run("backup", ""), 0);
    ca_enroll(ca, "payments/late", "late");
    CU_ASSERT_EQUAL(ca_signetd_stop(ca), 0);
    number = crl_number();
    CU_ASSERT_EQUAL_FATAL(run("restore", ""), 0);
    CU_ASSERT_EQUAL(ca_sql_number(ca, "SELECT count(*) FROM identity WHERE name = 'payments/late'"),
                    0);
    start_what_does_not_get_ready();
    CU_ASSERT_TRUE(log_says("database-rewound"));
    CU_ASSERT_FALSE(ca_wait_ready(ca, 1000));
    CU_ASSERT_EQUAL(run("rewound", ""), 0);
    CU_ASSERT_TRUE(ca_kill(ca, CA_SIGNETD, SIGHUP));
    CU_ASSERT_TRUE(ca_wait_ready(ca, 60000));
    CU_ASSERT_TRUE(crl_number() > number);
    ca_enroll(ca, "payments/again", "again");
}

static void
every_metric_is_named(void)
{
    char *documented = document_read("docs/operations.md"), *text, *line;
    int count = 0;

    buffer_clear(&out);
    CU_ASSERT_EQUAL(
        ca_run(ca, NULL, &out, "sh", "-c", "curl -sf \"$0/metrics\"", ca->health_url, NULL), 0);
    text = (char *)(uintptr_t)buffer_text(&out);
    while ((line = document_line(&text))) {
        char name[96], cell[104];

        if (sscanf(line, "# TYPE %95s", name) != 1)
            continue;
        snprintf(cell, sizeof(cell), "| `%s` |", name);
        count++;
        CU_ASSERT_PTR_NOT_NULL(strstr(documented, cell));
        if (!strstr(documented, cell))
            printf("\n    docs/operations.md does not name %s\n", name);
    }
    CU_ASSERT_TRUE(count > 20);
    document_free(documented);
}

static void
every_block_was_run(void)
{
    for (size_t i = 0; i < block_count; i++) {
        CU_ASSERT_TRUE(blocks[i].ran);
        if (!blocks[i].ran)
            printf("\n    nobody runs the block %s\n", blocks[i].name);
    }
}

int
main(void)
{
    int status;

    buffer_init(&out, 1024 * 1024);
    read_blocks();
    ca = ca_start(NULL);
    status = RUN_SUITE("blocks", TEST(a_first_certificate_by_hand), TEST(health_is_asked),
                       TEST(an_administrator_is_made), TEST(the_policy_is_changed),
                       TEST(the_root_gets_a_crl), TEST(partitions_are_made_by_hand),
                       TEST(the_last_administrator_is_replaced), TEST(every_metric_is_named),
                       TEST(a_lost_database_is_restored), TEST(every_block_was_run));
    ca_stop(ca);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        document_free(texts[i]);
    buffer_done(&out);
    return status;
}
