#include "permit_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scan {
    struct permit_file *file;
    const char *at;
    const char *end;
    int line;
    struct error *err;
    char section[PERMIT_WORD_OCTETS];
};

static bool
scan_complain(struct scan *scan, int line, const char *what)
{
    return error_set(scan->err, ERROR_CONFIG, "%s:%d: %s", scan->file->path, line, what);
}

static void
scan_skip(struct scan *scan)
{
    bool comment = false;

    for (; scan->at < scan->end; scan->at++) {
        if (*scan->at == '\n') {
            scan->line++;
            comment = false;
            continue;
        }
        if (*scan->at == '#')
            comment = true;
        if (!comment && *scan->at != ' ' && *scan->at != '\t')
            return;
    }
}

static bool
scan_take(struct scan *scan, char wanted)
{
    scan_skip(scan);
    if (scan->at == scan->end || *scan->at != wanted)
        return false;
    scan->at++;
    return true;
}

static bool
is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool
scan_word(struct scan *scan, char word[PERMIT_WORD_OCTETS])
{
    size_t len = 0;

    scan_skip(scan);
    while (scan->at + len < scan->end && is_word(scan->at[len]))
        len++;
    if (len == 0 || len >= PERMIT_WORD_OCTETS)
        return scan_complain(scan, scan->line, "expected the name of a setting");
    memcpy(word, scan->at, len);
    word[len] = '\0';
    scan->at += len;
    return true;
}

/* A text is printable ASCII between double quotes; there is no escape and no ${...}. */
static bool
scan_text(struct scan *scan, char value[PERMIT_VALUE_OCTETS])
{
    size_t len = 0;

    if (!scan_take(scan, '"'))
        return scan_complain(scan, scan->line, "expected a text in double quotes");
    for (; scan->at < scan->end && *scan->at != '"'; scan->at++) {
        if (*scan->at < ' ' || *scan->at > '~' || *scan->at == '\\' || *scan->at == '$')
            return scan_complain(scan, scan->line, "a text may hold only printable ASCII "
                                                   "without \\ and $");
        if (len + 1 >= PERMIT_VALUE_OCTETS)
            return scan_complain(scan, scan->line, "the text is longer than 255 characters");
        value[len++] = *scan->at;
    }
    if (scan->at == scan->end)
        return scan_complain(scan, scan->line, "the text does not end");
    scan->at++;
    value[len] = '\0';
    return true;
}

static bool
scan_number(struct scan *scan, struct permit_setting *setting)
{
    const char *start = scan->at;
    int64_t number = 0;

    for (; scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9'; scan->at++) {
        if (number > INT32_MAX)
            return scan_complain(scan, scan->line, "the number is too large");
        number = number * 10 + (*scan->at - '0');
    }
    if (scan->at == start || (*start == '0' && scan->at - start > 1))
        return scan_complain(scan, scan->line, "expected a text, a list or a decimal number "
                                               "without leading zeros");
    if (scan->at < scan->end && is_word(*scan->at))
        return scan_complain(scan, scan->line, "a number ends with a letter");
    setting->kind = PERMIT_NUMBER;
    setting->number = number;
    return true;
}

static bool
scan_list(struct scan *scan, struct permit_setting *setting)
{
    setting->kind = PERMIT_LIST;
    if (scan_take(scan, '}'))
        return true;
    do {
        if (setting->count == PERMIT_VALUES)
            return scan_complain(scan, scan->line, "the list has more than 16 values");
        if (!scan_text(scan, setting->value[setting->count]))
            return false;
        setting->count++;
    } while (scan_take(scan, ','));
    if (!scan_take(scan, '}'))
        return scan_complain(scan, scan->line, "expected , or } in the list");
    return true;
}

static bool
scan_value(struct scan *scan, struct permit_setting *setting)
{
    scan_skip(scan);
    if (scan_take(scan, '{'))
        return scan_list(scan, setting);
    if (scan->at == scan->end || *scan->at != '"')
        return scan_number(scan, setting);
    setting->kind = PERMIT_TEXT;
    setting->count = 1;
    return scan_text(scan, setting->value[0]);
}

static bool
scan_setting(struct scan *scan, const char *name, int line)
{
    const struct permit_setting *twin = permit_file_find(scan->file, scan->section, name);
    struct permit_setting *setting;

    if (twin)
        return error_set(scan->err, ERROR_CONFIG, "%s:%d: %s stands already in line %d",
                         scan->file->path, line, name, twin->line);
    if (scan->file->count == PERMIT_SETTINGS)
        return scan_complain(scan, line, "there are too many settings");
    setting = &scan->file->setting[scan->file->count];
    snprintf(setting->section, sizeof(setting->section), "%s", scan->section);
    snprintf(setting->name, sizeof(setting->name), "%s", name);
    setting->line = line;
    if (!scan_value(scan, setting))
        return false;
    scan->file->count++;
    return true;
}

/* "class NAME {": the word was read. */
static bool
scan_section(struct scan *scan, const char *word, int line)
{
    char name[PERMIT_WORD_OCTETS];

    if (strcmp(word, "class") != 0 || scan->section[0] != '\0')
        return error_set(scan->err, ERROR_CONFIG, "%s:%d: expected = after %s", scan->file->path,
                         line, word);
    if (!scan_word(scan, name))
        return false;
    if (!scan_take(scan, '{'))
        return scan_complain(scan, scan->line, "expected { after the name of the class");
    if (permit_file_has_section(scan->file, name))
        return error_set(scan->err, ERROR_CONFIG, "%s:%d: class %s stands twice", scan->file->path,
                         line, name);
    snprintf(scan->section, sizeof(scan->section), "%s", name);
    return true;
}

static bool
scan_statement(struct scan *scan)
{
    char word[PERMIT_WORD_OCTETS];
    int line;

    if (scan->section[0] != '\0' && scan_take(scan, '}')) {
        if (!permit_file_has_section(scan->file, scan->section))
            return scan_complain(scan, scan->line, "the class is empty");
        scan->section[0] = '\0';
        return true;
    }
    scan_skip(scan);
    line = scan->line;
    if (!scan_word(scan, word))
        return false;
    if (scan_take(scan, '='))
        return scan_setting(scan, word, line);
    return scan_section(scan, word, line);
}

bool
permit_file_parse(const char *path, struct bytes text, struct permit_file **ret_file,
                  struct error *err)
{
    struct permit_file *file = calloc(1, sizeof(*file));
    struct scan scan = {.file = file, .line = 1, .err = err};
    bool ok = true;

    if (!file)
        return error_set(err, ERROR_MEMORY, "no memory for the permit %s", path);
    snprintf(file->path, sizeof(file->path), "%s", path);
    scan.at = (const char *)text.data;
    scan.end = scan.at + text.len;
    for (scan_skip(&scan); ok && scan.at < scan.end; scan_skip(&scan))
        ok = scan_statement(&scan);
    if (ok && scan.section[0] != '\0')
        ok = scan_complain(&scan, scan.line, "the file ends inside a class");
    if (!ok) {
        free(file);
        return false;
    }
    *ret_file = file;
    return true;
}

const struct permit_setting *
permit_file_find(const struct permit_file *file, const char *section, const char *name)
{
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->setting[i].section, section) == 0 &&
            strcmp(file->setting[i].name, name) == 0)
            return &file->setting[i];
    return NULL;
}

bool
permit_file_has_section(const struct permit_file *file, const char *section)
{
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->setting[i].section, section) == 0)
            return true;
    return false;
}
