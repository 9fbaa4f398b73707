#include "filter.h"

#include <stddef.h>

enum { AUDIT_BATCH = 1024 }; /* events in one statement; callers flush far smaller ones */

static void
put_texts(struct params *params, const struct db_audit *events, size_t count, size_t offset)
{
    param_array_begin(params, 'T', count);
    for (size_t i = 0; i < count; i++)
        item_text(params, (const char *)&events[i] + offset);
    param_array_end(params);
}

bool
db_audit_insert(struct db *db, const struct db_audit *events, size_t count, struct error *err)
{
    static const size_t texts[] = {
        offsetof(struct db_audit, actor),   offsetof(struct db_audit, action),
        offsetof(struct db_audit, object),  offsetof(struct db_audit, outcome),
        offsetof(struct db_audit, rule),    offsetof(struct db_audit, request_id),
        offsetof(struct db_audit, address), offsetof(struct db_audit, detail)};
    AUTO_PARAMS params = {0};

    if (count > AUDIT_BATCH)
        return error_set(err, ERROR_INTERNAL, "%zu audit events at once, at most %d", count,
                         AUDIT_BATCH);
    params_init(&params);
    param_array_begin(&params, 'Z', count);
    for (size_t i = 0; i < count; i++)
        item_time_us(&params, events[i].at_us);
    param_array_end(&params);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        put_texts(&params, events, count, texts[i]);
    param_array_begin(&params, 'L', count);
    for (size_t i = 0; i < count; i++)
        item_long(&params, events[i].count > 0 ? events[i].count : 1);
    param_array_end(&params);
    return count == 0 || db_execute(db, STATEMENT_AUDIT_INSERT, &params, NULL, err);
}

static bool
audit_decode(const PGresult *result, int number, struct db_audit *event, struct error *err)
{
    struct row row = row_of(result, number);

    memset(event, 0, sizeof(*event));
    event->id = row_long(&row);
    event->at_us = row_time_us(&row);
    row_text(&row, event->actor, sizeof(event->actor));
    row_text(&row, event->action, sizeof(event->action));
    row_text(&row, event->object, sizeof(event->object));
    row_text(&row, event->outcome, sizeof(event->outcome));
    row_text(&row, event->rule, sizeof(event->rule));
    row_text(&row, event->request_id, sizeof(event->request_id));
    row_text(&row, event->address, sizeof(event->address));
    row_text(&row, event->detail, sizeof(event->detail));
    event->count = row_long(&row);
    return row_ok(&row, err);
}

static void
put_times(struct filter *list, const struct db_audit_filter *filter)
{
    if (filter->before_id > 0) {
        param_long(&list->params, filter->before_id);
        filter_and(list, "id < $?");
    }
    if (filter->since_us > 0) {
        param_time_us(&list->params, filter->since_us);
        filter_and(list, "at >= $?");
    }
    if (filter->until_us > 0) {
        param_time_us(&list->params, filter->until_us);
        filter_and(list, "at <= $?");
    }
}

bool
db_audit_list(struct db *db, const struct db_audit_filter *filter,
              bool (*row)(void *context, const struct db_audit *event), void *context,
              struct error *err)
{
    AUTO_FILTER list = {0};
    AUTO_RESULT result = NULL;
    struct db_audit event;

    filter_init(&list, "SELECT id, at, actor, action, object, outcome, rule, request_id, address, "
                       "detail, count FROM audit_event WHERE true ");
    put_times(&list, filter);
    filter_and_text(&list, "actor = $?", filter->actor);
    filter_and_text(&list, "action = $?", filter->action);
    filter_and_text(&list, "object = $?", filter->object);
    filter_and_text(&list, "outcome = $?", filter->outcome);
    filter_and_text(&list, "rule = $?", filter->rule);
    filter_and_text(&list, "request_id = $?", filter->request_id);
    filter_put(&list, "ORDER BY id DESC ");
    filter_limit(&list, filter->limit);
    result = filter_run(db, &list, err);
    if (!result)
        return false;
    for (int i = 0; i < PQntuples(result); i++)
        if (!audit_decode(result, i, &event, err) || !row(context, &event))
            return false;
    return true;
}
