#include "serve.h"

#include <stdlib.h>

#include "signet/clock.h"
#include "signet/log.h"

enum { TICK_MS = 1000 };

struct serve_loop {
    struct serving *serving;
    const struct serve_role *role;
    void *context;
    struct buffer in;
    int64_t next_tick_ms;
    bool stopping;
};

void
serve_note_refusal(struct serving *serving, const struct issue_request *request,
                   const struct error *why)
{
    atomic_fetch_add(&serving->signer->refusals, 1);
    if (refusals_add(serving->refusals, request, why, clock_monotonic_ms()))
        log_error(
            "refused", why,
            (const struct log_field[]){LOG_TEXT("identity", request ? request->identity : NULL),
                                       LOG_TEXT("request", request ? request->request_id : NULL),
                                       {NULL, NULL, 0}});
}

void
serve_refuse(struct serving *serving, struct channel *channel, uint32_t id,
             const struct issue_request *request, const struct error *why)
{
    struct error err = {0};

    serve_note_refusal(serving, request, why);
    /* In the audit trail before it is told. */
    if (!refusals_flush(serving->refusals, serving->db, clock_monotonic_ms(), &err))
        signer_doom(serving->signer, &err);
    channel_refuse(channel, id, why);
}

static void
dispatch(struct serve_loop *loop, struct channel *channel, const struct frame *frame)
{
    struct error why;

    for (size_t i = 0; i < loop->role->frame_count; i++)
        if (loop->role->frames[i].kind == frame->kind) {
            loop->role->frames[i].handle(loop->context, channel, frame);
            return;
        }
    error_refuse(&why, ERROR_FRAME, "frame.kind", "this signer takes no frame of kind %u",
                 (unsigned)frame->kind);
    serve_refuse(loop->serving, channel, frame->id, NULL, &why);
}

static void
take_one(struct serve_loop *loop, struct channel *channel)
{
    struct frame frame;
    struct error why = {0};

    switch (channel_take(channel, &loop->in, &frame, &why)) {
    case FRAME_OK:
        dispatch(loop, channel, &frame);
        return;
    case FRAME_FAILED:
        /* Its header is not known, so the answer bears the id 0; the channel stays. */
        if (why.kind == ERROR_FRAME)
            serve_refuse(loop->serving, channel, 0, NULL, &why);
        return;
    case FRAME_CLOSED:
    case FRAME_TIMEOUT:
        return;
    }
}

static bool
tick(struct serve_loop *loop, struct error *err)
{
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms < loop->next_tick_ms)
        return true;
    loop->next_tick_ms = now_ms + TICK_MS;
    return loop->role->tick(loop->context, err);
}

static bool
one_round(struct serve_loop *loop, struct error *err)
{
    struct channel_events events;
    bool closed = loop->stopping || !loop->role->has_room(loop->context);

    if (!channels_wait(loop->serving->channels, closed, TICK_MS, &events, err))
        return false;
    for (size_t i = 0; i < events.ready_count && loop->role->has_room(loop->context); i++)
        take_one(loop, events.ready[i]);
    loop->stopping = loop->stopping || events.stop;
    return loop->role->round(loop->context, err) && tick(loop, err);
}

/* What the tick would have written in the second that does not come any more. */
static void
last_tick(struct serve_loop *loop)
{
    struct error err = {0};

    if (!loop->role->tick(loop->context, &err))
        log_error("the signer's last look", &err, NULL);
}

static bool
must_end(struct serve_loop *loop)
{
    bool alone = channels_open(loop->serving->channels) == 0;

    return (loop->stopping || alone) && loop->role->is_idle(loop->context);
}

/* A server that is gone is no fault of ours; the supervisor makes new channels at our next start.
 */
static int
end_status(const struct serve_loop *loop)
{
    if (loop->stopping || loop->serving->signer->ceremony)
        return EXIT_SUCCESS;
    log_line(LOG_LEVEL_NOTICE, "all channels are closed");
    return EXIT_TEMPORARY;
}

int
serve(struct serving *serving, const struct serve_role *role, void *context)
{
    struct serve_loop loop = {.serving = serving, .role = role, .context = context};
    struct error err = {0}, why;

    buffer_init(&loop.in, CHANNEL_FRAME_OCTETS);
    while (!signer_is_doomed(serving->signer, &err)) {
        if (!one_round(&loop, &err)) {
            signer_doom(serving->signer, &err);
            continue;
        }
        if (must_end(&loop)) {
            last_tick(&loop);
            return end_status(&loop);
        }
    }
    log_error("the signer ends", &err, NULL);
    why = error_excuse(&err);
    role->abandon(context, &why);
    return error_exit_status(&err);
}
