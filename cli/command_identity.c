#include <string.h>

#include "command.h"
#include "name.h"
#include "page.h"
#include "query.h"
#include "view.h"

static const struct view list_views[] = {
    {"NAME", "name", VIEW_TEXT, true},
    {"KIND", "kind", VIEW_TEXT, false},
    {"STATE", "state", VIEW_TEXT, false},
    {"OWNER", "owner", VIEW_TEXT, true},
    {"NAMES", "names", VIEW_LIST, true},
    {"CHANGED", "changed_at", VIEW_WHEN, false},
    {0},
};

static const struct view show_views[] = {
    {"name", "name", VIEW_TEXT, false},
    {"SPIFFE id", "spiffe_id", VIEW_TEXT, false},
    {"kind", "kind", VIEW_TEXT, false},
    {"state", "state", VIEW_TEXT, false},
    {"owner", "owner", VIEW_TEXT, false},
    {"profile", "profile", VIEW_TEXT, false},
    {"roles", "roles", VIEW_LIST, false},
    {"names", "names", VIEW_LIST, false},
    {"made", "created_at", VIEW_MOMENT, false},
    {"changed", "changed_at", VIEW_MOMENT, false},
    {0},
};

static const struct page_filter list_filters[] = {
    {"owner", "owner"}, {"state", "state"}, {"prefix", "prefix"}, {0}};

bool
command_identity_list(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    AUTO_BUFFER target = {.max = QUERY_OCTETS};
    json_t *answer = NULL;

    return query_path(&target, "/v1/identities", err) &&
           page_filters(arguments, list_filters, &target, err) &&
           page_fetch(cli, arguments, &target, "identities", &answer, err) &&
           page_tell(cli, list_views, "identities", answer, err);
}

/* Makes the call and shows the identity that comes back. Takes `body`, which may be null. */
static bool
identity_call(struct cli *cli, const char *method, const char *name, json_t *body,
              struct error *err)
{
    AUTO_BUFFER target = {.max = QUERY_OCTETS};
    struct http_call call = {
        .method = method, .body = body, .repeatable = strcmp(method, "POST") != 0};
    json_t *answer = NULL;
    bool done = query_path(&target, "/v1/identities", err) &&
                (!name || (query_path(&target, "/", err) && query_path(&target, name, err)));

    call.target = done ? buffer_text(&target) : NULL;
    done = done && http_json(cli, &call, &answer, err);
    json_decref(body);
    if (!done)
        return false;
    if (cli->json)
        view_json(cli, answer);
    else
        view_facts(cli, show_views, answer);
    json_decref(answer);
    return true;
}

bool
command_identity_show(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    return identity_call(cli, "GET", arguments->operand[0], NULL, err);
}

static bool
state_set(struct cli *cli, const struct arguments *arguments, const char *state, struct error *err)
{
    json_t *body = json_pack("{s:s}", "state", state);

    if (!body)
        return error_set(err, ERROR_MEMORY, "no memory for a request");
    return identity_call(cli, "PATCH", arguments->operand[0], body, err);
}

bool
command_identity_suspend(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    return state_set(cli, arguments, "suspended", err);
}

bool
command_identity_resume(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    return state_set(cli, arguments, "active", err);
}

static void
list_add(json_t *body, const char *member, const char *text)
{
    json_t *list = json_object_get(body, member);

    if (!list) {
        list = json_array();
        json_object_set_new(body, member, list);
    }
    json_array_append_new(list, json_string(text));
}

static bool
create_body(const struct arguments *arguments, json_t *body, struct error *err)
{
    static const char *const plain[] = {"owner", "kind", "profile"};
    char name[NAME_TEXT_OCTETS];
    const char *value;

    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        value = arguments_value(arguments, plain[i]);
        if (value)
            json_object_set_new(body, plain[i], json_string(value));
    }
    for (size_t i = 0; (value = arguments_value_at(arguments, "role", i)) != NULL; i++)
        list_add(body, "roles", value);
    for (size_t i = 0; (value = arguments_value_at(arguments, "name", i)) != NULL; i++) {
        if (!name_normalise(value, name, err))
            return false;
        list_add(body, "names", name);
    }
    return true;
}

bool
command_identity_create(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    json_t *body;

    if (!arguments_given(arguments, "owner"))
        return error_set(err, ERROR_USAGE,
                         "--owner is missing: every identity has somebody who answers for it");
    body = json_pack("{s:s}", "name", arguments->operand[0]);
    if (!body)
        return error_set(err, ERROR_USAGE, "the identity's name is not UTF-8");
    if (!create_body(arguments, body, err)) {
        json_decref(body);
        return false;
    }
    return identity_call(cli, "POST", NULL, body, err);
}
