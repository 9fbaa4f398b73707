/*
 * The serving loop that both roles share. One thread reads frames: in each round at most one from
 * each channel, so that a channel that floods starves no other. What a frame may be is a table of
 * the role; anything else is refused and the signer lives on.
 */
#ifndef SIGNET_SIGNER_SERVE_H
#define SIGNET_SIGNER_SERVE_H

#include "channels.h"
#include "refusals.h"
#include "signer.h"

struct serving {
    struct signer *signer;
    struct channels *channels;
    struct db *db;
    struct refusals *refusals; /* of the serving thread's connection */
};

struct frame_row {
    enum frame_kind kind;
    /* The body is borrowed for the call only. */
    void (*handle)(void *context, struct channel *channel, const struct frame *frame);
};

struct serve_role {
    const struct frame_row *frames;
    size_t frame_count;
    bool (*has_room)(void *context); /* may another frame be read? */
    bool (*is_idle)(void *context);  /* nothing is in flight */
    /* After the frames of a round, and whenever something was done. An error ends the program. */
    bool (*round)(void *context, struct error *err);
    bool (*tick)(void *context, struct error *err); /* about once a second, and at the end */
    /* The program ends: everything in flight is answered with `why`. */
    void (*abandon)(void *context, const struct error *why);
};

/* Refuses a frame: reply, audit row, counter, log line. `request` may be null. */
void serve_refuse(struct serving *serving, struct channel *channel, uint32_t id,
                  const struct issue_request *request, const struct error *why);
/* Counts and puts down the refusal without the reply. */
void serve_note_refusal(struct serving *serving, const struct issue_request *request,
                        const struct error *why);
/* Runs until stopped. The exit status of the program. */
int serve(struct serving *serving, const struct serve_role *role, void *context);

#endif
