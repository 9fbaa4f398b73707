#include "status.h"

#include <poll.h>
#include <stdlib.h>

#include "probe.h"
#include "responder.h"
#include "signet/clock.h"
#include "signet/fault.h"
#include "signet/log.h"
#include "signet/ocsp.h"

enum {
    STATUS_JOBS = 2 * LIMIT_BATCH, /* one batch is signed while the next is read */
    STATUS_SERIALS = 1024,         /* asked in one statement */
    STATUS_DRAIN_MS = 500
};

struct status_job {
    struct sign_job sign;
    struct status *status;
    struct channel *channel;
    uint32_t id;
    struct ocsp_request_message request;
    struct ocsp_single single[LIMIT_OCSP_REQUESTS];
    struct buffer data; /* ResponseData */
    uint8_t responder[RESPONDER_OCTETS];
    size_t responder_len;
    int64_t this_update_s;
    int64_t next_update_s;
    struct status_job *next;
};

struct status {
    struct serving *serving;
    struct signer *signer;
    struct ocsp_issuer issuer;
    uint8_t key_sha1[20];
    struct responder responder;
    struct probe probe;

    struct status_job job[STATUS_JOBS];
    pthread_mutex_t lock;
    struct status_job *free; /* guarded by lock */
    size_t free_count;       /* guarded by lock */

    size_t batch_count; /* jobs of this round, their rows not yet read */
    struct status_job *batch[STATUS_JOBS];
    size_t serial_count;
    struct db_status serial[STATUS_SERIALS];
};

static struct status_job *
job_take(struct status *status)
{
    struct status_job *job;

    pthread_mutex_lock(&status->lock);
    job = status->free;
    if (job) {
        status->free = job->next;
        status->free_count--;
    }
    pthread_mutex_unlock(&status->lock);
    return job;
}

static void
job_give(struct status_job *job)
{
    struct status *status = job->status;
    bool wake;

    pthread_mutex_lock(&status->lock);
    /* The reader waits only when none is free or all must come back. */
    wake = status->free_count == 0 || status->free_count + 1 == STATUS_JOBS;
    job->next = status->free;
    status->free = job;
    status->free_count++;
    pthread_mutex_unlock(&status->lock);
    if (wake)
        signer_wake(status->signer);
}

static size_t
jobs_free(struct status *status)
{
    size_t count;

    pthread_mutex_lock(&status->lock);
    count = status->free_count;
    pthread_mutex_unlock(&status->lock);
    return count;
}

static uint8_t
worst_of(const struct status_job *job)
{
    uint8_t worst = OCSP_GOOD;

    for (size_t i = 0; i < job->request.count; i++)
        if (job->single[i].status > worst)
            worst = (uint8_t)job->single[i].status;
    return worst;
}

/* On the signing thread: puts the answer together and sends it. */
static void
job_signed(struct sign_job *sign)
{
    struct status_job *job = sign->owner;
    struct ocsp_reply reply = {.this_update_s = job->this_update_s,
                               .next_update_s = job->next_update_s,
                               .worst = worst_of(job)};
    struct error err = sign->err;
    AUTO_BUFFER response;
    AUTO_BUFFER out;

    buffer_init(&response, LIMIT_OCSP_RESPONSE_OCTETS);
    buffer_init(&out, LIMIT_FRAME_OCTETS);
    if (!sign->ok ||
        !ocsp_response_assemble(buffer_bytes(&job->data), job->status->signer->algorithm,
                                bytes_of(sign->signature, sign->signature_len),
                                bytes_of(job->responder, job->responder_len), &response, &err)) {
        channel_refuse(job->channel, job->id, &err);
        job_give(job);
        return;
    }
    reply.response = buffer_bytes(&response);
    if (ocsp_reply_put(&out, &reply))
        channel_reply(job->channel, FRAME_OCSP_SIGNED, job->id, buffer_bytes(&out));
    job_give(job);
}

static void
refuse(struct status *status, struct channel *channel, uint32_t id, const struct error *why)
{
    serve_refuse(status->serving, channel, id, NULL, why);
}

static void
on_ocsp(void *context, struct channel *channel, const struct frame *frame)
{
    struct status *status = context;
    struct status_job *job = job_take(status);
    struct error why;

    if (!job)
        return; /* has_room was asked before the frame was read */
    job->channel = channel;
    job->id = frame->id;
    if (!ocsp_request_message_get(frame->body, &job->request, &why)) {
        refuse(status, channel, frame->id, &why);
        job_give(job);
        return;
    }
    for (uint32_t i = 0; i < job->request.count; i++)
        status->serial[status->serial_count++] = (struct db_status){
            .serial = bytes_of(job->request.query[i].serial, job->request.query[i].serial_len)};
    status->batch[status->batch_count++] = job;
}

static void
on_probe(void *context, struct channel *channel, const struct frame *frame)
{
    struct status *status = context;
    struct error why;

    if (frame->body.len != 0) {
        error_refuse(&why, ERROR_FRAME, "frame.length", "a probe has no body");
        refuse(status, channel, frame->id, &why);
        return;
    }
    if (!probe_ask(&status->probe, channel, frame->id,
                   status->responder.present ? status->responder.not_after_s : 0, &why))
        refuse(status, channel, frame->id, &why);
}

static bool
status_has_room(void *context)
{
    struct status *status = context;

    return jobs_free(status) > 0 && status->serial_count + LIMIT_OCSP_REQUESTS <= STATUS_SERIALS;
}

static bool
status_is_idle(void *context)
{
    struct status *status = context;

    return jobs_free(status) == STATUS_JOBS && probe_is_idle(&status->probe);
}

static int64_t
least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Never good without a row (O-04): what the database did not show is unknown. Another host's clock
 * may be ahead: the answer must not speak of the future, and must not be missing either. */
static void
fill_single(struct status_job *job, const struct db_status *row, int64_t now_s)
{
    for (size_t i = 0; i < job->request.count; i++) {
        struct ocsp_single *single = &job->single[i];

        *single = (struct ocsp_single){.query = job->request.query[i], .status = OCSP_UNKNOWN};
        if (!row[i].found)
            continue;
        single->status = row[i].revoked ? OCSP_REVOKED : OCSP_GOOD;
        single->revoked_s = least(row[i].revoked_s, now_s);
        single->reason = row[i].reason;
    }
}

static bool
build(struct status_job *job, int64_t now_s, struct error *err)
{
    struct status *status = job->status;
    const struct responder *responder = &status->responder;
    int64_t life_s =
        least(status->signer->config->jobs.ocsp_life_s, status->signer->permit->max_answer_life_s);
    struct ocsp_response response = {.issuer = &status->issuer,
                                     .produced_at_s = now_s,
                                     .this_update_s = now_s,
                                     .nonce = bytes_of(job->request.nonce, job->request.nonce_len),
                                     .count = job->request.count,
                                     .single = job->single};

    if (!responder->present || now_s >= responder->not_after_s || now_s < responder->not_before_s)
        return error_set(err, ERROR_SIGNER_UNAVAILABLE,
                         "there is no valid responder certificate yet");
    response.next_update_s = least(now_s + life_s, responder->not_after_s);
    memcpy(response.responder_key_sha1, status->key_sha1, sizeof(status->key_sha1));
    memcpy(job->responder, responder->certificate, responder->certificate_len);
    job->responder_len = responder->certificate_len;
    job->this_update_s = response.this_update_s;
    job->next_update_s = response.next_update_s;
    buffer_clear(&job->data);
    return ocsp_response_data_build(&response, &job->data, err);
}

static void
start_job(struct status_job *job, int64_t now_s)
{
    struct error why = {0};
    bool failed = FAULT_POINT("before-ocsp-sign");

    if (failed)
        error_set(&why, ERROR_INTERNAL, "fault point before-ocsp-sign");
    if (failed || !build(job, now_s, &why)) {
        channel_refuse(job->channel, job->id, &why);
        job_give(job);
        return;
    }
    job->sign =
        (struct sign_job){.message = buffer_bytes(&job->data), .done = job_signed, .owner = job};
    signing_submit(job->status->signer->signing, &job->sign);
}

static bool
status_round(void *context, struct error *err)
{
    struct status *status = context;
    int64_t now_s = clock_now_s();
    size_t at = 0;

    probe_round(&status->probe, status->responder.present ? status->responder.not_after_s : 0);
    if (status->batch_count > 0) {
        if (!db_status_get(status->serving->db, status->signer->issuer_id, status->serial,
                           status->serial_count, err) ||
            !responder_refresh(&status->responder, status->signer, status->serving->db, now_s, err))
            return false;
        for (size_t i = 0; i < status->batch_count; i++) {
            fill_single(status->batch[i], status->serial + at, now_s);
            at += status->batch[i]->request.count;
            start_job(status->batch[i], now_s);
        }
        status->batch_count = 0;
        status->serial_count = 0;
    }
    return refusals_flush(status->serving->refusals, status->serving->db, clock_monotonic_ms(),
                          err);
}

static bool
status_tick(void *context, struct error *err)
{
    struct status *status = context;
    struct db *db = status->serving->db;

    /* A connection that ended is noticed now and not by the request that comes first. */
    return db_ping(db, err) &&
           responder_refresh(&status->responder, status->signer, db, clock_now_s(), err);
}

/* What waits for its row is answered here, what waits for the token by the signing threads. */
static void
status_abandon(void *context, const struct error *why)
{
    struct status *status = context;
    int64_t end_ms = clock_monotonic_ms() + STATUS_DRAIN_MS;

    for (size_t i = 0; i < status->batch_count; i++) {
        channel_refuse(status->batch[i]->channel, status->batch[i]->id, why);
        job_give(status->batch[i]);
    }
    status->batch_count = 0;
    probe_abandon(&status->probe, why);
    while (jobs_free(status) < STATUS_JOBS && clock_monotonic_ms() < end_ms)
        poll(NULL, 0, 1);
}

static const struct frame_row status_frames[] = {
    {FRAME_OCSP, on_ocsp},
    {FRAME_PROBE, on_probe},
};

static const struct serve_role status_role = {
    .frames = status_frames,
    .frame_count = ARRAY_LEN(status_frames),
    .has_room = status_has_room,
    .is_idle = status_is_idle,
    .round = status_round,
    .tick = status_tick,
    .abandon = status_abandon,
};

bool
status_new(struct serving *serving, struct status **ret_status, struct error *err)
{
    struct status *status = calloc(1, sizeof(*status));
    const struct permit *permit = serving->signer->permit;

    if (!status)
        return error_set(err, ERROR_MEMORY, "no memory for the status role");
    status->serving = serving;
    status->signer = serving->signer;
    pthread_mutex_init(&status->lock, NULL);
    for (size_t i = 0; i < STATUS_JOBS; i++) {
        status->job[i].status = status;
        buffer_init(&status->job[i].data, LIMIT_OCSP_RESPONSE_OCTETS);
        status->job[i].next = status->free;
        status->free = &status->job[i];
    }
    status->free_count = STATUS_JOBS;
    ocsp_issuer_init(&status->issuer, permit->issuer.tbs.subject,
                     public_key_bits_octets(permit->issuer_key));
    digest_sha1(public_key_bits_octets(serving->signer->key), status->key_sha1);
    probe_init(&status->probe, serving->signer);
    if (!responder_refresh(&status->responder, serving->signer, serving->db, clock_now_s(), err)) {
        free(status);
        return false;
    }
    *ret_status = status;
    return true;
}

int
status_serve(struct status *status)
{
    return serve(status->serving, &status_role, status);
}
