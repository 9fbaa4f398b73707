#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

static const char ceremony[] = "signet-ceremony";

/* The program beside this one: never one that PATH happens to name. */
static bool
ceremony_path(char *path, size_t room, struct error *err)
{
    ssize_t len = readlink("/proc/self/exe", path, room - 1);
    char *slash;

    if (len < 0)
        return error_errno(err, ERROR_FILE_ACCESS, "cannot tell where this program is");
    path[len] = '\0';
    slash = strrchr(path, '/');
    if (!slash || (size_t)(slash - path) + 1 + sizeof(ceremony) > room)
        return error_set(err, ERROR_FILE_ACCESS, "the path of this program is too long");
    memcpy(slash + 1, ceremony, sizeof(ceremony));
    return true;
}

static bool
ceremony_become(char *subcommand, const struct arguments *arguments, struct error *err)
{
    size_t count = (size_t)arguments->rest_count;
    char **argv = calloc(count + 3, sizeof(*argv));
    char path[PATH_MAX];

    if (!argv)
        return error_set(err, ERROR_MEMORY, "no memory for arguments");
    if (!ceremony_path(path, sizeof(path), err)) {
        free(argv);
        return false;
    }
    argv[0] = path;
    argv[1] = subcommand;
    for (size_t i = 0; i < count; i++)
        argv[i + 2] = arguments->rest[i];
    execv(path, argv);
    free(argv);
    return error_errno(err, ERROR_FILE_ACCESS, "%s cannot be started", path);
}

bool
command_init(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    char subcommand[] = "init";

    (void)cli;
    return ceremony_become(subcommand, arguments, err);
}

bool
command_token_bench(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    char subcommand[] = "bench";

    (void)cli;
    return ceremony_become(subcommand, arguments, err);
}
