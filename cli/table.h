/*
 * Tables for people: a line of titles, columns as wide as they need, shortened to fit the terminal.
 * What is shown comes from outside, so control characters are never passed to the terminal.
 */
#ifndef SIGNET_CLI_TABLE_H
#define SIGNET_CLI_TABLE_H

#include <stdio.h>

#include "signet/error.h"

enum { TABLE_COLUMNS = 10, TABLE_CELL_OCTETS = 256 };

struct column {
    const char *title;
    bool shrinks; /* may be shortened, with an ellipsis at its end */
};

struct table;

/* `columns` ends with a null title and is kept. Gives. */
MUST_USE bool table_new(const struct column *columns, struct table **ret_table, struct error *err);
void table_free(struct table *table);
DEFINE_CLEANUP(struct table *, table_free);
#define AUTO_TABLE CLEANUP(table_free_auto) struct table *

/* One text for each column; null and "" are shown as "-". Copies, longer ones are cut. */
MUST_USE bool table_add(struct table *table, const char *const *cells, struct error *err);
size_t table_rows(const struct table *table);
/* `width` 0: as wide as needed. */
void table_print(const struct table *table, unsigned width, FILE *out);

/* "name:   value" for one object, its control characters replaced; nothing for null and "". */
void table_print_fact(const char *name, const char *value, FILE *out);
/* Replaces control characters and broken UTF-8 by "?", in place. */
void table_clean(char *text);

#endif
