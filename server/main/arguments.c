#include "arguments.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_FD = 3, LAST_FD = 65535 };

static const char *const kind_names[LISTEN_KINDS] = {
    [LISTEN_HTTPS] = "https", [LISTEN_PUBLISH] = "publish", [LISTEN_HEALTH] = "health"};

static bool
parse_fd(const char *text, int *ret_fd)
{
    char *end;
    long value;

    if (*text < '0' || *text > '9')
        return false;
    value = strtol(text, &end, 10);
    if (*end != '\0' || value < FIRST_FD || value > LAST_FD)
        return false;
    *ret_fd = (int)value;
    return true;
}

static bool
take_config(struct arguments *arguments, const char *value)
{
    arguments->config = value;
    return true;
}

static bool
take_control(struct arguments *arguments, const char *value)
{
    return parse_fd(value, &arguments->control);
}

static bool
take_listen(struct arguments *arguments, const char *value)
{
    size_t len = strcspn(value, ":");

    for (size_t kind = 0; value[len] == ':' && kind < LISTEN_KINDS; kind++) {
        struct listen_fds *fds = &arguments->listen[kind];

        if (strlen(kind_names[kind]) == len && strncmp(kind_names[kind], value, len) == 0)
            return fds->count < CONFIG_LIST && parse_fd(value + len + 1, &fds->fd[fds->count++]);
    }
    return false;
}

static const struct {
    const char *name;
    bool (*take)(struct arguments *arguments, const char *value);
} options[] = {{"--config", take_config}, {"--control", take_control}, {"--listen", take_listen}};

static bool
take_option(struct arguments *arguments, const char *name, const char *value, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strcmp(options[i].name, name) == 0)
            return (value && options[i].take(arguments, value)) ||
                   error_set(err, ERROR_USAGE, "%s cannot be %s", name,
                             value ? value : "without value");
    return error_set(err, ERROR_USAGE, "the argument %.100s is not known", name);
}

bool
arguments_parse(int argc, char *const *argv, struct arguments *ret_arguments, struct error *err)
{
    struct arguments arguments = {.control = -1};

    for (int i = 1; i < argc; i += 2)
        if (!take_option(&arguments, argv[i], i + 1 < argc ? argv[i + 1] : NULL, err))
            return false;
    if (!arguments.config)
        return error_set(err, ERROR_USAGE, "--config is missing");
    for (size_t kind = 0; kind < LISTEN_KINDS; kind++)
        if (arguments.listen[kind].count == 0)
            return error_set(err, ERROR_USAGE, "--listen %s:FD is missing", kind_names[kind]);
    *ret_arguments = arguments;
    return true;
}
