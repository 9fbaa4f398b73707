#include "head.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEAD_FIELDS = 64, HEAD_LENGTH_DIGITS = 15 };

/* The fields we look at; `once` ones are refused when they stand twice. */
static const struct {
    const char *name;
    size_t offset; /* in struct head */
    bool once;
} fields[] = {
    {"Accept", offsetof(struct head, accept), false},
    {"Content-Type", offsetof(struct head, content_type), true},
    {"Authorization", offsetof(struct head, authorization), true},
    {"If-None-Match", offsetof(struct head, if_none_match), false},
    {"If-Modified-Since", offsetof(struct head, if_modified_since), false},
    {"Content-Length", offsetof(struct head, content_length), true},
    {"Transfer-Encoding", offsetof(struct head, transfer_encoding), true},
};

struct head_reading {
    struct head *head;
    unsigned count;
    const char *twice; /* name of a field that stands twice */
};

static enum MHD_Result
head_field(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct head_reading *reading = context;

    (void)kind;
    if (!value)
        value = "";
    reading->count++;
    reading->head->octets += strlen(name) + strlen(value) + 4;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const char **place = (const char **)(void *)((char *)reading->head + fields[i].offset);

        if (strcasecmp(name, fields[i].name) != 0)
            continue;
        if (!*place)
            *place = value;
        else if (fields[i].once)
            reading->twice = fields[i].name;
    }
    return MHD_YES;
}

static bool
length_is_number(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len <= HEAD_LENGTH_DIGITS && strspn(text, "0123456789") == len;
}

static bool
head_check_framing(const struct head *head, struct error *err)
{
    if (head->content_length && head->transfer_encoding)
        return error_refuse(err, ERROR_REQUEST_MALFORMED, "header.length",
                            "the request has both Content-Length and Transfer-Encoding");
    if (head->transfer_encoding && strcasecmp(head->transfer_encoding, "chunked") != 0)
        return error_refuse(err, ERROR_REQUEST_MALFORMED, "header.coding",
                            "the transfer coding \"%.32s\" is not known, only chunked is",
                            head->transfer_encoding);
    if (head->content_length && !length_is_number(head->content_length))
        return error_refuse(err, ERROR_REQUEST_MALFORMED, "header.length",
                            "Content-Length \"%.32s\" is not a number of octets",
                            head->content_length);
    return true;
}

bool
head_read(struct MHD_Connection *mhd, size_t most, struct head *ret_head, struct error *err)
{
    struct head head = {0};
    struct head_reading reading = {.head = &head};

    MHD_get_connection_values(mhd, MHD_HEADER_KIND, head_field, &reading);
    *ret_head = head;
    if (head.octets > most || reading.count > HEAD_FIELDS)
        return error_set(err, ERROR_HEADERS_TOO_LARGE,
                         "%u header fields of %zu octets; at most %d of %zu are taken",
                         reading.count, head.octets, HEAD_FIELDS, most);
    if (reading.twice)
        return error_refuse(err, ERROR_REQUEST_MALFORMED, "header.twice",
                            "the header field %s stands twice", reading.twice);
    return head_check_framing(&head, err);
}

bool
head_has_body(const struct head *head)
{
    return head->transfer_encoding || (head->content_length && strspn(head->content_length, "0") !=
                                                                   strlen(head->content_length));
}

bool
head_check_length(const struct head *head, size_t max, struct error *err)
{
    if (!head->content_length || strtoull(head->content_length, NULL, 10) <= max)
        return true;
    if (max == 0)
        return error_set(err, ERROR_BODY_TOO_LARGE, "this route takes no body");
    return error_set(err, ERROR_BODY_TOO_LARGE,
                     "the body has %s octets, at most %zu are taken here", head->content_length,
                     max);
}

static size_t
room_of(const char *value)
{
    return value ? strlen(value) + 1 : 0;
}

size_t
head_room(const struct head *head)
{
    return room_of(head->accept) + room_of(head->content_type) + room_of(head->authorization) +
           room_of(head->if_none_match) + room_of(head->if_modified_since);
}

static const char *
copy(char **text, const char *value)
{
    size_t room = room_of(value);
    char *start = *text;

    if (!value)
        return NULL;
    memcpy(start, value, room);
    *text += room;
    return start;
}

/* The media type alone, in lower case. */
static void
media_type_trim(char *type)
{
    size_t len = strcspn(type, "; \t");

    type[len] = '\0';
    for (; *type; type++)
        *type = (char)tolower((unsigned char)*type);
}

void
head_copy(const struct head *head, char *text, struct request *request)
{
    char *type = text;

    request->content_type = copy(&text, head->content_type);
    if (request->content_type)
        media_type_trim(type);
    request->accept = copy(&text, head->accept);
    request->authorization = copy(&text, head->authorization);
    request->if_none_match = copy(&text, head->if_none_match);
    request->if_modified_since = copy(&text, head->if_modified_since);
}
