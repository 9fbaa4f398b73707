#include "view.h"

#include <string.h>

#include "duration.h"
#include "signet/clock.h"
#include "table.h"

/* Follows dots; null when something on the way is missing. */
static const json_t *
view_member(const json_t *object, const char *path)
{
    char name[64];
    size_t len;

    while (object && *path != '\0') {
        len = strcspn(path, ".");
        if (len >= sizeof(name))
            return NULL;
        memcpy(name, path, len);
        name[len] = '\0';
        object = json_object_get(object, name);
        path += len + (path[len] == '.');
    }
    return object;
}

const char *
view_text(const json_t *object, const char *member)
{
    const char *text = json_string_value(view_member(object, member));

    return text ? text : "";
}

static void
list_text(const json_t *list, char *text, size_t room)
{
    size_t used = 0;
    int len;

    text[0] = '\0';
    for (size_t i = 0; i < json_array_size(list) && used < room; i++) {
        const char *item = json_string_value(json_array_get(list, i));

        len = snprintf(text + used, room - used, "%s%s", i > 0 ? ", " : "", item ? item : "");
        used += len > 0 ? (size_t)len : 0;
    }
}

static void
time_text(const struct cli *cli, enum view_kind kind, const char *value, char *text, size_t room)
{
    char relative[DURATION_TEXT_OCTETS];
    int64_t time_s;

    if (!clock_parse(value, &time_s)) {
        snprintf(text, room, "%s", value);
        return;
    }
    if (kind == VIEW_WHEN)
        duration_relative(time_s, cli->now_s, relative);
    else
        duration_moment(time_s, cli->now_s, relative);
    snprintf(text, room, "%s", relative);
}

static void
view_format(const struct cli *cli, const struct view *view, const json_t *object, char *text,
            size_t room)
{
    const json_t *value = view_member(object, view->member);
    const char *string = json_string_value(value);

    text[0] = '\0';
    switch (view->kind) {
    case VIEW_TEXT:
        snprintf(text, room, "%s", string ? string : "");
        break;
    case VIEW_NUMBER:
        if (json_is_integer(value))
            snprintf(text, room, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case VIEW_WHEN:
    case VIEW_MOMENT:
        if (string)
            time_text(cli, view->kind, string, text, room);
        break;
    case VIEW_LIST:
        list_text(value, text, room);
        break;
    }
}

static size_t
columns_of(const struct view *views, struct column columns[TABLE_COLUMNS + 1])
{
    size_t count = 0;

    for (; views[count].title && count < TABLE_COLUMNS; count++)
        columns[count] =
            (struct column){.title = views[count].title, .shrinks = views[count].shrinks};
    columns[count].title = NULL;
    return count;
}

bool
view_list(const struct cli *cli, const struct view *views, const json_t *array, struct error *err)
{
    struct column columns[TABLE_COLUMNS + 1] = {0};
    size_t count = columns_of(views, columns);
    char text[TABLE_COLUMNS][TABLE_CELL_OCTETS];
    const char *cells[TABLE_COLUMNS];
    AUTO_TABLE table = NULL;

    if (!table_new(columns, &table, err))
        return false;
    for (size_t i = 0; i < json_array_size(array); i++) {
        for (size_t j = 0; j < count; j++) {
            view_format(cli, &views[j], json_array_get(array, i), text[j], sizeof(text[j]));
            cells[j] = text[j];
        }
        if (!table_add(table, cells, err))
            return false;
    }
    if (table_rows(table) == 0)
        cli_note(cli, "nothing found");
    else
        table_print(table, cli->width, cli->out);
    return true;
}

void
view_facts(const struct cli *cli, const struct view *views, const json_t *object)
{
    char text[4 * TABLE_CELL_OCTETS];

    for (; views->title; views++) {
        view_format(cli, views, object, text, sizeof(text));
        table_print_fact(views->title, text, cli->out);
    }
}

void
view_json(const struct cli *cli, const json_t *json)
{
    json_dumpf(json, cli->out, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    fputc('\n', cli->out);
}
