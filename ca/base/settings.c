#include "signet/settings.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings_scan.h"
#include "signet/file.h"
#include "signet/limits.h"

DEFINE_CLEANUP(cfg_t *, cfg_free);
#define AUTO_CFG CLEANUP(cfg_free_auto) cfg_t

enum { SETTINGS_WORD_OCTETS = 64 };

/* libconfuse's own tables, made from ours. Every value is a text to it: its numbers take octal. */
struct settings_options {
    cfg_opt_t top[SETTINGS_ROWS + SETTINGS_SECTIONS + 1];
    cfg_opt_t within[SETTINGS_SECTIONS][SETTINGS_ROWS + 1];
    char word[SETTINGS_SECTIONS][SETTINGS_WORD_OCTETS];
    size_t sections;
};

/* Nothing is printed: the scan before has said it better, and the caller reports. */
static void
settings_quiet(cfg_t *cfg, const char *format, va_list args)
{
    (void)cfg;
    (void)format;
    (void)args;
}

/* "token" of "token issuing". */
static size_t
settings_word_len(const char *section)
{
    return strcspn(section, " ");
}

static void
settings_append(cfg_opt_t *options, const struct settings_row *row)
{
    static const cfg_opt_t end = CFG_END();
    const cfg_opt_t text = CFG_STR(row->name, NULL, CFGF_NONE);
    const cfg_opt_t list = CFG_STR_LIST(row->name, NULL, CFGF_NONE);
    size_t at = 0;

    for (; options[at].name; at++)
        if (strcmp(options[at].name, row->name) == 0)
            return;
    options[at] = row->type == SETTINGS_LIST ? list : text;
    options[at + 1] = end;
}

/* The options of the sections that share the first word. */
static cfg_opt_t *
settings_within(struct settings_options *options, const char *section)
{
    static const cfg_opt_t end = CFG_END();
    size_t len = settings_word_len(section);

    for (size_t i = 0; i < options->sections; i++)
        if (strlen(options->word[i]) == len && strncmp(options->word[i], section, len) == 0)
            return options->within[i];
    if (options->sections == SETTINGS_SECTIONS || len >= SETTINGS_WORD_OCTETS)
        return NULL;
    memcpy(options->word[options->sections], section, len);
    options->within[options->sections][0] = end;
    return options->within[options->sections++];
}

static bool
settings_build(struct settings_options *options, const struct settings_row *rows, size_t count,
               struct error *err)
{
    static const cfg_opt_t end = CFG_END();
    size_t used = 0;

    options->top[0] = end;
    for (size_t i = 0; i < count; i++) {
        cfg_opt_t *place =
            rows[i].section[0] ? settings_within(options, rows[i].section) : options->top;

        if (!place)
            return error_set(err, ERROR_INTERNAL, "the schema has too many sections");
        settings_append(place, &rows[i]);
    }
    while (options->top[used].name)
        used++;
    for (size_t i = 0; i < options->sections; i++) {
        const cfg_opt_t plain = CFG_SEC(options->word[i], options->within[i], CFGF_NONE);
        const cfg_opt_t titled =
            CFG_SEC(options->word[i], options->within[i], CFGF_MULTI | CFGF_TITLE);
        bool has_title = false;

        for (size_t j = 0; j < count; j++)
            has_title |= settings_within(options, rows[j].section) == options->within[i] &&
                         strchr(rows[j].section, ' ') != NULL;
        options->top[used++] = has_title ? titled : plain;
    }
    options->top[used] = end;
    return true;
}

/* Where one row's value goes, and what to say when it is wrong. */
struct settings_place {
    const struct settings_index *index;
    const struct settings_row *row;
    unsigned line;
    uint8_t *target;
    struct error *err;
};

static bool
settings_wrong(const struct settings_place *place, const char *wanted, const char *found)
{
    return error_set(place->err, ERROR_CONFIG, "%s:%u: option %s: wanted %s, found \"%.100s\"",
                     place->index->path, place->line, place->row->name, wanted, found);
}

static bool
settings_put_number(const struct settings_place *place, const char *value)
{
    const struct settings_row *row = place->row;
    size_t len = strspn(value, "0123456789");
    char wanted[96];
    uint64_t number = 0;
    uint32_t narrow;

    snprintf(wanted, sizeof(wanted), "a decimal number from %u to %u", row->min, row->max);
    if (len == 0 || len > 10 || value[len] || (value[0] == '0' && len > 1))
        return settings_wrong(place, wanted, value);
    for (size_t i = 0; i < len; i++)
        number = number * 10 + (uint64_t)(value[i] - '0');
    if (number < row->min || number > row->max)
        return settings_wrong(place, wanted, value);
    narrow = (uint32_t)number;
    memcpy(place->target, &narrow, sizeof(narrow));
    return true;
}

static bool
settings_put_bool(const struct settings_place *place, const char *value)
{
    bool yes = strcmp(value, "true") == 0;

    if (!yes && strcmp(value, "false") != 0)
        return settings_wrong(place, "true or false", value);
    memcpy(place->target, &yes, sizeof(yes));
    return true;
}

static bool
settings_put_text(const struct settings_place *place, const char *value, char *text, size_t room)
{
    const struct settings_row *row = place->row;
    char wanted[64];

    snprintf(wanted, sizeof(wanted), "at most %zu octets", room - 1);
    if (strlen(value) >= room)
        return settings_wrong(place, wanted, value);
    if (row->type == SETTINGS_PATH && value[0] != '/')
        return settings_wrong(place, "an absolute path", value);
    if (row->valid && !row->valid(value))
        return settings_wrong(place, row->wanted ? row->wanted : "something else", value);
    snprintf(text, room, "%s", value);
    return true;
}

static bool
settings_put(const struct settings_place *place, const char *value)
{
    switch (place->row->type) {
    case SETTINGS_TEXT:
    case SETTINGS_PATH:
        return settings_put_text(place, value, (char *)place->target, place->row->room);
    case SETTINGS_NUMBER:
        return settings_put_number(place, value);
    case SETTINGS_BOOL:
        return settings_put_bool(place, value);
    case SETTINGS_LIST:
        break;
    }
    return error_set(place->err, ERROR_INTERNAL, "a list has no single value");
}

static bool
settings_put_list(const struct settings_place *place, cfg_opt_t *option)
{
    struct config_list *list = (struct config_list *)(void *)place->target;
    size_t most = place->row->max ? place->row->max : CONFIG_LIST;
    size_t count = cfg_opt_size(option);
    char wanted[64], found[32];

    snprintf(wanted, sizeof(wanted), "%u to %zu items", place->row->min, most);
    snprintf(found, sizeof(found), "%zu items", count);
    if (count > most || count < place->row->min)
        return settings_wrong(place, wanted, found);
    for (size_t i = 0; i < count; i++) {
        const char *item = cfg_opt_getnstr(option, (unsigned)i);

        if (!item || !item[0])
            return settings_wrong(place, "items that are not empty", "");
        if (!settings_put_text(place, item, list->item[i], CONFIG_TEXT))
            return false;
    }
    list->count = count;
    return true;
}

static bool
settings_put_absent(const struct settings_place *place)
{
    const struct settings_index *index = place->index;
    const struct settings_row *row = place->row;
    unsigned section_line = row->section[0] ? settings_section_line(index, row->section) : 1;

    if (row->need == SETTINGS_REQUIRED && !section_line)
        return error_set(place->err, ERROR_CONFIG, "%s:1: section %s is missing: it must name %s",
                         index->path, row->section, row->name);
    if (row->need == SETTINGS_REQUIRED || (row->need == SETTINGS_REQUIRED_HERE && section_line))
        return error_set(place->err, ERROR_CONFIG, "%s:%u: %s%soption %s is missing", index->path,
                         section_line, row->section, row->section[0] ? ": " : "", row->name);
    return !row->fallback || settings_put(place, row->fallback);
}

static cfg_t *
settings_find_section(cfg_t *cfg, const char *section)
{
    char word[SETTINGS_WORD_OCTETS];
    size_t len = settings_word_len(section);

    if (!section[0])
        return cfg;
    snprintf(word, sizeof(word), "%.*s", (int)len, section);
    return section[len] ? cfg_gettsec(cfg, word, section + len + 1) : cfg_getsec(cfg, word);
}

static void
settings_reset(const struct settings_row *row, uint8_t *target)
{
    static const size_t fixed[] = {[SETTINGS_NUMBER] = sizeof(uint32_t),
                                   [SETTINGS_BOOL] = sizeof(bool),
                                   [SETTINGS_LIST] = sizeof(struct config_list)};

    memset(target, 0, row->room ? row->room : fixed[row->type]);
}

static bool
settings_take(cfg_t *cfg, const struct settings_index *index, size_t at, void *target,
              struct error *err)
{
    const struct settings_row *row = &index->rows[at];
    struct settings_place place = {.index = index,
                                   .row = row,
                                   .line = index->option_line[at],
                                   .target = (uint8_t *)target + row->offset,
                                   .err = err};
    cfg_t *section;
    cfg_opt_t *option;
    const char *value;

    settings_reset(row, place.target);
    if (!place.line)
        return settings_put_absent(&place);
    section = settings_find_section(cfg, row->section);
    option = section ? cfg_getopt(section, row->name) : NULL;
    if (!option)
        return error_set(err, ERROR_CONFIG, "%s:%u: option %s cannot be read", index->path,
                         place.line, row->name);
    if (row->type == SETTINGS_LIST)
        return settings_put_list(&place, option);
    value = cfg_opt_getnstr(option, 0);
    return settings_put(&place, value ? value : "");
}

static bool
settings_parse(const char *text, const struct settings_index *index, void *target,
               struct error *err)
{
    struct settings_options *options = calloc(1, sizeof(*options));
    AUTO_CFG *cfg = NULL;
    bool built;

    if (!options)
        return error_set(err, ERROR_MEMORY, "no memory to read %s", index->path);
    built = settings_build(options, index->rows, index->count, err);
    if (built)
        cfg = cfg_init(options->top, CFGF_NONE);
    free(options);
    if (!built)
        return false;
    if (!cfg)
        return error_set(err, ERROR_MEMORY, "no memory to read %s", index->path);
    cfg_set_error_function(cfg, settings_quiet);
    if (cfg_parse_buf(cfg, text) != CFG_SUCCESS)
        return error_set(err, ERROR_CONFIG, "%s:%d: the syntax is wrong near this line",
                         index->path, cfg->line);
    for (size_t i = 0; i < index->count; i++)
        if (!settings_take(cfg, index, i, target, err))
            return false;
    return true;
}

bool
settings_load(const char *path, const struct settings_row *rows, size_t count, void *target,
              struct error *err)
{
    struct settings_lines ignored;

    return settings_load_lines(path, rows, count, target, &ignored, err);
}

bool
settings_load_lines(const char *path, const struct settings_row *rows, size_t count, void *target,
                    struct settings_lines *ret_lines, struct error *err)
{
    AUTO_BUFFER file;
    struct settings_index index;
    struct error cause = {0};
    const char *text;

    buffer_init(&file, LIMIT_CONFIG_OCTETS);
    if (!file_read(path, &file, &cause)) {
        error_set(err, ERROR_CONFIG, "%s:0: %.200s", path, cause.detail);
        return error_internal(err, "%s", cause.internal);
    }
    if (!settings_scan(path, &file, rows, count, &index, err))
        return false;
    text = buffer_text(&file);
    if (!text)
        return error_set(err, ERROR_CONFIG, "%s:0: the file is larger than %d octets", path,
                         LIMIT_CONFIG_OCTETS - 1);
    if (!settings_parse(text, &index, target, err))
        return false;
    memcpy(ret_lines->of_row, index.option_line, sizeof(ret_lines->of_row));
    return true;
}
