#include "command.h"
#include "http.h"
#include "page.h"
#include "view.h"

static const struct view list_views[] = {
    {"NAME", "name", VIEW_TEXT, false},
    {"KIND", "kind", VIEW_TEXT, false},
    {"STATE", "state", VIEW_TEXT, false},
    {"SUBJECT", "subject", VIEW_TEXT, true},
    {"EXPIRES", "not_after", VIEW_WHEN, false},
    {"SHA-256", "sha256", VIEW_TEXT, true},
    {0},
};

bool
command_issuer_list(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    const struct http_call call = {
        .method = "GET", .target = "/v1/issuers", .anonymous = true, .repeatable = true};
    json_t *answer = NULL;

    (void)arguments;
    return http_json(cli, &call, &answer, err) &&
           page_tell(cli, list_views, "issuers", answer, err);
}
