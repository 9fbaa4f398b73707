/* What every command is given. */
#ifndef SIGNET_CLI_H
#define SIGNET_CLI_H

#include <stdint.h>
#include <stdio.h>

#include "settings.h"
#include "signet/error.h"
#include "signet/limits.h"

/* What the server said of a failure, besides the error; empty when it did not come from the server.
 */
struct failure {
    int status; /* HTTP; 0: not from the server */
    char title[128];
    char request_id[LIMIT_REQUEST_ID_OCTETS + 1];
};

struct cli {
    const char *command; /* its name, for messages */
    struct settings settings;
    struct failure failure;
    bool json;  /* --json: what the server said, for scripts */
    bool quiet; /* --quiet: no progress on standard error */
    FILE *out;
    FILE *messages;
    unsigned width; /* columns of the terminal; 0: not a terminal, nothing is shortened */
    int64_t now_s;
};

/* One line of progress for people; silent with --quiet or --json. */
void cli_note(const struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
