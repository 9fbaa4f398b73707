#include "signet/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signet/buffer.h"
#include "signet/clock.h"

enum { LOG_LINE_OCTETS = 16 * 1024, LOG_VALUE_OCTETS = 2048 };

/* Set once by main before any thread: the log is the one thing that a program has one of. */
static struct {
    char program[32];
    enum log_level least;
    bool terminal;
} log_state = {.program = "signet", .least = LOG_LEVEL_INFO};

const char *
log_level_text(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ALERT:
        return "alert";
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARNING:
        return "warning";
    case LOG_LEVEL_NOTICE:
        return "notice";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_DEBUG:
        return "debug";
    }
    return "error";
}

void
log_open(const char *program, enum log_level least)
{
    snprintf(log_state.program, sizeof(log_state.program), "%s", program);
    log_state.least = least;
    log_state.terminal = isatty(STDERR_FILENO) == 1;
}

/* Octets of the UTF-8 character at `text`, 0 when it is none (RFC 3629 §4). */
static size_t
log_character(const uint8_t *text)
{
    static const struct {
        uint8_t first_from, first_to, second_from, second_to;
        size_t octets;
    } forms[] = {
        {0x20, 0x7e, 0, 0, 1},       {0xc2, 0xc2, 0xa0, 0xbf, 2}, /* not U+0080 to U+009F: terminals
                                                                     obey them */
        {0xc3, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (text[0] < forms[i].first_from || text[0] > forms[i].first_to)
            continue;
        if (forms[i].octets > 1 && (text[1] < forms[i].second_from || text[1] > forms[i].second_to))
            continue;
        for (size_t j = 2; j < forms[i].octets; j++)
            if ((text[j] & 0xc0) != 0x80)
                return 0;
        return forms[i].octets;
    }
    return 0;
}

/* Control characters and what is not UTF-8 are escaped, so that a value stays in its place. */
static bool
log_put_escaped(struct buffer *line, const char *text, bool quotes)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t start = line->len;

    while (*at && line->len - start < LOG_VALUE_OCTETS) {
        size_t octets = log_character(at);

        if (quotes && (*at == '"' || *at == '\\')) {
            if (!buffer_printf(line, "\\%c", *at))
                return false;
            at++;
            continue;
        }
        if (octets ? !buffer_put(line, at, octets) : !buffer_printf(line, "\\u%04x", *at))
            return false;
        at += octets ? octets : 1;
    }
    return !*at || buffer_put(line, "...", 3);
}

static bool
log_put_time(struct buffer *line)
{
    int64_t now_us = clock_now_us();
    char text[CLOCK_TEXT_OCTETS];

    clock_text(now_us / 1000000, text);
    return buffer_printf(line, "%.19s.%06uZ", text, (unsigned)(now_us % 1000000));
}

static bool
log_put_json_text(struct buffer *line, const char *name, const char *text)
{
    return buffer_put(line, ",\"", 2) && log_put_escaped(line, name, true) &&
           buffer_put(line, "\":\"", 3) && log_put_escaped(line, text, true) &&
           buffer_put(line, "\"", 1);
}

static bool
log_put_json(struct buffer *line, enum log_level level, const char *message,
             const struct log_field *field)
{
    size_t end;

    if (!buffer_printf(line, "{\"time\":\"") || !log_put_time(line) ||
        !buffer_printf(line, "\",\"level\":\"%s\",\"program\":\"%s\",\"pid\":%d",
                       log_level_text(level), log_state.program, (int)getpid()) ||
        !log_put_json_text(line, "message", message))
        return false;
    for (end = line->len; field->name; field++, end = line->len) {
        bool put = field->text
                       ? log_put_json_text(line, field->name, field->text)
                       : buffer_printf(line, ",\"%s\":%lld", field->name, (long long)field->number);

        /* a line over its limit loses the fields that do not fit, never its shape */
        if (!put || line->len > LOG_LINE_OCTETS) {
            line->len = end;
            break;
        }
    }
    return buffer_put(line, "}\n", 2);
}

static bool
log_put_plain(struct buffer *line, enum log_level level, const char *message,
              const struct log_field *field)
{
    if (!log_put_time(line) ||
        !buffer_printf(line, " %-7s %s: ", log_level_text(level), log_state.program) ||
        !log_put_escaped(line, message, false))
        return false;
    for (; field->name; field++) {
        bool put = field->text
                       ? buffer_printf(line, "  %s=", field->name) &&
                             log_put_escaped(line, field->text, false)
                       : buffer_printf(line, "  %s=%lld", field->name, (long long)field->number);

        if (!put || line->len > LOG_LINE_OCTETS)
            break;
    }
    return buffer_put(line, "\n", 1);
}

void
log_event_fields(enum log_level level, const char *message, const struct log_field *fields)
{
    AUTO_BUFFER line;
    int saved = errno;
    bool put;

    buffer_init(&line, LOG_LINE_OCTETS + 8 * LOG_VALUE_OCTETS);
    if (level > log_state.least)
        return;
    put = log_state.terminal ? log_put_plain(&line, level, message, fields)
                             : log_put_json(&line, level, message, fields);
    /* a log that cannot be written has nowhere to say so */
    if (put && write(STDERR_FILENO, line.data, line.len) < 0)
        errno = saved;
    errno = saved;
}

static const char *
log_cause_text(enum error_cause cause)
{
    switch (cause) {
    case CAUSE_NONE:
        return "none";
    case CAUSE_ERRNO:
        return "errno";
    case CAUSE_OPENSSL:
        return "openssl";
    case CAUSE_PKCS11:
        return "pkcs11";
    case CAUSE_SQLSTATE:
        return "sqlstate";
    }
    return "none";
}

enum { LOG_ERROR_FIELDS = 24 };

void
log_error(const char *message, const struct error *err, const struct log_field *fields)
{
    const struct error_row *row = error_row(err->kind);
    struct log_field all[LOG_ERROR_FIELDS + 1] = {0};
    char place[128] = "";
    size_t count = 0;

    all[count++] = LOG_TEXT("error", row->type);
    all[count++] = LOG_TEXT("detail", err->detail);
    if (err->internal[0])
        all[count++] = LOG_TEXT("internal", err->internal);
    if (err->rule[0])
        all[count++] = LOG_TEXT("rule", err->rule);
    if (err->cause != CAUSE_NONE) {
        all[count++] = LOG_TEXT("cause", log_cause_text(err->cause));
        all[count++] = err->cause == CAUSE_SQLSTATE ? LOG_TEXT("code", err->sqlstate)
                                                    : LOG_NUMBER("code", err->cause_code);
    }
    if (err->file) {
        const char *slash = strrchr(err->file, '/');

        snprintf(place, sizeof(place), "%s:%d", slash ? slash + 1 : err->file, err->line);
        all[count++] = LOG_TEXT("place", place);
    }
    for (; fields && fields->name && count < LOG_ERROR_FIELDS; fields++)
        all[count++] = *fields;
    log_event_fields(row->level, message, all);
}
