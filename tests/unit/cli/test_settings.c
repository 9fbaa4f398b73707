#include "scratch.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "settings.h"

/* Stands for the environment: the home folder is a fresh one, SIGNET_SERVER only when asked. */
static char home[64];
static bool with_server;

static char *
look_up(const char *name)
{
    static char server[] = "https://from-environment";

    if (strcmp(name, "HOME") == 0)
        return home;
    return with_server && strcmp(name, "SIGNET_SERVER") == 0 ? server : NULL;
}

static void
home_make(const char *config)
{
    char path[128];
    FILE *file;

    scratch_make(home, "signet-settings");
    snprintf(path, sizeof(path), "%s/.config", home);
    CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/.config/signet", home);
    CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/.config/signet/config", home);
    file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(config, file);
    fclose(file);
}

static void
home_remove(void)
{
    scratch_remove(home);
}

static bool
load(struct settings *settings, char *option, struct error *err)
{
    struct arguments arguments;

    return arguments_parse(option ? 1 : 0, &option, NULL, general_options, 0, &arguments, err) &&
           settings_load(&arguments, look_up, settings, err);
}

static void
option_before_environment_before_file(void)
{
    struct settings settings;
    struct error err = {0};

    home_make("# of this machine\n server = https://from-file \nroot=/etc/root.pem\n\n");
    with_server = false;
    ASSERT_OK(load(&settings, NULL, &err), &err);
    CU_ASSERT_STRING_EQUAL(settings_get(&settings, SETTING_SERVER), "https://from-file");
    CU_ASSERT_STRING_EQUAL(settings_get(&settings, SETTING_ROOT), "/etc/root.pem");
    CU_ASSERT_PTR_NULL(settings_get(&settings, SETTING_KEY));
    with_server = true;
    ASSERT_OK(load(&settings, NULL, &err), &err);
    CU_ASSERT_STRING_EQUAL(settings_get(&settings, SETTING_SERVER), "https://from-environment");
    CU_ASSERT_EQUAL(settings.item[SETTING_SERVER].source, SOURCE_ENVIRONMENT);
    ASSERT_OK(load(&settings, "--server=https://from-option", &err), &err);
    CU_ASSERT_STRING_EQUAL(settings_get(&settings, SETTING_SERVER), "https://from-option");
    CU_ASSERT_STRING_EQUAL(settings_get(&settings, SETTING_ROOT), "/etc/root.pem");
    home_remove();
}

static void
a_file_that_is_named_must_be_there(void)
{
    struct settings settings;
    struct error err = {0};

    snprintf(home, sizeof(home), "/nonexistent");
    with_server = false;
    ASSERT_OK(load(&settings, NULL, &err), &err);
    ASSERT_REFUSED(load(&settings, "--config=/nonexistent/config", &err), &err, ERROR_FILE_ACCESS);
}

static void
what_is_missing_is_told_with_the_ways_to_set_it(void)
{
    struct settings settings = {0};
    struct error err = {0};

    CU_ASSERT_PTR_NULL(settings_need(&settings, SETTING_SERVER, &err));
    CU_ASSERT_EQUAL(err.kind, ERROR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "--server"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "SIGNET_SERVER"));
}

static void
refuses_with_file_and_line(void)
{
    static const struct {
        const char *text, *where;
    } wrong[] = {
        {"server = a\nnonsense\n", "config:2:"},
        {"server = a\n\nservre = b\n", "config:3:"},
        {"server = a\nserver = b\n", "config:2:"},
        {"server =\n", "config:1:"},
        {"= a\n", "config:1:"},
    };

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct settings settings = {0};
        struct error err = {0};

        ASSERT_REFUSED(settings_parse("config", wrong[i].text, &settings, &err), &err,
                       ERROR_CONFIG);
        CU_ASSERT_EQUAL(strncmp(err.detail, wrong[i].where, strlen(wrong[i].where)), 0);
    }
}

static void
refuses_what_is_too_long(void)
{
    char line[2 * SETTING_OCTETS];
    struct settings settings = {0};
    struct error err = {0};

    memset(line, 'x', sizeof(line));
    memcpy(line, "server = ", 9);
    line[sizeof(line) - 1] = '\0';
    ASSERT_REFUSED(settings_parse("config", line, &settings, &err), &err, ERROR_CONFIG);
    line[SETTING_OCTETS + 9] = '\0';
    ASSERT_REFUSED(settings_parse("config", line, &settings, &err), &err, ERROR_USAGE);
    line[SETTING_OCTETS + 8] = '\0';
    ASSERT_OK(settings_parse("config", line, &settings, &err), &err);
}

int
main(void)
{
    return RUN_SUITE("cli/settings", TEST(option_before_environment_before_file),
                     TEST(a_file_that_is_named_must_be_there),
                     TEST(what_is_missing_is_told_with_the_ways_to_set_it),
                     TEST(refuses_with_file_and_line), TEST(refuses_what_is_too_long));
}
