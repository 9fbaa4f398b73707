#include "suite.h"

#include <stdio.h>

#include "signet/policy.h"

#define WORKLOAD                                                                                   \
    "\"kind\": \"workload\", \"default_ttl_s\": 86400, \"max_ttl_s\": 604800, \"backdate_s\": 60," \
    " \"key_types\": [\"P-256\"], \"max_line\": 1000"

static const char good[] =
    "{\"profiles\": {\"workload\": {" WORKLOAD ", \"dns_suffixes\": [\"example.internal\"],"
    " \"ip_ranges\": [\"127.0.0.0/8\", \"fd00::/8\"]}}}";

static void
reads_what_it_publishes(void)
{
    struct policy *policy = NULL;
    const struct profile *profile;
    struct error err = {0};

    if (!ASSERT_OK(policy_parse(good, 7, &policy, &err), &err))
        return;
    CU_ASSERT_EQUAL(policy_version(policy), 7);
    CU_ASSERT_PTR_NULL(policy_profile(policy, "admin"));
    profile = policy_profile(policy, "workload");
    CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
    CU_ASSERT_STRING_EQUAL(profile->kind, "workload");
    CU_ASSERT_EQUAL(profile->default_ttl_s, 86400);
    CU_ASSERT_EQUAL(profile->max_ttl_s, 604800);
    CU_ASSERT_EQUAL(profile->backdate_s, 60);
    CU_ASSERT_EQUAL(profile->max_line, 1000);
    CU_ASSERT_EQUAL(profile->key_types, 1U << KEY_P256);
    CU_ASSERT_EQUAL(profile->dns_suffix_count, 1);
    CU_ASSERT_EQUAL(profile->ip_range_count, 2);
    policy_free(policy);
}

static void
refuses_naming_the_path(void)
{
    static const struct {
        const char *document;
        const char *path; /* must stand in the complaint */
    } cases[] = {
        {"", "policy document"},
        {"[]", "$: wanted an object"},
        {"{}", "$.profiles"},
        {"{\"profiles\": {}}", "$.profiles"},
        {"{\"profiles\": []}", "$.profiles"},
        {"{\"profiles\": {}, \"extra\": 1}", "$.extra"},
        {"{\"profiles\": {\"Work Load\": {" WORKLOAD "}}}", "$.profiles.Work Load"},
        {"{\"profiles\": {\"workload\": 3}}", "$.profiles.workload"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD "}, \"workload\": {" WORKLOAD "}}}",
         "policy document"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"max_ttl_s\": 5}}}", "policy document"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"colour\": \"red\"}}}",
         "$.profiles.workload.colour"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"dns_suffixes\": \"a.internal\"}}}",
         "$.profiles.workload.dns_suffixes"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"dns_suffixes\": [\"*.internal\"]}}}",
         "$.profiles.workload.dns_suffixes[0]"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"dns_suffixes\": [\"a\", \"A.b\"]}}}",
         "$.profiles.workload.dns_suffixes[1]"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"dns_suffixes\": [\".internal\"]}}}",
         "$.profiles.workload.dns_suffixes[0]"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"dns_suffixes\": [\"a\\u0000b\"]}}}",
         "policy document"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"ip_ranges\": [\"10.0.0.1/8\"]}}}",
         "$.profiles.workload.ip_ranges[0]"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"ip_ranges\": [\"10.0.0.0/33\"]}}}",
         "$.profiles.workload.ip_ranges[0]"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"ip_ranges\": [\"10.0.0.0\"]}}}",
         "$.profiles.workload.ip_ranges[0]"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"ip_ranges\": [\"::ffff:10.0.0.0/104\"]}}}",
         "$.profiles.workload.ip_ranges[0]"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"identities\": []}}}",
         "$.profiles.workload.identities"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"identities\": [\"a/*\", \"a*\"]}}}",
         "$.profiles.workload.identities[1]"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"token_roles\": []}}}",
         "$.profiles.workload.token_roles"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"token_roles\": [\"auditor\"]}}}",
         "$.profiles.workload.token_roles[0]"},
        {"{\"profiles\": {\"workload\": {" WORKLOAD ", \"token_roles\": [\"admin\", \"admin\"]}}}",
         "$.profiles.workload.token_roles[1]"},
        {"{\"profiles\": {\"a\": {\"kind\": \"admin\", \"default_ttl_s\": 60, \"max_ttl_s\": 60,"
         " \"backdate_s\": 0, \"key_types\": [\"P-256\"], \"max_line\": 1,"
         " \"token_roles\": [\"enroller\"]}}}",
         "$.profiles.a.token_roles"},
        {"{\"profiles\": {\"workload\": {\"kind\": \"workload\"}}}", "is required"},
        {"{\"a\": [[[[[[[[[[1]]]]]]]]]]}", "nested"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct policy *policy = NULL;
        struct error err = {0};

        ASSERT_REFUSED(policy_parse(cases[i].document, 1, &policy, &err), &err, ERROR_POLICY);
        CU_ASSERT_PTR_NULL(policy);
        if (!strstr(err.detail, cases[i].path))
            printf("\n    case %zu: %s", i, err.detail);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, cases[i].path));
    }
}

/* One member of a good profile is replaced by a bad value. */
static void
refuses_bad_values(void)
{
    static const struct {
        const char *kind, *default_ttl, *max_ttl, *backdate, *keys, *line;
        const char *path;
    } cases[] = {
        {"\"robot\"", "60", "60", "0", "[\"P-256\"]", "1", ".kind"},
        {"1", "60", "60", "0", "[\"P-256\"]", "1", ".kind"},
        {"\"admin\"", "0", "60", "0", "[\"P-256\"]", "1", ".default_ttl_s"},
        {"\"admin\"", "-60", "60", "0", "[\"P-256\"]", "1", ".default_ttl_s"},
        {"\"admin\"", "60.0", "60", "0", "[\"P-256\"]", "1", ".default_ttl_s"},
        {"\"admin\"", "\"60\"", "60", "0", "[\"P-256\"]", "1", ".default_ttl_s"},
        {"\"admin\"", "61", "60", "0", "[\"P-256\"]", "1", ".default_ttl_s"},
        {"\"admin\"", "60", "99999999999", "0", "[\"P-256\"]", "1", ".max_ttl_s"},
        {"\"admin\"", "60", "60", "-1", "[\"P-256\"]", "1", ".backdate_s"},
        {"\"admin\"", "60", "60", "60", "[\"P-256\"]", "1", ".backdate_s"},
        {"\"admin\"", "60", "60", "0", "[]", "1", ".key_types"},
        {"\"admin\"", "60", "60", "0", "\"P-256\"", "1", ".key_types"},
        {"\"admin\"", "60", "60", "0", "[\"P-257\"]", "1", ".key_types[0]"},
        {"\"admin\"", "60", "60", "0", "[\"P-256\", \"P-256\"]", "1", ".key_types[1]"},
        {"\"admin\"", "60", "60", "0", "[\"P-256\"]", "0", ".max_line"},
        {"\"admin\"", "60", "60", "0", "[\"P-256\"]", "null", ".max_line"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char document[512];
        struct policy *policy = NULL;
        struct error err = {0};

        snprintf(document, sizeof(document),
                 "{\"profiles\": {\"p\": {\"kind\": %s, \"default_ttl_s\": %s, \"max_ttl_s\": %s, "
                 "\"backdate_s\": %s, \"key_types\": %s, \"max_line\": %s}}}",
                 cases[i].kind, cases[i].default_ttl, cases[i].max_ttl, cases[i].backdate,
                 cases[i].keys, cases[i].line);
        ASSERT_REFUSED(policy_parse(document, 1, &policy, &err), &err, ERROR_POLICY);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, cases[i].path));
    }
}

static void
finds_the_line_of_a_path(void)
{
    static const char document[] = "{\n"
                                   "  \"profiles\": {\n"
                                   "    \"a\": {\"kind\": \"x, \\\"{\",\n"
                                   "      \"list\": [1,\n"
                                   "        \"two\",\n"
                                   "        {\"deep\": true}]},\n"
                                   "    \"ab\": {\n"
                                   "      \"kind\": null}}}";
    static const struct {
        const char *path;
        unsigned line;
    } cases[] = {
        {"$", 1},
        {"$.profiles", 2},
        {"$.profiles.a", 3},
        {"$.profiles.a.kind", 3},
        {"$.profiles.a.list", 4},
        {"$.profiles.a.list[0]", 4},
        {"$.profiles.a.list[1]", 5},
        {"$.profiles.a.list[2]", 6},
        {"$.profiles.a.list[2].deep", 6},
        {"$.profiles.a.list[3]", 4},
        {"$.profiles.ab", 7},
        {"$.profiles.ab.kind", 8},
        {"$.profiles.ab.missing", 7},
        {"$.profiles.abc", 2},
        {"$.other", 1},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        unsigned line = policy_line(document, cases[i].path);

        if (line != cases[i].line)
            printf("\n    %s: line %u, wanted %u", cases[i].path, line, cases[i].line);
        CU_ASSERT_EQUAL(line, cases[i].line);
    }
}

static void
complaints_name_the_line(void)
{
    struct policy *policy = NULL;
    struct error err = {0};

    ASSERT_REFUSED(policy_parse("{\"profiles\": {\n\"workload\": {" WORKLOAD
                                ",\n\"dns_suffixes\": [\"a\",\n\"B\"]}}}",
                                1, &policy, &err),
                   &err, ERROR_POLICY);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "line 4: $.profiles.workload.dns_suffixes[1]"));
    ASSERT_REFUSED(policy_parse("{\"profiles\": {\n\"workload\": {" WORKLOAD
                                ",\n\"colour\": \"red\"}}}",
                                1, &policy, &err),
                   &err, ERROR_POLICY);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "line 3: $.profiles.workload.colour"));
}

int
main(void)
{
    return RUN_SUITE("policy", TEST(reads_what_it_publishes), TEST(refuses_naming_the_path),
                     TEST(refuses_bad_values), TEST(finds_the_line_of_a_path),
                     TEST(complaints_name_the_line));
}
