#include "command.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "exit_code.h"
#include "help.h"
#include "report.h"
#include "signet/clock.h"

/* How many words of argv the command's name takes; 0 when they are others. */
static int
words_matched(const char *name, int argc, char *const *argv)
{
    int words = 0;
    size_t len;

    while (*name != '\0') {
        len = strcspn(name, " ");
        if (words >= argc || strlen(argv[words]) != len || strncmp(argv[words], name, len) != 0)
            return 0;
        name += len + (name[len] == ' ');
        words++;
    }
    return words;
}

const struct command *
command_find(int argc, char *const *argv, int *ret_words, struct error *err)
{
    int words;

    for (const struct command *command = commands; command->name; command++) {
        words = words_matched(command->name, argc, argv);
        if (words > 0) {
            *ret_words = words;
            return command;
        }
    }
    if (argc > 0)
        error_set(err, ERROR_USAGE, "there is no command \"%.60s%s%.60s\"", argv[0],
                  argc > 1 && argv[1][0] != '-' ? " " : "",
                  argc > 1 && argv[1][0] != '-' ? argv[1] : "");
    return NULL;
}

static unsigned
terminal_width(FILE *out)
{
    struct winsize size;
    int fd = fileno(out);

    if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

static bool
operands_check(const struct command *command, const struct arguments *arguments, struct error *err)
{
    if (arguments->operand_count >= command->least)
        return true;
    return error_set(err, ERROR_USAGE, "%s is missing: signet %s %s", command->operands,
                     command->name, command->operands);
}

static bool
command_run(const struct command *command, int argc, char *const *argv, struct cli *cli,
            struct error *err)
{
    struct arguments arguments = {.rest_count = argc, .rest = argv};

    cli->command = command->name;
    if (command->passes_on)
        return command->run(cli, &arguments, err);
    for (int i = 0; i < argc; i++)
        cli->json = cli->json || strcmp(argv[i], "--json") == 0;
    if (!arguments_parse(argc, argv, command->options, general_options, command->most, &arguments,
                         err))
        return false;
    cli->json = arguments_given(&arguments, "json");
    cli->quiet = arguments_given(&arguments, "quiet");
    if (arguments_given(&arguments, "help")) {
        help_command(command, cli->out);
        return true;
    }
    return operands_check(command, &arguments, err) &&
           settings_load(&arguments, getenv, &cli->settings, err) &&
           command->run(cli, &arguments, err);
}

/* What asks for no command: help and version. True when it was one of them. */
static bool
answered_without_command(int argc, char *const *argv, FILE *out)
{
    if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "help") == 0) {
        help_overview(out);
        return true;
    }
    if (strcmp(argv[0], "--version") == 0) {
        fputs("signet " SIGNET_VERSION "\n", out);
        return true;
    }
    if (argc == 1 || strcmp(argv[1], "--help") == 0)
        return help_group(argv[0], out);
    return false;
}

static int
finish(struct cli *cli, bool done, const struct error *err)
{
    if (!done) {
        report_error(cli, err);
        return (int)exit_code_of(err->kind, cli->failure.status);
    }
    if (fflush(cli->out) != 0 || ferror(cli->out)) {
        fputs("signet: the output could not be written\n", cli->messages);
        return EXIT_CODE_FILE;
    }
    return EXIT_CODE_OK;
}

int
command_main(int argc, char **argv)
{
    struct cli cli = {.command = "",
                      .out = stdout,
                      .messages = stderr,
                      .width = terminal_width(stdout),
                      .now_s = clock_now_s()};
    struct error err = {0};
    const struct command *command;
    int words = 0, status;

    argc--;
    argv++;
    command = command_find(argc, argv, &words, &err);
    if (!command && answered_without_command(argc, argv, stdout))
        return argc == 0 ? EXIT_CODE_USAGE : EXIT_CODE_OK;
    if (!command)
        return finish(&cli, false, &err);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    status = finish(&cli, command_run(command, argc - words, argv + words, &cli, &err), &err);
    curl_global_cleanup();
    return status;
}
