/* Exit status by class of failure, so that scripts need not read messages. */
#ifndef SIGNET_CLI_EXIT_CODE_H
#define SIGNET_CLI_EXIT_CODE_H

#include "signet/error.h"

enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_REFUSED = 1, /* the server refused; doing the same again will not help */
    EXIT_CODE_USAGE = 2,   /* the command line or the settings are wrong */
    EXIT_CODE_NETWORK = 3, /* not reached, or not able to answer now; try again later */
    EXIT_CODE_FILE = 4,    /* a local file cannot be read, written, or is in the way */
    EXIT_CODE_TRUST = 5    /* the server is not who it should be */
};

/* `status` is the HTTP status that the server answered with, 0 when the failure is our own. */
enum exit_code exit_code_of(enum error_kind kind, int status);

#endif
