#include "signet/signer_client.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "signet/file.h"
#include "signet/frame.h"

/* `fresh` is where another thread leaves a descriptor; only the owner touches `fd`. */
enum { FRESH_NONE = -2 };

struct signer_channel {
    int fd;
    atomic_int fresh;
    atomic_bool alive;
    uint32_t last_id;
    uint32_t owed_id; /* of a call whose answer did not come in time; 0: none */
    struct buffer in;
    struct buffer out;
};

struct signer_channel *
signer_channel_new(int fd)
{
    struct signer_channel *channel = calloc(1, sizeof(*channel));

    if (!channel) {
        fd_close(&fd);
        return NULL;
    }
    channel->fd = fd;
    atomic_init(&channel->fresh, FRESH_NONE);
    atomic_init(&channel->alive, fd >= 0);
    buffer_init(&channel->in, LIMIT_FRAME_OCTETS);
    buffer_init(&channel->out, LIMIT_FRAME_OCTETS);
    return channel;
}

void
signer_channel_free(struct signer_channel *channel)
{
    int fresh;

    if (!channel)
        return;
    fresh = atomic_exchange(&channel->fresh, FRESH_NONE);
    if (fresh >= 0)
        fd_close(&fresh);
    fd_close(&channel->fd);
    buffer_done(&channel->in);
    buffer_done(&channel->out);
    free(channel);
}

void
signer_channel_replace(struct signer_channel *channel, int fd)
{
    int unused = atomic_exchange(&channel->fresh, fd);

    if (unused >= 0)
        fd_close(&unused);
}

bool
signer_channel_alive(const struct signer_channel *channel)
{
    return atomic_load(&channel->fresh) >= 0 || atomic_load(&channel->alive);
}

static void
channel_adopt(struct signer_channel *channel)
{
    int fresh = atomic_exchange(&channel->fresh, FRESH_NONE);

    if (fresh == FRESH_NONE)
        return;
    fd_close(&channel->fd);
    channel->fd = fresh;
    channel->owed_id = 0;
    atomic_store(&channel->alive, fresh >= 0);
}

/* What broke the rules or ended is not used again. */
static bool
channel_spoil(struct signer_channel *channel)
{
    fd_close(&channel->fd);
    atomic_store(&channel->alive, false);
    return false;
}

static bool
channel_wait(struct signer_channel *channel, uint32_t id, int timeout_ms, struct frame *ret_frame,
             struct error *err)
{
    struct frame frame = {0};

    switch (frame_receive(channel->fd, timeout_ms, &channel->in, &frame, err)) {
    case FRAME_OK:
        break;
    case FRAME_CLOSED:
        error_set(err, ERROR_SIGNER_UNAVAILABLE, "the signer closed its channel");
        return channel_spoil(channel);
    case FRAME_TIMEOUT:
        error_set(err, ERROR_SIGNER_UNAVAILABLE, "the signer did not answer within %d ms",
                  timeout_ms);
        channel->owed_id = id;
        return false;
    case FRAME_FAILED:
        return channel_spoil(channel);
    }
    if (frame.id != id) {
        error_set(err, ERROR_FRAME, "the signer answered call %u with the id %u", (unsigned)id,
                  (unsigned)frame.id);
        return channel_spoil(channel);
    }
    *ret_frame = frame;
    return true;
}

/*
 * Takes the answer out that came too late for its call. While it has not come the signer is behind
 * or stands still: the next call fails at once instead of waiting behind the first, so that a
 * worker is held up once and not at each request.
 */
static bool
channel_settle(struct signer_channel *channel, struct error *err)
{
    struct frame late;

    if (channel->owed_id == 0)
        return true;
    if (channel_wait(channel, channel->owed_id, 0, &late, err)) {
        channel->owed_id = 0;
        return true;
    }
    if (channel->fd >= 0)
        error_set(err, ERROR_SIGNER_UNAVAILABLE, "the signer has not answered an earlier call yet");
    return false;
}

/* Sends channel->out and yields the body of a reply of kind `wanted`. */
static bool
channel_call(struct signer_channel *channel, enum frame_kind kind, enum frame_kind wanted,
             int timeout_ms, struct bytes *ret_body, struct error *err)
{
    struct error refusal;
    struct frame frame = {0};
    uint32_t id = ++channel->last_id;

    channel_adopt(channel);
    if (channel->fd < 0)
        return error_set(err, ERROR_SIGNER_UNAVAILABLE, "there is no channel to the signer");
    if (!channel_settle(channel, err))
        return false;
    if (!frame_send(channel->fd, kind, id, buffer_bytes(&channel->out), err))
        return channel_spoil(channel);
    if (!channel_wait(channel, id, timeout_ms, &frame, err))
        return false;
    if (frame.kind == FRAME_REFUSED) {
        if (!error_get(frame.body, &refusal, err))
            return channel_spoil(channel);
        if (err)
            *err = refusal;
        return false;
    }
    if (frame.kind != wanted) {
        error_set(err, ERROR_FRAME, "the signer answered with frame kind %u, wanted %u",
                  (unsigned)frame.kind, (unsigned)wanted);
        return channel_spoil(channel);
    }
    *ret_body = frame.body;
    return true;
}

static bool
request_too_long(const char *what, struct error *err)
{
    return error_set(err, ERROR_FRAME, "the %s request does not fit in a frame", what);
}

bool
signer_issue(struct signer_channel *channel, const struct issue_request *request, int timeout_ms,
             struct issue_reply *ret_reply, struct error *err)
{
    struct bytes body;

    buffer_clear(&channel->out);
    if (!issue_request_put(&channel->out, request))
        return request_too_long("issue", err);
    return channel_call(channel, FRAME_ISSUE, FRAME_ISSUED, timeout_ms, &body, err) &&
           issue_reply_get(body, ret_reply, err);
}

bool
signer_build_crl(struct signer_channel *channel, const struct crl_request *request, int timeout_ms,
                 struct crl_reply *ret_reply, struct error *err)
{
    struct bytes body;

    buffer_clear(&channel->out);
    if (!crl_request_put(&channel->out, request))
        return request_too_long("CRL", err);
    return channel_call(channel, FRAME_CRL, FRAME_CRL_BUILT, timeout_ms, &body, err) &&
           crl_reply_get(body, ret_reply, err);
}

bool
signer_ocsp(struct signer_channel *channel, const struct ocsp_request_message *request,
            int timeout_ms, struct ocsp_reply *ret_reply, struct error *err)
{
    struct bytes body;

    buffer_clear(&channel->out);
    if (!ocsp_request_message_put(&channel->out, request))
        return request_too_long("OCSP", err);
    return channel_call(channel, FRAME_OCSP, FRAME_OCSP_SIGNED, timeout_ms, &body, err) &&
           ocsp_reply_get(body, ret_reply, err);
}

bool
signer_permit(struct signer_channel *channel, int timeout_ms, struct permit_facts *ret_facts,
              struct error *err)
{
    struct bytes body;

    buffer_clear(&channel->out);
    return channel_call(channel, FRAME_PERMIT, FRAME_PERMITTED, timeout_ms, &body, err) &&
           permit_facts_get(body, ret_facts, err);
}

bool
signer_probe(struct signer_channel *channel, int timeout_ms, struct probe_reply *ret_reply,
             struct error *err)
{
    struct bytes body;

    buffer_clear(&channel->out);
    return channel_call(channel, FRAME_PROBE, FRAME_PROBED, timeout_ms, &body, err) &&
           probe_reply_get(body, ret_reply, err);
}
