#include "api/note.h"

#include <stdarg.h>
#include <stdio.h>

#include "http/audit.h"
#include "http/percent.h"

static void
note_fill(struct db_audit *event, const struct request *request, const char *action,
          const char *object, const char *format, va_list args)
{
    audit_of_request(request, NULL, event);
    snprintf(event->action, sizeof(event->action), "%s", action);
    snprintf(event->object, sizeof(event->object), "%s", object);
    snprintf(event->outcome, sizeof(event->outcome), "done");
    vsnprintf(event->detail, sizeof(event->detail), format, args);
    text_make_utf8(event->detail);
}

bool
note_done(struct db *db, const struct request *request, const char *action, const char *object,
          struct error *err, const char *format, ...)
{
    struct db_audit event;
    va_list args;

    va_start(args, format);
    note_fill(&event, request, action, object, format, args);
    va_end(args);
    return db_audit_insert(db, &event, 1, err);
}

bool
note_shared(struct audit *audit, struct db *db, const struct request *request, const char *action,
            const char *object, struct error *err, const char *format, ...)
{
    struct db_audit event;
    va_list args;

    va_start(args, format);
    note_fill(&event, request, action, object, format, args);
    va_end(args);
    return audit_done(audit, db, &event, err);
}
