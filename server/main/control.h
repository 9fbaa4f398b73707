/*
 * The main thread's loop: frames from the supervisor, signals, and the tick. Ends when the process
 * is asked to stop (SIGTERM, SIGINT) or the supervisor is gone (its end of the socket closed).
 */
#ifndef SIGNET_CONTROL_H
#define SIGNET_CONTROL_H

#include "serve.h"

/* `signals` is a signalfd; `control` may be -1. True when the stop was asked for. */
bool control_run(struct serving *serving, int control, int signals);
/* Takes one FRAME_CHANNELS body and its descriptors (all are taken). Errors: ERROR_FRAME. */
MUST_USE bool control_take_channels(struct channels *channels, struct bytes body, const int *fds,
                                    size_t count, struct error *err);

#endif
