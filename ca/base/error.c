#include "signet/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct error_row error_rows[] = {
    [ERROR_NONE] = {"NONE", "none", "No error", 200, BLAME_SERVER, RETRY_NO, LOG_LEVEL_INFO},
#define ERROR_KIND(constant, type, status, title, blame, retry, level)                             \
    [ERROR_##constant] = {#constant,        type, title, status, BLAME_##blame, RETRY_##retry,     \
                          LOG_LEVEL_##level},
#include "signet/error_kinds.def"
#undef ERROR_KIND
};

const struct error_row *
error_row(enum error_kind kind)
{
    if ((unsigned)kind >= (unsigned)ERROR_KIND_COUNT)
        return &error_rows[ERROR_INTERNAL];
    return &error_rows[kind];
}

enum error_kind
error_kind_of_type(const char *type)
{
    for (size_t i = ERROR_NONE + 1; i < ARRAY_LEN(error_rows); i++)
        if (strcmp(error_rows[i].type, type) == 0)
            return (enum error_kind)i;
    return ERROR_NONE;
}

static void error_fill(struct error *err, enum error_kind kind, const char *file, int line,
                       const char *format, va_list args) PRINTF_LIKE(5, 0);

static void
error_fill(struct error *err, enum error_kind kind, const char *file, int line, const char *format,
           va_list args)
{
    memset(err, 0, sizeof(*err));
    err->kind = kind;
    err->file = file;
    err->line = line;
    vsnprintf(err->detail, sizeof(err->detail), format, args);
}

bool
error_set_at(struct error *err, enum error_kind kind, const char *file, int line,
             const char *format, ...)
{
    va_list args;

    if (!err)
        return false;
    va_start(args, format);
    error_fill(err, kind, file, line, format, args);
    va_end(args);
    return false;
}

bool
error_refuse_at(struct error *err, enum error_kind kind, const char *rule, const char *file,
                int line, const char *format, ...)
{
    va_list args;

    if (!err)
        return false;
    va_start(args, format);
    error_fill(err, kind, file, line, format, args);
    va_end(args);
    snprintf(err->rule, sizeof(err->rule), "%s", rule);
    return false;
}

bool
error_errno_at(struct error *err, enum error_kind kind, const char *file, int line,
               const char *format, ...)
{
    int saved = errno;
    char text[96] = "";
    va_list args;

    if (!err)
        return false;
    va_start(args, format);
    error_fill(err, kind, file, line, format, args);
    va_end(args);
    err->cause = CAUSE_ERRNO;
    err->cause_code = (unsigned long)saved;
    snprintf(err->internal, sizeof(err->internal), "%s", strerror_r(saved, text, sizeof(text)));
    return false;
}

bool
error_internal(struct error *err, const char *format, ...)
{
    size_t used;
    va_list args;

    if (!err)
        return false;
    used = strlen(err->internal);
    if (used && used + 2 < sizeof(err->internal)) {
        memcpy(err->internal + used, "; ", 3);
        used += 2;
    }
    va_start(args, format);
    vsnprintf(err->internal + used, sizeof(err->internal) - used, format, args);
    va_end(args);
    return false;
}

bool
error_context(struct error *err, const char *format, ...)
{
    char old[ERROR_DETAIL_OCTETS];
    size_t used;
    va_list args;

    if (!err)
        return false;
    memcpy(old, err->detail, sizeof(old));
    va_start(args, format);
    vsnprintf(err->detail, sizeof(err->detail), format, args);
    va_end(args);
    used = strlen(err->detail);
    snprintf(err->detail + used, sizeof(err->detail) - used, ": %s", old);
    return false;
}

void
error_clear(struct error *err)
{
    if (err)
        memset(err, 0, sizeof(*err));
}
