#include "issue/revoke.h"

#include <stdio.h>
#include <stdlib.h>

#include "jobs/jobs.h"
#include "publish/publisher.h"
#include "signet/clock.h"

bool
revoked_init(struct revoked *revoked, struct error *err)
{
    *revoked = (struct revoked){.item = calloc(REVOKE_BATCH, sizeof(*revoked->item))};
    if (!revoked->item)
        return error_set(err, ERROR_MEMORY, "revocation: no memory");
    return true;
}

void
revoked_done(struct revoked *revoked)
{
    free(revoked->item);
    *revoked = (struct revoked){.item = NULL};
}

/* Rolls back unless told that the transaction has ended. */
static void
transaction_end(struct db **db)
{
    if (*db)
        db_rollback(*db);
}

struct batch {
    struct revoked revoked; /* items: first what is to be revoked, then how it stands */
    bool full;
};

static bool
batch_add(void *context, const struct db_revocation *row)
{
    struct batch *batch = context;

    if (batch->revoked.count == REVOKE_BATCH) {
        batch->full = true;
        return false;
    }
    batch->revoked.item[batch->revoked.count++] = *row;
    return true;
}

static bool
batch_insert(struct db *db, struct batch *batch, const struct revoke_wish *wish, struct error *err)
{
    for (size_t i = 0; i < batch->revoked.count; i++) {
        struct db_revocation *item = &batch->revoked.item[i];
        struct db_revocation standing;
        bool fresh = false;

        item->reason = wish->reason;
        item->revoked_s = wish->revoked_s;
        item->invalidity_s = wish->invalidity_s;
        snprintf(item->by, sizeof(item->by), "%s", wish->by);
        if (!db_revocation_insert(db, item, &standing, &fresh, err))
            return false;
        *item = standing;
        batch->revoked.fresh += fresh;
        batch->revoked.already += !fresh;
    }
    return true;
}

static bool
batch_finish(const struct revoke_means *means, struct batch *batch, const struct revoke_wish *wish,
             struct error *err)
{
    return batch_insert(means->db, batch, wish, err) &&
           (batch->revoked.count == 0 || db_revocation_notify(means->db, err)) &&
           means->note(means->context, means->db, &batch->revoked, err) &&
           db_commit(means->db, err);
}

/* After the commit: caches are told, and the result is added to the caller's. */
static void
batch_announce(const struct revoke_means *means, const struct batch *batch, struct revoked *revoked)
{
    for (size_t i = 0; i < batch->revoked.count; i++) {
        const struct db_revocation *item = &batch->revoked.item[i];

        publisher_revoked(means->server->publisher, item->issuer,
                          bytes_of(item->serial, item->serial_len));
        if (revoked->count < REVOKE_BATCH)
            revoked->item[revoked->count++] = *item;
    }
    revoked->fresh += batch->revoked.fresh;
    revoked->already += batch->revoked.already;
    if (batch->revoked.count)
        jobs_revoked(means->server->jobs);
}

static bool
identity_take(struct db *db, const char *name, struct db_identity *ret_identity, struct error *err)
{
    switch (db_identity_lock(db, name, ret_identity, err)) {
    case DB_FOUND:
        return true;
    case DB_MISSING:
        return error_set(err, ERROR_IDENTITY_NOT_FOUND, "there is no identity %.200s", name);
    case DB_FAILED:
        break;
    }
    return false;
}

static void
batch_done(struct batch *batch)
{
    revoked_done(&batch->revoked);
}

bool
revoke_certificate(const struct revoke_means *means, const struct db_certificate *certificate,
                   const struct revoke_wish *wish, struct revoked *revoked, struct error *err)
{
    CLEANUP(batch_done) struct batch batch = {.full = false};
    CLEANUP(transaction_end) struct db *open = NULL;
    struct db_identity identity;
    struct db_revocation row = {
        .issuer = certificate->issuer,
        .serial_len = certificate->serial_len,
        .not_after_s = certificate->not_after_s,
    };

    memcpy(row.serial, certificate->serial, certificate->serial_len);
    if (!revoked_init(&batch.revoked, err) || !db_begin(means->db, err))
        return false;
    open = means->db;
    if (!identity_take(means->db, certificate->identity, &identity, err))
        return false;
    batch.revoked.item[batch.revoked.count++] = row;
    if (!batch_finish(means, &batch, wish, err))
        return false;
    open = NULL;
    batch_announce(means, &batch, revoked);
    return true;
}

/* Lists what the wish would change, in a statement after the lock. */
typedef bool (*batch_list)(struct db *db, const void *which, const struct revoke_wish *wish,
                           struct batch *batch, struct error *err);
/* Takes the lock and writes what refuses the next recording. */
typedef bool (*batch_lock)(struct db *db, const void *which, const struct revoke_wish *wish,
                           struct error *err);

static bool
list_ended(bool ok, const struct batch *batch)
{
    return ok || batch->full;
}

/* One transaction; *ret_more when it did not hold everything. */
static bool
revoke_batch(const struct revoke_means *means, batch_lock lock, batch_list list, const void *which,
             const struct revoke_wish *wish, struct revoked *revoked, bool *ret_more,
             struct error *err)
{
    CLEANUP(batch_done) struct batch batch = {.full = false};
    CLEANUP(transaction_end) struct db *open = NULL;

    if (!revoked_init(&batch.revoked, err) || !db_begin(means->db, err))
        return false;
    open = means->db;
    if (!lock(means->db, which, wish, err) ||
        !list_ended(list(means->db, which, wish, &batch, err), &batch))
        return false;
    error_clear(err);
    if (!batch_finish(means, &batch, wish, err))
        return false;
    open = NULL;
    batch_announce(means, &batch, revoked);
    *ret_more = batch.full;
    return true;
}

static bool
revoke_all(const struct revoke_means *means, batch_lock lock, batch_list list, const void *which,
           const struct revoke_wish *wish, struct revoked *revoked, struct error *err)
{
    bool more = false;

    for (;;) {
        if (!revoke_batch(means, lock, list, which, wish, revoked, &more, err))
            return false;
        if (!more)
            return true;
        if (clock_monotonic_ms() > means->deadline_ms)
            return error_set(err, ERROR_DEADLINE,
                             "%llu certificates are revoked and more are left; ask again to go on",
                             (unsigned long long)revoked->fresh);
    }
}

static bool
identity_end(struct db *db, const void *which, const struct revoke_wish *wish, struct error *err)
{
    struct db_identity identity;

    if (!identity_take(db, which, &identity, err))
        return false;
    if (strcmp(identity.state, "revoked") == 0)
        return true;
    memcpy(identity.state, "revoked", sizeof("revoked"));
    identity.changed_s = wish->revoked_s;
    return db_identity_update(db, &identity, err);
}

static bool
identity_certificates(struct db *db, const void *which, const struct revoke_wish *wish,
                      struct batch *batch, struct error *err)
{
    const struct db_revocable filter = {clock_now_s(), wish->reason};
    struct db_identity identity;

    if (!identity_take(db, which, &identity, err))
        return false;
    return db_revocable_by_identity(db, identity.id, &filter, batch_add, batch, err);
}

bool
revoke_identity(const struct revoke_means *means, const char *name, const struct revoke_wish *wish,
                struct revoked *revoked, struct error *err)
{
    return revoke_all(means, identity_end, identity_certificates, name, wish, revoked, err);
}

static bool
key_block(struct db *db, const void *which, const struct revoke_wish *wish, struct error *err)
{
    return db_blocked_key_insert(db, which, wish->reason, wish->by, err);
}

static bool
key_certificates(struct db *db, const void *which, const struct revoke_wish *wish,
                 struct batch *batch, struct error *err)
{
    const struct db_revocable filter = {clock_now_s(), wish->reason};

    return db_revocable_by_key(db, which, &filter, batch_add, batch, err);
}

bool
revoke_key(const struct revoke_means *means, const uint8_t spki_hash[LIMIT_DIGEST_OCTETS],
           const struct revoke_wish *wish, struct revoked *revoked, struct error *err)
{
    return revoke_all(means, key_block, key_certificates, spki_hash, wish, revoked, err);
}
