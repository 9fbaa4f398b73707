/* signet-ceremony accept-database */
#include <stdlib.h>
#include <sys/stat.h>

#include "accept.h"
#include "command.h"

static bool
run(struct ceremony *ceremony, char **arguments, struct error *err)
{
    struct command_option options[] = {{"state", NULL}, {"config", NULL}, {"crl", NULL}};
    bool ok;

    if (!command_options(arguments, options, ARRAY_LEN(options), 1, err) ||
        !existing_begin(ceremony, options[0].value, options[1].value, err))
        return false;
    ok = accept_database(ceremony, options[2].value, err);
    progress_end(&ceremony->progress);
    return ok;
}

int
command_accept_database(char **arguments)
{
    struct ceremony *ceremony = calloc(1, sizeof(*ceremony));
    struct error err = {0};
    int status = EXIT_DONE;

    if (!ceremony)
        return EXIT_FAILED;
    ceremony_new(ceremony);
    umask(022);
    if (!run(ceremony, arguments, &err))
        status = command_fail(&err);
    ceremony_done(ceremony);
    free(ceremony);
    return status;
}
