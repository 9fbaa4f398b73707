#include "problem.h"

#include "percent.h"

static bool
put_escape(struct buffer *out, uint8_t octet)
{
    switch (octet) {
    case '"':
        return buffer_put(out, "\\\"", 2);
    case '\\':
        return buffer_put(out, "\\\\", 2);
    case '\n':
        return buffer_put(out, "\\n", 2);
    default:
        return buffer_printf(out, "\\u%04x", octet);
    }
}

/* A detail may quote what a client sent, cut anywhere: a text that is not UTF-8 as a whole loses
 * all octets beyond ASCII. */
static bool
put_string(struct buffer *out, const char *text)
{
    bool valid = text_is_utf8(bytes_of_text(text));

    if (!buffer_put_u8(out, '"'))
        return false;
    for (; *text; text++) {
        uint8_t octet = (uint8_t)*text;

        if (octet < 0x20 || octet == '"' || octet == '\\' || octet == 0x7f) {
            if (!put_escape(out, octet))
                return false;
            continue;
        }
        if (!buffer_put_u8(out, octet >= 0x80 && !valid ? '?' : octet))
            return false;
    }
    return buffer_put_u8(out, '"');
}

static bool
put_member(struct buffer *out, const char *name, const char *value)
{
    return buffer_printf(out, ",\"%s\":", name) && put_string(out, value);
}

bool
problem_build(const struct error *error, const char *request_id, struct buffer *out)
{
    const struct error_row *row = error_row(error->kind);

    return buffer_printf(out, "{\"type\":\"" ERROR_URN_PREFIX "%s\",\"title\":", row->type) &&
           put_string(out, row->title) && buffer_printf(out, ",\"status\":%d", row->status) &&
           (error->detail[0] == '\0' || put_member(out, "detail", error->detail)) &&
           buffer_printf(out, ",\"instance\":\"" PROBLEM_INSTANCE_PREFIX "%s\"", request_id) &&
           (error->rule[0] == '\0' || put_member(out, "rule", error->rule)) &&
           buffer_put(out, "}\n", 2);
}

unsigned
problem_retry_after_s(const struct error *error)
{
    switch (error_row(error->kind)->retry) {
    case RETRY_NO:
        return 0;
    case RETRY_LATER:
        return 2;
    case RETRY_NOW:
        return 1;
    }
    return 0;
}
