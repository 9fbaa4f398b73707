#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
command_fail(const struct error *err)
{
    fprintf(stderr, "signet-ceremony: %s\n", err->detail);
    if (err->internal[0])
        fprintf(stderr, "  %s\n", err->internal);
    if (err->kind == ERROR_USAGE)
        return EXIT_USAGE;
    return err->kind == ERROR_STATE_EXISTS ? EXIT_EXISTS : EXIT_FAILED;
}

static struct command_option *
command_option_of(struct command_option *options, size_t count, const char *argument)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(argument, "--", 2) == 0 && strcmp(argument + 2, options[i].name) == 0)
            return &options[i];
    return NULL;
}

bool
command_options(char **arguments, struct command_option *options, size_t count, size_t required,
                struct error *err)
{
    for (; *arguments; arguments += 2) {
        struct command_option *option = command_option_of(options, count, *arguments);

        if (!option)
            return error_set(err, ERROR_USAGE, "%s is no option here: see --help", *arguments);
        if (option->value || !arguments[1])
            return error_set(err, ERROR_USAGE, "--%s takes one value, once", option->name);
        option->value = arguments[1];
    }
    for (size_t i = 0; i < required; i++)
        if (!options[i].value)
            return error_set(err, ERROR_USAGE, "--%s is missing", options[i].name);
    return true;
}

bool
command_fd(const struct command_option *option, int *ret_fd, struct error *err)
{
    char *end;
    long number = strtol(option->value, &end, 10);

    if (end == option->value || *end != '\0' || number < 0 || number > 1000)
        return error_set(err, ERROR_USAGE, "--%s %s: wanted the number of a descriptor",
                         option->name, option->value);
    *ret_fd = (int)number;
    return true;
}
