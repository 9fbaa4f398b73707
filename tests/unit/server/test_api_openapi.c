#include "suite.h"

#include <stdio.h>

#include "http/http.h"
#include "signet/file.h"

/* Reads just enough of docs/openapi.yaml: its paths, methods, operation ids and query names, which
 * stand at fixed indentations. */
enum { OPERATIONS = 64, NAMES = 24 };

struct operation {
    char path[128], method[8], id[64];
    size_t query_count;
    char query[NAMES][32];
};

struct document {
    size_t count;
    struct operation operation[OPERATIONS];
};

static bool
indented(const char *line, size_t indent)
{
    return strspn(line, " ") == indent;
}

static void
word_copy(char *text, size_t room, const char *from, const char *end_characters)
{
    snprintf(text, room, "%.*s", (int)strcspn(from, end_characters), from);
}

static void
query_read(struct operation *operation, const char *line)
{
    const char *name = strstr(line, "{name: ");
    const char *shared = strstr(line, "#/components/parameters/");

    if (operation->query_count == NAMES || (name && !strstr(line, "in: query")))
        return;
    if (name)
        word_copy(operation->query[operation->query_count++], 32, name + 7, ",");
    else if (shared && !strstr(shared, "parameters/name"))
        word_copy(operation->query[operation->query_count++], 32, shared + 24, "\"");
}

static void
line_read(struct document *document, const char *line, char path[128])
{
    struct operation *last = document->count ? &document->operation[document->count - 1] : NULL;

    if (indented(line, 2) && line[2] == '/') {
        word_copy(path, 128, line + 2, ":");
    } else if (indented(line, 4) && document->count < OPERATIONS) {
        struct operation *operation = &document->operation[document->count++];

        snprintf(operation->path, sizeof(operation->path), "%s", path);
        word_copy(operation->method, sizeof(operation->method), line + 4, ":");
    } else if (last && indented(line, 6) && strncmp(line + 6, "operationId: ", 13) == 0) {
        word_copy(last->id, sizeof(last->id), line + 19, "\n");
    } else if (last && indented(line, 8) && strncmp(line + 8, "- {", 3) == 0) {
        query_read(last, line);
    }
}

static void
document_read(struct document *document)
{
    static const char file[] = SIGNET_SOURCE "/docs/openapi.yaml";
    AUTO_BUFFER text = {.max = 1024 * 1024};
    char path[128] = "", line[512];
    struct error err = {0};
    const char *at;
    bool in_paths = false;

    memset(document, 0, sizeof(*document));
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(file_read(file, &text, &err), &err));
    at = buffer_text(&text);
    while (*at) {
        size_t len = strcspn(at, "\n");

        word_copy(line, sizeof(line), at, "\n");
        if (line[0] && line[0] != ' ')
            in_paths = strcmp(line, "paths:") == 0;
        else if (in_paths)
            line_read(document, line, path);
        at += len + (at[len] == '\n');
    }
}

/* "{name...}" of our patterns is "{name}" there. */
static bool
path_is(const char *pattern, const char *path)
{
    char plain[128];
    const char *rest = strstr(pattern, "...}");

    snprintf(plain, sizeof(plain), "%.*s%s", rest ? (int)(rest - pattern) : (int)strlen(pattern),
             pattern, rest ? "}" : "");
    return strcmp(plain, path) == 0;
}

static bool
method_is(const char *method, const char *lower)
{
    size_t i = 0;

    for (; method[i] && lower[i]; i++)
        if ((method[i] | 0x20) != lower[i])
            return false;
    return method[i] == lower[i];
}

static const struct operation *
operation_of(const struct document *document, const struct route *route)
{
    for (size_t i = 0; i < document->count; i++)
        if (method_is(route->method, document->operation[i].method) &&
            path_is(route->pattern, document->operation[i].path))
            return &document->operation[i];
    return NULL;
}

static void
every_route_is_described(void)
{
    static struct document document;

    document_read(&document);
    for (const struct route *route = api_routes; route->method; route++) {
        const struct operation *operation = operation_of(&document, route);

        if (!operation) {
            printf("\n    %s %s is not in openapi.yaml", route->method, route->pattern);
            CU_FAIL("a route without description");
            continue;
        }
        CU_ASSERT_STRING_EQUAL(operation->id, route->label);
    }
}

static void
everything_described_is_a_route(void)
{
    static struct document document;
    size_t routes = 0;

    document_read(&document);
    for (const struct route *route = api_routes; route->method; route++)
        routes += operation_of(&document, route) != NULL;
    CU_ASSERT_TRUE(document.count > 0);
    CU_ASSERT_EQUAL(document.count, routes);
}

static void
query_parameters_are_the_same(void)
{
    static struct document document;

    document_read(&document);
    for (const struct route *route = api_routes; route->method; route++) {
        const struct operation *operation = operation_of(&document, route);
        size_t count = 0;

        for (; operation && route->query && route->query[count]; count++) {
            size_t i = 0;

            while (i < operation->query_count && strcmp(operation->query[i], route->query[count]))
                i++;
            if (i == operation->query_count)
                printf("\n    %s: %s is not described", route->label, route->query[count]);
            CU_ASSERT_TRUE(i < operation->query_count);
        }
        if (operation)
            CU_ASSERT_EQUAL(count, operation->query_count);
    }
}

int
main(void)
{
    return RUN_SUITE("openapi", TEST(every_route_is_described),
                     TEST(everything_described_is_a_route), TEST(query_parameters_are_the_same));
}
