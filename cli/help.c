#include "help.h"

#include <string.h>

static const struct {
    int code;
    const char *meaning;
} exit_codes[] = {
    {0, "done"},
    {1, "refused by the server"},
    {2, "wrong command line or settings"},
    {3, "not reached, or not able to answer now: try again later"},
    {4, "a local file cannot be used"},
    {5, "the server is not who it should be"},
};

static void
print_commands(const char *prefix, FILE *out)
{
    for (const struct command *command = commands; command->name; command++)
        if (strncmp(command->name, prefix, strlen(prefix)) == 0)
            fprintf(out, "  %-18s %s\n", command->name, command->summary);
}

static bool
is_among(const struct option *options, const char *name)
{
    for (; options && options->name; options++)
        if (strcmp(options->name, name) == 0)
            return true;
    return false;
}

/* Those that `others` has, too, are left out: there they mean something else. */
static void
print_options(const struct option *options, const struct option *others, FILE *out)
{
    char left[64];

    for (; options && options->name; options++) {
        if (is_among(others, options->name))
            continue;
        snprintf(left, sizeof(left), "--%s%s%s", options->name, options->value ? " " : "",
                 options->value ? options->value : "");
        fprintf(out, "  %-24s %s%s\n", left, options->help,
                options->repeats ? " (may be repeated)" : "");
    }
}

void
help_overview(FILE *out)
{
    fputs("signet - certificates from your own authority\n\n"
          "usage: signet COMMAND [ARGUMENT...] [--OPTION...]\n\ncommands:\n",
          out);
    print_commands("", out);
    fputs("\noptions of every command:\n", out);
    print_options(general_options, NULL, out);
    fputs("\nexit status:\n", out);
    for (size_t i = 0; i < ARRAY_LEN(exit_codes); i++)
        fprintf(out, "  %d  %s\n", exit_codes[i].code, exit_codes[i].meaning);
    fputs("\nexample:\n  signet enroll --token-file token --root roots.pem\n"
          "\nMore of a command: signet COMMAND --help\n",
          out);
}

void
help_command(const struct command *command, FILE *out)
{
    fprintf(out, "signet %s - %s\n\nusage: signet %s%s%s%s\n", command->name, command->summary,
            command->name, command->operands[0] ? " " : "", command->operands,
            command->options ? " [--OPTION...]" : "");
    if (command->details[0])
        fprintf(out, "\n%s\n", command->details);
    if (command->options) {
        fputs("\noptions:\n", out);
        print_options(command->options, NULL, out);
    }
    if (!command->passes_on) {
        fputs("\noptions of every command:\n", out);
        print_options(general_options, command->options, out);
    }
    fprintf(out, "\nexample:\n  %s\n", command->example);
}

bool
help_group(const char *word, FILE *out)
{
    char prefix[64];
    bool found = false;

    snprintf(prefix, sizeof(prefix), "%s ", word);
    for (const struct command *command = commands; command->name; command++)
        found = found || strncmp(command->name, prefix, strlen(prefix)) == 0;
    if (!found)
        return false;
    fprintf(out, "usage: signet %s COMMAND [ARGUMENT...] [--OPTION...]\n\ncommands:\n", word);
    print_commands(prefix, out);
    return true;
}
