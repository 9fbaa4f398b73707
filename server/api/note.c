#include "api/note.h"

#include <stdarg.h>
#include <stdio.h>

#include "http/audit.h"
#include "http/percent.h"

bool
note_done(struct db *db, const struct request *request, const char *action, const char *object,
          struct error *err, const char *format, ...)
{
    struct db_audit event = {.count = 1};
    va_list args;

    audit_of_request(request, NULL, &event);
    snprintf(event.action, sizeof(event.action), "%s", action);
    snprintf(event.object, sizeof(event.object), "%s", object);
    snprintf(event.outcome, sizeof(event.outcome), "done");
    va_start(args, format);
    vsnprintf(event.detail, sizeof(event.detail), format, args);
    va_end(args);
    text_make_utf8(event.detail);
    return db_audit_insert(db, &event, 1, err);
}
