#include "suite.h"

#include <stdio.h>

#include "signet/policy.h"

static struct permit_facts facts;

static void
permit_make(void)
{
    static const struct {
        uint32_t line;
        const char *section, *name, *value;
    } rows[] = {
        {2, "", "key_types", "P-256"},
        {2, "", "key_types", "Ed25519"},
        {3, "", "max_backdate_s", "300"},
        {6, "class workload", "max_life_s", "604800"},
        {7, "class workload", "max_line", "50"},
        {8, "class workload", "dns_suffixes", "example.internal"},
        {8, "class workload", "dns_suffixes", "example.net"},
        {9, "class workload", "ip_ranges", "10.0.0.0/8"},
        {9, "class workload", "ip_ranges", "fd00::/8"},
        {12, "class server", "max_life_s", "2592000"},
        {13, "class server", "dns", "localhost"},
        {14, "class server", "addresses", "127.0.0.1"},
        {14, "class server", "addresses", "::1"},
        {17, "class responder", "max_life_s", "2592000"},
    };

    facts = (struct permit_facts){.path = "/etc/signet/permits/issuing.conf"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        CU_ASSERT_TRUE_FATAL(
            permit_facts_add(&facts, rows[i].line, rows[i].section, rows[i].name, rows[i].value));
}

/* A document of one profile, each member on a line of its own: kind in 3, max_ttl_s in 5. */
static bool
judge(const char *kind, const char *max_ttl, const char *backdate, const char *line,
      const char *keys, const char *more, struct error *err)
{
    char document[2048];
    struct policy *policy = NULL;
    bool ok;

    snprintf(document, sizeof(document),
             "{\"profiles\": {\n\"p\": {\n\"kind\": \"%s\",\n\"default_ttl_s\": 3600,\n"
             "\"max_ttl_s\": %s,\n\"backdate_s\": %s,\n\"max_line\": %s,\n\"key_types\": [%s]%s}}}",
             kind, max_ttl, backdate, line, keys, more);
    if (!ASSERT_OK(policy_parse(document, 1, &policy, err), err))
        return false;
    ok = policy_permit_check(policy, document, &facts, err);
    policy_free(policy);
    return ok;
}

static void
what_is_within_may_be_applied(void)
{
    static const struct {
        const char *kind, *max_ttl, *line, *keys, *more;
    } cases[] = {
        {"workload", "604800", "50", "\"P-256\"", ""},
        {"workload", "3600", "1", "\"Ed25519\", \"P-256\"",
         ", \"dns_suffixes\": [\"example.net\", \"a.b.example.internal\"],"
         " \"ip_ranges\": [\"10.0.0.0/8\", \"10.1.2.3/32\", \"fd00:1::/32\"]"},
        {"server", "2592000", "1000", "\"P-256\"",
         ", \"dns_suffixes\": [\"localhost\"], \"ip_ranges\": [\"127.0.0.1/32\", \"::1/128\"]"},
        {"responder", "2592000", "1000", "\"P-256\"", ""},
        {"responder", "2592000", "1000", "\"RSA\", \"P-384\"", ""}, /* pinned by hash */
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = {0};

        ASSERT_OK(judge(cases[i].kind, cases[i].max_ttl, "300", cases[i].line, cases[i].keys,
                        cases[i].more, &err),
                  &err);
    }
}

static void
what_is_beyond_names_both_lines(void)
{
    static const struct {
        const char *kind, *max_ttl, *backdate, *line, *keys, *more;
        const char *ours, *theirs;
    } cases[] = {
        {"workload", "604801", "300", "50", "\"P-256\"", "",
         "line 5: $.profiles.p.max_ttl_s: 604801",
         "issuing.conf, line 6: class workload max_life_s is 604800"},
        {"workload", "604800", "301", "50", "\"P-256\"", "", "line 6: $.profiles.p.backdate_s: 301",
         "line 3: max_backdate_s is 300"},
        {"workload", "604800", "300", "51", "\"P-256\"", "", "line 7: $.profiles.p.max_line: 51",
         "line 7: class workload max_line is 50"},
        {"workload", "604800", "300", "50", "\"P-384\"", "",
         "line 8: $.profiles.p.key_types: P-384", "line 2: "},
        {"workload", "604800", "300", "50", "\"P-256\"",
         ",\n\"dns_suffixes\": [\"example.net\",\n\"badexample.net\"]",
         "line 10: $.profiles.p.dns_suffixes[1]: badexample.net",
         "line 8: class workload dns_suffixes"},
        {"workload", "604800", "300", "50", "\"P-256\"", ",\n\"dns_suffixes\": [\"net\"]",
         "line 9: $.profiles.p.dns_suffixes[0]: net", "line 8: "},
        {"workload", "604800", "300", "50", "\"P-256\"", ",\n\"ip_ranges\": [\"10.0.0.0/7\"]",
         "line 9: $.profiles.p.ip_ranges[0]: 10.0.0.0/7", "line 9: class workload ip_ranges"},
        {"workload", "604800", "300", "50", "\"P-256\"", ",\n\"ip_ranges\": [\"0.0.0.0/0\"]",
         "$.profiles.p.ip_ranges[0]: 0.0.0.0/0", "line 9: "},
        {"server", "3600", "300", "1", "\"P-256\"", ",\n\"dns_suffixes\": [\"a.localhost\"]",
         "dns_suffixes[0]: a.localhost", "line 13: class server dns does not hold it"},
        {"server", "3600", "300", "1", "\"P-256\"", ",\n\"ip_ranges\": [\"127.0.0.0/31\"]",
         "ip_ranges[0]: 127.0.0.0/31", "line 14: class server addresses"},
        {"responder", "3600", "300", "1", "\"P-256\"", ",\n\"dns_suffixes\": [\"a.example.net\"]",
         "dns_suffixes[0]: a.example.net", "line 17: class responder permits none"},
        {"admin", "3600", "300", "1", "\"P-256\"", "", "line 3: $.profiles.p.kind: admin",
         "permit issuing.conf: there is no class admin"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = {0};

        ASSERT_REFUSED(judge(cases[i].kind, cases[i].max_ttl, cases[i].backdate, cases[i].line,
                             cases[i].keys, cases[i].more, &err),
                       &err, ERROR_POLICY_PERMIT);
        CU_ASSERT_STRING_EQUAL(err.rule, "policy.permit");
        if (!strstr(err.detail, cases[i].ours) || !strstr(err.detail, cases[i].theirs))
            printf("\n    case %zu: %s", i, err.detail);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, cases[i].ours));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, cases[i].theirs));
    }
    permit_facts_done(&facts);
}

int
main(void)
{
    return RUN_SUITE("permit check", TEST(permit_make), TEST(what_is_within_may_be_applied),
                     TEST(what_is_beyond_names_both_lines));
}
