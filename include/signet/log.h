/*
 * The log: one JSON object a line on stderr, plain text when stderr is a terminal. Only programs
 * (server/, the mains of ca/signer and ca/ceremony) log; libraries fill errors. Each line is one
 * write(2). Values are escaped; secrets are never passed here.
 */
#ifndef SIGNET_LOG_H
#define SIGNET_LOG_H

#include <stdint.h>

#include "signet/error.h"

struct log_field {
    const char *name;
    const char *text; /* null: the number is meant */
    int64_t number;
};

/* A null value is written as the empty text. */
static inline struct log_field
LOG_TEXT(const char *name, const char *value) {
    return (struct log_field){name, value ? value : "", 0};
}

#define LOG_NUMBER(name, value) ((struct log_field){(name), NULL, (int64_t)(value)})

/* Names the program in every line; call once in main, before any thread. */
void
log_open(const char *program, enum log_level least);

/* "alert" to "debug". */
const char *log_level_text(enum log_level level);

/* log_event(LOG_LEVEL_INFO, "started", LOG_NUMBER("port", 8443), LOG_TEXT("role", "issuing")); */
#define log_event(level, message, ...)                                                             \
    log_event_fields((level), (message), (const struct log_field[]){__VA_ARGS__, {NULL, NULL, 0}})
/* The same without fields. */
#define log_line(level, message)                                                                   \
    log_event_fields((level), (message), (const struct log_field[]){{NULL, NULL, 0}})
/* `fields` ends with a null name. */
void log_event_fields(enum log_level level, const char *message, const struct log_field *fields);
/* Logs an error with kind, detail, internal text, cause, rule and place at its table's level. */
void log_error(const char *message, const struct error *err, const struct log_field *fields);

#endif
