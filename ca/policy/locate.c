/* Where in the text of a document a JSON path stands: the parser keeps no lines. */
#include "internal.h"

#include <stdio.h>

enum { LOCATE_PATH_OCTETS = 256 };

struct locate_level {
    bool array;
    size_t index;    /* of the element we are at */
    size_t path_len; /* of the container itself */
};

struct locate {
    const char *wanted;
    const char *at;
    unsigned line;
    char path[LOCATE_PATH_OCTETS];
    size_t path_len;
    size_t depth;
    struct locate_level level[LIMIT_JSON_DEPTH + 1];
    bool key_next; /* the next text is the name of a member */
    size_t best_len;
    unsigned best_line;
};

/* The path we are at is the wanted one or on the way to it. */
static void
locate_judge(struct locate *locate)
{
    size_t len = locate->path_len;

    if (strncmp(locate->path, locate->wanted, len) != 0 || !strchr(".[", locate->wanted[len]))
        return;
    if (len < locate->best_len)
        return;
    locate->best_len = len;
    locate->best_line = locate->line;
}

/* Container's path and one step more; what does not fit stays at the container. */
static void
locate_step(struct locate *locate, const char *mark, const char *name, size_t name_len,
            const char *end)
{
    size_t base = locate->depth ? locate->level[locate->depth - 1].path_len : 0;
    int len = snprintf(locate->path + base, sizeof(locate->path) - base, "%s%.*s%s", mark,
                       (int)name_len, name, end);

    locate->path_len = base;
    if (len > 0 && base + (size_t)len < sizeof(locate->path))
        locate->path_len = base + (size_t)len;
    locate->path[locate->path_len] = '\0';
    locate_judge(locate);
}

/* A value begins: an element of an array has no name of its own. */
static void
locate_value(struct locate *locate)
{
    struct locate_level *level = locate->depth ? &locate->level[locate->depth - 1] : NULL;
    char number[24];

    if (!level || !level->array)
        return;
    snprintf(number, sizeof(number), "%zu", level->index);
    locate_step(locate, "[", number, strlen(number), "]");
}

static void
locate_open(struct locate *locate)
{
    locate_value(locate);
    if (locate->depth == ARRAY_LEN(locate->level))
        return;
    locate->key_next = *locate->at == '{';
    locate->level[locate->depth++] =
        (struct locate_level){.array = *locate->at == '[', .path_len = locate->path_len};
}

static void
locate_close(struct locate *locate)
{
    if (locate->depth)
        locate->depth--;
    locate->key_next = false;
}

static void
locate_comma(struct locate *locate)
{
    struct locate_level *level = locate->depth ? &locate->level[locate->depth - 1] : NULL;

    if (!level)
        return;
    level->index++;
    locate->key_next = !level->array;
}

/* At the opening quote; ends at the closing one. */
static void
locate_text(struct locate *locate)
{
    const char *start = locate->at + 1, *end = start;

    while (*end && *end != '"')
        end += *end == '\\' && end[1] ? 2 : 1;
    if (locate->key_next)
        locate_step(locate, ".", start, (size_t)(end - start), "");
    else
        locate_value(locate);
    locate->key_next = false;
    locate->at = *end ? end : end - 1;
}

static void
locate_mark(struct locate *locate)
{
    switch (*locate->at) {
    case '\n':
        locate->line++;
        return;
    case '{':
    case '[':
        locate_open(locate);
        return;
    case '}':
    case ']':
        locate_close(locate);
        return;
    case ',':
        locate_comma(locate);
        return;
    case '"':
        locate_text(locate);
        return;
    case ' ':
    case '\t':
    case '\r':
    case ':':
        return;
    default: /* a number or a word: its first character is where it begins */
        locate_value(locate);
        return;
    }
}

unsigned
policy_line(const char *document, const char *path)
{
    struct locate locate = {.wanted = path, .at = document, .line = 1, .path = "$", .path_len = 1};

    locate.best_line = 1;
    for (; *locate.at; locate.at++)
        locate_mark(&locate);
    return locate.best_line;
}
