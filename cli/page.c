#include "page.h"

#include <stdio.h>
#include <string.h>

#include "query.h"
#include "signet/limits.h"

bool
page_filters(const struct arguments *arguments, const struct page_filter *filters,
             struct buffer *target, struct error *err)
{
    for (; filters->option; filters++)
        if (!query_add(target, filters->parameter, arguments_value(arguments, filters->option),
                       err))
            return false;
    return true;
}

static bool
limit_of(const struct arguments *arguments, size_t *ret_limit, struct error *err)
{
    const char *text = arguments_value(arguments, "limit");
    size_t digits = text ? strspn(text, "0123456789") : 0, limit = 0;

    if (!text) {
        *ret_limit = PAGE_LIMIT;
        return true;
    }
    for (size_t i = 0; i < digits && digits <= 6; i++)
        limit = limit * 10 + (size_t)(text[i] - '0');
    if (text[digits] != '\0' || limit == 0 || limit > PAGE_LIMIT_MOST)
        return error_set(err, ERROR_USAGE, "--limit is \"%.20s\", wanted 1 to %d", text,
                         PAGE_LIMIT_MOST);
    *ret_limit = limit;
    return true;
}

static bool
page_get(struct cli *cli, const struct buffer *target, size_t limit, const char *after,
         json_t **ret_json, struct error *err)
{
    AUTO_BUFFER full = {.max = QUERY_OCTETS};
    char number[24];
    struct http_call call = {.method = "GET", .repeatable = true};

    snprintf(number, sizeof(number), "%zu", limit < LIMIT_PAGE_ROWS ? limit : LIMIT_PAGE_ROWS);
    if (!buffer_put(&full, target->data, target->len) || !query_add(&full, "limit", number, err) ||
        !query_add(&full, "after", after, err))
        return false;
    call.target = buffer_text(&full);
    return http_json(cli, &call, ret_json, err);
}

/* Adds the rows of a page; gives the key of the next one in `after`, "" at the end. */
static void
page_take(const json_t *page, const char *member, json_t *rows, char *after, size_t room)
{
    json_array_extend(rows, json_object_get(page, member));
    snprintf(after, room, "%s", view_text(page, "next"));
}

bool
page_fetch(struct cli *cli, const struct arguments *arguments, struct buffer *target,
           const char *member, json_t **ret_json, struct error *err)
{
    json_t *rows = json_array();
    char after[512] = "";
    size_t limit = 0, before;
    json_t *page;

    if (!limit_of(arguments, &limit, err)) {
        json_decref(rows);
        return false;
    }
    do {
        before = json_array_size(rows);
        if (!page_get(cli, target, limit - before, after[0] ? after : NULL, &page, err)) {
            json_decref(rows);
            return false;
        }
        page_take(page, member, rows, after, sizeof(after));
        json_decref(page);
    } while (after[0] && json_array_size(rows) < limit && json_array_size(rows) > before);
    *ret_json = json_pack("{s:o}", member, rows);
    if (after[0])
        json_object_set_new(*ret_json, "next", json_string(after));
    return true;
}

bool
page_tell(const struct cli *cli, const struct view *views, const char *member, json_t *answer,
          struct error *err)
{
    bool told = true;

    if (cli->json)
        view_json(cli, answer);
    else
        told = view_list(cli, views, json_object_get(answer, member), err);
    if (told && json_object_get(answer, "next"))
        cli_note(cli, "there is more: raise --limit or narrow the search");
    json_decref(answer);
    return told;
}
