#include "table.h"

#include <stdlib.h>
#include <string.h>

enum { TABLE_GAP = 2, TABLE_LEAST_WIDTH = 6, TABLE_ROWS_MAX = 100000, FACT_WIDTH = 14 };

struct row {
    char cell[TABLE_COLUMNS][TABLE_CELL_OCTETS];
};

struct table {
    const struct column *columns;
    size_t column_count, row_count, room;
    struct row *rows;
};

static const struct {
    unsigned char first, last;
    size_t octets;
} leads[] = {{0x20, 0x7e, 1}, {0xc2, 0xdf, 2}, {0xe0, 0xef, 3}, {0xf0, 0xf4, 4}};

/* Octets of the UTF-8 sequence at `text`; 0 when it is broken or a control character. */
static size_t
character_octets(const unsigned char *text)
{
    size_t octets = 0;

    for (size_t i = 0; i < ARRAY_LEN(leads); i++)
        if (text[0] >= leads[i].first && text[0] <= leads[i].last)
            octets = leads[i].octets;
    for (size_t i = 1; i < octets; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if (text[0] == 0xc2 && text[1] < 0xa0) /* C1 controls */
        return 0;
    return octets;
}

void
table_clean(char *text)
{
    size_t octets;

    for (char *at = text; *at != '\0'; at += octets) {
        octets = character_octets((const unsigned char *)at);
        if (octets == 0) {
            *at = '?';
            octets = 1;
        }
    }
}

/* Characters, not octets: one for each that does not continue a sequence. */
static size_t
shown_width(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

bool
table_new(const struct column *columns, struct table **ret_table, struct error *err)
{
    struct table *table = calloc(1, sizeof(*table));

    if (!table)
        return error_set(err, ERROR_MEMORY, "no memory for a table");
    table->columns = columns;
    while (columns[table->column_count].title)
        table->column_count++;
    *ret_table = table;
    return true;
}

void
table_free(struct table *table)
{
    if (table)
        free(table->rows);
    free(table);
}

static bool
table_grow(struct table *table)
{
    size_t room = table->room ? 2 * table->room : 16;
    struct row *rows;

    if (table->row_count < table->room)
        return true;
    if (room > TABLE_ROWS_MAX)
        return false;
    rows = realloc(table->rows, room * sizeof(*rows));
    if (!rows)
        return false;
    table->rows = rows;
    table->room = room;
    return true;
}

bool
table_add(struct table *table, const char *const *cells, struct error *err)
{
    struct row *row;

    if (!table_grow(table))
        return error_set(err, ERROR_MEMORY, "more rows than a table takes (%d)", TABLE_ROWS_MAX);
    row = &table->rows[table->row_count++];
    for (size_t i = 0; i < table->column_count; i++) {
        const char *text = cells[i] && cells[i][0] != '\0' ? cells[i] : "-";

        snprintf(row->cell[i], sizeof(row->cell[i]), "%s", text);
        table_clean(row->cell[i]);
    }
    return true;
}

size_t
table_rows(const struct table *table)
{
    return table->row_count;
}

static size_t
widths_measure(const struct table *table, size_t widths[TABLE_COLUMNS])
{
    size_t sum = 0;

    for (size_t i = 0; i < table->column_count; i++) {
        widths[i] = shown_width(table->columns[i].title);
        for (size_t j = 0; j < table->row_count; j++) {
            size_t width = shown_width(table->rows[j].cell[i]);

            if (width > widths[i])
                widths[i] = width;
        }
        sum += widths[i] + (i > 0 ? TABLE_GAP : 0);
    }
    return sum;
}

/* Takes from the widest column that shrinks until the whole fits or none can give more. */
static void
widths_fit(const struct table *table, size_t widths[TABLE_COLUMNS], size_t sum, size_t limit)
{
    size_t widest;

    while (sum > limit) {
        widest = TABLE_COLUMNS;
        for (size_t i = 0; i < table->column_count; i++)
            if (table->columns[i].shrinks && widths[i] > TABLE_LEAST_WIDTH &&
                (widest == TABLE_COLUMNS || widths[i] > widths[widest]))
                widest = i;
        if (widest == TABLE_COLUMNS)
            return;
        widths[widest]--;
        sum--;
    }
}

static void
cell_print(const char *text, size_t width, bool last, FILE *out)
{
    size_t shown = shown_width(text), keep = shown > width ? width - 1 : shown;

    for (size_t i = 0; i < keep; i++) {
        fputc(*text++, out);
        while (((unsigned char)*text & 0xc0) == 0x80)
            fputc(*text++, out);
    }
    if (shown > width) {
        fputs("\xe2\x80\xa6", out);
        keep++;
    }
    for (size_t i = keep; !last && i < width + TABLE_GAP; i++)
        fputc(' ', out);
}

void
table_print(const struct table *table, unsigned width, FILE *out)
{
    size_t widths[TABLE_COLUMNS];
    size_t sum = widths_measure(table, widths);

    if (width > 0)
        widths_fit(table, widths, sum, width);
    for (size_t i = 0; i < table->column_count; i++)
        cell_print(table->columns[i].title, widths[i], i + 1 == table->column_count, out);
    fputc('\n', out);
    for (size_t j = 0; j < table->row_count; j++) {
        for (size_t i = 0; i < table->column_count; i++)
            cell_print(table->rows[j].cell[i], widths[i], i + 1 == table->column_count, out);
        fputc('\n', out);
    }
}

void
table_print_fact(const char *name, const char *value, FILE *out)
{
    char clean[TABLE_CELL_OCTETS * 4];

    if (!value || *value == '\0')
        return;
    snprintf(clean, sizeof(clean), "%s", value);
    table_clean(clean);
    fprintf(out, "%s:%*s%s\n", name,
            (int)(strlen(name) < FACT_WIDTH ? FACT_WIDTH - strlen(name) : 1), "", clean);
}
