#include "router.h"

#include <stdio.h>
#include <string.h>

#include "percent.h"

/* A walk over the segments of a path or pattern, both of which begin with a slash. */
struct walk {
    struct bytes rest; /* begins with "/" or is empty */
};

static bool
walk_next(struct walk *walk, struct bytes *ret_segment)
{
    const uint8_t *end;

    if (walk->rest.len == 0 || walk->rest.data[0] != '/')
        return false;
    walk->rest.data++;
    walk->rest.len--;
    end = walk->rest.len ? memchr(walk->rest.data, '/', walk->rest.len) : NULL;
    *ret_segment =
        bytes_of(walk->rest.data, end ? (size_t)(end - walk->rest.data) : walk->rest.len);
    walk->rest.data += ret_segment->len;
    walk->rest.len -= ret_segment->len;
    return true;
}

/* What a segment of a pattern is: text, or a parameter with an ending, or all the rest. */
struct pattern_segment {
    bool parameter;
    bool tail;
    struct bytes before; /* a parameter */
    struct bytes text;   /* the text itself, or the ending after a parameter */
};

static struct pattern_segment
pattern_segment_of(struct bytes segment)
{
    const uint8_t *start = segment.len ? memchr(segment.data, '{', segment.len) : NULL;
    const uint8_t *end = segment.len ? memchr(segment.data, '}', segment.len) : NULL;

    if (!start || !end || end < start)
        return (struct pattern_segment){.text = segment};
    return (struct pattern_segment){
        .parameter = true,
        .tail = end - start > 3 && memcmp(end - 3, "...", 3) == 0,
        .before = bytes_of(segment.data, (size_t)(start - segment.data)),
        .text = bytes_of(end + 1, (size_t)(segment.data + segment.len - end) - 1),
    };
}

/* Takes the text before a parameter off the segment. */
static bool
strip_beginning(struct bytes *segment, struct bytes beginning)
{
    if (segment->len < beginning.len ||
        !bytes_equal(bytes_of(segment->data, beginning.len), beginning))
        return false;
    segment->data += beginning.len;
    segment->len -= beginning.len;
    return true;
}

/* Whether `segment` ends with `ending` and has something before it, which is given. */
static bool
strip_ending(struct bytes segment, struct bytes ending, struct bytes *ret_stem)
{
    if (segment.len <= ending.len ||
        !bytes_equal(bytes_of(segment.data + segment.len - ending.len, ending.len), ending))
        return false;
    *ret_stem = bytes_of(segment.data, segment.len - ending.len);
    return true;
}

/* Matches the raw path; *ret_count parameters, still encoded, in ret_params. */
static bool
pattern_matches(const char *pattern, struct bytes path, struct bytes ret_params[HTTP_PARAMS],
                size_t *ret_count)
{
    struct walk wanted = {bytes_of_text(pattern)}, found = {path};
    struct bytes wanted_segment, segment;
    size_t count = 0;

    while (walk_next(&wanted, &wanted_segment)) {
        struct pattern_segment want = pattern_segment_of(wanted_segment);

        if (!walk_next(&found, &segment))
            return false;
        if (!want.parameter) {
            if (!bytes_equal(want.text, segment))
                return false;
            continue;
        }
        if (count == HTTP_PARAMS || !strip_beginning(&segment, want.before))
            return false;
        if (want.tail) {
            ret_params[count++] = bytes_of(segment.data, segment.len + found.rest.len);
            *ret_count = count;
            return segment.len + found.rest.len > 0;
        }
        if (!strip_ending(segment, want.text, &ret_params[count++]))
            return false;
    }
    *ret_count = count;
    return found.rest.len == 0;
}

/* Decoded texts are put one after the other into the room of the caller. */
struct texts {
    char *next;
};

static bool
texts_put(struct texts *texts, struct bytes encoded, const char **ret_text, struct error *err)
{
    size_t len;

    if (!percent_decode(encoded, texts->next, &len, err))
        return false;
    *ret_text = texts->next;
    texts->next += len + 1;
    return true;
}

static bool
query_name_taken(const struct route *route, const char *name)
{
    for (const char *const *taken = route->query; taken && *taken; taken++)
        if (strcmp(*taken, name) == 0)
            return true;
    return false;
}

static bool
query_put(const struct route *route, struct request *request, struct texts *texts,
          struct bytes part, struct error *err)
{
    const uint8_t *equals = part.len ? memchr(part.data, '=', part.len) : NULL;
    size_t name_len = equals ? (size_t)(equals - part.data) : part.len;
    struct http_pair pair = {NULL, ""};

    if (!texts_put(texts, bytes_of(part.data, name_len), &pair.name, err))
        return false;
    if (equals &&
        !texts_put(texts, bytes_of(equals + 1, part.len - name_len - 1), &pair.value, err))
        return false;
    if (!query_name_taken(route, pair.name))
        return error_refuse(err, ERROR_PARAMETER_INVALID, "query.unknown",
                            "the query parameter \"%.64s\" is not known on this path", pair.name);
    if (request_query(request, pair.name))
        return error_refuse(err, ERROR_PARAMETER_INVALID, "query.twice",
                            "the query parameter \"%.64s\" stands twice", pair.name);
    if (request->query_count == HTTP_QUERY)
        return error_refuse(err, ERROR_PARAMETER_INVALID, "query.count",
                            "more than %d query parameters", HTTP_QUERY);
    request->query[request->query_count++] = pair;
    return true;
}

static bool
query_parse(const struct route *route, struct request *request, struct texts *texts,
            struct bytes query, struct error *err)
{
    request->query_count = 0;
    while (query.len) {
        const uint8_t *end = memchr(query.data, '&', query.len);
        size_t len = end ? (size_t)(end - query.data) : query.len;

        if (len && !query_put(route, request, texts, bytes_of(query.data, len), err))
            return false;
        len += end ? 1 : 0;
        query.data += len;
        query.len -= len;
    }
    return true;
}

static bool
method_fits(const struct route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

/* Adds the route's method to an Allow value, once. */
static void
allow_add(char allow[ROUTER_ALLOW_OCTETS], const char *method)
{
    const char *both = strcmp(method, "GET") == 0 ? "GET, HEAD" : method;
    size_t len = strlen(allow);

    if (!strstr(allow, both))
        snprintf(allow + len, ROUTER_ALLOW_OCTETS - len, "%s%s", len ? ", " : "", both);
}

size_t
router_room(size_t len)
{
    /* Path and parameters are decoded once each, a query part loses its separator for a NUL. */
    return 2 * len + HTTP_PARAMS + HTTP_QUERY + 8;
}

/* A path written out in a route belongs to it alone: /v1/certificates/renew is not also the
 * certificate whose serial is "renew". */
static bool
written_out(const struct route *routes, struct bytes path)
{
    for (const struct route *route = routes; route->method; route++)
        if (!strchr(route->pattern, '{') && bytes_equal(bytes_of_text(route->pattern), path))
            return true;
    return false;
}

static const struct route *
route_of(const struct route *routes, const char *method, struct bytes path,
         struct bytes ret_params[HTTP_PARAMS], size_t *ret_count, char allow[ROUTER_ALLOW_OCTETS])
{
    bool literal = written_out(routes, path);

    for (const struct route *route = routes; route->method; route++) {
        if (!pattern_matches(route->pattern, path, ret_params, ret_count) ||
            (literal && *ret_count > 0))
            continue;
        if (method_fits(route, method)) {
            allow[0] = '\0';
            return route;
        }
        allow_add(allow, route->method);
    }
    return NULL;
}

bool
router_find(const struct route *routes, struct request *request, char *text,
            const struct route **ret_route, char ret_allow[ROUTER_ALLOW_OCTETS], struct error *err)
{
    struct bytes target = bytes_of_text(request->target), path = target, query = {NULL, 0};
    const uint8_t *mark = target.len ? memchr(target.data, '?', target.len) : NULL;
    struct bytes params[HTTP_PARAMS];
    struct texts texts = {text};
    const struct route *route;
    size_t count = 0;

    ret_allow[0] = '\0';
    if (target.len > LIMIT_TARGET_OCTETS)
        return error_set(err, ERROR_TARGET_TOO_LONG,
                         "the request target has %zu octets, at most %d are taken", target.len,
                         LIMIT_TARGET_OCTETS);
    if (mark) {
        path.len = (size_t)(mark - target.data);
        query = bytes_of(mark + 1, target.len - path.len - 1);
    }
    if (!texts_put(&texts, path, &request->path, err))
        return false;
    route = route_of(routes, request->method, path, params, &count, ret_allow);
    if (!route && ret_allow[0])
        return error_set(err, ERROR_METHOD_NOT_ALLOWED, "the method %.16s is not among: %s",
                         request->method, ret_allow);
    if (!route)
        return error_set(err, ERROR_ROUTE_UNKNOWN, "there is nothing at %.200s", request->path);
    for (size_t i = 0; i < count; i++)
        if (!texts_put(&texts, params[i], &request->param[i], err))
            return false;
    *ret_route = route;
    return query_parse(route, request, &texts, query, err);
}
