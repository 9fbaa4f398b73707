/*
 * What the ceremony has done so far: STATE/.ceremony/ stands while one is under way, and is left
 * when it failed. Until it is gone no signet.conf stands, so that nothing half-made can be started.
 */
#ifndef SIGNET_CEREMONY_PROGRESS_H
#define SIGNET_CEREMONY_PROGRESS_H

#include "signet/error.h"

struct progress {
    char folder[600];
    int fd; /* -1: not begun */
};

/* Refuses with ERROR_STATE_EXISTS, touching nothing, when STATE has an authority or a ceremony that
 * did not finish. */
MUST_USE bool progress_check(const char *state, struct error *err);
/* Makes the folder. */
MUST_USE bool progress_begin(struct progress *progress, const char *state, struct error *err);
/* Leaves the folder for a second step, which nothing but progress_resume begins. */
MUST_USE bool progress_wait(struct progress *progress, struct error *err);
/* Whether a first step waits in this state folder. */
bool progress_waits(const char *state);
/* Begins the second step; what fails from here on is a ceremony that did not finish. */
MUST_USE bool progress_resume(struct progress *progress, const char *state, struct error *err);
/* One durable line with the time: before a CA key signs, what it is about to sign stands here. */
MUST_USE bool progress_note(struct progress *progress, struct error *err, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Removes the folder and what the ceremony put into it. */
void progress_end(struct progress *progress);
void progress_done(struct progress *progress);

#endif
