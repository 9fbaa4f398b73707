#include "settings_scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum token_kind {
    TOKEN_END,
    TOKEN_WORD, /* without quotes */
    TOKEN_STRING,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_EQUALS,
    TOKEN_COMMA
};

struct token {
    enum token_kind kind;
    struct bytes text; /* as written, without the quotes */
    unsigned line;
};

struct scan {
    struct settings_index *index;
    struct bytes rest;
    uint8_t *start; /* of the text, to blank comments in */
    size_t len;
    unsigned line;
    char section[128]; /* we are in; "" outside */
    unsigned section_line;
    struct error *err;
};

static bool scan_fail(struct scan *scan, unsigned line, const char *format, ...) PRINTF_LIKE(3, 4);

static bool
scan_fail(struct scan *scan, unsigned line, const char *format, ...)
{
    char text[ERROR_DETAIL_OCTETS];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return error_set(scan->err, ERROR_CONFIG, "%s:%u: %s", scan->index->path, line, text);
}

static bool
scan_at(const struct scan *scan, const char *text)
{
    size_t len = strlen(text);

    return scan->rest.len >= len && memcmp(scan->rest.data, text, len) == 0;
}

static void
scan_step(struct scan *scan, size_t octets)
{
    for (size_t i = 0; i < octets; i++)
        scan->line += scan->rest.data[i] == '\n';
    scan->rest.data += octets;
    scan->rest.len -= octets;
}

static void
scan_blank(struct scan *scan, size_t octets)
{
    uint8_t *here = scan->start + (scan->len - scan->rest.len);

    for (size_t i = 0; i < octets; i++)
        if (here[i] != '\n')
            here[i] = ' ';
    scan_step(scan, octets);
}

static void
scan_rest_of_line(struct scan *scan)
{
    const uint8_t *end = memchr(scan->rest.data, '\n', scan->rest.len);

    scan_blank(scan, end ? (size_t)(end - scan->rest.data) : scan->rest.len);
}

static bool
scan_comment(struct scan *scan)
{
    const uint8_t *end = memmem(scan->rest.data + 2, scan->rest.len - 2, "*/", 2);

    if (!end)
        return scan_fail(scan, scan->line, "the comment that begins here with /* is never closed");
    scan_blank(scan, (size_t)(end - scan->rest.data) + 2);
    return true;
}

/* White space and the three kinds of comment. */
static bool
scan_skip(struct scan *scan)
{
    while (scan->rest.len) {
        if (scan_at(scan, "#") || scan_at(scan, "//")) {
            scan_rest_of_line(scan);
            continue;
        }
        if (scan_at(scan, "/*")) {
            if (!scan_comment(scan))
                return false;
            continue;
        }
        if (!memchr(" \t\r\n", scan->rest.data[0], 4))
            return true;
        scan_step(scan, 1);
    }
    return true;
}

static bool
scan_string(struct scan *scan, struct token *token)
{
    uint8_t quote = scan->rest.data[0];
    size_t len = 1;

    for (; len < scan->rest.len && scan->rest.data[len] != quote; len++) {
        uint8_t here = scan->rest.data[len];

        if (here == '\n')
            break;
        if (here < 0x20 || here == 0x7f)
            return scan_fail(scan, scan->line, "a text holds the control character 0x%02x", here);
        if (here == '$' && quote == '"' && len + 1 < scan->rest.len &&
            scan->rest.data[len + 1] == '{')
            return scan_fail(scan, scan->line,
                             "${...} is not replaced by the environment here: write the value "
                             "itself, or use single quotes for the characters as they stand");
        if (here != '\\')
            continue;
        len++;
        if (len >= scan->rest.len ||
            (scan->rest.data[len] != '\\' && scan->rest.data[len] != quote))
            return scan_fail(scan, scan->line,
                             "a backslash in a text may stand only before \\ and the quote");
    }
    if (len >= scan->rest.len || scan->rest.data[len] != quote)
        return scan_fail(scan, scan->line, "the text that begins here with %c is never closed",
                         quote);
    token->kind = TOKEN_STRING;
    token->text = bytes_of(scan->rest.data + 1, len - 1);
    scan_step(scan, len + 1);
    return true;
}

static bool
scan_is_word(uint8_t octet)
{
    return octet != 0 && octet < 0x80 &&
           strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/@", octet);
}

static bool
scan_word(struct scan *scan, struct token *token)
{
    size_t len = 0;

    while (len < scan->rest.len && scan_is_word(scan->rest.data[len]) &&
           !(len + 1 < scan->rest.len && scan->rest.data[len] == '/' &&
             memchr("/*", scan->rest.data[len + 1], 2)))
        len++;
    if (len < scan->rest.len && !scan_is_word(scan->rest.data[len]) &&
        !memchr(" \t\r\n#={},", scan->rest.data[len], 9))
        return scan_fail(scan, scan->line, "0x%02x outside of quotes: put the value in quotes",
                         scan->rest.data[len]);
    token->kind = TOKEN_WORD;
    token->text = bytes_of(scan->rest.data, len);
    scan_step(scan, len);
    return true;
}

static bool
scan_next(struct scan *scan, struct token *ret_token)
{
    static const struct {
        char character;
        enum token_kind kind;
    } marks[] = {{'{', TOKEN_OPEN}, {'}', TOKEN_CLOSE}, {'=', TOKEN_EQUALS}, {',', TOKEN_COMMA}};

    if (!scan_skip(scan))
        return false;
    *ret_token = (struct token){.kind = TOKEN_END, .line = scan->line};
    if (!scan->rest.len)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (scan->rest.data[0] == (uint8_t)marks[i].character) {
            ret_token->kind = marks[i].kind;
            ret_token->text = bytes_of(scan->rest.data, 1);
            scan_step(scan, 1);
            return true;
        }
    if (scan_at(scan, "+="))
        return scan_fail(scan, scan->line, "+= is not used here: write the whole list after =");
    if (scan->rest.data[0] == '"' || scan->rest.data[0] == '\'')
        return scan_string(scan, ret_token);
    return scan_word(scan, ret_token);
}

/* "found ..." for a complaint. */
static const char *
token_text(const struct token *token, char text[64])
{
    if (token->kind == TOKEN_END)
        snprintf(text, 64, "the end of the file");
    else
        snprintf(text, 64, "\"%.*s\"", (int)(token->text.len < 48 ? token->text.len : 48),
                 (const char *)token->text.data);
    return text;
}

static bool
scan_wanted(struct scan *scan, const struct token *token, const char *wanted)
{
    char text[64];

    return scan_fail(scan, token->line, "wanted %s, found %s", wanted, token_text(token, text));
}

static bool
token_is(const struct token *token, const char *text)
{
    return bytes_equal(token->text, bytes_of_text(text));
}

/* The names the section takes, for a complaint. */
static void
scan_known(const struct scan *scan, char *text, size_t room)
{
    const struct settings_index *index = scan->index;
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < index->count; i++)
        if (strcmp(index->rows[i].section, scan->section) == 0 && used + 1 < room) {
            int put =
                snprintf(text + used, room - used, "%s%s", used ? ", " : "", index->rows[i].name);

            used += put > 0 ? (size_t)put : 0;
        }
}

static bool
scan_row(struct scan *scan, const struct token *name, size_t *ret_row)
{
    struct settings_index *index = scan->index;
    char found[64], known[160];

    for (size_t i = 0; i < index->count; i++) {
        if (strcmp(index->rows[i].section, scan->section) != 0 ||
            !token_is(name, index->rows[i].name))
            continue;
        if (index->option_line[i])
            return scan_fail(scan, name->line, "option %s is given twice, first in line %u",
                             index->rows[i].name, index->option_line[i]);
        index->option_line[i] = name->line;
        *ret_row = i;
        return true;
    }
    scan_known(scan, known, sizeof(known));
    if (!known[0])
        return scan_fail(scan, name->line, "wanted a section, found the option %s",
                         token_text(name, found));
    return scan_fail(scan, name->line, "option %s is not known%s%s; known are %s",
                     token_text(name, found), scan->section[0] ? " in section " : "", scan->section,
                     known);
}

/* After the opening brace of a list. */
static bool
scan_list(struct scan *scan)
{
    struct token token;

    if (!scan_next(scan, &token))
        return false;
    if (token.kind == TOKEN_CLOSE)
        return true;
    for (;;) {
        if (token.kind != TOKEN_WORD && token.kind != TOKEN_STRING)
            return scan_wanted(scan, &token, "an item of the list");
        if (!scan_next(scan, &token))
            return false;
        if (token.kind == TOKEN_CLOSE)
            return true;
        if (token.kind != TOKEN_COMMA)
            return scan_wanted(scan, &token, "a comma or } after an item of the list");
        if (!scan_next(scan, &token))
            return false;
    }
}

static bool
scan_option(struct scan *scan, const struct token *name)
{
    struct token token;
    size_t row = 0;
    bool list;

    if (!scan_row(scan, name, &row) || !scan_next(scan, &token))
        return false;
    list = scan->index->rows[row].type == SETTINGS_LIST;
    if (list && token.kind != TOKEN_OPEN)
        return scan_wanted(scan, &token, "a list in braces, as in {\"a\", \"b\"}");
    if (list)
        return scan_list(scan);
    if (token.kind != TOKEN_WORD && token.kind != TOKEN_STRING)
        return scan_wanted(scan, &token, "a value");
    return true;
}

unsigned
settings_section_line(const struct settings_index *index, const char *section)
{
    for (size_t i = 0; i < index->section_count; i++)
        if (strcmp(index->section[i].name, section) == 0)
            return index->section[i].line;
    return 0;
}

static bool
scan_section_known(const struct settings_index *index, const char *section)
{
    for (size_t i = 0; i < index->count; i++)
        if (strcmp(index->rows[i].section, section) == 0)
            return true;
    return false;
}

/* `title` null when the section has none. */
static bool
scan_section(struct scan *scan, const struct token *name, const struct token *title)
{
    struct settings_index *index = scan->index;
    unsigned before;

    if (scan->section[0])
        return scan_fail(scan, name->line,
                         "a section within section %s, which began in line %u and is not closed",
                         scan->section, scan->section_line);
    if (name->text.len + (title ? title->text.len : 0) + 2 > sizeof(scan->section))
        return scan_fail(scan, name->line, "the name of a section is too long");
    snprintf(scan->section, sizeof(scan->section), "%.*s%s%.*s", (int)name->text.len,
             (const char *)name->text.data, title ? " " : "", title ? (int)title->text.len : 0,
             title ? (const char *)title->text.data : "");
    scan->section_line = name->line;
    if (!scan_section_known(index, scan->section))
        return scan_fail(scan, name->line, "section \"%s\" is not known", scan->section);
    before = settings_section_line(index, scan->section);
    if (before)
        return scan_fail(scan, name->line, "section %s is given twice, first in line %u",
                         scan->section, before);
    if (index->section_count == SETTINGS_SECTIONS)
        return scan_fail(scan, name->line, "more than %d sections", SETTINGS_SECTIONS);
    snprintf(index->section[index->section_count].name, sizeof(index->section[0].name), "%s",
             scan->section);
    index->section[index->section_count++].line = name->line;
    return true;
}

/* What begins with a name. */
static bool
scan_statement(struct scan *scan, const struct token *name)
{
    struct token token, open;

    if (!scan_next(scan, &token))
        return false;
    switch (token.kind) {
    case TOKEN_EQUALS:
        return scan_option(scan, name);
    case TOKEN_OPEN:
        return scan_section(scan, name, NULL);
    case TOKEN_WORD:
    case TOKEN_STRING:
        if (!scan_next(scan, &open))
            return false;
        if (open.kind != TOKEN_OPEN)
            return scan_wanted(scan, &token, "= or { after the name");
        return scan_section(scan, name, &token);
    case TOKEN_END:
    case TOKEN_CLOSE:
    case TOKEN_COMMA:
        break;
    }
    return scan_wanted(scan, &token, "= or { after the name");
}

static bool
scan_all(struct scan *scan)
{
    struct token token;

    for (;;) {
        if (!scan_next(scan, &token))
            return false;
        if (token.kind == TOKEN_END && !scan->section[0])
            return true;
        if (token.kind == TOKEN_END)
            return scan_fail(scan, scan->section_line,
                             "section %s, which begins here, is never closed", scan->section);
        if (token.kind == TOKEN_CLOSE && scan->section[0]) {
            scan->section[0] = '\0';
            continue;
        }
        if (token.kind != TOKEN_WORD)
            return scan_wanted(scan, &token, "the name of an option or section");
        if (!scan_statement(scan, &token))
            return false;
    }
}

bool
settings_scan(const char *path, struct buffer *text, const struct settings_row *rows, size_t count,
              struct settings_index *ret_index, struct error *err)
{
    struct settings_index index = {.path = path, .rows = rows, .count = count};
    struct scan scan = {.index = &index,
                        .rest = buffer_bytes(text),
                        .start = text->data,
                        .len = text->len,
                        .line = 1,
                        .err = err};

    if (count > SETTINGS_ROWS)
        return error_set(err, ERROR_INTERNAL, "a schema of %zu rows, at most %d", count,
                         SETTINGS_ROWS);
    if (text->len && memchr(text->data, 0, text->len))
        return error_set(err, ERROR_CONFIG, "%s:1: not a text file: it holds a zero octet", path);
    if (!scan_all(&scan))
        return false;
    *ret_index = index;
    return true;
}
