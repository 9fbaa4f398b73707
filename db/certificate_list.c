#include "certificate.h"
#include "filter.h"
#include "serial_range.h"

#define REVOKED                                                                                    \
    "EXISTS (SELECT FROM revocation x WHERE x.serial = c.serial AND x.issuer = c.issuer)"
#define SIGNED "EXISTS (SELECT FROM signature x WHERE x.serial = c.serial AND x.issuer = c.issuer)"

struct status_row {
    const char *status;
    const char *condition; /* its parameter is now */
};

static const struct status_row status_rows[] = {
    {"valid", "c.not_after >= $? AND NOT " REVOKED " AND " SIGNED},
    {"expired", "c.not_after < $? AND NOT " REVOKED},
    {"revoked", "$?::timestamptz IS NOT NULL AND " REVOKED},
    {"recorded", "c.not_after >= $? AND NOT " REVOKED " AND NOT " SIGNED},
};

static bool
status_put(struct filter *list, const struct db_certificate_filter *filter, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(status_rows); i++)
        if (strcmp(status_rows[i].status, filter->status) == 0) {
            param_time_s(&list->params, filter->now_s);
            filter_and(list, status_rows[i].condition);
            return true;
        }
    return error_set(err, ERROR_PARAMETER_INVALID,
                     "status is \"%s\", wanted valid, expired, revoked or recorded",
                     filter->status);
}

static void
serial_put(struct filter *list, const char *condition, struct bytes serial)
{
    if (serial.len == 0)
        return;
    param_bytes(&list->params, serial);
    filter_and(list, condition);
}

static void
time_put(struct filter *list, const char *condition, int64_t time_s)
{
    if (time_s == 0)
        return;
    param_time_s(&list->params, time_s);
    filter_and(list, condition);
}

/* Days of expiry are ranges of serials, so that the other partitions are left alone. */
static void
days_put(struct filter *list, const struct db_certificate_filter *filter)
{
    uint8_t first[SERIAL_DAY_OCTETS], end[SERIAL_DAY_OCTETS];

    if (filter->not_after_from_s > 0)
        serial_put(list, "c.serial >= $?", serial_day(filter->not_after_from_s, first));
    if (filter->not_after_to_s > 0)
        serial_put(list, "c.serial < $?", serial_day(filter->not_after_to_s + DAY_S, end));
    time_put(list, "c.not_after >= $?", filter->not_after_from_s);
    time_put(list, "c.not_after <= $?", filter->not_after_to_s);
    time_put(list, "c.recorded_at >= $?", filter->issued_from_s);
    time_put(list, "c.recorded_at <= $?", filter->issued_to_s);
}

bool
db_certificate_list(struct db *db, const struct db_certificate_filter *filter,
                    bool (*row)(void *context, const struct db_certificate *row), void *context,
                    struct error *err)
{
    AUTO_FILTER list = {0};
    AUTO_RESULT result = NULL;

    filter_init(&list, "SELECT " CERTIFICATE_COLUMNS CERTIFICATE_MORE_COLUMNS
                       " FROM (SELECT * FROM certificate c WHERE true ");
    filter_and_text(&list, "c.identity = (SELECT x.id FROM identity x WHERE x.name = $?)",
                    filter->identity);
    filter_and_text(&list, "c.names @> ARRAY[$?]", filter->name);
    serial_put(&list, "c.spki_hash = $?", filter->spki_hash);
    serial_put(&list, "c.serial < $?", filter->after_serial);
    days_put(&list, filter);
    if (filter->status && !status_put(&list, filter, err))
        return false;
    filter_put(&list, "ORDER BY c.serial DESC, c.issuer DESC ");
    filter_limit(&list, filter->limit);
    filter_put(&list, ") c " CERTIFICATE_JOINS("c.serial") CERTIFICATE_MORE_JOINS(
                          "c.serial") "ORDER BY c.serial DESC, c.issuer DESC");
    result = filter_run(db, &list, err);
    return result && certificate_each(result, row, context, err);
}
