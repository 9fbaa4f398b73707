#include "document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signet/file.h"

char *
document_read(const char *name)
{
    char path[512], *copy;
    struct error err = {0};
    const char *text;
    AUTO_BUFFER content;

    buffer_init(&content, DOCUMENT_OCTETS);
    snprintf(path, sizeof(path), SIGNET_SOURCE "/%s", name);
    text = file_read(path, &content, &err) ? buffer_text(&content) : NULL;
    copy = text ? strdup(text) : NULL;
    if (!copy) {
        fprintf(stderr, "%s: %s\n", path, err.detail);
        exit(1);
    }
    return copy;
}

void
document_free(char *text)
{
    free(text);
}

char *
document_line(char **text)
{
    if (!*text || !**text)
        return NULL;
    return strsep(text, "\n");
}

/* The block's own lines, from the fence on; null when there is no fence. */
static char *
block_take(char **text)
{
    static const char fence[] = "```sh\n";
    char *begin = *text, *end;

    if (!begin || strncmp(begin, fence, strlen(fence)) != 0)
        return NULL;
    begin += strlen(fence);
    end = strstr(begin, "\n```\n");
    if (!end)
        return NULL;
    *end = '\0';
    *text = end + strlen("\n```\n");
    return begin;
}

char *
document_block(char **text, char name[BLOCK_NAME])
{
    char *line;

    while ((line = document_line(text))) {
        char *block;

        if (sscanf(line, "<!-- test: %47[a-z0-9-] -->", name) != 1)
            continue;
        block = block_take(text);
        if (block)
            return block;
        fprintf(stderr, "no shell block under the mark of %s\n", name);
        exit(1);
    }
    return NULL;
}
