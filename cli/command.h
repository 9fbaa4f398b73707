/*
 * The commands of `signet`: one table drives dispatch, help, and the comparison with the manual.
 */
#ifndef SIGNET_CLI_COMMAND_H
#define SIGNET_CLI_COMMAND_H

#include "arguments.h"
#include "cli.h"

struct command {
    const char *name;             /* "token create" */
    const char *operands;         /* "IDENTITY"; "" for none */
    size_t least, most;           /* operands */
    const struct option *options; /* besides the general ones; ends with a null name; null: none */
    bool passes_on;               /* everything after the name goes to another program as it is */
    bool (*run)(struct cli *cli, const struct arguments *arguments, struct error *err);
    const char *summary;
    const char *details; /* for --help; "" for none */
    const char *example;
};

/* Ends with a null name. */
extern const struct command commands[];
/* Options that every command takes; ends with a null name. */
extern const struct option general_options[];

/*
 * The command that the first words of argv name; *ret_words how many there are. Null when there is
 * none; then ERROR_USAGE tells what was found.
 */
const struct command *command_find(int argc, char *const *argv, int *ret_words, struct error *err);

/* Runs the command line and gives the exit status (exit_code.h). */
int command_main(int argc, char **argv);

/* In command_*.c. */
bool command_init(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_token_create(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_token_bench(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_enroll(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_renew(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_revoke(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_cert_list(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_cert_show(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_identity_list(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_identity_show(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_identity_create(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_identity_suspend(struct cli *cli, const struct arguments *arguments,
                              struct error *err);
bool command_identity_resume(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_issuer_list(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_policy_show(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_policy_history(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_policy_check(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_policy_diff(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_policy_apply(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_policy_rollback(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_audit(struct cli *cli, const struct arguments *arguments, struct error *err);
bool command_status(struct cli *cli, const struct arguments *arguments, struct error *err);

#endif
