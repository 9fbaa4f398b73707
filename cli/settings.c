#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signet/file.h"

enum { SETTINGS_FILE_OCTETS = 64 * 1024 };

static const struct {
    const char *name;        /* of the option and in the file */
    const char *environment; /* null: none */
} names[SETTING_COUNT] = {
    [SETTING_SERVER] = {"server", "SIGNET_SERVER"}, [SETTING_ROOT] = {"root", "SIGNET_ROOT"},
    [SETTING_FINGERPRINT] = {"fingerprint", NULL},  [SETTING_CERT] = {"cert", "SIGNET_CERT"},
    [SETTING_KEY] = {"key", "SIGNET_KEY"},
};

const char *
settings_get(const struct settings *settings, enum setting setting)
{
    return settings->item[setting].source == SOURCE_NONE ? NULL : settings->item[setting].value;
}

const char *
settings_need(const struct settings *settings, enum setting setting, struct error *err)
{
    const char *value = settings_get(settings, setting);

    if (!value)
        error_set(err, ERROR_USAGE,
                  "%s is not set: give --%s, %s%sor \"%s = ...\" in the settings file",
                  names[setting].name, names[setting].name,
                  names[setting].environment ? names[setting].environment : "",
                  names[setting].environment ? " " : "", names[setting].name);
    return value;
}

static bool
setting_put(struct settings *settings, enum setting setting, enum setting_source source,
            const char *value, struct error *err)
{
    if (strlen(value) >= SETTING_OCTETS)
        return error_set(err, ERROR_USAGE, "%s is longer than %d octets", names[setting].name,
                         SETTING_OCTETS - 1);
    settings->item[setting].source = source;
    memcpy(settings->item[setting].value, value, strlen(value) + 1);
    return true;
}

/* Cuts white space at both ends, in place. */
static char *
trim(char *text)
{
    size_t len;

    text += strspn(text, " \t\r");
    len = strlen(text);
    while (len > 0 && strchr(" \t\r", text[len - 1]))
        text[--len] = '\0';
    return text;
}

static bool
line_parse(const char *path, int line, char *text, struct settings *settings, struct error *err)
{
    char *equals, *name, *value;

    text = trim(text);
    if (*text == '\0' || *text == '#')
        return true;
    equals = strchr(text, '=');
    if (!equals)
        return error_set(err, ERROR_CONFIG, "%s:%d: no \"=\" in the line, wanted key = value", path,
                         line);
    *equals = '\0';
    name = trim(text);
    value = trim(equals + 1);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (strcmp(names[i].name, name) != 0)
            continue;
        if (settings->item[i].source == SOURCE_FILE)
            return error_set(err, ERROR_CONFIG, "%s:%d: %s stands there twice", path, line, name);
        if (*value == '\0')
            return error_set(err, ERROR_CONFIG, "%s:%d: %s has no value", path, line, name);
        return setting_put(settings, (enum setting)i, SOURCE_FILE, value, err);
    }
    return error_set(err, ERROR_CONFIG, "%s:%d: there is no setting \"%.40s\"", path, line, name);
}

bool
settings_parse(const char *path, const char *text, struct settings *settings, struct error *err)
{
    char line[SETTING_OCTETS + 64];
    size_t len;

    for (int number = 1; *text != '\0'; number++) {
        len = strcspn(text, "\n");
        if (len >= sizeof(line))
            return error_set(err, ERROR_CONFIG, "%s:%d: the line is too long", path, number);
        memcpy(line, text, len);
        line[len] = '\0';
        if (!line_parse(path, number, line, settings, err))
            return false;
        text += len + (text[len] == '\n');
    }
    return true;
}

static bool
settings_read(const char *path, struct settings *settings, struct error *err)
{
    AUTO_BUFFER content = {.max = SETTINGS_FILE_OCTETS};
    const char *text;

    if (!file_read(path, &content, err))
        return error_context(err, "settings");
    text = buffer_text(&content);
    if (!text || strlen(text) != content.len)
        return error_set(err, ERROR_CONFIG, "%s: not a text file", path);
    return settings_parse(path, text, settings, err);
}

/* The file in the home folder, "" when there is no home. */
static void
home_path(char *(*look_up)(const char *name), char *path, size_t room)
{
    const char *folder = look_up("XDG_CONFIG_HOME"), *home = look_up("HOME");
    int len = 0;

    path[0] = '\0';
    if (folder && folder[0] == '/')
        len = snprintf(path, room, "%s/signet/config", folder);
    else if (home && home[0] == '/')
        len = snprintf(path, room, "%s/.config/signet/config", home);
    if (len < 0 || (size_t)len >= room)
        path[0] = '\0';
}

static bool
settings_from_file(const struct arguments *arguments, char *(*look_up)(const char *name),
                   struct settings *settings, struct error *err)
{
    const char *named = arguments_value(arguments, "config");
    char path[SETTING_OCTETS];

    if (named)
        return settings_read(named, settings, err);
    home_path(look_up, path, sizeof(path));
    if (path[0] == '\0' || !file_exists(path))
        return true;
    return settings_read(path, settings, err);
}

bool
settings_load(const struct arguments *arguments, char *(*look_up)(const char *name),
              struct settings *ret_settings, struct error *err)
{
    struct settings settings = {0};
    const char *value;

    if (!settings_from_file(arguments, look_up, &settings, err))
        return false;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        value = names[i].environment ? look_up(names[i].environment) : NULL;
        if (value && *value != '\0' &&
            !setting_put(&settings, (enum setting)i, SOURCE_ENVIRONMENT, value, err))
            return false;
        value = arguments_value(arguments, names[i].name);
        if (value && !setting_put(&settings, (enum setting)i, SOURCE_OPTION, value, err))
            return false;
    }
    *ret_settings = settings;
    return true;
}
