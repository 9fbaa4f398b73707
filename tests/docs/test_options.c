/* Options: the schemas of configuration and permits against their tables, each way. */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "permit.h"
#include "signet/settings.h"

static const struct schema {
    const char *heading; /* the table follows it in docs/operations.md */
    const char *manual;
    const char *manual_heading; /* .Sh of its options */
    bool permit;
    enum config_role role;
} schemas[] = {
    {"## Configuration", "docs/man/signet.conf.5", ".Sh OPTIONS", false, 0},
    {"Issuing key:", "docs/man/signet-permit.5", ".Sh PERMIT OF THE ISSUING KEY", true,
     ROLE_ISSUING},
    {"OCSP key:", "docs/man/signet-permit.5", ".Sh PERMIT OF THE OCSP KEY", true, ROLE_STATUS},
};

static const struct settings_row *
rows_of(const struct schema *schema, size_t *ret_count)
{
    return schema->permit ? permit_schema(schema->role, ret_count) : config_schema(ret_count);
}

static const char *
default_of(const struct settings_row *row)
{
    if (row->need != SETTINGS_OPTIONAL)
        return "required";
    if (row->fallback)
        return row->fallback;
    return strcmp(row->name, "programs") == 0 ? "folder of signetd" : "empty";
}

static void
range_of(const struct settings_row *row, char *text, size_t room)
{
    static const char *const types[] = {[SETTINGS_TEXT] = "text",
                                        [SETTINGS_PATH] = "path",
                                        [SETTINGS_NUMBER] = "number",
                                        [SETTINGS_BOOL] = "true or false",
                                        [SETTINGS_LIST] = "list"};

    snprintf(text, room, "%s", types[row->type]);
    if (row->type == SETTINGS_NUMBER)
        snprintf(text, room, "%u to %u", row->min, row->max);
}

static void
wanted(const char *document, const char *text, const char *what)
{
    bool found = document && strstr(document, text);

    CU_ASSERT_TRUE(found);
    if (!found)
        printf("\n    %s does not say: %s\n", what, text);
}

/* From its heading to the end of the table. */
static char *
table_of(char *document, const char *heading)
{
    char *begin = strstr(document, heading), *table, *end;

    CU_ASSERT_PTR_NOT_NULL_FATAL(begin);
    table = strstr(begin, "| option | default | range | meaning |\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(table);
    end = strstr(table, "\n\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    end[1] = '\0';
    return table;
}

static size_t
lines_of(const char *text)
{
    size_t lines = 0;

    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void
tables_are_the_schemas(void)
{
    for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
        char *document = document_read("docs/operations.md");
        const char *table = table_of(document, schemas[i].heading);
        size_t count;
        const struct settings_row *rows = rows_of(&schemas[i], &count);

        for (size_t j = 0; j < count; j++) {
            char range[64], line[256];

            range_of(&rows[j], range, sizeof(range));
            snprintf(line, sizeof(line), "| `%s%s%s` | %s | %s | ", rows[j].section,
                     rows[j].section[0] ? " " : "", rows[j].name, default_of(&rows[j]), range);
            wanted(table, line, "docs/operations.md");
        }
        CU_ASSERT_EQUAL(lines_of(table), count + 2);
        document_free(document);
    }
}

/* Cuts the part between two headings of one kind out of the text. */
static char *
part_of(char *text, const char *heading, const char *mark)
{
    char line[128], *begin, *end;

    snprintf(line, sizeof(line), "%s\n", heading);
    begin = strstr(text, line);
    if (!begin)
        return NULL;
    begin += strlen(line);
    end = strstr(begin, mark);
    if (end)
        *end = '\0';
    return begin;
}

static const char *
section_heading(const struct schema *schema, const struct settings_row *row, char *text,
                size_t room)
{
    const char *outside = !schema->permit               ? "Outside of sections"
                          : schema->role == ROLE_STATUS ? "Options"
                                                        : "Outside of classes";

    snprintf(text, room, ".Ss %s", row->section[0] ? row->section : outside);
    return text;
}

static void
check_manual_row(const struct schema *schema, const struct settings_row *row)
{
    char *manual = document_read(schema->manual);
    char heading[64], item[128], range[64], line[256];
    char *part = part_of(manual, schema->manual_heading, "\n.Sh ");
    char *section =
        part ? part_of(part, section_heading(schema, row, heading, sizeof(heading)), "\n.Ss ")
             : NULL;
    char *option = NULL;

    snprintf(item, sizeof(item), ".It Ic %s", row->name);
    wanted(section, item, schema->manual);
    if (section)
        option = part_of(section, item, "\n.It ");
    range_of(row, range, sizeof(range));
    if (row->need == SETTINGS_OPTIONAL)
        snprintf(line, sizeof(line), "\nDefault %s; %s.", default_of(row), range);
    else
        snprintf(line, sizeof(line), "\nRequired; %s.", range);
    wanted(option, line, schema->manual);
    document_free(manual);
}

static void
manuals_are_the_schemas(void)
{
    for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
        size_t count, items = 0;
        const struct settings_row *rows = rows_of(&schemas[i], &count);
        char *manual = document_read(schemas[i].manual);
        const char *part = part_of(manual, schemas[i].manual_heading, "\n.Sh ");

        for (size_t j = 0; j < count; j++)
            check_manual_row(&schemas[i], &rows[j]);
        while (part && (part = strstr(part, "\n.It Ic "))) {
            part++;
            items++;
        }
        CU_ASSERT_EQUAL(items, count);
        document_free(manual);
    }
}

int
main(void)
{
    return RUN_SUITE("options", TEST(tables_are_the_schemas), TEST(manuals_are_the_schemas));
}
