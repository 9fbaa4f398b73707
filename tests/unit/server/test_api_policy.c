#include "api/json.h"
#include "api_fixture.h"

static struct holder admin, auditor;

static void
people_make(void)
{
    identity_make_row("admin/alice", "admin", "admin", NULL);
    identity_make_row("admin/otto", "admin", "auditor", NULL);
    identity_make_row("web/front", "workload", "", NULL);
    enrol("admin/alice", &admin);
    enrol("admin/otto", &auditor);
}

static void
get(const char *label, const char *name, const char *value, struct answer *answer)
{
    call(&(struct call){.label = label,
                        .certificate = holder_bytes(&auditor),
                        .query = {name, value}},
         answer);
}

static json_int_t
version_of(const struct answer *answer)
{
    return json_integer_value(json_object_get(answer->body, "version"));
}

static json_int_t
newest(void)
{
    AUTO_ANSWER answer;

    get("policy.get", NULL, NULL, &answer);
    EXPECT_STATUS(&answer, 200);
    return version_of(&answer);
}

/* Posts {"document": ..., "expected_version": ...}. */
static void
apply(const char *document, json_int_t expected, struct answer *answer)
{
    AUTO_JSON body = json_pack("{s:s, s:I}", "document", document, "expected_version", expected);
    char *text = json_dumps(body, 0);

    post("policy.apply", &admin, text, answer);
    free(text);
}

static void
check(const char *document, struct answer *answer)
{
    AUTO_JSON body = json_pack("{s:s}", "document", document);
    char *text = json_dumps(body, 0);

    post("policy.check", &auditor, text, answer);
    free(text);
}

static void
reads_back_what_was_applied(void)
{
    AUTO_ANSWER first;
    AUTO_ANSWER applied;
    AUTO_ANSWER shown;
    AUTO_ANSWER old;
    char document[sizeof(world_policy) + 8], version[24];

    get("policy.get", NULL, NULL, &first);
    EXPECT_STATUS(&first, 200);
    CU_ASSERT_STRING_EQUAL(answer_text(&first, "document"), world_policy);
    CU_ASSERT_STRING_EQUAL(answer_text(&first, "created_by"), "test");
    snprintf(document, sizeof(document), "\n\t%s\n", world_policy);
    apply(document, version_of(&first), &applied);
    EXPECT_STATUS(&applied, 200);
    CU_ASSERT_EQUAL(version_of(&applied), version_of(&first) + 1);
    CU_ASSERT_STRING_EQUAL(answer_text(&applied, "created_by"), "admin/alice");
    snprintf(version, sizeof(version), "%lld", (long long)version_of(&applied));
    CU_ASSERT_EQUAL(audited("policy.apply", version), 1);
    get("policy.get", NULL, NULL, &shown);
    CU_ASSERT_STRING_EQUAL(answer_text(&shown, "document"), document);
    snprintf(version, sizeof(version), "%lld", (long long)version_of(&first));
    get("policy.get", "version", version, &old);
    EXPECT_STATUS(&old, 200);
    CU_ASSERT_STRING_EQUAL(answer_text(&old, "document"), world_policy);
}

static void
an_update_is_never_lost(void)
{
    json_int_t before = newest();
    AUTO_ANSWER mine;
    AUTO_ANSWER again;
    AUTO_ANSWER late;
    AUTO_ANSWER ahead;
    char document[sizeof(world_policy) + 8];

    snprintf(document, sizeof(document), "%s  ", world_policy);
    apply(document, before, &mine);
    EXPECT_STATUS(&mine, 200);
    /* The answer was lost: the same request finds its own version. */
    apply(document, before, &again);
    EXPECT_STATUS(&again, 200);
    CU_ASSERT_EQUAL(version_of(&again), version_of(&mine));
    apply(world_policy, before, &late);
    EXPECT_REFUSED(&late, ERROR_POLICY_CHANGED);
    apply(world_policy, before + 7, &ahead);
    EXPECT_REFUSED(&ahead, ERROR_POLICY_CHANGED);
    CU_ASSERT_EQUAL(newest(), version_of(&mine));
}

static void
an_older_version_becomes_a_new_one(void)
{
    json_int_t before = newest();
    AUTO_ANSWER back;
    AUTO_ANSWER shown;
    AUTO_ANSWER missing;
    AUTO_ANSWER both;
    char body[96];

    snprintf(body, sizeof(body), "{\"from_version\": 1, \"expected_version\": %lld}",
             (long long)before);
    post("policy.apply", &admin, body, &back);
    EXPECT_STATUS(&back, 200);
    CU_ASSERT_EQUAL(version_of(&back), before + 1);
    get("policy.get", NULL, NULL, &shown);
    CU_ASSERT_STRING_EQUAL(answer_text(&shown, "document"), world_policy);
    post("policy.apply", &admin, "{\"from_version\": 99999, \"expected_version\": 1}", &missing);
    EXPECT_REFUSED(&missing, ERROR_POLICY_NOT_FOUND);
    post("policy.apply", &admin,
         "{\"from_version\": 1, \"document\": \"{}\", \"expected_version\": 1}", &both);
    EXPECT_REFUSED(&both, ERROR_MEMBER_MISSING);
}

static void
a_bad_document_is_refused_and_stores_nothing(void)
{
    static const char keeps_all[] =
        "\"kind\": \"%s\", \"default_ttl_s\": 60, \"max_ttl_s\": 60, "
        "\"backdate_s\": 0, \"key_types\": [\"P-256\"], \"max_line\": 1";
    static const struct {
        const char *document, *names;
        enum error_kind kind;
    } cases[] = {
        {"no JSON", "line 1", ERROR_POLICY},
        {"{\"profiles\":\n {\"workload\":\n {\"color\": 1}}}", "line 3: $.profiles.workload.color",
         ERROR_POLICY},
        {"{\"profiles\": {\"workload\": {KEEP workload}}}", "admin/", ERROR_POLICY_IN_USE},
        {"{\"profiles\": {\"admin\": {KEEP admin}}}", "web/front", ERROR_POLICY_IN_USE},
        {"{\"profiles\": {\"admin\": {KEEP admin}, \"workload\": {KEEP admin}}}", "web/front",
         ERROR_POLICY_IN_USE},
        {"{\"profiles\":\n {\"admin\": {KEEP admin},\n  \"workload\": {KEEP workload,\n"
         "   \"dns_suffixes\": [\"a.example.internal\",\n    \"example.org\"]}}}",
         "line 5: $.profiles.workload.dns_suffixes[1]: example.org; permit issuing.conf, line 9: ",
         ERROR_POLICY_PERMIT},
        {"{\"profiles\":\n {\"admin\": {KEEP admin},\n  \"workload\": {KEEP workload},\n"
         "  \"own\": {KEEP server}}}",
         "line 4: $.profiles.own.kind: server; permit issuing.conf: there is no class server",
         ERROR_POLICY_PERMIT},
    };
    json_int_t before = newest();

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_BUFFER document = {.max = 4096};
        const char *at = cases[i].document, *keep;
        AUTO_ANSWER checked;
        AUTO_ANSWER applied;
        bool ok = true;

        for (; ok && (keep = strstr(at, "KEEP ")) != NULL; at = strpbrk(keep, ",}")) {
            char kind[16];

            snprintf(kind, sizeof(kind), "%.*s", (int)strcspn(keep + 5, ",}"), keep + 5);
            ok = buffer_put(&document, at, (size_t)(keep - at)) &&
                 buffer_printf(&document, keeps_all, kind);
        }
        CU_ASSERT_TRUE_FATAL(ok && buffer_put(&document, at, strlen(at)));
        check(buffer_text(&document), &checked);
        EXPECT_REFUSED(&checked, cases[i].kind);
        CU_ASSERT_PTR_NOT_NULL(strstr(checked.refusal.detail, cases[i].names));
        apply(buffer_text(&document), before, &applied);
        EXPECT_REFUSED(&applied, cases[i].kind);
        if (!strstr(applied.refusal.detail, cases[i].names))
            printf("\n    case %zu: %s", i, applied.refusal.detail);
        CU_ASSERT_PTR_NOT_NULL(strstr(applied.refusal.detail, cases[i].names));
    }
    CU_ASSERT_EQUAL(newest(), before);
}

static void
checking_stores_nothing(void)
{
    json_int_t before = newest();
    AUTO_ANSWER answer;

    check(world_policy, &answer);
    EXPECT_STATUS(&answer, 200);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(answer.body, "profiles")), 3);
    CU_ASSERT_EQUAL(newest(), before);
}

static void
versions_come_in_pages(void)
{
    json_int_t expected = newest();
    const char *after = NULL;
    char next[24];

    while (expected > 0) {
        AUTO_ANSWER page;
        const json_t *row;

        get("policy.list", after ? "after" : NULL, after, &page);
        EXPECT_STATUS(&page, 200);
        row = json_array_get(json_object_get(page.body, "versions"), 0);
        CU_ASSERT_EQUAL_FATAL(json_integer_value(json_object_get(row, "version")), expected);
        CU_ASSERT_PTR_NULL(json_object_get(row, "document"));
        snprintf(next, sizeof(next), "%lld", (long long)expected--);
        after = next;
    }
}

static void
wrong_requests(void)
{
    AUTO_ANSWER unknown;
    AUTO_ANSWER letters;
    AUTO_ANSWER unexpected;
    AUTO_ANSWER nobody;

    get("policy.get", "version", "99999", &unknown);
    EXPECT_REFUSED(&unknown, ERROR_POLICY_NOT_FOUND);
    get("policy.get", "version", "x", &letters);
    EXPECT_REFUSED(&letters, ERROR_PARAMETER_INVALID);
    post("policy.apply", &admin, "{\"document\": \"{}\"}", &unexpected);
    EXPECT_REFUSED(&unexpected, ERROR_MEMBER_MISSING);
    post("policy.apply", &auditor, "{\"from_version\": 1, \"expected_version\": 1}", &nobody);
    EXPECT_REFUSED(&nobody, ERROR_FORBIDDEN);
}

/* Applies a document and waits for nothing: the snapshot is read again as the jobs would. */
static void
put_in_force(const char *document)
{
    AUTO_ANSWER applied;
    struct error err = {0};

    apply(document, newest(), &applied);
    EXPECT_STATUS(&applied, 200);
    ASSERT_OK(authority_load(world.server.authority, world.worker.db, &err), &err);
}

/* world_policy with members added to profile workload. */
static void
restrict_workloads(const char *members, char *document, size_t room)
{
    static const char mark[] = "\"kind\": \"workload\", \"default_ttl_s\": 86400";
    const char *at = strstr(world_policy, mark);

    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    snprintf(document, room, "%.*s%s, %s", (int)(at - world_policy), world_policy, members, at);
}

static void
a_profile_says_whom_it_is_for(void)
{
    AUTO_ANSWER made;
    AUTO_ANSWER refused;
    AUTO_ANSWER token;
    char document[2048];

    restrict_workloads("\"identities\": [\"api/*\"]", document, sizeof(document));
    put_in_force(document);
    post("identity.create", &admin, "{\"name\": \"api/one\", \"owner\": \"tests\"}", &made);
    EXPECT_STATUS(&made, 201);
    post("identity.create", &admin, "{\"name\": \"api/one/two\", \"owner\": \"tests\"}", &refused);
    EXPECT_REFUSED(&refused, ERROR_NAME_NOT_GRANTED);
    CU_ASSERT_STRING_EQUAL(refused.refusal.rule, "profile.identities");
    /* Made under the policy of another day: its next certificate is refused by that of today. */
    post("token.create", &admin, "{\"identity\": \"web/front\"}", &token);
    EXPECT_REFUSED(&token, ERROR_NAME_NOT_GRANTED);
}

static void
a_profile_says_who_makes_tokens(void)
{
    static struct holder enroller;
    AUTO_ANSWER before;
    AUTO_ANSWER after;
    AUTO_ANSWER by_admin;
    char document[2048];

    put_in_force(world_policy);
    identity_make_row("admin/eve", "admin", "enroller", NULL);
    enrol("admin/eve", &enroller);
    post("token.create", &enroller, "{\"identity\": \"web/front\"}", &before);
    EXPECT_STATUS(&before, 201);
    restrict_workloads("\"token_roles\": [\"admin\"]", document, sizeof(document));
    put_in_force(document);
    post("token.create", &enroller, "{\"identity\": \"web/front\"}", &after);
    EXPECT_REFUSED(&after, ERROR_FORBIDDEN);
    CU_ASSERT_STRING_EQUAL(after.refusal.rule, "profile.token_roles");
    post("token.create", &admin, "{\"identity\": \"web/front\"}", &by_admin);
    EXPECT_STATUS(&by_admin, 201);
}

int
main(void)
{
    int status;

    world_start();
    status =
        RUN_SUITE("policy", TEST(people_make), TEST(reads_back_what_was_applied),
                  TEST(an_update_is_never_lost), TEST(an_older_version_becomes_a_new_one),
                  TEST(a_bad_document_is_refused_and_stores_nothing), TEST(checking_stores_nothing),
                  TEST(versions_come_in_pages), TEST(wrong_requests),
                  TEST(a_profile_says_whom_it_is_for), TEST(a_profile_says_who_makes_tokens));
    world_stop();
    return status;
}
