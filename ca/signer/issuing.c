#include "issuing.h"

#include <stdlib.h>

#include "batch.h"
#include "probe.h"
#include "signet/clock.h"
#include "signet/fault.h"

/* One batch is filled, one is recorded while one is signed. */
enum { ISSUING_BATCHES = 3 };

struct slot {
    struct batch *batch;
    bool signing;
};

struct issuing {
    struct serving *serving;
    struct signer *signer;
    struct db *db;
    struct anchor *anchor;
    struct crl_builder *crl_builder;
    struct guard guard;
    struct probe probe;
    struct slot slot[ISSUING_BATCHES];
    size_t oldest; /* where the batch stands that went to the signing threads first */
    size_t record_count;
    struct record records[LIMIT_BATCH];
    struct issue_job *record_job[LIMIT_BATCH];
    size_t stored_count;
    struct stored_signature stored[LIMIT_BATCH];
    struct issue_job *stored_job[LIMIT_BATCH];
    struct buffer der;
    struct buffer out;
};

/* The batch that takes new requests; null when all are on their way. */
static struct batch *
filling(const struct issuing *issuing)
{
    for (size_t i = 0; i < ISSUING_BATCHES; i++)
        if (!issuing->slot[i].signing)
            return issuing->slot[i].batch;
    return NULL;
}

static int64_t
certificate_end(const struct issuing *issuing)
{
    return issuing->signer->permit->issuer.tbs.not_after_s;
}

static void
on_issue(void *context, struct channel *channel, const struct frame *frame)
{
    struct issuing *issuing = context;
    struct error why;

    if (!issuing->signer->issuer_active) {
        error_refuse(&why, ERROR_PERMIT, "permit.issuer_state", "the issuer is not active");
        serve_refuse(issuing->serving, channel, frame->id, NULL, &why);
        return;
    }
    batch_add(filling(issuing), &issuing->guard, channel, frame, clock_now_s());
}

static void
on_crl(void *context, struct channel *channel, const struct frame *frame)
{
    struct issuing *issuing = context;
    struct crl_request request;
    struct error why;

    if (!crl_request_get(frame->body, &request, &why) ||
        !crl_builder_ask(issuing->crl_builder, channel, frame->id, &request, &why))
        serve_refuse(issuing->serving, channel, frame->id, NULL, &why);
}

static void
on_probe(void *context, struct channel *channel, const struct frame *frame)
{
    struct issuing *issuing = context;
    struct error why = {0};

    if (frame->body.len != 0)
        error_refuse(&why, ERROR_FRAME, "frame.length", "a probe has no body");
    else if (probe_ask(&issuing->probe, channel, frame->id, certificate_end(issuing), &why))
        return;
    serve_refuse(issuing->serving, channel, frame->id, NULL, &why);
}

static void
on_permit(void *context, struct channel *channel, const struct frame *frame)
{
    struct issuing *issuing = context;
    struct error why = {0};
    AUTO_BUFFER out = {.max = LIMIT_FRAME_OCTETS - FRAME_HEADER_OCTETS};

    if (frame->body.len != 0)
        error_refuse(&why, ERROR_FRAME, "frame.length", "a question for the permit has no body");
    else if (!permit_facts_put(&out, &issuing->serving->signer->permit->facts))
        error_set(&why, ERROR_MEMORY, "the permit does not fit into a frame");
    if (why.kind == ERROR_NONE)
        channel_reply(channel, FRAME_PERMITTED, frame->id, buffer_bytes(&out));
    else
        serve_refuse(issuing->serving, channel, frame->id, NULL, &why);
}

static bool
issuing_has_room(void *context)
{
    const struct batch *batch = filling(context);

    return batch && batch->count < LIMIT_BATCH;
}

static bool
issuing_is_idle(void *context)
{
    struct issuing *issuing = context;

    for (size_t i = 0; i < ISSUING_BATCHES; i++)
        if (issuing->slot[i].signing || issuing->slot[i].batch->count > 0)
            return false;
    return probe_is_idle(&issuing->probe) && crl_builder_is_idle(issuing->crl_builder);
}

/* --- answers --- */

static void
answer(struct issuing *issuing, struct issue_job *job)
{
    struct issue_reply reply = {.replayed = job->replayed};

    if (!issue_job_certificate(job, &issuing->der, &reply.serial, &job->err)) {
        channel_refuse(job->channel, job->id, &job->err);
        return;
    }
    reply.certificate = buffer_bytes(&issuing->der);
    buffer_clear(&issuing->out);
    if (issue_reply_put(&issuing->out, &reply))
        channel_reply(job->channel, FRAME_ISSUED, job->id, buffer_bytes(&issuing->out));
}

/* Reads the row of a replay as it stands. */
static bool
read_row(struct issuing *issuing, struct issue_job *job, struct bytes serial, struct error *err)
{
    struct db_certificate *row = job->row ? job->row : malloc(sizeof(*row));

    if (!row)
        return error_set(err, ERROR_MEMORY, "no memory for a certificate row");
    job->row = row;
    switch (db_certificate_get(issuing->db, issuing->signer->issuer_id, serial, row, err)) {
    case DB_FOUND:
        return true;
    case DB_MISSING:
        return error_set(err, ERROR_INTERNAL, "a recorded certificate is not in the database");
    case DB_FAILED:
        return false;
    }
    return false;
}

static bool
answer_stored(struct issuing *issuing, struct batch *batch, struct error *err)
{
    for (size_t i = 0; i < issuing->stored_count; i++) {
        struct issue_job *job = issuing->stored_job[i];

        /* Somebody else's signature stands: what is answered is what is stored. */
        if (issuing->stored[i].lost && !read_row(issuing, job, issuing->stored[i].serial, err))
            return false;
    }
    for (size_t i = 0; i < batch->count; i++) {
        struct issue_job *job = &batch->job[i];

        if (job->state != ISSUE_SIGNING)
            continue;
        job->state = ISSUE_ANSWERED;
        if (!job->sign.ok) {
            struct error why = error_excuse(&job->sign.err);

            channel_refuse(job->channel, job->id, &why);
            continue;
        }
        if (job->replayed &&
            !read_row(issuing, job, bytes_of(job->row->serial, job->row->serial_len), err))
            return false;
        answer(issuing, job);
    }
    return true;
}

/* A refusal is in the audit trail before it is told. */
static bool
answer_refused(struct issuing *issuing, struct batch *batch, struct error *err)
{
    struct serving *serving = issuing->serving;

    for (size_t i = 0; i < batch->count; i++)
        if (batch->job[i].state == ISSUE_REFUSED)
            serve_note_refusal(serving, &batch->job[i].request, &batch->job[i].err);
    if (!refusals_flush(serving->refusals, issuing->db, clock_monotonic_ms(), err))
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        struct issue_job *job = &batch->job[i];

        if (job->state == ISSUE_REFUSED)
            channel_refuse(job->channel, job->id, &job->err);
        else if (job->state == ISSUE_STANDING)
            answer(issuing, job);
        else
            continue;
        job->state = ISSUE_ANSWERED;
    }
    return true;
}

/* --- recording --- */

static bool
fault(const char *point, bool fires, struct error *err)
{
    if (!fires)
        return true;
    return error_set(err, ERROR_DATABASE_UNAVAILABLE, "fault point %s", point);
}

/* A replay in the same batch as its original must not put a second signature beside the first. */
static bool
is_stored_already(const struct issuing *issuing, struct bytes serial)
{
    for (size_t i = 0; i < issuing->stored_count; i++)
        if (bytes_equal(issuing->stored[i].serial, serial))
            return true;
    return false;
}

static void
collect_stored(struct issuing *issuing, struct batch *batch)
{
    issuing->stored_count = 0;
    for (int replays = 0; batch && replays < 2; replays++)
        for (size_t i = 0; i < batch->count; i++) {
            struct issue_job *job = &batch->job[i];
            struct bytes serial = job->guarded.tbs.serial;

            if (job->state != ISSUE_SIGNING || !job->sign.ok || job->replayed != (replays == 1) ||
                is_stored_already(issuing, serial))
                continue;
            issuing->stored_job[issuing->stored_count] = job;
            issuing->stored[issuing->stored_count++] = (struct stored_signature){
                .issuer = issuing->signer->issuer_id,
                .serial = serial,
                .signature = bytes_of(job->sign.signature, job->sign.signature_len)};
        }
}

/* One record that the database refuses must not take the others with it. */
static bool
record_singly(struct issuing *issuing, struct error *err)
{
    struct error why;

    if (issuing->stored_count > 0 &&
        !db_store_signatures(issuing->db, issuing->stored, issuing->stored_count, err))
        return false;
    for (size_t i = 0; i < issuing->record_count; i++) {
        struct issue_job *job = issuing->record_job[i];

        if (db_record(issuing->db, &issuing->records[i], 1, NULL, 0, &why))
            continue;
        if (error_is_fatal(&why)) {
            *err = why;
            return false;
        }
        job->state = ISSUE_REFUSED;
        job->err = why;
    }
    return true;
}

/* One durable commit: the new records and the signatures of the batch before. */
static bool
commit(struct issuing *issuing, struct error *err)
{
    struct error why = {0};

    if (issuing->record_count == 0)
        return issuing->stored_count == 0 ||
               db_store_signatures(issuing->db, issuing->stored, issuing->stored_count, err);
    if (!fault("before-record", FAULT_POINT("before-record"), err))
        return false;
    if (!db_record(issuing->db, issuing->records, issuing->record_count, issuing->stored,
                   issuing->stored_count, &why)) {
        if (error_is_fatal(&why)) {
            *err = why;
            return false;
        }
        if (!record_singly(issuing, err))
            return false;
    }
    return fault("after-record", FAULT_POINT("after-record"), err);
}

/* The grant was used with this very request: the same certificate again, signed now if a crash came
 * between its record and its signature. */
static bool
judge_replay(struct issuing *issuing, struct issue_job *job, const struct record *record,
             struct error *err)
{
    struct db_certificate *row;

    if (!read_row(issuing, job, bytes_of(record->ret_serial, record->ret_serial_len), err))
        return false;
    row = job->row;
    job->replayed = true;
    job->state = ISSUE_REFUSED;
    if (!guard_check_recorded(&issuing->guard, row->identity, bytes_of(row->tbs, row->tbs_len),
                              row->recorded_s, &job->guarded, &job->err))
        return true;
    job->state = row->signature_len > 0 ? ISSUE_STANDING : ISSUE_SIGNING;
    job->sign.message = bytes_of(row->tbs, row->tbs_len);
    return true;
}

static bool
judge(struct issuing *issuing, struct error *err)
{
    for (size_t i = 0; i < issuing->record_count; i++) {
        struct issue_job *job = issuing->record_job[i];
        const struct record *record = &issuing->records[i];

        if (job->state == ISSUE_REFUSED)
            continue;
        if (record->verdict == RECORD_REPLAY) {
            if (!judge_replay(issuing, job, record, err))
                return false;
            continue;
        }
        issue_job_judge(job, record);
        if (job->state == ISSUE_SIGNING)
            anchor_put_serial(issuing->anchor, record->serial);
    }
    return true;
}

/* --- the round --- */

static struct slot *
signed_slot(struct issuing *issuing)
{
    struct slot *slot = &issuing->slot[issuing->oldest];

    for (size_t i = 0; i < ISSUING_BATCHES && !slot->signing; i++) {
        issuing->oldest = (issuing->oldest + 1) % ISSUING_BATCHES;
        slot = &issuing->slot[issuing->oldest];
    }
    return slot->signing && batch_is_signed(slot->batch) ? slot : NULL;
}

static struct slot *
filled_slot(struct issuing *issuing)
{
    for (size_t i = 0; i < ISSUING_BATCHES; i++)
        if (!issuing->slot[i].signing && issuing->slot[i].batch->count > 0)
            return &issuing->slot[i];
    return NULL;
}

static void
clear(struct slot *slot)
{
    slot->signing = false;
    batch_clear(slot->batch);
}

static bool
finish_signed(struct issuing *issuing, struct slot *slot, struct error *err)
{
    if (!fault("after-store", FAULT_POINT("after-store"), err) ||
        !fault("before-reply", FAULT_POINT("before-reply"), err) ||
        !answer_stored(issuing, slot->batch, err))
        return false;
    clear(slot);
    issuing->oldest = (issuing->oldest + 1) % ISSUING_BATCHES;
    /* The next one may have been signed long since. */
    signer_wake(issuing->signer);
    return true;
}

static bool
finish_filled(struct issuing *issuing, struct slot *slot, struct error *err)
{
    bool to_sign = false;

    if (!judge(issuing, err))
        return false;
    for (size_t i = 0; i < slot->batch->count; i++)
        to_sign = to_sign || slot->batch->job[i].state == ISSUE_SIGNING;
    /* The token works while refusals and old answers go out. */
    if (to_sign) {
        slot->signing = true;
        batch_sign(slot->batch);
    }
    if (!answer_refused(issuing, slot->batch, err))
        return false;
    if (!to_sign)
        clear(slot);
    return true;
}

static bool
issuing_round(void *context, struct error *err)
{
    struct issuing *issuing = context;
    struct slot *filled = filled_slot(issuing);
    struct slot *done = signed_slot(issuing);

    probe_round(&issuing->probe, certificate_end(issuing));
    collect_stored(issuing, done ? done->batch : NULL);
    issuing->record_count =
        filled ? batch_records(filled->batch, issuing->records, issuing->record_job) : 0;
    for (size_t i = 0; i < issuing->record_count; i++)
        issuing->records[i].issuer = issuing->signer->issuer_id;
    if (!commit(issuing, err))
        return false;
    if (filled && !finish_filled(issuing, filled, err))
        return false;
    if (done && !finish_signed(issuing, done, err))
        return false;
    return refusals_flush(issuing->serving->refusals, issuing->db, clock_monotonic_ms(), err);
}

static bool
issuing_tick(void *context, struct error *err)
{
    struct issuing *issuing = context;

    /* A connection that ended is noticed now and not by the request that comes first. */
    return db_ping(issuing->db, err) && anchor_flush(issuing->anchor, err);
}

static void
issuing_abandon(void *context, const struct error *why)
{
    struct issuing *issuing = context;

    for (size_t i = 0; i < ISSUING_BATCHES; i++) {
        struct batch *batch = issuing->slot[i].batch;

        for (size_t j = 0; j < batch->count; j++)
            if (batch->job[j].state != ISSUE_ANSWERED)
                channel_refuse(batch->job[j].channel, batch->job[j].id, why);
    }
    probe_abandon(&issuing->probe, why);
    crl_builder_abandon(issuing->crl_builder, why);
}

static const struct frame_row issuing_frames[] = {
    {FRAME_ISSUE, on_issue},
    {FRAME_CRL, on_crl},
    {FRAME_PROBE, on_probe},
    {FRAME_PERMIT, on_permit},
};

static const struct serve_role issuing_role = {
    .frames = issuing_frames,
    .frame_count = ARRAY_LEN(issuing_frames),
    .has_room = issuing_has_room,
    .is_idle = issuing_is_idle,
    .round = issuing_round,
    .tick = issuing_tick,
    .abandon = issuing_abandon,
};

bool
issuing_new(struct serving *serving, struct anchor *anchor, struct crl_builder *crl_builder,
            struct issuing **ret_issuing, struct error *err)
{
    struct issuing *issuing = calloc(1, sizeof(*issuing));

    if (!issuing)
        return error_set(err, ERROR_MEMORY, "no memory for the issuing role");
    issuing->serving = serving;
    issuing->signer = serving->signer;
    issuing->db = serving->db;
    issuing->anchor = anchor;
    issuing->crl_builder = crl_builder;
    issuing->guard = (struct guard){.permit = serving->signer->permit,
                                    .issuer_id = serving->signer->issuer_id,
                                    .ceremony = serving->signer->ceremony};
    probe_init(&issuing->probe, serving->signer);
    buffer_init(&issuing->der, LIMIT_CERTIFICATE_OCTETS);
    buffer_init(&issuing->out, LIMIT_FRAME_OCTETS);
    for (size_t i = 0; i < ISSUING_BATCHES; i++) {
        issuing->slot[i].batch = batch_new(serving->signer);
        if (!issuing->slot[i].batch)
            return error_set(err, ERROR_MEMORY, "no memory for the batches");
    }
    *ret_issuing = issuing;
    return true;
}

int
issuing_serve(struct issuing *issuing)
{
    return serve(issuing->serving, &issuing_role, issuing);
}
