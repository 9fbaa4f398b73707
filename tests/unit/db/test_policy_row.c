#include "two.h"

static const char document[] = "{\n  \"profiles\": {}\n}\n";

static uint64_t
insert(const char *text, const char *by)
{
    struct error err = {0};
    uint64_t version = 0;

    ASSERT_OK(db_policy_insert(world.server, text, by, &version, &err), &err);
    return version;
}

static void
versions_keep_their_text(void)
{
    AUTO_BUFFER text = {.max = LIMIT_POLICY_OCTETS};
    struct db_policy policy = {.version = 7};
    struct error err = {0};
    uint64_t first, second;

    CU_ASSERT_EQUAL(db_policy_find(world.server, 0, &policy, &text, &err), DB_MISSING);
    CU_ASSERT_EQUAL(policy.version, 7);
    first = insert(document, "admin/alice");
    second = insert("{}", "admin/bob");
    CU_ASSERT_EQUAL(second, first + 1);
    CU_ASSERT_EQUAL(db_policy_find(world.server, first, &policy, &text, &err), DB_FOUND);
    CU_ASSERT_STRING_EQUAL(buffer_text(&text), document);
    CU_ASSERT_STRING_EQUAL(policy.created_by, "admin/alice");
    CU_ASSERT_EQUAL(policy.octets, sizeof(document) - 1);
    CU_ASSERT_TRUE(policy.created_s <= clock_now_s() && policy.created_s > clock_now_s() - 3600);
    buffer_clear(&text);
    CU_ASSERT_EQUAL(db_policy_find(world.server, 0, &policy, &text, &err), DB_FOUND);
    CU_ASSERT_EQUAL(policy.version, second);
    CU_ASSERT_EQUAL(db_policy_find(world.server, 4711, &policy, &text, &err), DB_MISSING);
}

struct listed {
    uint64_t last;
    size_t count;
};

static bool
list_row(void *context, const struct db_policy *policy)
{
    struct listed *listed = context;

    listed->last = policy->version;
    listed->count++;
    return true;
}

static void
lists_newest_first(void)
{
    struct listed all = {0}, older = {0};
    struct error err = {0};

    ASSERT_OK(db_policy_list(world.server, 0, 10, list_row, &all, &err), &err);
    CU_ASSERT_EQUAL(all.count, 2);
    CU_ASSERT_EQUAL(all.last, 1);
    ASSERT_OK(db_policy_list(world.server, 2, 10, list_row, &older, &err), &err);
    CU_ASSERT_EQUAL(older.count, 1);
    CU_ASSERT_EQUAL(older.last, 1);
}

struct applier {
    struct db *db;
    bool done;
};

/* Adds a version after the one it saw, if that is still the newest. */
static void
apply(void *context)
{
    struct applier *applier = context;
    AUTO_BUFFER text = {.max = LIMIT_POLICY_OCTETS};
    struct db_policy before, newest;
    struct error err = {0};
    uint64_t version;

    if (db_policy_find(applier->db, 0, &before, &text, &err) != DB_FOUND ||
        !db_begin(applier->db, &err))
        return;
    applier->done = db_policy_lock(applier->db, &err) &&
                    db_policy_find(applier->db, 0, &newest, &text, &err) == DB_FOUND &&
                    newest.version == before.version &&
                    db_policy_insert(applier->db, document, "admin/alice", &version, &err) &&
                    db_commit(applier->db, &err);
    if (!applier->done)
        db_rollback(applier->db);
}

/* However two fall together, a version is added by exactly those who saw the one before it. */
static void
two_appliers_never_follow_the_same_version(void)
{
    struct applier a = {.db = world.server}, b = {.db = world_connect("signet_server")};
    long before = world_count("SELECT count(*) FROM policy");
    long added = 0;

    for (int round = 0; round < 50; round++) {
        two_at_once((struct act){.run = apply, .context = &a},
                    (struct act){.run = apply, .context = &b}, round);
        CU_ASSERT_TRUE(a.done || b.done);
        added += a.done + b.done;
    }
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM policy"), before + added);
    db_close(b.db);
}

static bool
use_row(void *context, const struct db_profile_use *use)
{
    int64_t *ret_count = context;

    if (strcmp(use->profile, "short") == 0 && strcmp(use->kind, "workload") == 0)
        *ret_count += use->count;
    return strncmp(use->example, "a/", 2) == 0;
}

static void
uses_are_of_identities_that_may_come_back(void)
{
    static const char *const states[] = {"active", "suspended", "revoked"};
    struct error err = {0};
    int64_t count = 0, id;

    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        struct db_identity row = {.created_s = clock_now_s(), .changed_s = clock_now_s()};

        snprintf(row.name, sizeof(row.name), "a/%s", states[i]);
        snprintf(row.kind, sizeof(row.kind), "workload");
        snprintf(row.owner, sizeof(row.owner), "tests");
        snprintf(row.profile, sizeof(row.profile), "short");
        snprintf(row.state, sizeof(row.state), "%s", states[i]);
        ASSERT_OK(db_identity_insert(world.server, &row, &id, &err), &err);
    }
    ASSERT_OK(db_profile_uses(world.server, use_row, &count, &err), &err);
    CU_ASSERT_EQUAL(count, 2);
}

int
main(void)
{
    int status;

    world_start();
    status = RUN_SUITE("policy rows", TEST(versions_keep_their_text), TEST(lists_newest_first),
                       TEST(two_appliers_never_follow_the_same_version),
                       TEST(uses_are_of_identities_that_may_come_back));
    world_stop();
    return status;
}
