/* The audit row of a change that was done, written in the transaction of the change where there is
 * one. Refusals are written by who called the handler. */
#ifndef SIGNET_API_NOTE_H
#define SIGNET_API_NOTE_H

#include "http/http.h"

struct audit;

/* `object` names what was changed; the format is free text for people, without secrets. */
MUST_USE bool note_done(struct db *db, const struct request *request, const char *action,
                        const char *object, struct error *err, const char *format, ...)
    PRINTF_LIKE(6, 7);

/* The same for what has no transaction of its own in the worker: shares its commit with others. */
MUST_USE bool note_shared(struct audit *audit, struct db *db, const struct request *request,
                          const char *action, const char *object, struct error *err,
                          const char *format, ...) PRINTF_LIKE(7, 8);

#endif
