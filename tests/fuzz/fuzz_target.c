/* Request targets: whatever comes, the router stays in its room, and what it gives is decoded UTF-8
 * without control characters, of a route that takes it. */
#include <string.h>

#include "fuzz.h"
#include "http/percent.h"
#include "http/router.h"

static const char *const names[] = {"owner", "limit", NULL};

static const struct route routes[] = {
    {"GET", "/v1/things", CALLER_ANY, NULL, 0, names, "list"},
    {"POST", "/v1/things", CALLER_ANY, NULL, 10, NULL, "create"},
    {"GET", "/v1/things/{serial}", CALLER_ANY, NULL, 0, names, "get"},
    {"GET", "/v1/names/{name...}", CALLER_ANY, NULL, 0, names, "name"},
    {"GET", "/crl/{issuer}.crl", CALLER_ANY, NULL, 0, NULL, "crl"},
    {"GET", "/pair/{a}/and/{b}", CALLER_ANY, NULL, 0, NULL, "pair"},
    {"GET", "/ocsp{raw...}", CALLER_ANY, NULL, 0, NULL, "ocsp"},
    {NULL, NULL, 0, NULL, 0, NULL, NULL},
};

static void
check_text(const char *text, const char *start, size_t room)
{
    HOLDS(text >= start && text + strlen(text) < start + room);
    HOLDS(text_is_utf8(bytes_of_text(text)));
    for (; *text; text++)
        HOLDS((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void
check_request(const struct request *request, const struct route *route, const char *start,
              size_t room)
{
    HOLDS(route->method && strcmp(route->method, request->method) == 0);
    check_text(request->path, start, room);
    for (size_t i = 0; i < HTTP_PARAMS; i++)
        if (request->param[i]) {
            HOLDS(request->param[i][0] != '\0');
            check_text(request->param[i], start, room);
        }
    for (size_t i = 0; i < request->query_count; i++) {
        HOLDS(request_query(request, request->query[i].name) == request->query[i].value);
        HOLDS(strcmp(request->query[i].name, names[0]) == 0 ||
              strcmp(request->query[i].name, names[1]) == 0);
        HOLDS(strlen(request->query[i].value) < room);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request request = {.method = "GET"};
    AUTO_BUFFER target = {.max = FUZZ_ROOM};
    char allow[ROUTER_ALLOW_OCTETS];
    const struct route *route = NULL;
    struct error err = {0};
    size_t room;
    char *text;

    if (size >= FUZZ_ROOM || memchr(data, 0, size) || !buffer_put(&target, data, size))
        return 0;
    request.target = buffer_text(&target);
    room = router_room(size);
    text = malloc(room); /* of just this size, so that a sanitizer sees a step beyond */
    if (!text || !request.target)
        abort();
    if (router_find(routes, &request, text, &route, allow, &err))
        check_request(&request, route, text, room);
    else
        HOLDS(err.kind != ERROR_NONE && err.kind != ERROR_INTERNAL);
    free(text);
    return 0;
}
