/* Prints docs/errors.md from the table of errors. */
#include <stdio.h>

#include "signet/error.h"
#include "signet/log.h"

static const char *const blames[] = {
    [BLAME_CLIENT] = "client", [BLAME_SERVER] = "server", [BLAME_OPERATOR] = "operator"};
static const char *const retries[] = {
    [RETRY_NO] = "no", [RETRY_LATER] = "later", [RETRY_NOW] = "now"};

static const char intro[] =
    "<!-- Made by tests/lint/errors_doc from include/signet/error_kinds.def: do not edit. -->\n"
    "# Errors\n"
    "\n"
    "Every refusal is a problem document (RFC 9457) with the content type\n"
    "`application/problem+json`. Its `type` is `" ERROR_URN_PREFIX "` and the word of the first\n"
    "column; decide by it, never by the text of `title` or `detail`. `detail` says what was\n"
    "attempted, what was wanted and what was found. `request_id` also stands in the log and the\n"
    "audit trail.\n"
    "\n"
    "*Fault* says who has to change something. *Retry*: `no`, the same request will be refused\n"
    "again; `later`, after the seconds of `Retry-After`; `now`, the same request again at once is\n"
    "safe and resolves it. *Log* is the level at which the server logs it.\n"
    "\n"
    "| type | status | title | fault | retry | log |\n"
    "|---|---|---|---|---|---|\n";

int
main(void)
{
    fputs(intro, stdout);
    for (int kind = ERROR_NONE + 1; kind < ERROR_KIND_COUNT; kind++) {
        const struct error_row *row = error_row((enum error_kind)kind);

        printf("| `%s` | %d | %s | %s | %s | %s |\n", row->type, row->status, row->title,
               blames[row->blame], retries[row->retry], log_level_text(row->level));
    }
    return ferror(stdout) ? 1 : 0;
}
