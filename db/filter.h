/*
 * A list statement put together from fixed fragments: SELECT ... WHERE a AND b ORDER BY ... LIMIT
 * n. Each condition is a fragment with "$?" where its one parameter stands, which must have been
 * put just before. Values never become text of the statement.
 */
#ifndef SIGNET_DB_FILTER_H
#define SIGNET_DB_FILTER_H

#include "connection.h"

struct filter {
    struct buffer sql;
    struct params params;
    bool failed;
};

void filter_init(struct filter *filter, const char *head);
void filter_done(struct filter *filter);
#define AUTO_FILTER CLEANUP(filter_done) struct filter

/* A fragment as it is. */
void filter_put(struct filter *filter, const char *fragment);
/* "AND fragment" with "$?" replaced by the number of the newest parameter. */
void filter_and(struct filter *filter, const char *fragment);
/* Both at once for a text; nothing when it is null. */
void filter_and_text(struct filter *filter, const char *fragment, const char *value);
/* "LIMIT": at least 1, at most LIMIT_PAGE_ROWS. */
void filter_limit(struct filter *filter, int limit);
MUST_USE PGresult *filter_run(struct db *db, struct filter *filter, struct error *err);

#endif
