/* What went wrong, told to a person or a script on standard error. */
#ifndef SIGNET_CLI_REPORT_H
#define SIGNET_CLI_REPORT_H

#include "cli.h"

/* Object, cause, rule, request id and next step; one JSON object with --json. Never a secret:
 * errors hold none. */
void report_error(const struct cli *cli, const struct error *err);

#endif
