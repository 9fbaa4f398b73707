#include "policy_diff.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "signet/limits.h"
#include "table.h"

enum { DIFF_PATH_OCTETS = 512 };

struct diff {
    json_t *changes;
    char path[DIFF_PATH_OCTETS];
    size_t path_len;
    bool failed;
};

static void
diff_add(struct diff *diff, const json_t *older, const json_t *newer)
{
    json_t *change = json_pack("{s:s}", "path", diff->path);

    if (older && json_object_set(change, "old", (json_t *)(uintptr_t)older) != 0)
        diff->failed = true;
    if (newer && json_object_set(change, "new", (json_t *)(uintptr_t)newer) != 0)
        diff->failed = true;
    if (json_array_append_new(diff->changes, change) != 0)
        diff->failed = true;
}

static bool
list_has(const json_t *list, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_equal(json_array_get(list, i), value))
            return true;
    return false;
}

static void
diff_lists(struct diff *diff, const json_t *older, const json_t *newer)
{
    for (size_t i = 0; i < json_array_size(older); i++)
        if (!list_has(newer, json_array_get(older, i)))
            diff_add(diff, json_array_get(older, i), NULL);
    for (size_t i = 0; i < json_array_size(newer); i++)
        if (!list_has(older, json_array_get(newer, i)))
            diff_add(diff, NULL, json_array_get(newer, i));
}

/* A value of both sides, which may be missing on one. */
static void
diff_values(struct diff *diff, const json_t *older, const json_t *newer)
{
    if (older && newer && json_equal(older, newer))
        return;
    if (json_is_array(older) && json_is_array(newer))
        diff_lists(diff, older, newer);
    else
        diff_add(diff, older, newer);
}

struct level {
    const json_t *older, *newer; /* at least one is an object */
    size_t path_len;             /* of its own path */
    size_t at;                   /* the next of its members */
    const char **names;
    size_t count;
};

/* The members of both, each once: those of the older side first. */
static bool
level_begin(struct level *level, const json_t *older, const json_t *newer, size_t path_len)
{
    size_t room = json_object_size(older) + json_object_size(newer);
    const char *name;
    json_t *value;

    *level = (struct level){.older = older, .newer = newer, .path_len = path_len};
    level->names = calloc(room + 1, sizeof(*level->names));
    if (!level->names)
        return false;
    json_object_foreach((json_t *)(uintptr_t)older, name, value) level->names[level->count++] =
        name;
    json_object_foreach((json_t *)(uintptr_t)newer, name, value)
    {
        if (!json_object_get(older, name))
            level->names[level->count++] = name;
    }
    return true;
}

static void
path_step(struct diff *diff, size_t base, const char *name)
{
    int len = snprintf(diff->path + base, sizeof(diff->path) - base, "%s%s", base ? "." : "", name);
    size_t room = sizeof(diff->path) - base - 1;

    diff->path_len = base + (len > 0 && (size_t)len < room ? (size_t)len : room);
}

/* Goes down where one side is an object and the other that or missing. */
static bool
goes_down(const json_t *older, const json_t *newer, size_t depth)
{
    return depth < LIMIT_JSON_DEPTH && (json_is_object(older) || !older) &&
           (json_is_object(newer) || !newer);
}

static void
diff_walk(struct diff *diff, const json_t *older, const json_t *newer)
{
    struct level level[LIMIT_JSON_DEPTH + 1];
    size_t depth = 1;

    diff->failed = !level_begin(&level[0], older, newer, 0);
    while (!diff->failed && depth > 0) {
        struct level *top = &level[depth - 1];
        const json_t *left, *right;

        if (top->at == top->count) {
            free(top->names);
            depth--;
            continue;
        }
        path_step(diff, top->path_len, top->names[top->at]);
        left = json_object_get(top->older, top->names[top->at]);
        right = json_object_get(top->newer, top->names[top->at++]);
        if (!goes_down(left, right, depth))
            diff_values(diff, left, right);
        else if (level_begin(&level[depth], left, right, diff->path_len))
            depth++;
        else
            diff->failed = true;
    }
    while (depth > 0)
        free(level[--depth].names);
}

bool
policy_diff(const json_t *older, const json_t *newer, json_t **ret_changes, struct error *err)
{
    struct diff diff = {.changes = json_array()};

    diff_walk(&diff, older, newer);
    if (diff.failed || !diff.changes) {
        json_decref(diff.changes);
        return error_set(err, ERROR_MEMORY, "no memory to compare two documents");
    }
    *ret_changes = diff.changes;
    return true;
}

static void
value_print(const char *before, const json_t *value, FILE *out)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS);

    if (text)
        table_clean(text);
    fprintf(out, "%s%s", before, text ? text : "?");
    free(text);
}

void
policy_diff_print(const json_t *changes, FILE *out)
{
    for (size_t i = 0; i < json_array_size(changes); i++) {
        const json_t *change = json_array_get(changes, i);
        const json_t *older = json_object_get(change, "old"),
                     *newer = json_object_get(change, "new");
        char path[DIFF_PATH_OCTETS];

        snprintf(path, sizeof(path), "%s", json_string_value(json_object_get(change, "path")));
        table_clean(path);
        fprintf(out, "%c %s", older && newer ? '~' : newer ? '+' : '-', path);
        if (older)
            value_print(": ", older, out);
        if (newer)
            value_print(older ? " -> " : ": ", newer, out);
        fputc('\n', out);
    }
}
