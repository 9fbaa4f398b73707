/* The subcommands of signet-ceremony; each gives the exit status. */
#ifndef SIGNET_CEREMONY_COMMAND_H
#define SIGNET_CEREMONY_COMMAND_H

#include <stddef.h>

#include "signet/error.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_EXISTS = 3 };

/* `arguments` follow the subcommand's name and end with null. */
int command_init(char **arguments);
int command_keygen(char **arguments);
int command_csr(char **arguments);
int command_token(char **arguments);
int command_roles(char **arguments);
int command_migrate(char **arguments);
int command_bench(char **arguments);
int command_admin(char **arguments);
int command_root_crl(char **arguments);
int command_accept_database(char **arguments);

/* Prints the error; gives the exit status that fits it. */
int command_fail(const struct error *err);

/* One --NAME VALUE of the small subcommands. */
struct command_option {
    const char *name;
    const char *value; /* out */
};
/* Fills values; every option may stand once, those before `required` must. ERROR_USAGE. */
MUST_USE bool command_options(char **arguments, struct command_option *options, size_t count,
                              size_t required, struct error *err);
/* A descriptor number. ERROR_USAGE. */
MUST_USE bool command_fd(const struct command_option *option, int *ret_fd, struct error *err);

#endif
