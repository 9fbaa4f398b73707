#include "flow_yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "signet/file.h"

enum { YAML_OCTETS = 1024 * 1024, YAML_KEY = 128, YAML_TEXT = 4096 };

struct yaml {
    const char *path;
    const char *at; /* the beginning of a line, or within one */
    int line;
};

static _Noreturn void
complain(const struct yaml *yaml, const char *what)
{
    flow_give_up("%s:%d: %s: %.60s", yaml->path, yaml->line, what, yaml->at);
}

static void
skip_spaces(struct yaml *yaml)
{
    yaml->at += strspn(yaml->at, " ");
}

static void
next_line(struct yaml *yaml)
{
    yaml->at += strcspn(yaml->at, "\n");
    if (*yaml->at) {
        yaml->at++;
        yaml->line++;
    }
}

/* At the beginning of the next line that says something; its indentation, -1 at the end. */
static int
indent_of(struct yaml *yaml)
{
    while (*yaml->at) {
        int indent = (int)strspn(yaml->at, " ");

        if (yaml->at[indent] != '\n' && yaml->at[indent] != '#')
            return yaml->at[indent] ? indent : -1;
        next_line(yaml);
    }
    return -1;
}

static json_t *
quoted(struct yaml *yaml)
{
    const char *start = yaml->at++;
    json_t *text;
    char *copy;

    while (*yaml->at != '"' && *yaml->at && *yaml->at != '\n')
        yaml->at += *yaml->at == '\\' ? 2 : 1;
    if (*yaml->at != '"')
        complain(yaml, "a quoted text does not end");
    yaml->at++;
    copy = strndup(start, (size_t)(yaml->at - start));
    text = json_loads(copy, JSON_DECODE_ANY, NULL); /* the escapes are those of JSON */
    free(copy);
    if (!text)
        complain(yaml, "an escape is not known");
    return text;
}

static json_t *
plain_value(const char *text, size_t len)
{
    char copy[YAML_TEXT], *end;
    long long number;

    while (len && text[len - 1] == ' ')
        len--;
    if (len >= sizeof(copy))
        len = sizeof(copy) - 1;
    memcpy(copy, text, len);
    copy[len] = '\0';
    number = strtoll(copy, &end, 10);
    if (len && !*end)
        return json_integer(number);
    if (strcmp(copy, "true") == 0 || strcmp(copy, "false") == 0)
        return json_boolean(copy[0] == 't');
    return json_string(copy);
}

static json_t *
plain(struct yaml *yaml, const char *ends)
{
    const char *start = yaml->at;

    yaml->at += strcspn(start, ends);
    return plain_value(start, (size_t)(yaml->at - start));
}

static void
key_get(struct yaml *yaml, char key[YAML_KEY])
{
    size_t len;

    if (*yaml->at == '"') {
        json_t *text = quoted(yaml);

        snprintf(key, YAML_KEY, "%s", json_string_value(text));
        json_decref(text);
        len = 0;
    } else {
        len = strcspn(yaml->at, ":\n");
        snprintf(key, YAML_KEY, "%.*s", (int)len, yaml->at);
    }
    yaml->at += len;
    if (*yaml->at != ':')
        complain(yaml, "wanted a key");
    yaml->at++;
    skip_spaces(yaml);
}

static json_t *flow_value(struct yaml *yaml);

static json_t *
flow_map(struct yaml *yaml)
{
    json_t *map = json_object();
    char key[YAML_KEY];

    for (yaml->at++, skip_spaces(yaml); *yaml->at != '}'; skip_spaces(yaml)) {
        key_get(yaml, key);
        json_object_set_new(map, key, flow_value(yaml));
        skip_spaces(yaml);
        if (*yaml->at == ',')
            yaml->at++;
        else if (*yaml->at != '}')
            complain(yaml, "a flow map goes over its line");
    }
    yaml->at++;
    return map;
}

static json_t *
flow_list(struct yaml *yaml)
{
    json_t *list = json_array();

    for (yaml->at++, skip_spaces(yaml); *yaml->at != ']'; skip_spaces(yaml)) {
        json_array_append_new(list, flow_value(yaml));
        skip_spaces(yaml);
        if (*yaml->at == ',')
            yaml->at++;
        else if (*yaml->at != ']')
            complain(yaml, "a flow list goes over its line");
    }
    yaml->at++;
    return list;
}

static json_t *
flow_value(struct yaml *yaml)
{
    if (*yaml->at == '{')
        return flow_map(yaml);
    if (*yaml->at == '[')
        return flow_list(yaml);
    return *yaml->at == '"' ? quoted(yaml) : plain(yaml, ",}]\n");
}

/* Its text is not looked at by anybody. */
static json_t *
literal(struct yaml *yaml, int indent)
{
    const char *start;

    next_line(yaml);
    start = yaml->at;
    while (*yaml->at && (*yaml->at == '\n' || (int)strspn(yaml->at, " ") > indent))
        next_line(yaml);
    return json_stringn(start, (size_t)(yaml->at - start));
}

static json_t *block(struct yaml *yaml, int indent);

/* Behind a key or a dash: on the same line, or a block that is further in. */
static json_t *
value(struct yaml *yaml, int indent)
{
    json_t *got;
    int inner;

    if (*yaml->at == '|')
        return literal(yaml, indent);
    if (*yaml->at == '\n') {
        next_line(yaml);
        inner = indent_of(yaml);
        return inner > indent ? block(yaml, inner) : json_null();
    }
    got = strchr("{[\"", *yaml->at) ? flow_value(yaml) : plain(yaml, "\n");
    skip_spaces(yaml);
    if (*yaml->at && *yaml->at != '\n')
        complain(yaml, "something follows a value");
    next_line(yaml);
    return got;
}

static json_t *
block(struct yaml *yaml, int indent)
{
    bool is_list = strncmp(yaml->at + indent, "- ", 2) == 0;
    json_t *got = is_list ? json_array() : json_object();
    char key[YAML_KEY];

    while (indent_of(yaml) == indent) {
        yaml->at += indent;
        if (is_list) {
            yaml->at += 2;
            json_array_append_new(got, value(yaml, indent));
            continue;
        }
        key_get(yaml, key);
        json_object_set_new(got, key, value(yaml, indent));
    }
    if (indent_of(yaml) > indent)
        complain(yaml, "wrong indentation");
    return got;
}

json_t *
yaml_load(const char *path)
{
    AUTO_BUFFER text = {.max = YAML_OCTETS};
    struct error err = {0};
    struct yaml yaml = {.path = path, .line = 1};

    if (!file_read(path, &text, &err))
        flow_give_up("%s", err.detail);
    yaml.at = buffer_text(&text);
    return block(&yaml, indent_of(&yaml));
}
