/*
 * Command lines: long options only ("--name VALUE" or "--name=VALUE"), operands anywhere, "--" ends
 * the options. What is not in the tables is refused.
 */
#ifndef SIGNET_CLI_ARGUMENTS_H
#define SIGNET_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "signet/error.h"

struct option {
    const char *name;  /* without dashes */
    const char *value; /* what stands behind it, for help: "FILE"; null: it takes none */
    const char *help;
    bool repeats; /* may be given more than once */
};

enum { ARGUMENTS_OPTIONS = 64, ARGUMENTS_OPERANDS = 8 };

struct arguments {
    size_t option_count;
    struct {
        const struct option *option;
        const char *value; /* null: the option takes none */
    } option[ARGUMENTS_OPTIONS];
    size_t operand_count;
    const char *operand[ARGUMENTS_OPERANDS];
    /* behind the command's name, untouched */
    int rest_count;
    char *const *rest;
};

/*
 * Parses against two tables (either may be null). Borrows argv. Errors: ERROR_USAGE for an unknown
 * option, a missing, empty or unwanted value, one given twice, too many operands.
 */
MUST_USE bool arguments_parse(int argc, char *const *argv, const struct option *own,
                              const struct option *general, size_t most_operands,
                              struct arguments *ret_arguments, struct error *err);
/* The value of the option, or null when it was not given. */
const char *arguments_value(const struct arguments *arguments, const char *name);
/* The nth value of an option that repeats, or null. */
const char *arguments_value_at(const struct arguments *arguments, const char *name, size_t index);
bool arguments_given(const struct arguments *arguments, const char *name);

#endif
