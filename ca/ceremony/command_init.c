#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ceremony.h"
#include "command.h"

int
command_init(char **arguments)
{
    struct ceremony *ceremony;
    struct error err = {0};
    int status = EXIT_DONE;

    if (arguments[0] && strcmp(arguments[0], "--help") == 0) {
        options_help(stdout);
        return EXIT_DONE;
    }
    ceremony = calloc(1, sizeof(*ceremony));
    if (!ceremony)
        return EXIT_FAILED;
    umask(022);
    if (ceremony_init(ceremony, arguments, &err) && ceremony_run(ceremony, &err))
        summary_print(ceremony);
    else
        status = command_fail(&err);
    ceremony_done(ceremony);
    free(ceremony);
    return status;
}
