#include "reply.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "problem.h"
#include "signet/clock.h"

/* Adds a field unless the value is null or empty. */
static bool
put(struct MHD_Response *reply, const char *name, const char *value)
{
    return !value || !*value || MHD_add_response_header(reply, name, value) == MHD_YES;
}

static struct MHD_Response *
reply_empty(void)
{
    return MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
}

/* The buffer's memory becomes the response's. */
static struct MHD_Response *
reply_of_buffer(struct buffer *body)
{
    struct MHD_Response *reply;

    if (body->len == 0)
        return reply_empty();
    reply = MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_FREE);
    if (reply)
        *body = (struct buffer){.max = body->max};
    return reply;
}

static bool
response_has(const struct response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (strcasecmp(response->header[i].name, name) == 0)
            return true;
    return false;
}

struct MHD_Response *
reply_of_response(struct response *response, const char *request_id)
{
    bool typed = response->body.len > 0;
    AUTO_REPLY reply = reply_of_buffer(&response->body);
    const char *type = response->content_type ? response->content_type : "application/json";

    if (!reply || !put(reply, "X-Request-Id", request_id) ||
        (typed && !put(reply, "Content-Type", type)))
        return NULL;
    if (!response_has(response, "Cache-Control") && !put(reply, "Cache-Control", "no-store"))
        return NULL;
    for (size_t i = 0; i < response->header_count; i++)
        if (!put(reply, response->header[i].name, response->header[i].value))
            return NULL;
    return steal(&reply);
}

struct MHD_Response *
reply_of_error(const struct error *error, const char *request_id, const char *allow,
               uint32_t retry_after_s)
{
    AUTO_BUFFER body = {.max = 8 * ERROR_DETAIL_OCTETS};
    AUTO_REPLY reply = NULL;
    char seconds[16] = "";

    if (!problem_build(error, request_id, &body))
        return NULL;
    if (retry_after_s == 0)
        retry_after_s = problem_retry_after_s(error);
    if (retry_after_s)
        snprintf(seconds, sizeof(seconds), "%u", (unsigned)retry_after_s);
    reply = reply_of_buffer(&body);
    if (!reply || !put(reply, "X-Request-Id", request_id) ||
        !put(reply, "Content-Type", PROBLEM_CONTENT_TYPE) ||
        !put(reply, "Cache-Control", "no-store") || !put(reply, "Retry-After", seconds) ||
        !put(reply, "Allow", allow))
        return NULL;
    if (error_row(error->kind)->status == 401 && !put(reply, "WWW-Authenticate", "Bearer"))
        return NULL;
    return steal(&reply);
}

static void
published_release(void *published)
{
    published_unref(published);
}

struct MHD_Response *
reply_of_published(struct published *published, int status, const char *request_id)
{
    AUTO_PUBLISHED shared = published;
    char control[PUBLISHED_CONTROL_OCTETS];
    AUTO_REPLY reply = NULL;

    published_cache_control(shared, clock_now_s(), control);
    if (status == 304 || shared->body.len == 0)
        reply = reply_empty();
    else
        reply = MHD_create_response_from_buffer_with_free_callback_cls(
            shared->body.len, (void *)(uintptr_t)shared->body.data, published_release, shared);
    if (!reply)
        return NULL;
    published = shared;
    if (status != 304 && shared->body.len)
        shared = NULL; /* the response releases it */
    if (!put(reply, "X-Request-Id", request_id) || !put(reply, "Cache-Control", control) ||
        !put(reply, "ETag", published->etag) ||
        !put(reply, "Last-Modified", published->last_modified) ||
        !put(reply, "Expires", published->expires) ||
        (status != 304 && !put(reply, "Content-Type", published->content_type)))
        return NULL;
    return steal(&reply);
}
