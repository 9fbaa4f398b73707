#include "api/json.h"

#include "signet/clock.h"

/* Jansson follows nesting by recursion; so the depth is counted before it sees the body. */
static bool
depth_check(struct bytes body, struct error *err)
{
    int depth = 0;
    bool in_text = false;

    for (size_t i = 0; i < body.len; i++) {
        uint8_t c = body.data[i];

        if (in_text && c == '\\')
            i++;
        else if (c == '"')
            in_text = !in_text;
        else if (!in_text && (c == '{' || c == '['))
            depth++;
        else if (!in_text && (c == '}' || c == ']'))
            depth--;
        if (depth > LIMIT_JSON_DEPTH)
            return error_set(err, ERROR_JSON_DEPTH, "the body is nested more than %d deep",
                             LIMIT_JSON_DEPTH);
    }
    return true;
}

static bool
body_load(const struct request *request, json_t **ret_body, struct error *err)
{
    json_error_t complaint;
    json_t *body;

    if (!request->content_type || strcmp(request->content_type, "application/json") != 0)
        return error_set(err, ERROR_MEDIA_TYPE,
                         "the content type is %.100s, wanted application/json",
                         request->content_type ? request->content_type : "not given");
    if (!depth_check(request->body, err))
        return false;
    body = json_loadb((const char *)request->body.data, request->body.len, JSON_REJECT_DUPLICATES,
                      &complaint);
    if (!body)
        return error_set(err, ERROR_JSON_SYNTAX, "line %d, column %d: %.120s", complaint.line,
                         complaint.column, complaint.text);
    if (!json_is_object(body)) {
        json_decref(body);
        return error_set(err, ERROR_JSON_SYNTAX, "the body is not an object");
    }
    *ret_body = body;
    return true;
}

static bool
text_check(const struct json_member *member, const json_t *value, struct error *err)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);

    if (!text)
        return error_set(err, ERROR_MEMBER_INVALID, "%s: wanted a string", member->name);
    if ((int64_t)len < member->least || (int64_t)len > member->most)
        return error_set(err, ERROR_MEMBER_INVALID, "%s: %zu octets, wanted %lld to %lld",
                         member->name, len, (long long)member->least, (long long)member->most);
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)text[i] < 0x20 && !strchr("\t\r\n", text[i])) || text[i] == 0x7f)
            return error_set(err, ERROR_MEMBER_INVALID, "%s: has a control character",
                             member->name);
    return true;
}

static bool
integer_check(const struct json_member *member, const json_t *value, struct error *err)
{
    int64_t number = json_integer_value(value);

    if (!json_is_integer(value))
        return error_set(err, ERROR_MEMBER_INVALID, "%s: wanted an integer", member->name);
    if (number < member->least || number > member->most)
        return error_set(err, ERROR_MEMBER_INVALID, "%s: %lld, wanted %lld to %lld", member->name,
                         (long long)number, (long long)member->least, (long long)member->most);
    return true;
}

static bool
texts_check(const struct json_member *member, const json_t *value, struct error *err)
{
    const struct json_member item = {member->name, JSON_MEMBER_TEXT, true, 1, LIMIT_NAME_OCTETS};

    if (!json_is_array(value) || (int64_t)json_array_size(value) > member->most)
        return error_set(err, ERROR_MEMBER_INVALID, "%s: wanted an array of at most %lld strings",
                         member->name, (long long)member->most);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!text_check(&item, json_array_get(value, i), err))
            return false;
    return true;
}

static bool
time_check(const struct json_member *member, const json_t *value, struct error *err)
{
    const char *text = json_string_value(value);
    int64_t time_s;

    if (!text || !clock_parse(text, &time_s) || time_s <= 0)
        return error_set(err, ERROR_MEMBER_INVALID,
                         "%s: wanted a time such as 2026-11-22T07:30:00Z", member->name);
    return true;
}

static bool
member_check(const struct json_member *member, const json_t *value, struct error *err)
{
    switch (member->type) {
    case JSON_MEMBER_TEXT:
        return text_check(member, value, err);
    case JSON_MEMBER_INTEGER:
        return integer_check(member, value, err);
    case JSON_MEMBER_TEXTS:
        return texts_check(member, value, err);
    case JSON_MEMBER_TIME:
        return time_check(member, value, err);
    }
    return error_set(err, ERROR_INTERNAL, "%s: member of no type", member->name);
}

static const struct json_member *
member_of(const struct json_member *members, const char *name)
{
    for (; members->name; members++)
        if (strcmp(members->name, name) == 0)
            return members;
    return NULL;
}

static bool
members_check(json_t *body, const struct json_member *members, struct error *err)
{
    const char *name;
    json_t *value;

    json_object_foreach(body, name, value)
    {
        const struct json_member *member = member_of(members, name);

        if (!member)
            return error_set(err, ERROR_MEMBER_UNKNOWN, "%.100s: this member is not known", name);
        if (!member_check(member, value, err))
            return false;
    }
    for (; members->name; members++)
        if (members->required && !json_object_get(body, members->name))
            return error_set(err, ERROR_MEMBER_MISSING, "%s: this member is required",
                             members->name);
    return true;
}

bool
json_body(const struct request *request, const struct json_member *members, json_t **ret_body,
          struct error *err)
{
    AUTO_JSON body = NULL;

    if (!body_load(request, &body, err) || !members_check(body, members, err))
        return false;
    *ret_body = steal(&body);
    return true;
}

const char *
json_text(const json_t *body, const char *name)
{
    return json_string_value(json_object_get(body, name));
}

int64_t
json_number(const json_t *body, const char *name)
{
    return json_integer_value(json_object_get(body, name));
}

int64_t
json_time(const json_t *body, const char *name)
{
    const char *text = json_text(body, name);
    int64_t time_s = 0;

    return text && clock_parse(text, &time_s) ? time_s : 0;
}
