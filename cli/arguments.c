#include "arguments.h"

#include <string.h>

static const struct option *
option_named(const struct option *options, const char *name, size_t len)
{
    for (; options && options->name; options++)
        if (strlen(options->name) == len && strncmp(options->name, name, len) == 0)
            return options;
    return NULL;
}

bool
arguments_given(const struct arguments *arguments, const char *name)
{
    for (size_t i = 0; i < arguments->option_count; i++)
        if (strcmp(arguments->option[i].option->name, name) == 0)
            return true;
    return false;
}

const char *
arguments_value_at(const struct arguments *arguments, const char *name, size_t index)
{
    for (size_t i = 0; i < arguments->option_count; i++)
        if (strcmp(arguments->option[i].option->name, name) == 0 && index-- == 0)
            return arguments->option[i].value;
    return NULL;
}

const char *
arguments_value(const struct arguments *arguments, const char *name)
{
    return arguments_value_at(arguments, name, 0);
}

static bool
option_add(struct arguments *arguments, const struct option *option, const char *value,
           struct error *err)
{
    if (!option->repeats && arguments_given(arguments, option->name))
        return error_set(err, ERROR_USAGE, "--%s is given twice", option->name);
    if (arguments->option_count == ARGUMENTS_OPTIONS)
        return error_set(err, ERROR_USAGE, "more than %d options", ARGUMENTS_OPTIONS);
    arguments->option[arguments->option_count].option = option;
    arguments->option[arguments->option_count].value = value;
    arguments->option_count++;
    return true;
}

/* One option at argv[*at]; moves *at past a value that stands by itself. */
static bool
option_parse(int argc, char *const *argv, int *at, const struct option *own,
             const struct option *general, struct arguments *arguments, struct error *err)
{
    const char *name = argv[*at] + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    const struct option *option = option_named(own, name, len);

    if (!option)
        option = option_named(general, name, len);
    if (!option)
        return error_set(err, ERROR_USAGE, "there is no option --%.*s here", (int)len, name);
    if (!option->value && value)
        return error_set(err, ERROR_USAGE, "--%s takes no value", option->name);
    if (option->value && !value) {
        if (*at + 1 >= argc)
            return error_set(err, ERROR_USAGE, "--%s wants %s behind it", option->name,
                             option->value);
        value = argv[++*at];
    }
    if (value && *value == '\0')
        return error_set(err, ERROR_USAGE, "--%s has an empty value, wanted %s", option->name,
                         option->value);
    return option_add(arguments, option, value, err);
}

static bool
operand_add(struct arguments *arguments, const char *operand, size_t most, struct error *err)
{
    if (arguments->operand_count >= most || arguments->operand_count >= ARGUMENTS_OPERANDS)
        return error_set(err, ERROR_USAGE, "\"%.80s\" is one argument too many", operand);
    arguments->operand[arguments->operand_count++] = operand;
    return true;
}

bool
arguments_parse(int argc, char *const *argv, const struct option *own, const struct option *general,
                size_t most_operands, struct arguments *ret_arguments, struct error *err)
{
    struct arguments arguments = {.rest_count = argc, .rest = argv};
    bool options_ended = false;
    bool fine;

    for (int i = 0; i < argc; i++) {
        if (!options_ended && strcmp(argv[i], "--") == 0) {
            options_ended = true;
            continue;
        }
        if (!options_ended && argv[i][0] == '-' && argv[i][1] != '-' && argv[i][1] != '\0')
            return error_set(err, ERROR_USAGE, "there is no option %.80s; options begin with --",
                             argv[i]);
        if (!options_ended && strncmp(argv[i], "--", 2) == 0)
            fine = option_parse(argc, argv, &i, own, general, &arguments, err);
        else
            fine = operand_add(&arguments, argv[i], most_operands, err);
        if (!fine)
            return false;
    }
    *ret_arguments = arguments;
    return true;
}
