#include "batch.h"

#include <stdlib.h>

struct batch *
batch_new(struct signer *signer)
{
    struct batch *batch = calloc(1, sizeof(*batch));

    if (!batch)
        return NULL;
    batch->signer = signer;
    for (size_t i = 0; i < LIMIT_BATCH; i++)
        batch->job[i].batch = batch;
    return batch;
}

static bool
parse(struct issue_job *job, const struct guard *guard, const struct frame *frame, int64_t now_s)
{
    if (frame->body.len > sizeof(job->body))
        return error_refuse(&job->err, ERROR_FRAME, "frame.length", "the frame has %zu octets",
                            frame->body.len);
    if (frame->body.len > 0)
        memcpy(job->body, frame->body.data, frame->body.len);
    if (!issue_request_get(bytes_of(job->body, frame->body.len), &job->request, &job->err)) {
        memset(&job->request, 0, sizeof(job->request));
        return false;
    }
    return guard_check(guard, &job->request, now_s, &job->guarded, &job->err);
}

void
batch_add(struct batch *batch, const struct guard *guard, struct channel *channel,
          const struct frame *frame, int64_t now_s)
{
    struct issue_job *job = &batch->job[batch->count++];

    job->channel = channel;
    job->id = frame->id;
    job->replayed = false;
    memset(&job->err, 0, sizeof(job->err));
    job->state = parse(job, guard, frame, now_s) ? ISSUE_GUARDED : ISSUE_REFUSED;
}

/* All that describes the certificate comes from its TBS; the frame gives only what the TBS cannot
 * say: who asked, with which authorisation. */
static struct record
record_of(const struct issue_job *job)
{
    const struct issue_request *request = &job->request;
    const struct guarded *guarded = &job->guarded;
    struct record record = {
        .grant_kind = (uint8_t)request->grant_kind,
        .grant_key = request->grant_key,
        .request_hash = request->request_hash,
        .identity = request->identity,
        .identity_kind = permit_class_name(guarded->kind),
        .own_name = guarded->own_name[0] ? guarded->own_name : NULL,
        .profile = request->profile,
        .policy_version = request->policy_version,
        .requester = request->requester,
        .request_id = request->request_id,
        .predecessor = request->predecessor,
        .attempt = request->attempt,
        .line_limit = guarded->class->max_line,
        .serial = guarded->tbs.serial,
        .names = guarded->names,
        .tbs = request->tbs,
        .not_before_s = guarded->tbs.not_before_s,
        .not_after_s = guarded->tbs.not_after_s,
        .shard = 0, /* there is one; the guard compared the CRL URL */
    };

    memcpy(record.spki_hash, guarded->spki_hash, sizeof(record.spki_hash));
    return record;
}

size_t
batch_records(struct batch *batch, struct record records[LIMIT_BATCH],
              struct issue_job *ret_job[LIMIT_BATCH])
{
    size_t count = 0;

    for (size_t i = 0; i < batch->count; i++) {
        if (batch->job[i].state != ISSUE_GUARDED)
            continue;
        records[count] = record_of(&batch->job[i]);
        ret_job[count++] = &batch->job[i];
    }
    return count;
}

static const struct verdict_row {
    enum error_kind kind;
    const char *rule;
    const char *text;
} verdict_rows[] = {
    [RECORD_GRANT_USED] = {ERROR_GRANT_USED, "record.grant_used",
                           "the authorisation was used with another request"},
    [RECORD_IDENTITY_MISSING] = {ERROR_IDENTITY_NOT_FOUND, "record.identity_missing",
                                 "there is no identity of this name"},
    [RECORD_IDENTITY_SUSPENDED] = {ERROR_IDENTITY_SUSPENDED, "record.identity_suspended",
                                   "the identity is suspended"},
    [RECORD_IDENTITY_REVOKED] = {ERROR_IDENTITY_REVOKED, "record.identity_revoked",
                                 "the identity is revoked"},
    [RECORD_NAME_MISMATCH] = {ERROR_NAME_NOT_GRANTED, "record.name_mismatch",
                              "the name in the certificate is not the identity's, or the identity "
                              "is of another kind"},
    [RECORD_NAMES_BEYOND] = {ERROR_NAME_NOT_GRANTED, "record.names_beyond",
                             "the certificate has a name that the identity does not have"},
    [RECORD_KEY_BLOCKED] = {ERROR_KEY_BLOCKED, "record.key_blocked", "the public key is blocked"},
    [RECORD_TOKEN_MISSING] = {ERROR_TOKEN_UNKNOWN, "record.token_missing",
                              "there is no such enrolment token"},
    [RECORD_TOKEN_EXPIRED] = {ERROR_TOKEN_EXPIRED, "record.token_expired",
                              "the enrolment token has expired"},
    [RECORD_TOKEN_IDENTITY] = {ERROR_TOKEN_UNKNOWN, "record.token_identity",
                               "the enrolment token was made for another identity"},
    [RECORD_PREDECESSOR_MISSING] = {ERROR_CERTIFICATE_UNKNOWN, "record.predecessor_missing",
                                    "the certificate to renew was not issued here"},
    [RECORD_PREDECESSOR_REVOKED] = {ERROR_CERTIFICATE_REVOKED, "record.predecessor_revoked",
                                    "the certificate to renew is revoked"},
    [RECORD_PREDECESSOR_EXPIRED] = {ERROR_CERTIFICATE_EXPIRED, "record.predecessor_expired",
                                    "the certificate to renew has expired"},
    [RECORD_PREDECESSOR_IDENTITY] = {ERROR_CERTIFICATE_UNKNOWN, "record.predecessor_identity",
                                     "the certificate to renew belongs to another identity"},
    [RECORD_LINE_LIMIT] = {ERROR_RENEWAL_LIMIT, "record.line_limit",
                           "the limit of renewals since the last enrolment is reached"},
    [RECORD_ATTEMPT] = {ERROR_STATE_CONFLICT, "record.attempt",
                        "the successor before this attempt is not unused and revoked"},
    [RECORD_SERIAL_TAKEN] = {ERROR_SERIAL_CONFLICT, "record.serial_taken",
                             "the serial number exists already"},
};

void
issue_job_judge(struct issue_job *job, const struct record *record)
{
    const struct verdict_row *row;

    if (record->verdict == RECORD_DONE) {
        job->sign.message = job->request.tbs;
        job->state = ISSUE_SIGNING;
        return;
    }
    job->state = ISSUE_REFUSED;
    if (record->verdict == RECORD_REPLAY || (size_t)record->verdict >= ARRAY_LEN(verdict_rows)) {
        error_set(&job->err, ERROR_INTERNAL, "the record ended with verdict %d",
                  (int)record->verdict);
        return;
    }
    row = &verdict_rows[record->verdict];
    error_refuse(&job->err, row->kind, row->rule, "%s: %s", job->request.identity, row->text);
}

static void
job_signed(struct sign_job *sign)
{
    struct issue_job *job = sign->owner;
    struct batch *batch = job->batch;

    if (atomic_fetch_sub(&batch->unsigned_count, 1) == 1)
        signer_wake(batch->signer);
}

void
batch_sign(struct batch *batch)
{
    size_t count = 0;

    for (size_t i = 0; i < batch->count; i++)
        count += batch->job[i].state == ISSUE_SIGNING;
    /* Set before the first is submitted, or the first to end would seem to be the last. */
    atomic_store(&batch->unsigned_count, count);
    for (size_t i = 0; i < batch->count; i++) {
        struct issue_job *job = &batch->job[i];

        if (job->state != ISSUE_SIGNING)
            continue;
        job->sign.done = job_signed;
        job->sign.owner = job;
        signing_submit(batch->signer->signing, &job->sign);
    }
}

bool
batch_is_signed(const struct batch *batch)
{
    return batch->count > 0 && atomic_load(&batch->unsigned_count) == 0;
}

bool
issue_job_certificate(const struct issue_job *job, struct buffer *out, struct bytes *ret_serial,
                      struct error *err)
{
    const struct db_certificate *row = job->row;
    struct bytes tbs = row ? bytes_of(row->tbs, row->tbs_len) : job->request.tbs;
    struct bytes signature = row ? bytes_of(row->signature, row->signature_len)
                                 : bytes_of(job->sign.signature, job->sign.signature_len);

    buffer_clear(out);
    if (!certificate_assemble(tbs, job->guarded.tbs.algorithm, signature, out, err))
        return false;
    *ret_serial = row ? bytes_of(row->serial, row->serial_len) : job->guarded.tbs.serial;
    return true;
}

void
batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->job[i].row);
        batch->job[i].row = NULL;
    }
    batch->count = 0;
}
