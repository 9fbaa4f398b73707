/*
 * Errors: one table of kinds (error_kinds.def), one fixed-size value that lives on the stack.
 *
 * Every function that can fail returns bool and takes `struct error *err` last. On success the
 * error is untouched, so that calls chain with &&. All setters return false, so that a refusal is
 * one line: return error_set(err, ERROR_LIFETIME, "ttl_s is %u, at most %u", a, b);
 */
#ifndef SIGNET_ERROR_H
#define SIGNET_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "signet/attributes.h"

enum error_kind {
    ERROR_NONE = 0,
#define ERROR_KIND(constant, type, status, title, blame, retry, level) ERROR_##constant,
#include "signet/error_kinds.def"
#undef ERROR_KIND
    ERROR_KIND_COUNT
};

enum error_blame { BLAME_CLIENT, BLAME_SERVER, BLAME_OPERATOR };
enum error_retry { RETRY_NO, RETRY_LATER, RETRY_NOW };
enum error_cause { CAUSE_NONE, CAUSE_ERRNO, CAUSE_OPENSSL, CAUSE_PKCS11, CAUSE_SQLSTATE };
/* Numbered as syslog(3) numbers its levels. */
enum log_level {
    LOG_LEVEL_ALERT = 1,
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

struct error_row {
    const char *constant; /* "LIFETIME" */
    const char *type;     /* "lifetime"; the problem type is URN_PREFIX + type */
    const char *title;
    int status; /* HTTP */
    enum error_blame blame;
    enum error_retry retry;
    enum log_level level;
};

#define ERROR_URN_PREFIX "urn:signet:error:"
enum { ERROR_DETAIL_OCTETS = 320, ERROR_INTERNAL_OCTETS = 480, ERROR_RULE_OCTETS = 48 };

struct error {
    enum error_kind kind;
    char detail[ERROR_DETAIL_OCTETS];     /* for the client: object, wanted, found, what to do */
    char internal[ERROR_INTERNAL_OCTETS]; /* for the log only */
    char rule[ERROR_RULE_OCTETS];         /* which rule refused, "" when the kind says it all */
    enum error_cause cause;
    unsigned long cause_code; /* errno, OpenSSL code or CK_RV */
    char sqlstate[6];
    const char *file; /* where it was set; a static string */
    int line;
};

/* The row of a kind; never null: an unknown kind gives the row of ERROR_INTERNAL. */
const struct error_row *error_row(enum error_kind kind);

/* The kind whose type is `type`, or ERROR_NONE. */
enum error_kind error_kind_of_type(const char *type);

/* Sets kind and client-safe detail, clears the rest. Always false. `err` may be null. */
#define error_set(err, kind, ...) error_set_at((err), (kind), __FILE__, __LINE__, __VA_ARGS__)
bool error_set_at(struct error *err, enum error_kind kind, const char *file, int line,
                  const char *format, ...) PRINTF_LIKE(5, 6);

/* As error_set, with the name of the rule that refused ("permit.extension"). */
#define error_refuse(err, kind, rule, ...)                                                         \
    error_refuse_at((err), (kind), (rule), __FILE__, __LINE__, __VA_ARGS__)
bool error_refuse_at(struct error *err, enum error_kind kind, const char *rule, const char *file,
                     int line, const char *format, ...) PRINTF_LIKE(6, 7);

/* As error_set, with errno as cause (its text goes into `internal`). */
#define error_errno(err, kind, ...) error_errno_at((err), (kind), __FILE__, __LINE__, __VA_ARGS__)
bool error_errno_at(struct error *err, enum error_kind kind, const char *file, int line,
                    const char *format, ...) PRINTF_LIKE(5, 6);

/* Adds text for the log only. Always false. */
bool error_internal(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Puts "context: " before the detail on the way up. Always false. */
bool error_context(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Forgets an error that was dealt with. */
void error_clear(struct error *err);

#endif
