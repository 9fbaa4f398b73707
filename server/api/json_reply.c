#include "api/json.h"

#include "signet/clock.h"
#include "signet/der.h"
#include "signet/encode.h"

enum {
    JSON_REPLY_OCTETS = 4 * 1024 * 1024, /* LIMIT_PAGE_ROWS of the largest rows, with room */
    JSON_HEX_OCTETS = 64                 /* longest serial or digest written in hexadecimal */
};

bool
json_failed(struct error *err)
{
    return error_set(err, ERROR_MEMORY, "the answer could not be built");
}

bool
json_put_new(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0;
}

bool
json_put_text(json_t *object, const char *name, const char *text)
{
    return json_put_new(object, name, json_string(text));
}

bool
json_put_number(json_t *object, const char *name, int64_t number)
{
    return json_put_new(object, name, json_integer(number));
}

bool
json_put_time(json_t *object, const char *name, int64_t time_s)
{
    char text[CLOCK_TEXT_OCTETS];

    clock_text(time_s, text);
    return json_put_text(object, name, text);
}

bool
json_put_hex(json_t *object, const char *name, struct bytes bytes)
{
    char text[2 * JSON_HEX_OCTETS + 1];

    if (bytes.len > JSON_HEX_OCTETS)
        return false;
    hex_encode(bytes, text, sizeof(text));
    return json_put_text(object, name, text);
}

bool
json_put_pem(json_t *object, const char *name, struct bytes der)
{
    AUTO_BUFFER pem = {.max = 2 * LIMIT_CERTIFICATE_OCTETS};

    return pem_encode(der, "CERTIFICATE", &pem) && buffer_text(&pem) &&
           json_put_text(object, name, buffer_text(&pem));
}

static int
body_add(const char *data, size_t len, void *context)
{
    return buffer_put(context, data, len) ? 0 : -1;
}

bool
json_reply(struct response *response, int status, const json_t *object, struct error *err)
{
    if (response->body.max < JSON_REPLY_OCTETS)
        response->body.max = JSON_REPLY_OCTETS;
    buffer_clear(&response->body);
    if (json_dump_callback(object, body_add, &response->body, JSON_COMPACT) != 0)
        return json_failed(err);
    response->status = status;
    return true;
}
