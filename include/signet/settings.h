/*
 * Files of settings (libconfuse syntax) by a schema table: the configuration and the permits.
 *
 *   name = value          name = {"a", "b"}          section { ... }          section title { ... }
 *
 * Stricter than libconfuse, which takes in silence what is a mistake: refused are an option or
 * section given twice, a section or string left open, an unknown name, `+=`, `${...}`, escapes
 * other than \\ and \" , control characters, numbers with leading zeros, sections within sections.
 * Every complaint begins "file:line: " and says what was wanted and what was found.
 */
#ifndef SIGNET_SETTINGS_H
#define SIGNET_SETTINGS_H

#include <stdint.h>

#include "signet/config.h"
#include "signet/error.h"

enum settings_type {
    SETTINGS_TEXT,   /* char[room] */
    SETTINGS_PATH,   /* char[room], absolute */
    SETTINGS_NUMBER, /* uint32_t from min to max, decimal */
    SETTINGS_BOOL,   /* bool: true or false */
    SETTINGS_LIST    /* struct config_list; max: most items, 0 for CONFIG_LIST */
};

enum settings_need {
    SETTINGS_OPTIONAL,
    SETTINGS_REQUIRED,
    SETTINGS_REQUIRED_HERE /* when its section stands in the file */
};

struct settings_row {
    const char *section; /* "": outside of sections; "server"; with a title: "token issuing" */
    const char *name;
    enum settings_type type;
    enum settings_need need;
    size_t offset; /* in the target */
    size_t room;   /* TEXT, PATH: size of the array */
    uint32_t min, max;
    const char *fallback;             /* when the option is absent; null: empty, 0 or false */
    bool (*valid)(const char *value); /* of a text, path or each item; null: anything */
    const char *wanted;               /* what `valid` wants, for the complaint */
};

enum { SETTINGS_ROWS = 96, SETTINGS_SECTIONS = 16 };

/* As settings_load; *ret_lines has the line of each row's option, 0 where it is absent. */
struct settings_lines {
    unsigned of_row[SETTINGS_ROWS];
};
MUST_USE bool settings_load_lines(const char *path, const struct settings_row *rows, size_t count,
                                  void *target, struct settings_lines *ret_lines,
                                  struct error *err);
/* Fills `target` by the rows, and nothing of it on failure beyond what rows name. ERROR_CONFIG. */
MUST_USE bool settings_load(const char *path, const struct settings_row *rows, size_t count,
                            void *target, struct error *err);

#endif
