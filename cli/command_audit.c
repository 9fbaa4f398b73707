#include "command.h"
#include "duration.h"
#include "page.h"
#include "query.h"
#include "signet/clock.h"
#include "view.h"

static const struct view list_views[] = {
    {"WHEN", "at", VIEW_TEXT, false},         {"ACTOR", "actor", VIEW_TEXT, true},
    {"ACTION", "action", VIEW_TEXT, false},   {"OBJECT", "object", VIEW_TEXT, true},
    {"OUTCOME", "outcome", VIEW_TEXT, false}, {"RULE", "rule", VIEW_TEXT, true},
    {"COUNT", "count", VIEW_NUMBER, false},   {0},
};

static const struct page_filter list_filters[] = {
    {"actor", "actor"},
    {"action", "action"},
    {"object", "object"},
    {"outcome", "outcome"},
    {"rule", "rule"},
    {"request", "request_id"},
    {0},
};

static bool
since(const struct cli *cli, const struct arguments *arguments, struct buffer *target,
      struct error *err)
{
    const char *text = arguments_value(arguments, "since");
    char from[CLOCK_TEXT_OCTETS];
    int64_t span_s;

    if (!text)
        return true;
    if (!duration_parse("--since", text, &span_s, err))
        return false;
    clock_text(cli->now_s - span_s, from);
    return query_add(target, "since", from, err);
}

bool
command_audit(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    AUTO_BUFFER target = {.max = QUERY_OCTETS};
    json_t *answer = NULL;

    return query_path(&target, "/v1/audit", err) &&
           page_filters(arguments, list_filters, &target, err) &&
           since(cli, arguments, &target, err) &&
           page_fetch(cli, arguments, &target, "events", &answer, err) &&
           page_tell(cli, list_views, "events", answer, err);
}
