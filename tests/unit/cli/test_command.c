#include "suite.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "help.h"
#include "signet/file.h"

static const struct command *
find(int argc, char *const *argv, int *words, struct error *err)
{
    *words = 0;
    return command_find(argc, argv, words, err);
}

static void
finds_commands_of_one_and_two_words(void)
{
    char *two[] = {"token", "create", "payments/api"};
    char *one[] = {"revoke", "51"};
    struct error err = {0};
    const struct command *command;
    int words;

    command = find(3, two, &words, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(command);
    CU_ASSERT_STRING_EQUAL(command->name, "token create");
    CU_ASSERT_EQUAL(words, 2);
    command = find(2, one, &words, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(command);
    CU_ASSERT_STRING_EQUAL(command->name, "revoke");
    CU_ASSERT_EQUAL(words, 1);
}

static void
refuses_what_is_no_command(void)
{
    char *half[] = {"token"};
    char *other[] = {"token", "delete"};
    char *prefix[] = {"rev"};
    char *joined[] = {"token create"};
    struct error err = {0};
    int words;

    CU_ASSERT_PTR_NULL(find(1, half, &words, &err));
    CU_ASSERT_PTR_NULL(find(2, other, &words, &err));
    CU_ASSERT_EQUAL(err.kind, ERROR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "token delete"));
    CU_ASSERT_PTR_NULL(find(1, prefix, &words, &err));
    CU_ASSERT_PTR_NULL(find(1, joined, &words, &err));
}

static void
options_are_named_once(const struct option *options)
{
    for (const struct option *option = options; option && option->name; option++) {
        CU_ASSERT_TRUE(strlen(option->help) > 0);
        for (const struct option *other = option + 1; other->name; other++)
            CU_ASSERT_STRING_NOT_EQUAL(option->name, other->name);
    }
}

static void
the_table_is_whole(void)
{
    for (const struct command *command = commands; command->name; command++) {
        char start[80];

        CU_ASSERT_PTR_NOT_NULL(command->run);
        CU_ASSERT_TRUE(strlen(command->summary) > 0);
        CU_ASSERT_TRUE(command->least <= command->most);
        snprintf(start, sizeof(start), "signet %s", command->name);
        CU_ASSERT_EQUAL(strncmp(command->example, start, strlen(start)), 0);
        options_are_named_once(command->options);
        for (const struct command *other = command + 1; other->name; other++)
            CU_ASSERT_STRING_NOT_EQUAL(command->name, other->name);
    }
    options_are_named_once(general_options);
}

static const char *
word_after(const char *example, size_t words)
{
    while (words-- > 0) {
        example += strcspn(example, " ");
        example += strspn(example, " ");
    }
    return example;
}

/* Splits in place; examples have no quotes. Redirections end them. */
static int
split(char *text, char **argv, int most)
{
    int count = 0;

    for (char *at = text; *at != '\0' && *at != '>' && count < most;) {
        argv[count++] = at;
        at += strcspn(at, " ");
        while (*at == ' ')
            *at++ = '\0';
    }
    return count;
}

static void
every_example_can_be_typed(void)
{
    for (const struct command *command = commands; command->name; command++) {
        struct arguments arguments;
        struct error err = {0};
        char text[256], *argv[32];
        int count, words = 0;

        if (command->passes_on)
            continue;
        snprintf(text, sizeof(text), "%s", word_after(command->example, 1));
        count = split(text, argv, 32);
        CU_ASSERT_PTR_EQUAL(command_find(count, argv, &words, &err), command);
        ASSERT_OK(arguments_parse(count - words, argv + words, command->options, general_options,
                                  command->most, &arguments, &err),
                  &err);
        CU_ASSERT_TRUE(arguments.operand_count >= command->least);
    }
}

static void
help_shows_every_command_and_option(void)
{
    char text[16384] = "";
    FILE *out = fmemopen(text, sizeof(text), "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    help_overview(out);
    fclose(out);
    for (const struct command *command = commands; command->name; command++) {
        char own[8192] = "";

        CU_ASSERT_PTR_NOT_NULL(strstr(text, command->name));
        out = fmemopen(own, sizeof(own), "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(out);
        help_command(command, out);
        fclose(out);
        CU_ASSERT_PTR_NOT_NULL(strstr(own, command->example));
        for (const struct option *option = command->options; option && option->name; option++)
            CU_ASSERT_PTR_NOT_NULL(strstr(own, option->name));
    }
    CU_ASSERT_FALSE(help_group("nonsense", stdout));
}

/* Each section ".Ss NAME" of the manual, and each option ".It Fl -NAME" in it, against the table.
 */
struct manual {
    const struct option *options; /* of the section we are in */
    size_t commands, options_seen;
    bool general;
};

static const struct command *
command_named(const char *name)
{
    for (const struct command *command = commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

static size_t
options_count(const struct option *options)
{
    size_t count = 0;

    while (options && options[count].name)
        count++;
    return count;
}

static void
manual_line(struct manual *manual, const char *line)
{
    const struct command *command;
    bool known = false;

    if (strncmp(line, ".Sh ", 4) == 0 || strncmp(line, ".Ss ", 4) == 0) {
        CU_ASSERT_EQUAL(manual->options_seen, options_count(manual->options));
        manual->options_seen = 0;
        manual->options = strcmp(line, ".Sh OPTIONS") == 0 ? general_options : NULL;
    }
    if (strncmp(line, ".Ss ", 4) == 0) {
        command = command_named(line + 4);
        CU_ASSERT_PTR_NOT_NULL_FATAL(command);
        manual->commands++;
        manual->options = command->options;
    }
    if (strncmp(line, ".It Fl -", 8) != 0)
        return;
    for (const struct option *option = manual->options; option && option->name; option++)
        known = known || (strncmp(line + 8, option->name, strlen(option->name)) == 0 &&
                          strchr(" ", line[8 + strlen(option->name)]));
    CU_ASSERT_TRUE(known);
    if (!known)
        printf("\n    the manual has an option that the table has not: %s\n", line);
    manual->options_seen++;
}

static void
the_manual_tells_the_same(void)
{
    AUTO_BUFFER content = {.max = 256 * 1024};
    struct manual manual = {0};
    struct error err = {0};
    size_t total = 0, len;
    const char *text;
    char line[512];

    ASSERT_OK(file_read(SIGNET_SOURCE "/docs/man/signet.1", &content, &err), &err);
    text = buffer_text(&content);
    for (; *text != '\0'; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        CU_ASSERT_TRUE_FATAL(len < sizeof(line));
        memcpy(line, text, len);
        line[len] = '\0';
        manual_line(&manual, line);
    }
    for (const struct command *command = commands; command->name; command++)
        total++;
    CU_ASSERT_EQUAL(manual.commands, total);
}

int
main(void)
{
    return RUN_SUITE("cli/command", TEST(finds_commands_of_one_and_two_words),
                     TEST(refuses_what_is_no_command), TEST(the_table_is_whole),
                     TEST(every_example_can_be_typed), TEST(help_shows_every_command_and_option),
                     TEST(the_manual_tells_the_same));
}
