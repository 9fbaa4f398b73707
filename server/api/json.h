/*
 * JSON in and out. In: a table names the members that a request may have; everything else about the
 * body is refused before a handler sees it. Out: one object, compact.
 */
#ifndef SIGNET_API_JSON_H
#define SIGNET_API_JSON_H

#include <jansson.h>

#include "http/http.h"

static inline void
json_unref(json_t **value)
{
    json_decref(*value);
}
#define AUTO_JSON CLEANUP(json_unref) json_t *

enum json_member_type {
    JSON_MEMBER_TEXT,    /* `least` to `most` octets, no control characters save in PEM */
    JSON_MEMBER_INTEGER, /* `least` to `most` */
    JSON_MEMBER_TEXTS,   /* an array of at most `most` texts */
    JSON_MEMBER_TIME     /* RFC 3339, UTC, seconds */
};

struct json_member {
    const char *name; /* null ends the table */
    enum json_member_type type;
    bool required;
    int64_t least, most;
};

/*
 * Parses the body of a request strictly. Errors: ERROR_MEDIA_TYPE unless application/json;
 * ERROR_JSON_SYNTAX (not JSON, not UTF-8, duplicate member, something after the object);
 * ERROR_JSON_DEPTH; ERROR_MEMBER_UNKNOWN, ERROR_MEMBER_MISSING, ERROR_MEMBER_INVALID naming the
 * member. Gives.
 */
MUST_USE bool json_body(const struct request *request, const struct json_member *members,
                        json_t **ret_body, struct error *err);

/* Members of a checked body; null or 0 when absent. Borrowed. */
const char *json_text(const json_t *body, const char *name);
int64_t json_number(const json_t *body, const char *name);
int64_t json_time(const json_t *body, const char *name);

/* Puts members into an object under construction; null texts and failures mark it by returning
 * false, so that calls chain. */
MUST_USE bool json_put_text(json_t *object, const char *name, const char *text);
MUST_USE bool json_put_number(json_t *object, const char *name, int64_t number);
MUST_USE bool json_put_time(json_t *object, const char *name, int64_t time_s);
MUST_USE bool json_put_hex(json_t *object, const char *name, struct bytes bytes);
MUST_USE bool json_put_pem(json_t *object, const char *name, struct bytes der);
/* Takes `value`, also when it fails or is null. */
MUST_USE bool json_put_new(json_t *object, const char *name, json_t *value);

/* Writes the object as the body of the response. ERROR_MEMORY. */
MUST_USE bool json_reply(struct response *response, int status, const json_t *object,
                         struct error *err);
bool json_failed(struct error *err); /* sets ERROR_MEMORY */

#endif
