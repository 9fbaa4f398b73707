/*
 * A batch of issuance requests and what happens to it, in this order: filled (each request
 * guarded), recorded in one commit, signed, stored, answered. A request that is refused on the way
 * leaves the batch; the others go on.
 */
#ifndef SIGNET_SIGNER_BATCH_H
#define SIGNET_SIGNER_BATCH_H

#include "channels.h"
#include "guard.h"
#include "signet/db.h"
#include "signing.h"

enum issue_state {
    ISSUE_GUARDED,  /* to be recorded */
    ISSUE_REFUSED,  /* to be answered with err */
    ISSUE_SIGNING,  /* recorded; at the signing threads */
    ISSUE_STANDING, /* a replay whose row has its signature: to be answered */
    ISSUE_ANSWERED
};

struct issue_job {
    struct sign_job sign;
    struct batch *batch;
    struct channel *channel;
    uint32_t id;
    enum issue_state state;
    uint8_t body[CHANNEL_FRAME_OCTETS]; /* the frame's, which request and guarded borrow */
    struct issue_request request;
    struct guarded guarded;
    bool replayed;
    struct db_certificate *row; /* of a replay; owned */
    struct error err;
};

struct batch {
    struct signer *signer;
    size_t count;
    struct issue_job job[LIMIT_BATCH];
    atomic_size_t unsigned_count; /* jobs that are with the signing threads */
};

MUST_USE struct batch *batch_new(struct signer *signer);
/* Parses the frame into the next job and asks the guard; the job may end refused. */
void batch_add(struct batch *batch, const struct guard *guard, struct channel *channel,
               const struct frame *frame, int64_t now_s);
/* Makes the records of the jobs that are guarded; *ret_job[i] belongs to records[i]. */
size_t batch_records(struct batch *batch, struct record records[LIMIT_BATCH],
                     struct issue_job *ret_job[LIMIT_BATCH]);
/* Takes the verdict of one record; a refusal names its rule "record.<what>". */
void issue_job_judge(struct issue_job *job, const struct record *record);
/* Submits the jobs that are ISSUE_SIGNING. */
void batch_sign(struct batch *batch);
bool batch_is_signed(const struct batch *batch);
/* The certificate and serial to answer with; the DER is put into `out`. */
MUST_USE bool issue_job_certificate(const struct issue_job *job, struct buffer *out,
                                    struct bytes *ret_serial, struct error *err);
void batch_clear(struct batch *batch);

#endif
