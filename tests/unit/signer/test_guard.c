#include "guard_world.h"

static void
localhost(struct attempt *attempt)
{
    leaf_name(&attempt->leaf, SAN_DNS, "localhost", 9);
}

static void
ceremony_grant(struct attempt *attempt)
{
    attempt->request.grant_kind = GRANT_CEREMONY;
}

static void
accepts(struct world *world, const char *identity, change_function *change)
{
    struct attempt *attempt = malloc(sizeof(*attempt));
    struct error err = {0};

    attempt_make(attempt, world, identity);
    if (change)
        change(attempt);
    ASSERT_OK(attempt_check(attempt, &err), &err);
    free(attempt);
}

static void
all_names(struct attempt *attempt)
{
    leaf_name(&attempt->leaf, SAN_DNS, "example.internal", 16);
    leaf_name(&attempt->leaf, SAN_DNS, "api.example.internal", 20);
    leaf_name(&attempt->leaf, SAN_IP, "\x7f\x01\x02\x03", 4);
    leaf_name(&attempt->leaf, SAN_IP, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
}

static void
longest_life(struct attempt *attempt)
{
    TBS.not_before_s = NOW - 300;
    TBS.not_after_s = TBS.not_before_s + 604800 - 1;
    if (!serial_new(TBS.not_after_s, attempt->leaf.serial, NULL))
        abort();
}

static void
true_renewal(struct attempt *attempt)
{
    attempt->request.grant_kind = GRANT_RENEWAL;
    attempt->request.predecessor = bytes_of_text("1234567890123456789");
    attempt->request.attempt = 2;
    guard_renewal_key(7, attempt->request.predecessor, 2, attempt->request.grant_key);
}

static void
accepts_each_class(void)
{
    struct world *world = world_make();

    accepts(world, IDENTITY, NULL);
    accepts(world, IDENTITY, all_names);
    accepts(world, IDENTITY, longest_life);
    accepts(world, IDENTITY, true_renewal);
    accepts(world, "admin/alice", NULL);
    accepts(world, "signet/server", localhost);
    accepts(world, "signet/ocsp", NULL);
    world->guard.ceremony = true;
    accepts(world, "admin/alice", ceremony_grant);
    world_free(world);
}

/* The row is made of what the TBS says. */
static void
takes_the_facts_from_the_tbs(void)
{
    struct world *world = world_make();
    struct attempt *attempt = malloc(sizeof(*attempt));
    struct guarded *guarded = calloc(1, sizeof(*guarded));
    struct error err = {0};

    attempt_make(attempt, world, IDENTITY);
    leaf_name(&attempt->leaf, SAN_DNS, "api.example.internal", 20);
    CU_ASSERT_TRUE_FATAL(tbs_cert_build(&attempt->leaf.tbs, &attempt->tbs, &err));
    attempt->request.tbs = buffer_bytes(&attempt->tbs);
    ASSERT_OK(guard_check(&world->guard, &attempt->request, NOW, guarded, &err), &err);
    CU_ASSERT_EQUAL(guarded->kind, CLASS_WORKLOAD);
    CU_ASSERT_STRING_EQUAL(guarded->own_name, IDENTITY);
    CU_ASSERT_STRING_EQUAL(guarded->names, "uri:spiffe://" TEST_TRUST_DOMAIN "/" IDENTITY
                                           "\ndns:api.example.internal");
    CU_ASSERT_EQUAL(memcmp(guarded->spki_hash, world->key.hash, LIMIT_DIGEST_OCTETS), 0);
    CU_ASSERT_TRUE(bytes_equal(guarded->tbs.serial, attempt->leaf.tbs.serial));
    buffer_done(&attempt->tbs);
    free(guarded);
    free(attempt);
    world_free(world);
}

/* A row of yesterday is judged by yesterday's clock, and by all rules but those about its grant. */
static void
judges_recorded_rows_by_their_time(void)
{
    struct world *world = world_make();
    struct attempt *attempt = malloc(sizeof(*attempt));
    struct guarded *guarded = calloc(1, sizeof(*guarded));
    struct error err = {0};
    struct bytes tbs;

    attempt_make(attempt, world, IDENTITY);
    CU_ASSERT_TRUE_FATAL(tbs_cert_build(&attempt->leaf.tbs, &attempt->tbs, &err));
    tbs = buffer_bytes(&attempt->tbs);
    ASSERT_OK(guard_check_recorded(&world->guard, IDENTITY, tbs, NOW, guarded, &err), &err);
    ASSERT_REFUSED(guard_check_recorded(&world->guard, IDENTITY, tbs, NOW + 3600, guarded, &err),
                   &err, ERROR_PERMIT);
    CU_ASSERT_STRING_EQUAL(err.rule, "permit.backdate");
    ASSERT_REFUSED(guard_check_recorded(&world->guard, "payments/db", tbs, NOW, guarded, &err),
                   &err, ERROR_PERMIT);
    CU_ASSERT_STRING_EQUAL(err.rule, "permit.uri");
    buffer_done(&attempt->tbs);
    free(guarded);
    free(attempt);
    world_free(world);
}

/* Any single octet changed: never another certificate than one the rules let pass. */
static void
survives_every_changed_octet(void)
{
    struct world *world = world_make();
    struct attempt *attempt = malloc(sizeof(*attempt));
    struct guarded *guarded = calloc(1, sizeof(*guarded));
    struct error err = {0};
    size_t passed = 0;

    attempt_make(attempt, world, IDENTITY);
    CU_ASSERT_TRUE_FATAL(tbs_cert_build(&attempt->leaf.tbs, &attempt->tbs, &err));
    attempt->request.tbs = buffer_bytes(&attempt->tbs);
    for (size_t i = 0; i < attempt->tbs.len; i++) {
        attempt->tbs.data[i] ^= 1;
        passed += guard_check(&world->guard, &attempt->request, NOW, guarded, &err);
        attempt->tbs.data[i] ^= 1;
    }
    /* The random octets of the serial and the last digits of the two times are free. */
    CU_ASSERT_TRUE(passed >= 16 && passed <= 16 + 12);
    buffer_done(&attempt->tbs);
    free(guarded);
    free(attempt);
    world_free(world);
}

int
main(void)
{
    return RUN_SUITE("guard", TEST(accepts_each_class), TEST(takes_the_facts_from_the_tbs),
                     TEST(judges_recorded_rows_by_their_time), TEST(survives_every_changed_octet));
}
