/* Links between the documents lead somewhere, and no document is left that nothing leads to. */
#include "suite.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "signet/file.h"

enum { DOCUMENTS = 64, NAME = 256 };

static char names[DOCUMENTS][NAME];
static char *texts[DOCUMENTS];
static size_t count;

static bool
ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);

    return len > strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

static void
add(const char *name)
{
    CU_ASSERT_TRUE_FATAL(count < DOCUMENTS);
    snprintf(names[count], NAME, "%s", name);
    texts[count++] = document_read(name);
}

static void
finds_the_documents(void)
{
    DIR *folder = opendir(SIGNET_SOURCE "/docs");
    const struct dirent *entry;
    char name[NAME + 8];

    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    add("README.md");
    add("CHANGELOG.md");
    while ((entry = readdir(folder)))
        if (ends_with(entry->d_name, ".md")) {
            snprintf(name, sizeof(name), "docs/%s", entry->d_name);
            add(name);
        }
    closedir(folder);
    CU_ASSERT_TRUE(count > 8);
}

/* GitHub's way to name a heading: lower case, spaces to hyphens, other signs dropped. */
static bool
has_heading(const char *text, const char *anchor)
{
    char *copy = strdup(text), *rest = copy, *line;
    bool found = false;

    while (!found && (line = document_line(&rest))) {
        char slug[NAME];
        size_t len = 0;

        if (line[0] != '#')
            continue;
        for (line += strspn(line, "# "); *line && len < NAME - 1; line++)
            if (isalnum((unsigned char)*line) || *line == '-' || *line == '_')
                slug[len++] = (char)tolower((unsigned char)*line);
            else if (*line == ' ')
                slug[len++] = '-';
        slug[len] = '\0';
        found = strcmp(slug, anchor) == 0;
    }
    free(copy);
    return found;
}

static void
check_link(const char *from, const char *target)
{
    const char *slash = strrchr(from, '/'), *hash = strchr(target, '#');
    int folder = slash ? (int)(slash - from) + 1 : 0;
    char name[2 * NAME], path[3 * NAME];
    bool there;

    if (strstr(target, "://") || strncmp(target, "mailto:", 7) == 0)
        return;
    if (target[0] == '#')
        snprintf(name, sizeof(name), "%s", from);
    else
        snprintf(name, sizeof(name), "%.*s%.*s", folder, from, (int)strcspn(target, "#"), target);
    snprintf(path, sizeof(path), SIGNET_SOURCE "/%s", name);
    there = file_exists(path);
    if (there && hash) {
        char *text = document_read(name);

        there = has_heading(text, hash + 1);
        document_free(text);
    }
    CU_ASSERT_TRUE(there);
    if (!there)
        printf("\n    %s: nothing is at %s\n", from, target);
}

static void
every_link_leads_somewhere(void)
{
    int links = 0;

    for (size_t i = 0; i < count; i++) {
        const char *at = texts[i];

        while ((at = strstr(at, "]("))) {
            char target[NAME];
            size_t len = strcspn(at += 2, ")\n ");

            snprintf(target, sizeof(target), "%.*s", (int)len, at);
            check_link(names[i], target);
            links++;
        }
    }
    CU_ASSERT_TRUE(links > 10);
}

/* By a link, or by its name in backquotes, from another document. */
static void
every_document_is_found(void)
{
    for (size_t i = 1; i < count; i++) {
        const char *slash = strrchr(names[i], '/');
        const char *base = slash ? slash + 1 : names[i];
        bool found = false;

        for (size_t j = 0; j < count; j++)
            found = found || (j != i && strstr(texts[j], base));
        CU_ASSERT_TRUE(found);
        if (!found)
            printf("\n    nothing leads to %s\n", names[i]);
    }
}

int
main(void)
{
    int status = RUN_SUITE("links", TEST(finds_the_documents), TEST(every_link_leads_somewhere),
                           TEST(every_document_is_found));

    for (size_t i = 0; i < count; i++)
        document_free(texts[i]);
    return status;
}
