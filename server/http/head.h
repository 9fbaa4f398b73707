/*
 * What a request's header must satisfy before anything is done with it, beyond what libmicrohttpd
 * checks: one length and not two ways to tell it (RFC 9112 §6.3), no field twice that may stand
 * once, and sizes within our limits.
 */
#ifndef SIGNET_HEAD_H
#define SIGNET_HEAD_H

#include <microhttpd.h>

#include "http.h"

struct head {
    const char *accept, *content_type, *authorization, *if_none_match, *if_modified_since;
    const char *content_length, *transfer_encoding;
    size_t octets; /* of all fields */
};

/* Values borrow MHD's memory; `most` octets of fields are taken. Errors: ERROR_REQUEST_MALFORMED,
 * ERROR_HEADERS_TOO_LARGE. */
MUST_USE bool head_read(struct MHD_Connection *mhd, size_t most, struct head *ret_head,
                        struct error *err);
/* Whether a body follows, and its length when that is told. */
bool head_has_body(const struct head *head);
/* ERROR_BODY_TOO_LARGE when the length told is over `max`; a chunked body is counted as it comes.
 */
MUST_USE bool head_check_length(const struct head *head, size_t max, struct error *err);
/* Octets that head_copy needs. */
size_t head_room(const struct head *head);
/* Copies the values that handlers see to `text` and points the request to them. */
void head_copy(const struct head *head, char *text, struct request *request);

#endif
