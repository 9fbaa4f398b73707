#include "suite.h"

#include <stdio.h>

#include "signet/policy.h"

static bool
holds(const char *pattern, const char *name)
{
    struct profile profile = {.name = "p", .identity_count = 1};
    struct error err = {0};
    bool ok;

    snprintf(profile.identities[0], sizeof(profile.identities[0]), "%s", pattern);
    ok = profile_identity_check(&profile, name, &err);
    if (!ok) {
        CU_ASSERT_EQUAL(err.kind, ERROR_NAME_NOT_GRANTED);
        CU_ASSERT_STRING_EQUAL(err.rule, "profile.identities");
    }
    return ok;
}

/* A document with this one pattern is taken. */
static bool
fits(const char *pattern)
{
    char document[1024];
    struct policy *policy = NULL;
    struct error err = {0};
    bool ok;

    snprintf(document, sizeof(document),
             "{\"profiles\": {\"p\": {\"kind\": \"workload\", \"default_ttl_s\": 60, "
             "\"max_ttl_s\": 60, \"backdate_s\": 0, \"key_types\": [\"P-256\"], \"max_line\": 1, "
             "\"identities\": [\"%s\"]}}}",
             pattern);
    ok = policy_parse(document, 1, &policy, &err);
    policy_free(policy);
    return ok;
}

static void
holds_segment_by_segment(void)
{
    static const struct {
        const char *pattern, *name;
        bool holds;
    } cases[] = {
        {"payments/api", "payments/api", true},
        {"payments/api", "payments/apis", false},
        {"payments/api", "payments/ap", false},
        {"payments/api", "payments", false},
        {"payments", "payments/api", false},
        {"payments/api", "payments/api/v2", false},
        {"payments/*", "payments/api", true},
        {"payments/*", "payments", false},
        {"payments/*", "payments/api/v2", false},
        {"payments/*/v2", "payments/api/v2", true},
        {"payments/*/v2", "payments/v2", false},
        {"*", "api", true},
        {"*", "payments/api", false},
        {"*/api", "payments/api", true},
        {"payments/**", "payments/api", true},
        {"payments/**", "payments/a/b/c/d", true},
        {"payments/**", "payments", false},
        {"payments/**", "payment/s", false},
        {"**", "anything/at/all", true},
        {"a/*/**", "a/b/c/d", true},
        {"a/*/**", "a/b", false},
        {"Payments/api", "payments/api", false},
        {"a.c", "abc", false}, /* a dot is a dot */
        {"a", "*", false},     /* a name is never a pattern */
        {"payments/api", "payments/**", false},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool found = holds(cases[i].pattern, cases[i].name);

        if (found != cases[i].holds)
            printf("\n    %s on %s", cases[i].pattern, cases[i].name);
        CU_ASSERT_EQUAL(found, cases[i].holds);
    }
}

static void
without_patterns_every_name_is_served(void)
{
    const struct profile profile = {.name = "p"};
    struct error err = {0};

    ASSERT_OK(profile_identity_check(&profile, "payments/api", &err), &err);
}

static void
only_whole_segments_are_patterns(void)
{
    static const char *const good[] = {"a", "a/b", "*", "**", "a/*", "a/*/b/**", "A-z_0.9/*"};
    static const char *const bad[] = {"",      "/",    "a/",   "/a",     "a//b",   "a*",
                                      "*a",    "a/b*", "**/a", "a/**/b", "***",    "a/?",
                                      "a/[b]", "a/.",  "../a", "a b",    "a/{b,c}"};
    char longer[LIMIT_NAME_OCTETS + 2];

    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        CU_ASSERT_TRUE(fits(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (fits(bad[i]))
            printf("\n    %s", bad[i]);
        CU_ASSERT_FALSE(fits(bad[i]));
    }
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    CU_ASSERT_FALSE(fits(longer));
}

int
main(void)
{
    return RUN_SUITE("patterns of names", TEST(holds_segment_by_segment),
                     TEST(without_patterns_every_name_is_served),
                     TEST(only_whole_segments_are_patterns));
}
