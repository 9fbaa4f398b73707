/* Tokens, PINs and private keys are in no log, no audit row, no row at all and no process's
 * arguments or environment, after everything was done with them that can be done. */
#include "suite.h"

#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "flow_csr.h"
#include "signet/file.h"

enum { SECRETS = 16, SECRET_TEXT = 64, DUMP_OCTETS = 64 * 1024 * 1024 };

static struct flow *flow;
static char secrets[SECRETS][SECRET_TEXT];
static size_t secret_count;

static void
secret_add(const char *text)
{
    CU_ASSERT_TRUE_FATAL(secret_count < SECRETS && strlen(text) >= 6);
    snprintf(secrets[secret_count++], SECRET_TEXT, "%s", text);
}

static void
expect_none(const char *where, const struct buffer *text, size_t least)
{
    CU_ASSERT_TRUE(text->len >= least);
    for (size_t i = 0; i < secret_count; i++) {
        bool found = text->len && memmem(text->data, text->len, secrets[i], strlen(secrets[i]));

        if (found)
            printf("\n    secret %zu is in %s\n", i, where);
        CU_ASSERT_FALSE(found);
    }
    CU_ASSERT_PTR_NULL(memmem(text->data, text->len, "PRIVATE KEY", 11));
}

/* Good and bad ways with a token: used, used again, refused, mistyped by one character. */
static void
use_tokens(void)
{
    char token[CA_TOKEN_TEXT];
    AUTO_KEY key = key_make();
    AUTO_KEY other = key_make();
    AUTO_BUFFER body = {.max = 0};
    AUTO_BUFFER changed = {.max = 0};
    struct call call = {.method = "POST", .path = "/v1/certificates", .token = token};

    csr_plain_body(key, "", &body);
    csr_plain_body(other, "", &changed);
    for (int i = 0; i < 4; i++) {
        const char *texts[] = {buffer_text(&body), buffer_text(&body), buffer_text(&changed), "{"};

        flow_token(flow, "secrets/api", 0, token);
        secret_add(token);
        for (size_t j = 0; j < ARRAY_LEN(texts); j++) {
            call.text = texts[j];
            AUTO_ANSWER answer = flow_call(flow, &call);
            CU_ASSERT_NOT_EQUAL(answer.status, 0);
        }
        token[10] = token[10] == 'x' ? 'y' : 'x';
        secret_add(token);
        AUTO_ANSWER answer = flow_call(flow, &call);
        CU_ASSERT_EQUAL(answer.status, 401);
    }
    AUTO_ANSWER basic = flow_call(flow, &(struct call){.method = "GET",
                                                       .path = "/v1/audit",
                                                       .header = "Authorization: Basic "
                                                                 "c2VjcmV0OnNlY3JldA=="});
    CU_ASSERT_EQUAL(basic.status, 401);
    secret_add("c2VjcmV0OnNlY3JldA==");
}

static void
read_pins(void)
{
    static const char *const roles[] = {"root", "issuing", "status"};

    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        char path[160];
        AUTO_BUFFER pin = {.max = 256};
        struct error err = {0};

        snprintf(path, sizeof(path), "%s/pins/%s.pin", flow_ca(flow)->folder, roles[i]);
        CU_ASSERT_TRUE_FATAL(ASSERT_OK(file_read(path, &pin, &err), &err));
        while (pin.len && pin.data[pin.len - 1] == '\n')
            pin.len--;
        secret_add(buffer_text(&pin));
    }
}

static void
not_in_the_log(void)
{
    AUTO_BUFFER log = {.max = DUMP_OCTETS};
    struct error err = {0};

    CU_ASSERT_TRUE_FATAL(ASSERT_OK(file_read(flow_ca(flow)->log, &log, &err), &err));
    expect_none("the log", &log, 1000);
}

static void
not_in_the_database(void)
{
    struct ca *ca = flow_ca(flow);
    char conninfo[256];
    AUTO_BUFFER dump = {.max = DUMP_OCTETS};

    ca_conninfo(ca, "signet_owner", conninfo, sizeof(conninfo));
    CU_ASSERT_EQUAL(ca_run(ca, NULL, &dump, "pg_dump", "--inserts", conninfo, NULL), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&dump), "secrets/api"));
    expect_none("the database", &dump, 10000);
}

static void
not_in_the_audit_trail(void)
{
    AUTO_ANSWER answer = flow_call(
        flow, &(struct call){.method = "GET", .cert = "admin", .path = "/v1/audit?limit=500"});

    CU_ASSERT_TRUE(flow_expect(&answer, 200, "audit"));
    expect_none("the audit trail", &answer.body, 1000);
}

static void
not_in_arguments_or_environment(void)
{
    static const enum ca_process processes[] = {CA_SIGNETD, CA_SERVER, CA_ISSUING, CA_STATUS};
    static const char *const files[] = {"cmdline", "environ"};

    for (size_t i = 0; i < ARRAY_LEN(processes); i++)
        for (size_t j = 0; j < ARRAY_LEN(files); j++) {
            char path[64];
            AUTO_BUFFER out = {.max = 1024 * 1024};

            snprintf(path, sizeof(path), "/proc/%d/%s", (int)ca_pid(flow_ca(flow), processes[i]),
                     files[j]);
            /* A signer's environment may be closed to us, which is as good. */
            ca_run(flow_ca(flow), NULL, &out, "cat", path, NULL);
            expect_none(path, &out, 1);
        }
}

static void
not_in_metrics(void)
{
    char url[128];

    snprintf(url, sizeof(url), "%s/metrics", flow_ca(flow)->health_url);
    AUTO_ANSWER answer = flow_call(flow, &(struct call){.method = "GET", .path = url});
    expect_none("the metrics", &answer.body, 1000);
}

int
main(void)
{
    int status;

    flow = flow_start(NULL);
    status = RUN_SUITE("secrets", TEST(use_tokens), TEST(read_pins), TEST(not_in_the_log),
                       TEST(not_in_the_database), TEST(not_in_the_audit_trail),
                       TEST(not_in_arguments_or_environment), TEST(not_in_metrics));
    flow_stop(flow);
    return status;
}
