/* JSON answers as tables and facts for people, by tables of what to show. */
#ifndef SIGNET_CLI_VIEW_H
#define SIGNET_CLI_VIEW_H

#include <jansson.h>

#include "cli.h"

enum view_kind {
    VIEW_TEXT,
    VIEW_NUMBER,
    VIEW_WHEN,   /* "in 3 h" */
    VIEW_MOMENT, /* "2026-11-22T07:30:00Z (in 3 h)" */
    VIEW_LIST    /* texts, separated by commas */
};

struct view {
    const char *title;  /* ends a table of views with null */
    const char *member; /* "serial", "revocation.reason" */
    enum view_kind kind;
    bool shrinks; /* in a narrow terminal */
};

/* An array of objects as a table; says so when it is empty. */
MUST_USE bool view_list(const struct cli *cli, const struct view *views, const json_t *array,
                        struct error *err);
/* One object, a line for each member that it has. */
void view_facts(const struct cli *cli, const struct view *views, const json_t *object);
/* The whole answer as JSON. */
void view_json(const struct cli *cli, const json_t *json);
/* A text member; "" when it is missing. */
const char *view_text(const json_t *object, const char *member);

#endif
