#include "crl_builder.h"

#include <poll.h>
#include <stdlib.h>

#include "signet/clock.h"
#include "signet/fault.h"
#include "signet/log.h"

enum {
    CRL_PAUSE_MS = 200, /* between two builds, whatever is asked */
    CRL_SHARD = 0       /* there is one */
};

struct crl_waiting {
    struct channel *channel;
    uint32_t id;
};

struct crl_builder {
    struct signer *signer;
    struct anchor *anchor;
    struct db *db;
    struct refusals *refusals;
    pthread_mutex_t lock;
    pthread_cond_t asked;
    size_t waiting_count;
    struct crl_waiting waiting[LIMIT_CHANNELS];
    size_t taken_count; /* of the build that runs */
    struct crl_waiting taken[LIMIT_CHANNELS];
};

/* --- one list --- */

struct crl_work {
    struct crl_builder *builder;
    struct crl crl;
    struct crl_entry *entries; /* owned */
    struct buffer tbs;
    struct buffer der;
};

static bool
expired_before(void *context, struct bytes serial, int64_t time_s, bool *ret_expired,
               struct error *err)
{
    struct crl_builder *builder = context;
    struct db_certificate *row = malloc(sizeof(*row));
    enum db_found found;

    if (!row)
        return error_set(err, ERROR_MEMORY, "no memory for a certificate row");
    found = db_certificate_get(builder->db, builder->signer->issuer_id, serial, row, err);
    *ret_expired = found == DB_FOUND && row->not_after_s < time_s;
    free(row);
    return found != DB_FAILED;
}

/* Compares with the list that stands; also refuses a number that was used. */
static bool
check_against_old(struct crl_work *work, struct error *err)
{
    struct crl_builder *builder = work->builder;
    struct db_crl row = {0};
    struct crl old_crl;
    struct crl_entry *entries = NULL;
    struct bytes tbs, signature;
    enum db_found found;
    AUTO_BUFFER der;
    bool ok;

    buffer_init(&der, LIMIT_CRL_OCTETS);
    if (work->crl.number <= anchor_crl_number(builder->anchor))
        return error_set(err, ERROR_DATABASE_REWOUND,
                         "the database gives CRL number %llu, published was %llu",
                         (unsigned long long)work->crl.number,
                         (unsigned long long)anchor_crl_number(builder->anchor));
    found = db_crl_get(builder->db, builder->signer->issuer_id, CRL_SHARD, &row, &der, err);
    if (found != DB_FOUND)
        return found == DB_MISSING;
    if (!crl_parse(buffer_bytes(&der), &old_crl, &entries, &tbs, &signature, err))
        return false;
    ok = crl_check_loss(&old_crl, &work->crl, expired_before, builder, err);
    free(entries);
    return ok;
}

static bool
take_rows(struct crl_work *work, const struct db_crl_row *rows, size_t count, struct error *err)
{
    work->entries = calloc(count + 1, sizeof(*work->entries));
    if (!work->entries)
        return error_set(err, ERROR_MEMORY, "no memory for %zu CRL entries", count);
    for (size_t i = 0; i < count; i++) {
        struct crl_entry *entry = &work->entries[i];

        memcpy(entry->serial, rows[i].serial, sizeof(entry->serial));
        entry->serial_len = rows[i].serial_len;
        entry->reason = rows[i].reason;
        entry->invalidity_s = rows[i].invalidity_s;
        /* Another host's clock may be ahead; the list itself must not speak of the future.
         */
        entry->revoked_s = rows[i].revoked_s < work->crl.this_update_s ? rows[i].revoked_s
                                                                       : work->crl.this_update_s;
    }
    work->crl.entries = work->entries;
    work->crl.entry_count = count;
    return true;
}

static void
bound_life(struct crl_work *work)
{
    const struct signer *signer = work->builder->signer;
    int64_t life_s = signer->config->jobs.crl_life_s;
    int64_t end_s = signer->permit->issuer.tbs.not_after_s;

    if (life_s > signer->permit->crl_max_life_s)
        life_s = signer->permit->crl_max_life_s;
    work->crl.next_update_s = work->crl.this_update_s + life_s;
    if (work->crl.next_update_s > end_s)
        work->crl.next_update_s = end_s;
}

/* The number is taken and the rows are read under the lock of the shard, then the digest of exactly
 * these bytes is committed. */
static bool
record(struct crl_work *work, struct error *err)
{
    struct crl_builder *builder = work->builder;
    int32_t issuer = builder->signer->issuer_id;
    struct db_crl_row *rows = NULL;
    uint8_t digest[LIMIT_DIGEST_OCTETS];
    size_t count;
    bool ok;

    if (!db_crl_begin(builder->db, issuer, CRL_SHARD, work->crl.this_update_s, &work->crl.number,
                      &rows, &count, err))
        return false;
    ok = take_rows(work, rows, count, err) && check_against_old(work, err) &&
         crl_tbs_build(&work->crl, &work->tbs, err);
    free(rows);
    if (!ok)
        return false;
    digest_sha256(buffer_bytes(&work->tbs), digest);
    return db_crl_record(builder->db, issuer, CRL_SHARD, work->crl.number, digest,
                         work->crl.this_update_s, work->crl.next_update_s, (uint32_t)count, err);
}

static bool
fault(bool fires, struct error *err)
{
    return !fires || error_set(err, ERROR_DATABASE_UNAVAILABLE, "fault point of the CRL");
}

/* Another node was faster with a higher number, which has read all that ours has: that one counts.
 */
static bool
take_standing(struct crl_work *work, struct error *err)
{
    struct crl_builder *builder = work->builder;
    struct db_crl standing = {0};

    if (db_crl_get(builder->db, builder->signer->issuer_id, CRL_SHARD, &standing, NULL, err) !=
        DB_FOUND)
        return false;
    log_event(LOG_LEVEL_NOTICE, "a later CRL of another node stands",
              LOG_NUMBER("number", standing.number), LOG_NUMBER("ours", work->crl.number));
    work->crl.number = standing.number;
    work->crl.this_update_s = standing.this_update_s;
    work->crl.next_update_s = standing.next_update_s;
    work->crl.entry_count = standing.entries;
    error_clear(err);
    return true;
}

static bool
store(struct crl_work *work, struct error *err)
{
    struct crl_builder *builder = work->builder;
    struct error why = {0};

    if (db_crl_store(builder->db, builder->signer->issuer_id, CRL_SHARD, work->crl.number,
                     buffer_bytes(&work->der), &why))
        return true;
    if (why.kind == ERROR_STATE_CONFLICT)
        return take_standing(work, err);
    if (err)
        *err = why;
    return false;
}

static bool
sign_and_store(struct crl_work *work, struct error *err)
{
    struct crl_builder *builder = work->builder;
    uint8_t signature[LIMIT_SIGNATURE_OCTETS];
    size_t len;

    return fault(FAULT_POINT("crl-recorded"), err) &&
           signing_run(builder->signer->signing, buffer_bytes(&work->tbs), signature, &len, err) &&
           fault(FAULT_POINT("crl-signed"), err) &&
           crl_assemble(buffer_bytes(&work->tbs), work->crl.algorithm, bytes_of(signature, len),
                        &work->der, err) &&
           store(work, err) && anchor_put_crl(builder->anchor, work->crl.number, err);
}

static bool
build(struct crl_builder *builder, struct crl_reply *ret_reply, struct error *err)
{
    const struct permit *permit = builder->signer->permit;
    struct crl_work work = {.builder = builder,
                            .crl = {.algorithm = permit->algorithm,
                                    .issuer = permit->issuer.tbs.subject,
                                    .this_update_s = clock_now_s(),
                                    .authority_key_id = permit->issuer.tbs.subject_key_id}};
    bool ok;

    buffer_init(&work.tbs, LIMIT_CRL_OCTETS);
    buffer_init(&work.der, LIMIT_CRL_OCTETS);
    bound_life(&work);
    if (!record(&work, err)) {
        db_crl_abandon(builder->db);
        ok = false;
    } else {
        ok = sign_and_store(&work, err);
    }
    if (ok)
        *ret_reply = (struct crl_reply){.number = work.crl.number,
                                        .this_update_s = work.crl.this_update_s,
                                        .next_update_s = work.crl.next_update_s,
                                        .entries = (uint32_t)work.crl.entry_count};
    free(work.entries);
    buffer_done(&work.tbs);
    buffer_done(&work.der);
    return ok;
}

/* --- the thread --- */

static void
wait_for_requests(struct crl_builder *builder)
{
    pthread_mutex_lock(&builder->lock);
    while (builder->waiting_count == 0)
        pthread_cond_wait(&builder->asked, &builder->lock);
    memcpy(builder->taken, builder->waiting, sizeof(builder->taken));
    builder->taken_count = builder->waiting_count;
    builder->waiting_count = 0;
    pthread_mutex_unlock(&builder->lock);
}

static void
answer(struct crl_builder *builder, const struct crl_reply *reply)
{
    AUTO_BUFFER out;

    buffer_init(&out, CHANNEL_FRAME_OCTETS);
    if (!crl_reply_put(&out, reply))
        return;
    for (size_t i = 0; i < builder->taken_count; i++)
        channel_reply(builder->taken[i].channel, FRAME_CRL_BUILT, builder->taken[i].id,
                      buffer_bytes(&out));
}

static void
refuse(struct crl_builder *builder, struct error *why)
{
    struct error err = {0};

    if (error_is_fatal(why)) {
        signer_doom(builder->signer, why);
    } else {
        atomic_fetch_add(&builder->signer->refusals, 1);
        log_error("the CRL was not built", why, NULL);
        refusals_add(builder->refusals, NULL, why, clock_monotonic_ms());
        if (!refusals_flush(builder->refusals, builder->db, clock_monotonic_ms(), &err))
            signer_doom(builder->signer, &err);
    }
    for (size_t i = 0; i < builder->taken_count; i++)
        channel_refuse(builder->taken[i].channel, builder->taken[i].id, why);
}

static void
settle(struct crl_builder *builder)
{
    pthread_mutex_lock(&builder->lock);
    builder->taken_count = 0;
    pthread_mutex_unlock(&builder->lock);
    signer_wake(builder->signer);
}

static void *
crl_main(void *argument)
{
    struct crl_builder *builder = argument;

    while (true) {
        struct crl_reply reply;
        struct error err = {0};

        wait_for_requests(builder);
        if (build(builder, &reply, &err))
            answer(builder, &reply);
        else
            refuse(builder, &err);
        settle(builder);
        poll(NULL, 0, CRL_PAUSE_MS);
    }
    return NULL;
}

bool
crl_builder_start(struct signer *signer, struct anchor *anchor, struct db *db,
                  struct crl_builder **ret_builder, struct error *err)
{
    struct crl_builder *builder = calloc(1, sizeof(*builder));
    pthread_t thread;

    if (builder)
        builder->refusals = refusals_new(clock_monotonic_ms());
    if (!builder || !builder->refusals) {
        free(builder);
        return error_set(err, ERROR_MEMORY, "no memory for the CRL thread");
    }
    builder->signer = signer;
    builder->anchor = anchor;
    builder->db = db;
    pthread_mutex_init(&builder->lock, NULL);
    pthread_cond_init(&builder->asked, NULL);
    if (pthread_create(&thread, NULL, crl_main, builder) != 0) {
        refusals_free(builder->refusals);
        free(builder);
        return error_set(err, ERROR_MEMORY, "cannot start the CRL thread");
    }
    pthread_detach(thread);
    *ret_builder = builder;
    return true;
}

bool
crl_builder_ask(struct crl_builder *builder, struct channel *channel, uint32_t id,
                const struct crl_request *request, struct error *err)
{
    bool taken = false;

    if (request->shard != CRL_SHARD)
        return error_refuse(err, ERROR_PERMIT, "permit.shard", "there is no CRL shard %u",
                            (unsigned)request->shard);
    pthread_mutex_lock(&builder->lock);
    if (builder->waiting_count < LIMIT_CHANNELS) {
        builder->waiting[builder->waiting_count++] = (struct crl_waiting){channel, id};
        pthread_cond_signal(&builder->asked);
        taken = true;
    }
    pthread_mutex_unlock(&builder->lock);
    if (!taken)
        return error_refuse(err, ERROR_OVERLOADED, "crl.waiting", "%d CRL requests wait already",
                            LIMIT_CHANNELS);
    return true;
}

bool
crl_builder_is_idle(struct crl_builder *builder)
{
    bool idle;

    pthread_mutex_lock(&builder->lock);
    idle = builder->waiting_count == 0 && builder->taken_count == 0;
    pthread_mutex_unlock(&builder->lock);
    return idle;
}

void
crl_builder_abandon(struct crl_builder *builder, const struct error *why)
{
    pthread_mutex_lock(&builder->lock);
    for (size_t i = 0; i < builder->waiting_count; i++)
        channel_refuse(builder->waiting[i].channel, builder->waiting[i].id, why);
    /* The build that runs answers its own, and must not do so twice. */
    builder->waiting_count = 0;
    pthread_mutex_unlock(&builder->lock);
}
