#include "flow_schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "signet/clock.h"

static bool check(const json_t *root, const json_t *schema, const json_t *value, const char *place,
                  char fault[SCHEMA_FAULT]);

/* "#/components/schemas/Name" */
static const json_t *
resolve(const json_t *root, const json_t *node)
{
    const char *reference;

    while ((reference = json_string_value(json_object_get(node, "$ref")))) {
        node = root;
        for (reference += strcspn(reference, "/"); *reference;
             reference += strcspn(reference, "/")) {
            char key[96];

            reference++;
            snprintf(key, sizeof(key), "%.*s", (int)strcspn(reference, "/"), reference);
            node = json_object_get(node, key);
        }
    }
    return node;
}

const json_t *
schema_at(const json_t *root, const char *key, ...)
{
    const json_t *node = root;
    va_list args;

    va_start(args, key);
    for (; key && node; key = va_arg(args, const char *))
        node = resolve(root, json_object_get(node, key));
    va_end(args);
    return node;
}

static bool
wrong(char fault[SCHEMA_FAULT], const char *place, const char *what, const char *which)
{
    snprintf(fault, SCHEMA_FAULT, "%s: %s %s", place, what, which);
    return false;
}

static bool
has_type(const json_t *value, const char *type)
{
    static const struct {
        const char *name;
        json_type type;
    } rows[] = {{"object", JSON_OBJECT},
                {"array", JSON_ARRAY},
                {"string", JSON_STRING},
                {"integer", JSON_INTEGER}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].name, type) == 0)
            return json_typeof(value) == rows[i].type;
    return (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
           (strcmp(type, "number") == 0 && json_is_number(value));
}

static bool
check_text(const json_t *schema, const json_t *value, const char *place, char fault[SCHEMA_FAULT])
{
    const json_t *choices = json_object_get(schema, "enum");
    const char *format = json_string_value(json_object_get(schema, "format"));
    const char *text = json_string_value(value);
    int64_t time_s;
    bool found = !choices;

    for (size_t i = 0; i < json_array_size(choices); i++)
        found = found || json_equal(json_array_get(choices, i), value);
    if (!found)
        return wrong(fault, place, "not one of its values:", text ? text : "no text");
    if (format && strcmp(format, "date-time") == 0 && (!text || !clock_parse(text, &time_s)))
        return wrong(fault, place, "no time:", text ? text : "no text");
    return true;
}

static bool
check_required(const json_t *schema, const json_t *value, const char *place,
               char fault[SCHEMA_FAULT])
{
    const json_t *required = json_object_get(schema, "required");

    for (size_t i = 0; i < json_array_size(required); i++) {
        const char *name = json_string_value(json_array_get(required, i));

        if (!json_object_get(value, name))
            return wrong(fault, place, "lacks", name);
    }
    return true;
}

static bool
check_object(const json_t *root, const json_t *schema, const json_t *value, const char *place,
             char fault[SCHEMA_FAULT])
{
    const json_t *properties = json_object_get(schema, "properties");
    const char *name;
    json_t *member;

    if (!check_required(schema, value, place, fault))
        return false;
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        const json_t *property = resolve(root, json_object_get(properties, name));
        char inner[SCHEMA_FAULT / 2];

        if (!property)
            return wrong(fault, place, "has an undocumented member", name);
        snprintf(inner, sizeof(inner), "%.80s.%.40s", place, name);
        if (!check(root, property, member, inner, fault))
            return false;
    }
    return true;
}

/* All parts of an allOf as one schema of an object. */
static bool
check_all_of(const json_t *root, const json_t *parts, const json_t *value, const char *place,
             char fault[SCHEMA_FAULT])
{
    json_t *required = json_array(), *properties = json_object();
    json_t *whole = json_pack("{s:s, s:o, s:o}", "type", "object", "required", required,
                              "properties", properties);
    bool ok;

    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = resolve(root, json_array_get(parts, i));

        json_array_extend(required, json_object_get(part, "required"));
        json_object_update(properties, json_object_get(part, "properties"));
    }
    ok = check(root, whole, value, place, fault);
    json_decref(whole);
    return ok;
}

static bool
check(const json_t *root, const json_t *schema, const json_t *value, const char *place,
      char fault[SCHEMA_FAULT])
{
    const char *type;
    const json_t *items;

    schema = resolve(root, schema);
    if (json_object_get(schema, "allOf"))
        return check_all_of(root, json_object_get(schema, "allOf"), value, place, fault);
    type = json_string_value(json_object_get(schema, "type"));
    if (!schema || !value)
        return wrong(fault, place, "has no", schema ? "value" : "schema");
    if (type && !has_type(value, type))
        return wrong(fault, place, "wanted type", type);
    if (json_is_object(value))
        return check_object(root, schema, value, place, fault);
    items = json_object_get(schema, "items");
    for (size_t i = 0; i < json_array_size(value); i++) {
        char inner[SCHEMA_FAULT / 2];

        snprintf(inner, sizeof(inner), "%.100s[%zu]", place, i);
        if (!check(root, items, json_array_get(value, i), inner, fault))
            return false;
    }
    return check_text(schema, value, place, fault);
}

bool
schema_check(const json_t *root, const json_t *schema, const json_t *value,
             char fault[SCHEMA_FAULT])
{
    return check(root, schema, value, "$", fault);
}

bool
schema_check_answer(const json_t *root, const char *path, const char *method,
                    const struct answer *answer, char fault[SCHEMA_FAULT])
{
    const json_t *responses = schema_at(root, "paths", path, method, "responses", NULL);
    char status[8], type[96];
    const json_t *response, *schema;

    snprintf(status, sizeof(status), "%d", answer->status);
    snprintf(type, sizeof(type), "%.*s", (int)strcspn(answer->content_type, ";"),
             answer->content_type);
    response = resolve(root, json_object_get(responses, status));
    if (!response && answer->status >= 400)
        response = resolve(root, json_object_get(responses, "default"));
    if (!response)
        return wrong(fault, path, "does not document the status", status);
    schema = json_object_get(json_object_get(json_object_get(response, "content"), type), "schema");
    if (!schema)
        return wrong(fault, path, "does not document the content type", type);
    if (strstr(type, "json"))
        return schema_check(root, schema, answer->json, fault);
    return answer->body.len > 0 || wrong(fault, path, "has an empty body of", type);
}
