#include "suite.h"

#include "api/authenticate.h"

static void
kinds_of_callers(void)
{
    static const struct {
        const char *kind, *roles;
        unsigned kinds;
    } cases[] = {
        {"workload", "", CALLER_WORKLOAD},
        {"workload", "admin", CALLER_WORKLOAD}, /* roles are for administrators only */
        {"admin", "admin", CALLER_ADMIN},
        {"admin", "revoker,auditor", CALLER_REVOKER | CALLER_AUDITOR},
        {"admin", "admin,revoker,enroller,auditor",
         CALLER_ADMIN | CALLER_REVOKER | CALLER_ENROLLER | CALLER_AUDITOR},
        {"admin", "", 0},
        {"admin", "administrator", 0},
        {"admin", "adm", 0},
        {"admin", ",,admin,", CALLER_ADMIN},
        {"server", "admin", 0},
        {"responder", "", 0},
        {"", "admin", 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CU_ASSERT_EQUAL(caller_kinds(cases[i].kind, cases[i].roles), cases[i].kinds);
}

#define SECRET "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* 32 zero octets */

static void
tokens(void)
{
    static const char *const bad[] = {
        "Bearer ",
        "Bearer sgt_",
        "Bearer " SECRET,
        "Bearer sgt_" SECRET "A",
        "Bearer sgt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", /* trailing bits */
        "Bearer sgt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "Bearer sgt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/",
        "Bearer sgt_" SECRET " ",
        "Bearer SGT_" SECRET,
    };
    static const uint8_t expected[4] = {0, 0, 0, 0};
    uint8_t hash[LIMIT_DIGEST_OCTETS] = {0}, again[LIMIT_DIGEST_OCTETS];
    struct error err = {0};

    ASSERT_OK(bearer_token_hash("Bearer sgt_" SECRET, hash, &err), &err);
    CU_ASSERT_NOT_EQUAL(memcmp(hash, expected, sizeof(expected)), 0);
    ASSERT_OK(bearer_token_hash("bearer  sgt_" SECRET, again, &err), &err);
    CU_ASSERT_EQUAL(memcmp(hash, again, sizeof(hash)), 0);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ASSERT_REFUSED(bearer_token_hash(bad[i], hash, &err), &err, ERROR_TOKEN_UNKNOWN);
    ASSERT_REFUSED(bearer_token_hash("Basic YTpi", hash, &err), &err, ERROR_UNAUTHENTICATED);
    ASSERT_REFUSED(bearer_token_hash("sgt_" SECRET, hash, &err), &err, ERROR_UNAUTHENTICATED);
    ASSERT_REFUSED(bearer_token_hash("", hash, &err), &err, ERROR_UNAUTHENTICATED);
}

static void
secrets_do_not_come_back_in_refusals(void)
{
    uint8_t hash[LIMIT_DIGEST_OCTETS];
    struct error err = {0};

    ASSERT_REFUSED(bearer_token_hash("Bearer sgt_" SECRET "x", hash, &err), &err,
                   ERROR_TOKEN_UNKNOWN);
    CU_ASSERT_PTR_NULL(strstr(err.detail, "AAAAAAAA"));
    CU_ASSERT_PTR_NULL(strstr(err.internal, "AAAAAAAA"));
}

static void
nothing_shown_is_nobody(void)
{
    struct request request = {.caller = {.kinds = CALLER_ADMIN}};
    struct error err = {0};

    ASSERT_OK(authenticate(NULL, &request, &err), &err);
    CU_ASSERT_EQUAL(request.caller.kinds, CALLER_NOBODY);
    CU_ASSERT_STRING_EQUAL(request.caller.name, "nobody");
    CU_ASSERT_PTR_NULL(request.caller.certificate);
}

int
main(void)
{
    return RUN_SUITE("authenticate", TEST(kinds_of_callers), TEST(tokens),
                     TEST(secrets_do_not_come_back_in_refusals), TEST(nothing_shown_is_nobody));
}
