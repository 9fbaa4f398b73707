#include "two.h"

enum { ROUNDS = 200 };

struct recording {
    struct db *db;
    struct sample sample;
    struct error err;
    bool ok;
};

static void
run_recording(void *context)
{
    struct recording *recording = context;

    recording->ok =
        db_record(recording->db, &recording->sample.record, 1, NULL, 0, &recording->err);
}

static void
one_grant_gives_one_certificate(void)
{
    static struct recording a, b;
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    int first_won = 0;

    a.db = world.signer;
    b.db = world_connect("signet_signer");
    world_identity("race/grant");
    for (int round = 0; round < ROUNDS; round++) {
        enum record_verdict loser = round % 3 ? RECORD_GRANT_USED : RECORD_REPLAY;
        const struct recording *won, *lost;

        world_token("race/grant", 3600, grant);
        sample_init(&a.sample, "race/grant", grant);
        sample_init(&b.sample, "race/grant", grant);
        if (loser == RECORD_REPLAY)
            memcpy(b.sample.request, a.sample.request, LIMIT_DIGEST_OCTETS);
        two_at_once((struct act){.run = run_recording, .context = &a},
                    (struct act){.run = run_recording, .context = &b}, round);
        ASSERT_OK(a.ok, &a.err);
        ASSERT_OK(b.ok, &b.err);
        won = a.sample.record.verdict == RECORD_DONE ? &a : &b;
        lost = won == &a ? &b : &a;
        first_won += won == &a;
        CU_ASSERT_EQUAL(won->sample.record.verdict, RECORD_DONE);
        CU_ASSERT_EQUAL(lost->sample.record.verdict, loser);
        CU_ASSERT_EQUAL(memcmp(lost->sample.record.ret_serial, won->sample.serial, 19), 0);
    }
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM certificate c JOIN identity i ON "
                                "i.id = c.identity WHERE i.name = 'race/grant'"),
                    ROUNDS);
    printf("(first won %d of %d) ", first_won, ROUNDS);
    db_close(b.db);
}

/* What the other act does under the identity's lock, and what it saw there. */
struct withdrawal {
    struct db *db;
    const char *identity;
    const struct sample *sample; /* predecessor or key */
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct error err;
    bool ok;
    int seen;
};

static bool
revoke_seen(void *context, const struct db_revocation *row)
{
    struct withdrawal *withdrawal = context;
    struct db_revocation revocation = *row, standing;
    bool first;

    withdrawal->seen++;
    revocation.revoked_s = clock_now_s();
    revocation.reason = 9;
    snprintf(revocation.by, sizeof(revocation.by), "admin/alice");
    return db_revocation_insert(withdrawal->db, &revocation, &standing, &first, &withdrawal->err);
}

static void
run_suspension(void *context)
{
    struct withdrawal *act = context;
    struct db_identity identity;

    act->seen = 0;
    act->ok = db_begin(act->db, &act->err) &&
              db_identity_lock(act->db, act->identity, &identity, &act->err) == DB_FOUND;
    snprintf(identity.state, sizeof(identity.state), "suspended");
    act->ok =
        act->ok && db_identity_update(act->db, &identity, &act->err) &&
        db_revocable_by_identity(act->db, identity.id, &(struct db_revocable){clock_now_s(), 0},
                                 revoke_seen, act, &act->err) &&
        db_commit(act->db, &act->err);
}

static void
suspension_or_certificate_first(void)
{
    static struct recording recording;
    struct withdrawal suspension = {.db = world.server};
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    char name[64];
    int recorded = 0;

    recording.db = world.signer;
    for (int round = 0; round < ROUNDS; round++) {
        bool done;

        snprintf(name, sizeof(name), "race/suspend-%d", round);
        world_identity(name);
        world_token(name, 3600, grant);
        sample_init(&recording.sample, name, grant);
        suspension.identity = name;
        two_at_once((struct act){.run = run_recording, .context = &recording},
                    (struct act){.run = run_suspension, .context = &suspension}, round);
        ASSERT_OK(recording.ok, &recording.err);
        ASSERT_OK(suspension.ok, &suspension.err);
        done = recording.sample.record.verdict == RECORD_DONE;
        recorded += done;
        if (!done)
            CU_ASSERT_EQUAL(recording.sample.record.verdict, RECORD_IDENTITY_SUSPENDED);
        CU_ASSERT_EQUAL(suspension.seen, done ? 1 : 0);
    }
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM certificate c JOIN identity i ON i.id = "
                                "c.identity LEFT JOIN revocation r USING (serial, issuer) WHERE "
                                "i.name LIKE 'race/suspend-%' AND r.serial IS NULL"),
                    0);
    printf("(recorded first %d of %d) ", recorded, ROUNDS);
}

static void
run_revocation(void *context)
{
    struct withdrawal *act = context;
    struct db_revocation standing;
    struct db_identity identity;
    struct db_certificate successor;
    bool first;

    act->ok =
        db_begin(act->db, &act->err) &&
        db_identity_lock(act->db, act->identity, &identity, &act->err) == DB_FOUND &&
        sample_revoke_on(act->db, act->sample, 1, clock_now_s(), &standing, &first, &act->err);
    act->seen =
        act->ok && db_certificate_by_grant(act->db, act->grant, &successor, &act->err) == DB_FOUND;
    act->ok = act->ok && db_commit(act->db, &act->err);
}

static void
revocation_or_renewal_first(void)
{
    static struct recording renewal;
    static struct sample enrolled, late;
    struct withdrawal revocation = {
        .db = world.server, .identity = "race/renew", .sample = &enrolled};
    int renewed = 0;

    renewal.db = world.signer;
    world_identity("race/renew");
    for (int round = 0; round < ROUNDS; round++) {
        bool done;

        sample_enrol(&enrolled, "race/renew");
        sample_renewal(&renewal.sample, &enrolled, 0);
        memcpy(revocation.grant, renewal.sample.grant, sizeof(revocation.grant));
        two_at_once((struct act){.run = run_recording, .context = &renewal},
                    (struct act){.run = run_revocation, .context = &revocation}, round);
        ASSERT_OK(renewal.ok, &renewal.err);
        ASSERT_OK(revocation.ok, &revocation.err);
        done = renewal.sample.record.verdict == RECORD_DONE;
        renewed += done;
        if (!done)
            CU_ASSERT_EQUAL(renewal.sample.record.verdict, RECORD_PREDECESSOR_REVOKED);
        CU_ASSERT_EQUAL(revocation.seen, done);
        sample_renewal(&late, &enrolled, 1);
        CU_ASSERT_EQUAL(sample_record(&late), RECORD_PREDECESSOR_REVOKED);
    }
    printf("(renewed first %d of %d) ", renewed, ROUNDS);
}

static void
run_block(void *context)
{
    struct withdrawal *act = context;
    const uint8_t *key = act->sample->record.spki_hash;

    act->seen = 0;
    act->ok = db_begin(act->db, &act->err) &&
              db_blocked_key_insert(act->db, key, 1, "admin/alice", &act->err) &&
              db_revocable_by_key(act->db, key, &(struct db_revocable){clock_now_s(), 1},
                                  revoke_seen, act, &act->err) &&
              db_commit(act->db, &act->err);
}

static void
block_or_enrolment_first(void)
{
    static struct recording recording;
    struct withdrawal block = {.db = world.server, .sample = &recording.sample};
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    int recorded = 0;

    recording.db = world.signer;
    world_identity("race/block");
    for (int round = 0; round < ROUNDS; round++) {
        bool done;

        world_token("race/block", 3600, grant);
        sample_init(&recording.sample, "race/block", grant);
        two_at_once((struct act){.run = run_recording, .context = &recording},
                    (struct act){.run = run_block, .context = &block}, round);
        ASSERT_OK(recording.ok, &recording.err);
        ASSERT_OK(block.ok, &block.err);
        done = recording.sample.record.verdict == RECORD_DONE;
        recorded += done;
        if (!done)
            CU_ASSERT_EQUAL(recording.sample.record.verdict, RECORD_KEY_BLOCKED);
        CU_ASSERT_EQUAL(block.seen, done ? 1 : 0);
    }
    printf("(recorded first %d of %d) ", recorded, ROUNDS);
}

/* Batches that name the same grants and identities in opposite orders must not stop each other. */
struct batch_act {
    struct db *db;
    struct record *records;
    struct error err;
    bool ok;
};

static void
run_batch(void *context)
{
    struct batch_act *act = context;

    act->ok = db_record(act->db, act->records, LIMIT_BATCH, NULL, 0, &act->err);
}

static void
opposite_orders_do_not_deadlock(void)
{
    static struct sample samples[LIMIT_BATCH];
    static struct record there[LIMIT_BATCH], back[LIMIT_BATCH];
    struct batch_act a = {.db = world.signer, .records = there};
    struct batch_act b = {.db = world_connect("signet_signer"), .records = back};
    uint8_t grant[LIMIT_DIGEST_OCTETS];

    world_identity("race/order-a");
    world_identity("race/order-b");
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < LIMIT_BATCH; i++) {
            const char *name = i % 2 ? "race/order-a" : "race/order-b";

            world_token(name, 3600, grant);
            sample_init(&samples[i], name, grant);
            there[i] = samples[i].record;
            back[LIMIT_BATCH - 1 - i] = samples[i].record;
        }
        two_at_once((struct act){.run = run_batch, .context = &a},
                    (struct act){.run = run_batch, .context = &b}, round);
        ASSERT_OK(a.ok, &a.err);
        ASSERT_OK(b.ok, &b.err);
        for (size_t i = 0; i < LIMIT_BATCH; i++)
            CU_ASSERT_EQUAL((there[i].verdict == RECORD_DONE) +
                                (back[LIMIT_BATCH - 1 - i].verdict == RECORD_DONE),
                            1);
    }
    db_close(b.db);
}

int
main(void)
{
    int status;

    world_start();
    status = RUN_SUITE("race", TEST(one_grant_gives_one_certificate),
                       TEST(suspension_or_certificate_first), TEST(revocation_or_renewal_first),
                       TEST(block_or_enrolment_first), TEST(opposite_orders_do_not_deadlock));
    world_stop();
    return status;
}
