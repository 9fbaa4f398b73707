#include "filter.h"

enum { FILTER_SQL_OCTETS = 16 * 1024 };

void
filter_init(struct filter *filter, const char *head)
{
    buffer_init(&filter->sql, FILTER_SQL_OCTETS);
    params_init(&filter->params);
    filter->failed = false;
    filter_put(filter, head);
}

void
filter_done(struct filter *filter)
{
    buffer_done(&filter->sql);
    params_done(&filter->params);
}

void
filter_put(struct filter *filter, const char *fragment)
{
    if (!buffer_printf(&filter->sql, "%s", fragment))
        filter->failed = true;
}

void
filter_and(struct filter *filter, const char *fragment)
{
    const char *mark;

    filter_put(filter, "AND ");
    while ((mark = strstr(fragment, "$?"))) {
        if (!buffer_printf(&filter->sql, "%.*s$%zu", (int)(mark - fragment), fragment,
                           filter->params.count))
            filter->failed = true;
        fragment = mark + 2;
    }
    filter_put(filter, fragment);
    filter_put(filter, " ");
}

void
filter_and_text(struct filter *filter, const char *fragment, const char *value)
{
    if (!value)
        return;
    param_text(&filter->params, value);
    filter_and(filter, fragment);
}

void
filter_limit(struct filter *filter, int limit)
{
    int bounded = limit < 1 ? 1 : limit;

    if (bounded > LIMIT_PAGE_ROWS)
        bounded = LIMIT_PAGE_ROWS;
    param_long(&filter->params, bounded);
    if (!buffer_printf(&filter->sql, "LIMIT $%zu ", filter->params.count))
        filter->failed = true;
}

PGresult *
filter_run(struct db *db, struct filter *filter, struct error *err)
{
    const char *sql = filter->failed ? NULL : buffer_text(&filter->sql);

    if (sql)
        return db_run_text(db, sql, &filter->params, err);
    error_set(err, ERROR_MEMORY, "a list statement does not fit");
    return NULL;
}
