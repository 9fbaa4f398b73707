/*
 * The signer's ends of the channels. They are inherited open; a channel whose other end closed is
 * left out of the waiting but keeps its descriptor until the end of the program, so that a thread
 * that still holds an answer for it can never hit a descriptor of somebody else.
 */
#ifndef SIGNET_SIGNER_CHANNELS_H
#define SIGNET_SIGNER_CHANNELS_H

#include <stdatomic.h>

#include "signet/frame.h"
#include "signet/limits.h"

enum {
    /* The longest request is an issue frame: a TBS of LIMIT_TBS_OCTETS and its texts. */
    CHANNEL_FRAME_OCTETS = 16 * 1024
};

struct channel {
    int fd;
    atomic_bool open;
};

struct channels {
    int epoll_fd;
    int wake_fd;
    int signal_fd;
    size_t count;
    struct channel item[LIMIT_CHANNELS];
};

struct channel_events {
    bool woken;
    bool stop; /* SIGTERM or SIGINT came */
    size_t ready_count;
    struct channel *ready[LIMIT_CHANNELS];
};

/* Takes the descriptors `first` to `last`. SIGTERM and SIGINT must be blocked already. */
MUST_USE bool channels_init(struct channels *channels, int first, int last, int wake_fd,
                            struct error *err);
/* Waits for frames (or, when `only_wake`, for the rest) at most timeout_ms. */
MUST_USE bool channels_wait(struct channels *channels, bool only_wake, int timeout_ms,
                            struct channel_events *ret_events, struct error *err);
size_t channels_open(const struct channels *channels);
/* One frame off a channel without waiting; a closed channel is marked. */
MUST_USE enum frame_result channel_take(struct channel *channel, struct buffer *in,
                                        struct frame *ret_frame, struct error *err);
/* Answers. An end that does not take its answer at once is marked closed. Any thread. */
void channel_reply(struct channel *channel, enum frame_kind kind, uint32_t id, struct bytes body);
void channel_refuse(struct channel *channel, uint32_t id, const struct error *why);

#endif
