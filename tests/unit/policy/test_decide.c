#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "signet/policy.h"

enum { NOW = 1790000000 };

static const uint8_t issuer_name[] = {0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06,
                                      0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 'I'};
static const uint8_t issuer_key_id[20] = {1, 2, 3};

static const struct issuer_facts issuer = {
    .name = {issuer_name, sizeof(issuer_name)},
    .key_id = {issuer_key_id, sizeof(issuer_key_id)},
    .algorithm = SIGNATURE_ECDSA_SHA256,
    .not_after_s = NOW + 1000000,
    .trust_domain = "example.internal",
    .crl_url = "http://localhost:8080/crl/issuing-1.crl",
    .ocsp_url = "http://localhost:8080/ocsp",
    .ca_issuers_url = "http://localhost:8080/issuers/issuing-1.cer",
};

static const struct profile workload = {
    .name = "workload",
    .kind = "workload",
    .default_ttl_s = 86400,
    .max_ttl_s = 604800,
    .backdate_s = 60,
    .key_types = 1U << KEY_P256,
    .max_line = 1000,
    .dns_suffix_count = 1,
    .dns_suffixes = {"example.internal"},
    .ip_range_count = 1,
    .ip_ranges = {"127.0.0.0/8"},
};

static const char *const extra[] = {"dns:api.example.internal", "ip:127.0.0.1"};

/* A request as the server makes it: a fresh key, the names asked for, parsed again. */
struct asked {
    struct csr *csr;
    struct decision_input input;
};

static void
ask(struct asked *asked, const struct san_list *names)
{
    static const struct san_list none;
    AUTO_BUFFER key = {.max = 4096};
    AUTO_BUFFER der = {.max = LIMIT_CSR_OCTETS};
    struct error err = {0};

    *asked = (struct asked){.csr = NULL};
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(private_key_generate(KEY_P256, &key, &err), &err));
    CU_ASSERT_TRUE_FATAL(
        ASSERT_OK(csr_build(buffer_text(&key), names ? names : &none, &der, &err), &err));
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(csr_parse(buffer_bytes(&der), &asked->csr, &err), &err));
    asked->input = (struct decision_input){
        .issuer = &issuer,
        .profile = &workload,
        .identity = "payments/api",
        .extra_names = extra,
        .extra_name_count = ARRAY_LEN(extra),
        .key = csr_key(asked->csr),
        .asked_names = csr_names(asked->csr),
        .asked_common_name = "",
        .now_s = NOW,
    };
}

static void
grants_the_names_of_the_identity(void)
{
    static const uint8_t loopback[] = {127, 0, 0, 1};
    struct decision decision;
    struct asked asked;
    struct error err = {0};

    ask(&asked, NULL);
    if (ASSERT_OK(policy_decide(&asked.input, &decision, &err), &err)) {
        const struct tbs_cert *tbs = &decision.tbs;

        CU_ASSERT_EQUAL_FATAL(tbs->san.count, 3);
        CU_ASSERT_TRUE(bytes_equal(tbs->san.item[0].value,
                                   bytes_of_text("spiffe://example.internal/payments/api")));
        CU_ASSERT_TRUE(bytes_equal(tbs->san.item[1].value, bytes_of_text("api.example.internal")));
        CU_ASSERT_TRUE(bytes_equal(tbs->san.item[2].value, bytes_of(loopback, 4)));
        CU_ASSERT_TRUE(tbs->san_critical);
        CU_ASSERT_FALSE(tbs->ca);
        CU_ASSERT_EQUAL(tbs->key_usage, KU_DIGITAL_SIGNATURE);
        CU_ASSERT_EQUAL(tbs->extended_key_usage, EKU_SERVER_AUTH | EKU_CLIENT_AUTH);
        CU_ASSERT_EQUAL(tbs->not_before_s, NOW - 60);
        CU_ASSERT_EQUAL(tbs->not_after_s, NOW - 60 + 86400 - 1);
        CU_ASSERT_TRUE(serial_fits(tbs->serial, tbs->not_after_s));
        CU_ASSERT_TRUE(bytes_equal(tbs->authority_key_id, issuer.key_id));
        CU_ASSERT_EQUAL(decision.renew_after_s, renew_after(tbs->not_before_s, tbs->not_after_s));
        decision_done(&decision);
    }
    csr_free(asked.csr);
}

/* The bytes that would be signed are those that were decided. */
static void
what_is_decided_can_be_built_and_read_again(void)
{
    AUTO_BUFFER der = {.max = LIMIT_TBS_OCTETS};
    struct decision decision;
    struct tbs_cert again;
    struct asked asked;
    struct error err = {0};

    ask(&asked, NULL);
    if (ASSERT_OK(policy_decide(&asked.input, &decision, &err), &err)) {
        if (ASSERT_OK(tbs_cert_build(&decision.tbs, &der, &err), &err) &&
            ASSERT_OK(tbs_cert_parse(buffer_bytes(&der), &again, &err), &err)) {
            CU_ASSERT_EQUAL(again.san.count, 3);
            CU_ASSERT_TRUE(bytes_equal(again.crl_url, bytes_of_text(issuer.crl_url)));
            CU_ASSERT_EQUAL(again.not_after_s, decision.tbs.not_after_s);
        }
        decision_done(&decision);
    }
    csr_free(asked.csr);
}

static void
lifetimes(void)
{
    static const struct {
        int64_t ttl_s;
        bool good;
    } cases[] = {
        {0, true},  {61, true},  {604800, true},   {604801, false},    {60, false},
        {1, false}, {-1, false}, {-604800, false}, {INT64_MAX, false}, {INT64_MIN, false},
    };
    struct asked asked;

    ask(&asked, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct decision decision;
        struct error err = {0};
        bool ok;

        asked.input.asked_ttl_s = cases[i].ttl_s;
        ok = policy_decide(&asked.input, &decision, &err);
        if (!cases[i].good) {
            ASSERT_REFUSED(ok, &err, ERROR_LIFETIME);
            continue;
        }
        if (ASSERT_OK(ok, &err)) {
            int64_t life_s = cases[i].ttl_s ? cases[i].ttl_s : 86400;

            CU_ASSERT_EQUAL(decision.tbs.not_after_s - decision.tbs.not_before_s + 1, life_s);
            decision_done(&decision);
        }
    }
    csr_free(asked.csr);
}

static void
never_past_the_end_of_the_issuer(void)
{
    struct issuer_facts ending = issuer;
    struct decision decision;
    struct asked asked;
    struct error err = {0};

    ask(&asked, NULL);
    asked.input.issuer = &ending;
    ending.not_after_s = NOW - 60 + 86400 - 1;
    if (ASSERT_OK(policy_decide(&asked.input, &decision, &err), &err)) {
        CU_ASSERT_EQUAL(decision.tbs.not_after_s, ending.not_after_s);
        decision_done(&decision);
    }
    ending.not_after_s--;
    ASSERT_REFUSED(policy_decide(&asked.input, &decision, &err), &err, ERROR_LIFETIME);
    CU_ASSERT_STRING_EQUAL(err.rule, "C-07");
    ending.not_after_s = NOW - 100000;
    ASSERT_REFUSED(policy_decide(&asked.input, &decision, &err), &err, ERROR_LIFETIME);
    csr_free(asked.csr);
}

/* A CA that was certified seconds ago, by a clock of its own: the back-date stops at its begin. */
static void
never_before_the_begin_of_the_issuer(void)
{
    struct issuer_facts young = issuer;
    struct decision decision;
    struct asked asked;
    struct error err = {0};

    ask(&asked, NULL);
    asked.input.issuer = &young;
    young.not_before_s = NOW - 10;
    if (ASSERT_OK(policy_decide(&asked.input, &decision, &err), &err)) {
        CU_ASSERT_EQUAL(decision.tbs.not_before_s, NOW - 10);
        CU_ASSERT_EQUAL(decision.tbs.not_after_s, NOW - 10 + 86400 - 1);
        decision_done(&decision);
    }
    young.not_before_s = NOW - 61;
    if (ASSERT_OK(policy_decide(&asked.input, &decision, &err), &err)) {
        CU_ASSERT_EQUAL(decision.tbs.not_before_s, NOW - 60);
        decision_done(&decision);
    }
    csr_free(asked.csr);
}

static struct san
san_of(enum san_type type, const char *text)
{
    return (struct san){.type = type, .value = bytes_of_text(text)};
}

static void
names_asked_for(void)
{
    const struct {
        struct san san;
        bool good;
    } cases[] = {
        {san_of(SAN_URI, "spiffe://example.internal/payments/api"), true},
        {san_of(SAN_DNS, "api.example.internal"), true},
        {san_of(SAN_DNS, "API.Example.Internal"), true},
        {san_of(SAN_IP, "\x7f\x00\x00\x01"), true},
        {san_of(SAN_URI, "spiffe://example.internal/payments"), false},
        {san_of(SAN_URI, "spiffe://example.internal/payments/api/"), false},
        {san_of(SAN_URI, "spiffe://example.internal/payments/API"), false},
        {san_of(SAN_URI, "spiffe://other.internal/payments/api"), false},
        {san_of(SAN_URI, "https://example.internal/payments/api"), false},
        {san_of(SAN_DNS, "api.example.internal."), false},
        {san_of(SAN_DNS, "*.example.internal"), false},
        {san_of(SAN_DNS, "x.api.example.internal"), false},
        {san_of(SAN_DNS, "127.0.0.1"), false},
        {san_of(SAN_DNS, ""), false},
        {san_of(SAN_EMAIL, "a@api.example.internal"), false},
    };
    struct asked asked;

    ask(&asked, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct san_list names = {.count = 1, .item = {cases[i].san}};
        struct decision decision;
        struct error err = {0};
        bool ok;

        if (cases[i].san.type == SAN_IP)
            names.item[0].value = bytes_of("\x7f\x00\x00\x01", 4);
        asked.input.asked_names = &names;
        ok = policy_decide(&asked.input, &decision, &err);
        if (!cases[i].good) {
            ASSERT_REFUSED(ok, &err, ERROR_NAME_NOT_GRANTED);
            continue;
        }
        if (ASSERT_OK(ok, &err)) {
            CU_ASSERT_EQUAL(decision.tbs.san.count, 3); /* all of them, whatever was asked */
            decision_done(&decision);
        }
    }
    csr_free(asked.csr);
}

static void
an_address_beyond_the_grant_is_named_in_the_refusal(void)
{
    const struct san_list names = {.count = 2,
                                   .item = {{SAN_DNS, bytes_of_text("api.example.internal")},
                                            {SAN_IP, bytes_of("\x7f\x00\x00\x02", 4)}}};
    struct decision decision;
    struct asked asked;
    struct error err = {0};

    ask(&asked, &names);
    ASSERT_REFUSED(policy_decide(&asked.input, &decision, &err), &err, ERROR_NAME_NOT_GRANTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "127.0.0.2"));
    csr_free(asked.csr);
}

static void
common_names(void)
{
    static const struct {
        const char *name;
        bool good;
    } cases[] = {
        {"", true},
        {"payments/api", true},
        {"spiffe://example.internal/payments/api", true},
        {"api.example.internal", true},
        {"Api.Example.internal", true},
        {"127.0.0.1", true},
        {"payments", false},
        {"Payments/api", false},
        {"127.0.0.2", false},
        {"*.example.internal", false},
        {"api.example.internal.", false},
        {"dns:api.example.internal", false},
        {"evil.example.com", false},
    };
    struct asked asked;

    ask(&asked, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct decision decision;
        struct error err = {0};
        bool ok;

        asked.input.asked_common_name = cases[i].name;
        ok = policy_decide(&asked.input, &decision, &err);
        if (!cases[i].good) {
            ASSERT_REFUSED(ok, &err, ERROR_NAME_NOT_GRANTED);
            continue;
        }
        if (ASSERT_OK(ok, &err)) {
            CU_ASSERT_EQUAL(decision.tbs.subject.len, 2);
            decision_done(&decision);
        }
    }
    csr_free(asked.csr);
}

/* What stands on the identity row is checked again, since the policy may have changed since. */
static void
names_on_the_row_beyond_the_policy(void)
{
    static const char *const beyond[] = {"dns:api.example.org",    "ip:10.0.0.1", "dns:*",
                                         "dns:*.example.internal", "email:a@b",   ""};
    struct asked asked;

    ask(&asked, NULL);
    for (size_t i = 0; i < ARRAY_LEN(beyond); i++) {
        struct decision decision;
        struct error err = {0};

        asked.input.extra_names = &beyond[i];
        asked.input.extra_name_count = 1;
        CU_ASSERT_FALSE(policy_decide(&asked.input, &decision, &err));
        CU_ASSERT_TRUE(err.kind == ERROR_NAME_NOT_GRANTED || err.kind == ERROR_MEMBER_INVALID);
    }
    asked.input.extra_name_count = 0;
    asked.input.identity = "admin/alice";
    CU_ASSERT_FALSE(policy_decide(&asked.input, &(struct decision){.renew_after_s = 0}, NULL));
    csr_free(asked.csr);
}

static void
key_of_a_type_not_taken(void)
{
    struct profile other = workload;
    struct decision decision;
    struct asked asked;
    struct error err = {0};

    ask(&asked, NULL);
    other.key_types = 1U << KEY_P384;
    asked.input.profile = &other;
    ASSERT_REFUSED(policy_decide(&asked.input, &decision, &err), &err, ERROR_CSR_KEY);
    csr_free(asked.csr);
}

static void
responder_has_no_names_and_no_pointers(void)
{
    struct profile responder = workload;
    struct decision decision;
    struct asked asked;
    struct error err = {0};
    char common_name[64];

    ask(&asked, NULL);
    memcpy(responder.kind, "responder", sizeof("responder"));
    asked.input.profile = &responder;
    asked.input.identity = "signet/ocsp";
    asked.input.extra_name_count = 0;
    asked.input.asked_names = NULL;
    if (ASSERT_OK(policy_decide(&asked.input, &decision, &err), &err)) {
        name_common_name(decision.tbs.subject, common_name, sizeof(common_name));
        CU_ASSERT_STRING_EQUAL(common_name, "Signet OCSP responder");
        CU_ASSERT_EQUAL(decision.tbs.san.count, 0);
        CU_ASSERT_EQUAL(decision.tbs.extended_key_usage, EKU_OCSP_SIGNING);
        CU_ASSERT_TRUE(decision.tbs.ocsp_nocheck);
        CU_ASSERT_EQUAL(decision.tbs.crl_url.len, 0);
        CU_ASSERT_EQUAL(decision.tbs.ocsp_url.len, 0);
        decision_done(&decision);
    }
    csr_free(asked.csr);
}

int
main(void)
{
    return RUN_SUITE("decide", TEST(grants_the_names_of_the_identity),
                     TEST(what_is_decided_can_be_built_and_read_again), TEST(lifetimes),
                     TEST(never_past_the_end_of_the_issuer),
                     TEST(never_before_the_begin_of_the_issuer), TEST(names_asked_for),
                     TEST(an_address_beyond_the_grant_is_named_in_the_refusal), TEST(common_names),
                     TEST(names_on_the_row_beyond_the_policy), TEST(key_of_a_type_not_taken),
                     TEST(responder_has_no_names_and_no_pointers));
}
