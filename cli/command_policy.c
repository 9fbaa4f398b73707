#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "http.h"
#include "page.h"
#include "policy_diff.h"
#include "prompt.h"
#include "query.h"
#include "signet/file.h"
#include "view.h"

static const struct view history_views[] = {
    {"VERSION", "version", VIEW_NUMBER, false},
    {"BY", "created_by", VIEW_TEXT, true},
    {"AT", "created_at", VIEW_MOMENT, false},
    {"OCTETS", "octets", VIEW_NUMBER, false},
    {0},
};

static void
json_unref(json_t **value)
{
    json_decref(*value);
}
#define AUTO_JSON CLEANUP(json_unref) json_t *

static bool
version_parse(const char *what, const char *text, json_int_t *ret_version, struct error *err)
{
    size_t len = strlen(text);

    if (len < 1 || len > 18 || strspn(text, "0123456789") != len || text[0] == '0')
        return error_set(err, ERROR_USAGE, "%s is \"%.20s\", wanted the number of a version", what,
                         text);
    *ret_version = (json_int_t)strtoll(text, NULL, 10);
    return true;
}

/* `version` null: the newest. */
static bool
version_fetch(struct cli *cli, const char *version, json_t **ret_answer, struct error *err)
{
    AUTO_BUFFER target = {.max = QUERY_OCTETS};
    struct http_call call = {.method = "GET", .repeatable = true};
    json_int_t number = 0;

    if (version && !version_parse("the version", version, &number, err))
        return false;
    if (!query_path(&target, "/v1/policy", err) || !query_add(&target, "version", version, err))
        return false;
    call.target = buffer_text(&target);
    return http_json(cli, &call, ret_answer, err);
}

static json_int_t
version_of(const json_t *answer)
{
    return json_integer_value(json_object_get(answer, "version"));
}

static bool
document_read(const char *path, struct buffer *document, struct error *err)
{
    buffer_init(document, LIMIT_POLICY_OCTETS + 1);
    return file_read(path, document, err) &&
           (buffer_text(document) || error_set(err, ERROR_FILE_ACCESS, "%s: more than %d octets",
                                               path, LIMIT_POLICY_OCTETS));
}

static bool
document_parse(const char *name, const char *text, json_t **ret_json, struct error *err)
{
    json_error_t complaint;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &complaint);

    if (!json)
        return error_set(err, ERROR_FILE_ACCESS, "%.200s:%d: %.100s", name, complaint.line,
                         complaint.text);
    *ret_json = json;
    return true;
}

bool
command_policy_show(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    AUTO_JSON answer = NULL;

    if (!version_fetch(cli, arguments_value(arguments, "version"), &answer, err))
        return false;
    if (cli->json) {
        view_json(cli, answer);
        return true;
    }
    /* The document alone on standard output, so that it can be kept in a file and edited. */
    fputs(view_text(answer, "document"), cli->out);
    cli_note(cli, "version %lld, by %s, %s", (long long)version_of(answer),
             view_text(answer, "created_by"), view_text(answer, "created_at"));
    return true;
}

bool
command_policy_history(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    AUTO_BUFFER target = {.max = QUERY_OCTETS};
    json_t *answer = NULL;

    return query_path(&target, "/v1/policy/versions", err) &&
           page_fetch(cli, arguments, &target, "versions", &answer, err) &&
           page_tell(cli, history_views, "versions", answer, err);
}

bool
command_policy_check(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    struct http_call call = {.method = "POST", .target = "/v1/policy/check", .repeatable = true};
    AUTO_BUFFER document = {.max = 0};
    AUTO_JSON body = NULL;
    AUTO_JSON answer = NULL;

    if (!document_read(arguments->operand[0], &document, err))
        return false;
    body = json_pack("{s:s}", "document", buffer_text(&document));
    if (!body)
        return error_set(err, ERROR_FILE_ACCESS, "%s is not UTF-8", arguments->operand[0]);
    call.body = body;
    if (!http_json(cli, &call, &answer, err))
        return false;
    if (cli->json)
        view_json(cli, answer);
    else
        fprintf(cli->out, "%s can be applied: %lld profiles\n", arguments->operand[0],
                (long long)json_integer_value(json_object_get(answer, "profiles")));
    return true;
}

/* What the document of `answer` would have to change to become `text`. */
static bool
changes_find(const json_t *answer, const char *name, const char *text, json_t **ret_changes,
             struct error *err)
{
    AUTO_JSON older = NULL;
    AUTO_JSON newer = NULL;

    return document_parse("policy in force", view_text(answer, "document"), &older, err) &&
           document_parse(name, text, &newer, err) && policy_diff(older, newer, ret_changes, err);
}

bool
command_policy_diff(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    AUTO_BUFFER document = {.max = 0};
    AUTO_JSON answer = NULL;
    AUTO_JSON changes = NULL;

    if (!document_read(arguments->operand[0], &document, err) ||
        !version_fetch(cli, arguments_value(arguments, "version"), &answer, err) ||
        !changes_find(answer, arguments->operand[0], buffer_text(&document), &changes, err))
        return false;
    if (cli->json) {
        view_json(cli, changes);
        return true;
    }
    policy_diff_print(changes, cli->out);
    cli_note(cli, "%zu changes from version %lld to %s", json_array_size(changes),
             (long long)version_of(answer), arguments->operand[0]);
    return true;
}

static bool
confirm(const struct arguments *arguments, json_int_t before, struct error *err)
{
    char question[96];

    if (arguments_given(arguments, "yes") || !prompt_possible())
        return true;
    snprintf(question, sizeof(question), "put this in force after version %lld?",
             (long long)before);
    return prompt_confirm(question, err);
}

/* Shows what changes, asks, and applies. Takes `body`, which lacks expected_version. */
static bool
apply(struct cli *cli, const struct arguments *arguments, const json_t *changes, json_int_t before,
      json_t *body, struct error *err)
{
    struct http_call call = {
        .method = "POST", .target = "/v1/policy", .body = body, .repeatable = true};
    AUTO_JSON kept = body;
    AUTO_JSON answer = NULL;

    if (json_object_set_new(kept, "expected_version", json_integer(before)) != 0)
        return error_set(err, ERROR_MEMORY, "no memory for a request");
    if (!cli->json && !cli->quiet)
        policy_diff_print(changes, cli->messages);
    if (!confirm(arguments, before, err) || !http_json(cli, &call, &answer, err))
        return false;
    if (cli->json)
        view_json(cli, answer);
    else
        fprintf(cli->out, "version %lld is in force\n", (long long)version_of(answer));
    return true;
}

/* The version that --expect names, or that which is in force as we look. */
static bool
before_find(const struct arguments *arguments, const json_t *newest, json_int_t *ret_before,
            struct error *err)
{
    const char *expected = arguments_value(arguments, "expect");

    *ret_before = version_of(newest);
    return !expected || version_parse("--expect", expected, ret_before, err);
}

bool
command_policy_apply(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    AUTO_BUFFER document = {.max = 0};
    AUTO_JSON newest = NULL;
    AUTO_JSON changes = NULL;
    json_int_t before = 0;
    json_t *body;

    if (!document_read(arguments->operand[0], &document, err) ||
        !version_fetch(cli, NULL, &newest, err) || !before_find(arguments, newest, &before, err) ||
        !changes_find(newest, arguments->operand[0], buffer_text(&document), &changes, err))
        return false;
    body = json_pack("{s:s}", "document", buffer_text(&document));
    return body ? apply(cli, arguments, changes, before, body, err)
                : error_set(err, ERROR_FILE_ACCESS, "%s is not UTF-8", arguments->operand[0]);
}

bool
command_policy_rollback(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    AUTO_JSON newest = NULL;
    AUTO_JSON older = NULL;
    AUTO_JSON changes = NULL;
    json_int_t version = 0;
    json_t *body;

    if (!version_parse("the version", arguments->operand[0], &version, err) ||
        !version_fetch(cli, arguments->operand[0], &older, err) ||
        !version_fetch(cli, NULL, &newest, err) ||
        !changes_find(newest, "older version", view_text(older, "document"), &changes, err))
        return false;
    body = json_pack("{s:I}", "from_version", version);
    return body ? apply(cli, arguments, changes, version_of(newest), body, err)
                : error_set(err, ERROR_MEMORY, "no memory for a request");
}
