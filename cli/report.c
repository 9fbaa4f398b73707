#include "report.h"

#include <jansson.h>
#include <stdarg.h>
#include <string.h>

#include "exit_code.h"
#include "problem.h"
#include "table.h"

void
cli_note(const struct cli *cli, const char *format, ...)
{
    char text[512];
    va_list args;

    if (cli->quiet || cli->json)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    table_clean(text);
    fprintf(cli->messages, "%s\n", text);
}

static void
report_json(const struct cli *cli, const struct error *err)
{
    const struct error_row *row = error_row(err->kind);
    const char *next = problem_next_step(err->kind);
    json_t *json =
        json_pack("{s:s, s:s+, s:s, s:s, s:i}", "command", cli->command, "type", ERROR_URN_PREFIX,
                  row->type, "title", cli->failure.title[0] ? cli->failure.title : row->title,
                  "detail", err->detail, "exit", (int)exit_code_of(err->kind, cli->failure.status));

    if (!json)
        return;
    if (err->rule[0])
        json_object_set_new(json, "rule", json_string(err->rule));
    if (cli->failure.status)
        json_object_set_new(json, "status", json_integer(cli->failure.status));
    if (cli->failure.request_id[0])
        json_object_set_new(json, "request_id", json_string(cli->failure.request_id));
    if (next)
        json_object_set_new(json, "next", json_string(next));
    json_dumpf(json, cli->messages, JSON_INDENT(2));
    fputc('\n', cli->messages);
    json_decref(json);
}

/* "  name: value", cleaned of control characters. */
static void
report_line(const struct cli *cli, const char *name, const char *value)
{
    char clean[ERROR_DETAIL_OCTETS + ERROR_INTERNAL_OCTETS];

    if (!value || *value == '\0')
        return;
    snprintf(clean, sizeof(clean), "%s", value);
    table_clean(clean);
    fprintf(cli->messages, "  %-9s%s\n", name, clean);
}

void
report_error(const struct cli *cli, const struct error *err)
{
    const struct error_row *row = error_row(err->kind);
    char clean[ERROR_DETAIL_OCTETS];

    if (cli->json) {
        report_json(cli, err);
        return;
    }
    snprintf(clean, sizeof(clean), "%s", cli->failure.title[0] ? cli->failure.title : row->title);
    table_clean(clean);
    fprintf(cli->messages, "signet%s%s: %s\n", cli->command[0] ? " " : "", cli->command, clean);
    report_line(cli, "cause:", err->detail);
    if (err->cause == CAUSE_ERRNO)
        report_line(cli, "system:", err->internal);
    report_line(cli, "rule:", err->rule);
    report_line(cli, "request:", cli->failure.request_id);
    report_line(cli, "next:", problem_next_step(err->kind));
}
