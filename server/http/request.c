/* The small functions on requests and responses that handlers call. */
#include "http.h"

#include <string.h>

const char *
request_query(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->query_count; i++)
        if (strcmp(request->query[i].name, name) == 0)
            return request->query[i].value;
    return NULL;
}

/* A field value must not be able to end its line. */
static bool
header_value_safe(const char *value)
{
    for (; *value; value++)
        if ((unsigned char)*value < 0x20 || *value == 0x7f)
            return false;
    return true;
}

/* The values' store gets its full size at once, so that values which were put do not move. */
static bool
response_text_reserve(struct response *response)
{
    if (response->text.room)
        return true;
    buffer_init(&response->text, HTTP_HEADER_TEXT);
    if (!buffer_extend(&response->text, HTTP_HEADER_TEXT))
        return false;
    buffer_clear(&response->text);
    return true;
}

bool
response_header(struct response *response, const char *name, const char *value, struct error *err)
{
    uint8_t *copy;

    if (response->header_count == HTTP_HEADERS)
        return error_set(err, ERROR_INTERNAL, "more than %d header fields in a response",
                         HTTP_HEADERS);
    if (!header_value_safe(value))
        return error_set(err, ERROR_INTERNAL, "the value of %s has a control character", name);
    if (!response_text_reserve(response))
        return error_set(err, ERROR_MEMORY, "no memory for header fields");
    copy = buffer_extend(&response->text, strlen(value) + 1);
    if (!copy)
        return error_set(err, ERROR_MEMORY, "no room for the header field %s", name);
    memcpy(copy, value, strlen(value) + 1);
    response->header[response->header_count++] = (struct http_pair){name, (const char *)copy};
    return true;
}
