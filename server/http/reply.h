/* From what a handler or an error says to a response of libmicrohttpd. Each carries X-Request-Id.
 */
#ifndef SIGNET_REPLY_H
#define SIGNET_REPLY_H

#include <microhttpd.h>

#include "http.h"
#include "publish/published.h"

DEFINE_CLEANUP(struct MHD_Response *, MHD_destroy_response);
#define AUTO_REPLY CLEANUP(MHD_destroy_response_auto) struct MHD_Response *

/* Takes the body out of `response`. Null when memory ran out. Gives. */
MUST_USE struct MHD_Response *reply_of_response(struct response *response, const char *request_id);
/* A problem document. `allow` may be "", retry_after_s 0 for what the kind says. Gives, or null. */
MUST_USE struct MHD_Response *reply_of_error(const struct error *error, const char *request_id,
                                             const char *allow, uint32_t retry_after_s);
/* Shares the bytes: the response holds a reference. Takes `published`. Gives, or null. */
MUST_USE struct MHD_Response *reply_of_published(struct published *published, int status,
                                                 const char *request_id);

#endif
