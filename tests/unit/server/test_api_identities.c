#include "api_fixture.h"

#include "http/audit.h"

static struct holder admin, enroller, auditor, host;

static void
people_make(void)
{
    identity_make_row("admin/alice", "admin", "admin", NULL);
    identity_make_row("admin/eve", "admin", "enroller", NULL);
    identity_make_row("admin/otto", "admin", "auditor", NULL);
    identity_make_row("web/front", "workload", "", NULL);
    enrol("admin/alice", &admin);
    enrol("admin/eve", &enroller);
    enrol("admin/otto", &auditor);
    enrol("web/front", &host);
}

static void
change(const char *name, const char *body, struct answer *answer)
{
    call(&(struct call){.label = "identity.change",
                        .certificate = holder_bytes(&admin),
                        .param = name,
                        .body = body},
         answer);
}

static void
list(const char *label, const struct holder *caller, const char *name, const char *value,
     struct answer *answer)
{
    call(
        &(struct call){.label = label, .certificate = holder_bytes(caller), .query = {name, value}},
        answer);
}

static size_t
count_of(const struct answer *answer, const char *member)
{
    return json_array_size(json_object_get(answer->body, member));
}

static void
made_and_shown(void)
{
    AUTO_ANSWER made;
    AUTO_ANSWER shown;
    AUTO_ANSWER again;
    static const char body[] =
        "{\"name\": \"billing/api\", \"owner\": \"team b\\u00fcro\", \"names\": "
        "[\"dns:billing.example.internal\", \"ip:127.0.0.9\"]}";

    post("identity.create", &admin, body, &made);
    EXPECT_STATUS(&made, 201);
    CU_ASSERT_STRING_EQUAL(answer_text(&made, "spiffe_id"),
                           "spiffe://example.internal/billing/api");
    CU_ASSERT_STRING_EQUAL(answer_text(&made, "state"), "active");
    CU_ASSERT_STRING_EQUAL(answer_text(&made, "profile"), "workload");
    CU_ASSERT_EQUAL(count_of(&made, "names"), 2);
    CU_ASSERT_EQUAL(audited("identity.create", "billing/api"), 1);
    call(&(struct call){.label = "identity.get",
                        .certificate = holder_bytes(&auditor),
                        .param = "billing/api"},
         &shown);
    CU_ASSERT_STRING_EQUAL(shown.text, made.text);
    post("identity.create", &admin, body, &again);
    EXPECT_REFUSED(&again, ERROR_IDENTITY_EXISTS);
}

static void
refused(void)
{
    static const struct {
        const char *body;
        enum error_kind kind;
    } cases[] = {
        {"{\"name\": \"a/b\"}", ERROR_MEMBER_MISSING},
        {"{\"name\": \"a/b\", \"owner\": \"\"}", ERROR_MEMBER_INVALID},
        {"{\"name\": \"a/b\", \"owner\": \"  \"}", ERROR_MEMBER_INVALID},
        {"{\"name\": \"a//b\", \"owner\": \"x\"}", ERROR_MEMBER_INVALID},
        {"{\"name\": \"admin/x\", \"owner\": \"x\"}", ERROR_MEMBER_INVALID},
        {"{\"name\": \"signet/x\", \"owner\": \"x\", \"kind\": \"server\"}", ERROR_MEMBER_INVALID},
        {"{\"name\": \"a/b\", \"owner\": \"x\", \"kind\": \"admin\", \"roles\": [\"admin\"]}",
         ERROR_MEMBER_INVALID},
        {"{\"name\": \"admin/x\", \"owner\": \"x\", \"kind\": \"admin\"}", ERROR_MEMBER_INVALID},
        {"{\"name\": \"admin/x\", \"owner\": \"x\", \"kind\": \"admin\", \"roles\": [\"root\"]}",
         ERROR_MEMBER_INVALID},
        {"{\"name\": \"a/b\", \"owner\": \"x\", \"roles\": [\"admin\"]}", ERROR_MEMBER_INVALID},
        {"{\"name\": \"a/b\", \"owner\": \"x\", \"profile\": \"none\"}", ERROR_PROFILE_UNKNOWN},
        {"{\"name\": \"a/b\", \"owner\": \"x\", \"profile\": \"admin\"}", ERROR_PROFILE_UNKNOWN},
        {"{\"name\": \"a/b\", \"owner\": \"x\", \"names\": [\"dns:a.example.org\"]}",
         ERROR_NAME_NOT_GRANTED},
        {"{\"name\": \"a/b\", \"owner\": \"x\", \"names\": [\"dns:*.example.internal\"]}",
         ERROR_MEMBER_INVALID},
        {"{\"name\": \"a/b\", \"owner\": \"x\", \"names\": [\"ip:10.0.0.1\"]}",
         ERROR_NAME_NOT_GRANTED},
        {"{\"name\": \"a/b\", \"owner\": \"x\", \"names\": [\"ip:127.0.0.1\", \"ip:127.0.0.1\"]}",
         ERROR_MEMBER_INVALID},
        {"{\"name\": \"a/b\", \"owner\": \"x\", \"state\": \"active\"}", ERROR_MEMBER_UNKNOWN},
    };
    AUTO_ANSWER missing;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_ANSWER answer;

        post("identity.create", &admin, cases[i].body, &answer);
        if (!EXPECT_REFUSED(&answer, cases[i].kind))
            printf("    %s\n", cases[i].body);
    }
    call(&(struct call){.label = "identity.get",
                        .certificate = holder_bytes(&admin),
                        .param = "a/b"},
         &missing);
    EXPECT_REFUSED(&missing, ERROR_IDENTITY_NOT_FOUND);
}

/* Roles come back in the order of the table, each once. */
static void
administrators(void)
{
    AUTO_ANSWER made;

    post("identity.create", &admin,
         "{\"name\": \"admin/zoe\", \"owner\": \"zoe\", \"kind\": \"admin\", \"roles\": "
         "[\"auditor\", \"admin\", \"auditor\"]}",
         &made);
    EXPECT_STATUS(&made, 201);
    CU_ASSERT_PTR_NOT_NULL(strstr(made.text, "\"roles\":[\"admin\",\"auditor\"]"));
}

static void
suspended_and_resumed(void)
{
    AUTO_ANSWER suspended;
    AUTO_ANSWER refused_call;
    AUTO_ANSWER resumed;
    AUTO_ANSWER works;

    change("web/front", "{\"state\": \"suspended\"}", &suspended);
    EXPECT_STATUS(&suspended, 200);
    show(&host, host.serial, &refused_call);
    EXPECT_REFUSED(&refused_call, ERROR_IDENTITY_SUSPENDED);
    change("web/front", "{\"state\": \"active\", \"owner\": \"new team\"}", &resumed);
    EXPECT_STATUS(&resumed, 200);
    CU_ASSERT_STRING_EQUAL(answer_text(&resumed, "owner"), "new team");
    CU_ASSERT_EQUAL(audited("identity.change", "web/front"), 2);
    show(&host, host.serial, &works);
    EXPECT_STATUS(&works, 200);
}

static void
changes_refused(void)
{
    static const struct {
        const char *name, *body;
        enum error_kind kind;
    } cases[] = {
        {"web/front", "{}", ERROR_MEMBER_MISSING},
        {"web/front", "{\"state\": \"revoked\"}", ERROR_MEMBER_INVALID},
        {"web/front", "{\"state\": \"asleep\"}", ERROR_MEMBER_INVALID},
        {"web/front", "{\"roles\": [\"admin\"]}", ERROR_MEMBER_UNKNOWN},
        {"web/front", "{\"kind\": \"admin\"}", ERROR_MEMBER_UNKNOWN},
        {"web/front", "{\"owner\": \" \"}", ERROR_MEMBER_INVALID},
        {"web/front", "{\"names\": [\"dns:x.example.org\"]}", ERROR_NAME_NOT_GRANTED},
        {"no/body", "{\"state\": \"active\"}", ERROR_IDENTITY_NOT_FOUND},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_ANSWER answer;

        change(cases[i].name, cases[i].body, &answer);
        EXPECT_REFUSED(&answer, cases[i].kind);
    }
}

static void
tokens_by_right(void)
{
    char body[4096];
    struct holder fresh;
    AUTO_ANSWER made;
    AUTO_ANSWER used;
    AUTO_ANSWER for_admin;
    AUTO_ANSWER by_admin;
    AUTO_ANSWER by_auditor;
    AUTO_ANSWER missing;
    AUTO_ANSWER too_long;

    post("token.create", &enroller, "{\"identity\": \"web/front\", \"ttl_s\": 60}", &made);
    EXPECT_STATUS(&made, 201);
    CU_ASSERT_EQUAL(strlen(answer_text(&made, "token")), 47);
    csr_body(NULL, "", body, sizeof(body));
    call(&(struct call){.label = "certificate.issue",
                        .token = answer_text(&made, "token"),
                        .body = body},
         &used);
    EXPECT_STATUS(&used, 201);
    holder_take(&fresh, &used);
    post("token.create", &enroller, "{\"identity\": \"admin/alice\"}", &for_admin);
    EXPECT_REFUSED(&for_admin, ERROR_FORBIDDEN);
    post("token.create", &admin, "{\"identity\": \"admin/alice\"}", &by_admin);
    EXPECT_STATUS(&by_admin, 201);
    post("token.create", &auditor, "{\"identity\": \"web/front\"}", &by_auditor);
    EXPECT_REFUSED(&by_auditor, ERROR_FORBIDDEN);
    post("token.create", &admin, "{\"identity\": \"no/body\"}", &missing);
    EXPECT_REFUSED(&missing, ERROR_IDENTITY_NOT_FOUND);
    post("token.create", &admin, "{\"identity\": \"web/front\", \"ttl_s\": 99999999}", &too_long);
    EXPECT_REFUSED(&too_long, ERROR_MEMBER_INVALID);
}

/* Everything is seen once, in order, however small the pages are. */
static void
pages(void)
{
    char after[LIMIT_NAME_OCTETS + 1] = "";
    size_t seen = 0;
    AUTO_ANSWER whole;

    list("identity.list", &auditor, "limit", "500", &whole);
    EXPECT_STATUS(&whole, 200);
    for (int i = 0; i < 100; i++) {
        struct request request = {.query = {{"limit", "2"}, {"after", after}},
                                  .query_count = after[0] ? 2 : 1};
        struct response response = {.body = {.max = 65536}};
        struct error err = {0};
        json_t *page;

        if (!ASSERT_OK(handle_identity_list(&world.worker, &request, &response, &err), &err))
            return;
        page = json_loads(buffer_text(&response.body), 0, NULL);
        seen += json_array_size(json_object_get(page, "identities"));
        snprintf(after, sizeof(after), "%s",
                 json_object_get(page, "next") ? json_string_value(json_object_get(page, "next"))
                                               : "");
        json_decref(page);
        buffer_done(&response.body);
        if (!after[0])
            break;
    }
    CU_ASSERT_EQUAL(seen, count_of(&whole, "identities"));
    CU_ASSERT_TRUE(seen >= 4);
}

static void
certificates_are_searched(void)
{
    AUTO_ANSWER by_identity;
    AUTO_ANSWER by_name;
    AUTO_ANSWER by_serial;
    AUTO_ANSWER own;
    AUTO_ANSWER others;
    AUTO_ANSWER bad;

    list("certificate.list", &auditor, "identity", "web/front", &by_identity);
    EXPECT_STATUS(&by_identity, 200);
    CU_ASSERT_TRUE(count_of(&by_identity, "certificates") >= 1);
    list("certificate.list", &auditor, "name", "dns:host.example.internal", &by_name);
    CU_ASSERT_TRUE(count_of(&by_name, "certificates") >= 1);
    list("certificate.list", &auditor, "serial", host.serial, &by_serial);
    CU_ASSERT_EQUAL(count_of(&by_serial, "certificates"), 1);
    list("certificate.list", &host, "status", "valid", &own);
    EXPECT_STATUS(&own, 200);
    CU_ASSERT_EQUAL(count_of(&own, "certificates"), (size_t)certificates_of("web/front"));
    list("certificate.list", &host, "identity", "admin/alice", &others);
    EXPECT_REFUSED(&others, ERROR_FORBIDDEN);
    list("certificate.list", &auditor, "status", "fine", &bad);
    EXPECT_REFUSED(&bad, ERROR_PARAMETER_INVALID);
}

static void
issuers_are_public(void)
{
    AUTO_ANSWER issuers;
    AUTO_ANSWER roots;
    AUTO_ANSWER pem;

    call(&(struct call){.label = "issuer.list"}, &issuers);
    EXPECT_STATUS(&issuers, 200);
    CU_ASSERT_EQUAL(count_of(&issuers, "issuers"), 2);
    call(&(struct call){.label = "root.list"}, &roots);
    CU_ASSERT_EQUAL(count_of(&roots, "roots"), 1);
    call(&(struct call){.label = "root.list", .accept = "application/pem-certificate-chain"}, &pem);
    CU_ASSERT_EQUAL(strncmp(pem.text, "-----BEGIN CERTIFICATE-----", 27), 0);
}

static void
the_audit_trail_is_searched(void)
{
    AUTO_ANSWER tokens;
    AUTO_ANSWER by_host;

    list("audit.list", &auditor, "action", "token.create", &tokens);
    EXPECT_STATUS(&tokens, 200);
    CU_ASSERT_EQUAL(count_of(&tokens, "events"), 2);
    CU_ASSERT_PTR_NULL(strstr(tokens.text, "sgt_")); /* secrets are not in it */
    list("audit.list", &host, "action", "token.create", &by_host);
    EXPECT_REFUSED(&by_host, ERROR_FORBIDDEN);
}

/* Details are cut at their limit, also inside a character; the record must not get lost by that. */
static void
a_refusal_cut_inside_a_character_is_recorded(void)
{
    struct request request = {.id = "cut", .caller = {.kinds = CALLER_ADMIN, .name = "admin/cut"}};
    struct audit *audit = NULL;
    struct error refusal = {0}, err = {0};

    CU_ASSERT_TRUE_FATAL(ASSERT_OK(audit_new(&audit, &err), &err));
    error_set(&refusal, ERROR_MEMBER_UNKNOWN, "%.4s: this member is not known", "abc\xc3\xa4");
    audit_refused(audit, &world.worker, &request, &api_routes[0], &refusal);
    CU_ASSERT_EQUAL(audited("certificate.issue", ""), 1);
    audit_free(audit);
}

int
main(void)
{
    int status;

    world_start();
    status = RUN_SUITE("identities", TEST(people_make), TEST(made_and_shown), TEST(refused),
                       TEST(administrators), TEST(suspended_and_resumed), TEST(changes_refused),
                       TEST(tokens_by_right), TEST(pages), TEST(certificates_are_searched),
                       TEST(issuers_are_public), TEST(the_audit_trail_is_searched),
                       TEST(a_refusal_cut_inside_a_character_is_recorded));
    world_stop();
    return status;
}
