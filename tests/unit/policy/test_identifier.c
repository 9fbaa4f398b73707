#include "suite.h"

#include "signet/policy.h"

static void
trust_domains(void)
{
    static const char *const good[] = {"example.internal", "a", "10.0.0.1", "a_b-c.d"};
    static const char *const bad[] = {"",      "Example.internal", "a b",  "a/b", "a:8443",
                                      "a%20b", "b\xc3\xbc",        "td?q", "a@b"};
    char longest[257];
    struct error err = {0};

    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        ASSERT_OK(trust_domain_check(good[i], &err), &err);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ASSERT_REFUSED(trust_domain_check(bad[i], &err), &err, ERROR_MEMBER_INVALID);
    memset(longest, 'a', sizeof(longest));
    longest[255] = '\0';
    ASSERT_OK(trust_domain_check(longest, &err), &err);
    longest[255] = 'a';
    longest[256] = '\0';
    ASSERT_REFUSED(trust_domain_check(longest, &err), &err, ERROR_MEMBER_INVALID);
}

static void
identity_names(void)
{
    static const struct {
        const char *name, *kind;
        bool good;
    } cases[] = {
        {"payments/api", "workload", true},
        {"Payments/API_1.2-x", "workload", true},
        {"administration/x", "workload", true},
        {"...", "workload", true},
        {"payments/admin", "workload", true},
        {"admin/alice", "admin", true},
        {"signet/server", "server", true},
        {"signet/ocsp", "responder", true},
        {"", "workload", false},
        {"/", "workload", false},
        {"/payments", "workload", false},
        {"payments/", "workload", false},
        {"payments//api", "workload", false},
        {".", "workload", false},
        {"payments/..", "workload", false},
        {"payments/./api", "workload", false},
        {"payments/*", "workload", false},
        {"payments/a b", "workload", false},
        {"payments/a%2fb", "workload", false},
        {"payments/\xc3\xa4", "workload", false},
        {"payments?x=1", "workload", false},
        {"payments#x", "workload", false},
        {"admin/alice", "workload", false},
        {"admin", "workload", false},
        {"signet", "workload", false},
        {"signet/server", "workload", false},
        {"payments/api", "admin", false},
        {"admin", "admin", false},
        {"Admin/alice", "admin", false},
        {"admin/alice", "server", false},
        {"signet/server", "admin", false},
        {"payments/api", "robot", false},
        {"payments/api", "", false},
    };
    char longest[LIMIT_NAME_OCTETS + 2];
    struct error err = {0};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (cases[i].good)
            ASSERT_OK(identity_name_check(cases[i].name, cases[i].kind, &err), &err);
        else
            ASSERT_REFUSED(identity_name_check(cases[i].name, cases[i].kind, &err), &err,
                           ERROR_MEMBER_INVALID);
    }
    memset(longest, 'a', sizeof(longest));
    longest[LIMIT_NAME_OCTETS + 1] = '\0';
    ASSERT_REFUSED(identity_name_check(longest, "workload", &err), &err, ERROR_MEMBER_INVALID);
    longest[LIMIT_NAME_OCTETS] = '\0';
    ASSERT_OK(identity_name_check(longest, "workload", &err), &err);
}

static const struct profile profile = {
    .name = "workload",
    .kind = "workload",
    .dns_suffix_count = 2,
    .dns_suffixes = {"example.internal", "localhost"},
    .ip_range_count = 3,
    .ip_ranges = {"10.20.0.0/16", "192.168.1.128/25", "fd00:1::/33"},
};

static void
further_names(void)
{
    static const struct {
        const char *text;
        enum error_kind refused; /* ERROR_NONE: granted */
    } cases[] = {
        {"dns:example.internal", ERROR_NONE},
        {"dns:a.example.internal", ERROR_NONE},
        {"dns:a.b.c.example.internal", ERROR_NONE},
        {"dns:localhost", ERROR_NONE},
        {"dns:x.localhost", ERROR_NONE},
        {"dns:1.example.internal", ERROR_NONE},
        /* a suffix is whole labels, and nothing in it is a pattern */
        {"dns:badexample.internal", ERROR_NAME_NOT_GRANTED},
        {"dns:examplexinternal", ERROR_NAME_NOT_GRANTED},
        {"dns:example.internal.evil.com", ERROR_NAME_NOT_GRANTED},
        {"dns:internal", ERROR_NAME_NOT_GRANTED},
        {"dns:notlocalhost", ERROR_NAME_NOT_GRANTED},
        {"dns:*", ERROR_MEMBER_INVALID},
        {"dns:*.example.internal", ERROR_MEMBER_INVALID},
        {"dns:a.*.example.internal", ERROR_MEMBER_INVALID},
        {"dns:a.example.internal.", ERROR_MEMBER_INVALID},
        {"dns:.example.internal", ERROR_MEMBER_INVALID},
        {"dns:a..example.internal", ERROR_MEMBER_INVALID},
        {"dns:A.example.internal", ERROR_MEMBER_INVALID},
        {"dns:-a.example.internal", ERROR_MEMBER_INVALID},
        {"dns:a-.example.internal", ERROR_MEMBER_INVALID},
        {"dns:a_b.example.internal", ERROR_MEMBER_INVALID},
        {"dns:a b.example.internal", ERROR_MEMBER_INVALID},
        {"dns:10.20.0.1", ERROR_MEMBER_INVALID},
        {"dns:", ERROR_MEMBER_INVALID},
        {"ip:10.20.0.0", ERROR_NONE},
        {"ip:10.20.255.255", ERROR_NONE},
        {"ip:192.168.1.128", ERROR_NONE},
        {"ip:192.168.1.255", ERROR_NONE},
        {"ip:fd00:1::1", ERROR_NONE},
        {"ip:fd00:1:7fff:ffff::", ERROR_NONE},
        {"ip:10.21.0.0", ERROR_NAME_NOT_GRANTED},
        {"ip:10.19.255.255", ERROR_NAME_NOT_GRANTED},
        {"ip:192.168.1.127", ERROR_NAME_NOT_GRANTED},
        {"ip:192.168.2.128", ERROR_NAME_NOT_GRANTED},
        {"ip:fd00:1:8000::", ERROR_NAME_NOT_GRANTED},
        {"ip:fd00:2::1", ERROR_NAME_NOT_GRANTED},
        {"ip:::1", ERROR_NAME_NOT_GRANTED},
        /* the same address by other spellings */
        {"ip:::ffff:10.20.0.1", ERROR_MEMBER_INVALID},
        {"ip:010.20.0.1", ERROR_MEMBER_INVALID},
        {"ip:10.20.1", ERROR_MEMBER_INVALID},
        {"ip:FD00:1::1", ERROR_MEMBER_INVALID},
        {"ip:fd00:1:0::1", ERROR_MEMBER_INVALID},
        {"ip:10.20.0.0/16", ERROR_MEMBER_INVALID},
        {"ip:", ERROR_MEMBER_INVALID},
        {"uri:spiffe://td/x", ERROR_MEMBER_INVALID},
        {"email:a@example.internal", ERROR_MEMBER_INVALID},
        {"DNS:a.example.internal", ERROR_MEMBER_INVALID},
        {"a.example.internal", ERROR_MEMBER_INVALID},
        {"", ERROR_MEMBER_INVALID},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = {0};
        bool ok = identity_extra_name_check(&profile, cases[i].text, &err);

        if (cases[i].refused == ERROR_NONE)
            ASSERT_OK(ok, &err);
        else
            ASSERT_REFUSED(ok, &err, cases[i].refused);
    }
}

static void
a_profile_without_ranges_grants_nothing(void)
{
    static const struct profile bare = {.name = "bare", .kind = "workload"};
    struct error err = {0};

    ASSERT_REFUSED(identity_extra_name_check(&bare, "dns:localhost", &err), &err,
                   ERROR_NAME_NOT_GRANTED);
    ASSERT_REFUSED(identity_extra_name_check(&bare, "ip:127.0.0.1", &err), &err,
                   ERROR_NAME_NOT_GRANTED);
}

static void
a_range_of_no_bits_holds_its_family(void)
{
    static const struct profile all = {
        .name = "all", .ip_range_count = 1, .ip_ranges = {"0.0.0.0/0"}};
    struct error err = {0};

    ASSERT_OK(identity_extra_name_check(&all, "ip:8.8.8.8", &err), &err);
    ASSERT_REFUSED(identity_extra_name_check(&all, "ip:fd00::1", &err), &err,
                   ERROR_NAME_NOT_GRANTED);
}

int
main(void)
{
    return RUN_SUITE("identifier", TEST(trust_domains), TEST(identity_names), TEST(further_names),
                     TEST(a_profile_without_ranges_grants_nothing),
                     TEST(a_range_of_no_bits_holds_its_family));
}
