#include "visitor.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signet/clock.h"
#include "suite.h"

enum { VISITOR_TOKENS = 800, VISITOR_UNREADY_MS = 45000 };

static const char family[] = "away/host";

void
visitor_open(struct visitor *visitor, struct ca *ca)
{
    char *admin_pem = subject_file(ca->admin_pem), *admin_key = subject_file(ca->admin_key);
    AUTO_REPLY reply = {0};

    *visitor = (struct visitor){.ca = ca,
                                .client = client_new(ca),
                                .admin = client_new(ca),
                                .relying = client_new(ca),
                                .token = 1};
    client_show(visitor->admin, admin_pem, admin_key);
    free(admin_pem);
    free(admin_key);
    ledger_init(&visitor->ledger);
    subject_make(&visitor->subject);
    witness_open(&visitor->witness, ca);
    subject_identities(ca, family, 1);
    subject_tokens(ca, family, 1, VISITOR_TOKENS);
    if (visitor_enrol(visitor, &reply) != 201 ||
        !ledger_received(&visitor->ledger, "first", &reply.body, visitor->serial, NULL))
        abort();
}

void
visitor_close(struct visitor *visitor)
{
    witness_close(&visitor->witness);
    subject_done(&visitor->subject);
    client_free(visitor->client);
    client_free(visitor->admin);
    client_free(visitor->relying);
    ledger_done(&visitor->ledger);
}

int
visitor_enrol(struct visitor *visitor, struct client_reply *reply)
{
    char token[CA_TOKEN_TEXT];

    subject_token(family, visitor->token, token);
    client_json(visitor->client, "POST", "/v1/certificates", token, visitor->subject.body, reply);
    if (reply->status == 201 || reply->status == 200)
        visitor->token++;
    return reply->status;
}

void
visitor_obtain(struct visitor *visitor, char ret_serial[LEDGER_SERIAL])
{
    AUTO_REPLY reply = {0};

    ret_serial[0] = '\0';
    CU_ASSERT_EQUAL(visitor_enrol(visitor, &reply), 201);
    CU_ASSERT_TRUE(reply.status == 201 &&
                   ledger_received(&visitor->ledger, "obtained", &reply.body, ret_serial, NULL));
}

void
visitor_is_put_off(struct visitor *visitor, const char *what, int limit_ms)
{
    AUTO_REPLY reply = {0};
    int status = visitor_enrol(visitor, &reply);

    fprintf(stderr, "%s: %d after %lld ms, Retry-After %d\n", what, status,
            (long long)reply.took_ms, reply.retry_after_s);
    CU_ASSERT_EQUAL(status, 503);
    CU_ASSERT_TRUE(reply.retry_after_s > 0);
    CU_ASSERT_TRUE(reply.took_ms < limit_ms);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&reply.body), "urn:signet:error:"));
}

void
visitor_sees_published(struct visitor *visitor)
{
    bool wrong = false;
    X509_CRL *crl = crl_fetch(&visitor->witness, visitor->relying, &wrong);

    CU_ASSERT_PTR_NOT_NULL(crl);
    CU_ASSERT_FALSE(wrong);
    X509_CRL_free(crl);
    CU_ASSERT_EQUAL(ocsp_ask_one(&visitor->witness, visitor->relying, visitor->serial), SEEN_GOOD);
    CU_ASSERT_EQUAL(ocsp_get_one(&visitor->witness, visitor->relying, visitor->serial), SEEN_GOOD);
}

void
visitor_is_served_again(struct visitor *visitor, const char *what)
{
    int64_t begin_ms = clock_monotonic_ms();
    AUTO_REPLY reply = {0};

    while (visitor_enrol(visitor, &reply) / 100 != 2 &&
           clock_monotonic_ms() < begin_ms + VISITOR_LIMIT_MS)
        poll(NULL, 0, VISITOR_STEP_MS);
    fprintf(stderr, "%s: back after %lld ms\n", what, (long long)(clock_monotonic_ms() - begin_ms));
    CU_ASSERT_EQUAL(reply.status / 100, 2);
    CU_ASSERT_TRUE(ca_wait_ready(visitor->ca, 2 * VISITOR_LIMIT_MS));
    for (int i = 0; i < VISITOR_WORKERS; i++)
        if (visitor_enrol(visitor, &reply) != 201) {
            fprintf(stderr, "%s: %d: %s\n", what, reply.status, buffer_text(&reply.body));
            CU_FAIL("a request failed after all was back");
        }
}

void
visitor_sees_status_again(struct visitor *visitor)
{
    int64_t begin_ms = clock_monotonic_ms();

    for (int i = 0; i < VISITOR_WORKERS; i++) {
        char serial[LEDGER_SERIAL];
        enum seen seen;

        visitor_obtain(visitor, serial);
        while ((seen = ocsp_ask_one(&visitor->witness, visitor->relying, serial)) == SEEN_NOTHING &&
               i == 0 && clock_monotonic_ms() < begin_ms + VISITOR_LIMIT_MS)
            poll(NULL, 0, VISITOR_STEP_MS);
        CU_ASSERT_EQUAL(seen, SEEN_GOOD);
        if (i == 0)
            fprintf(stderr, "OCSP: back after %lld ms\n",
                    (long long)(clock_monotonic_ms() - begin_ms));
    }
}

static bool
is_unready(struct visitor *visitor, const char *part)
{
    char url[128], wanted[128];
    const struct client_request request = {.method = "GET", .url = url};
    AUTO_REPLY reply = {0};

    snprintf(url, sizeof(url), "%s/readyz", visitor->ca->health_url);
    snprintf(wanted, sizeof(wanted), "\"%s\":{\"ready\":false", part);
    return client_call(visitor->relying, &request, &reply) && reply.status == 503 &&
           strstr(buffer_text(&reply.body), wanted);
}

void
visitor_sees_unready(struct visitor *visitor, const char *part)
{
    int64_t begin_ms = clock_monotonic_ms();

    while (!is_unready(visitor, part) && clock_monotonic_ms() < begin_ms + VISITOR_UNREADY_MS)
        poll(NULL, 0, VISITOR_STEP_MS);
    fprintf(stderr, "%s: not ready after %lld ms\n", part,
            (long long)(clock_monotonic_ms() - begin_ms));
    CU_ASSERT_TRUE(is_unready(visitor, part));
}
