#include "api_fixture.h"

static struct authority *authority;

static void
load(void)
{
    struct error err = {0};

    ASSERT_OK(authority_load(authority, world.worker.db, &err), &err);
}

static void
one_snapshot_while_nothing_changes(void)
{
    struct authority_snapshot *first = authority_ref(authority), *second;

    load();
    second = authority_ref(authority);
    CU_ASSERT_PTR_EQUAL(first, second);
    authority_unref(first);
    authority_unref(second);
}

static void
issuers_and_their_facts(void)
{
    AUTO_AUTHORITY snapshot = authority_ref(authority);
    const struct authority_issuer *issuing = authority_issuer_by_name(snapshot, "issuing-1");

    CU_ASSERT_EQUAL(snapshot->issuer_count, 2);
    CU_ASSERT_PTR_EQUAL(snapshot->issuing, issuing);
    CU_ASSERT_PTR_EQUAL(authority_issuer_by_id(snapshot, world.issuer_id), issuing);
    CU_ASSERT_PTR_NULL(authority_issuer_by_name(snapshot, "issuing-2"));
    CU_ASSERT_PTR_NULL(authority_issuer_by_id(snapshot, 99));
    CU_ASSERT_STRING_EQUAL(issuing->facts.trust_domain, "example.internal");
    CU_ASSERT_STRING_EQUAL(issuing->facts.ocsp_url, "http://localhost:8080/ocsp");
    CU_ASSERT_TRUE(bytes_equal(issuing->facts.key_id, bytes_of(world.issuing.key_id, 20)));
}

/* Who holds a snapshot sees one state until the end; who comes later sees the new one. */
static void
a_new_policy_replaces_the_snapshot(void)
{
    struct authority_snapshot *old = authority_ref(authority), *fresh;
    uint64_t version = policy_version(old->policy), stored;
    struct error err = {0};

    ASSERT_OK(db_policy_insert(world.worker.db, world_policy, "test", &stored, &err), &err);
    load();
    fresh = authority_ref(authority);
    CU_ASSERT_PTR_NOT_EQUAL(old, fresh);
    CU_ASSERT_EQUAL(policy_version(old->policy), version);
    CU_ASSERT_EQUAL(policy_version(fresh->policy), stored);
    CU_ASSERT_PTR_NOT_NULL(policy_profile(old->policy, "workload"));
    authority_unref(old);
    authority_unref(fresh);
}

static void
a_wrong_policy_changes_nothing(void)
{
    struct authority_snapshot *old = authority_ref(authority), *after;
    struct error err = {0};
    uint64_t stored;

    ASSERT_OK(db_policy_insert(world.worker.db, "{\"profiles\": {}}", "test", &stored, &err), &err);
    ASSERT_REFUSED(authority_load(authority, world.worker.db, &err), &err, ERROR_POLICY);
    after = authority_ref(authority);
    CU_ASSERT_PTR_EQUAL(old, after);
    authority_unref(old);
    authority_unref(after);
    ASSERT_OK(db_policy_insert(world.worker.db, world_policy, "test", &stored, &err), &err);
    load();
}

int
main(void)
{
    struct error err = {0};
    int status;

    world_start();
    need(authority_new(&authority, &err) && authority_load(authority, world.worker.db, &err),
         "authority", &err);
    status = RUN_SUITE("authority", TEST(one_snapshot_while_nothing_changes),
                       TEST(issuers_and_their_facts), TEST(a_new_policy_replaces_the_snapshot),
                       TEST(a_wrong_policy_changes_nothing));
    authority_free(authority);
    world_stop();
    return status;
}
