#include "metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { METRICS_TABLES = 4 };

/* The statuses that the error table and the handlers use; the last stands for any other. */
static const int statuses[] = {200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 406,
                               408, 409, 413, 414, 415, 429, 431, 500, 503, 0};
/* Upper bounds of the histograms in microseconds; +Inf follows. */
static const int64_t bounds_us[] = {100,   250,   500,    1000,   2500,    5000,   10000,
                                    25000, 50000, 100000, 250000, 1000000, 5000000};
static const char *const stage_names[HTTP_STAGES] = {
    [STAGE_QUEUE] = "queue",   [STAGE_AUTHENTICATE] = "authenticate",
    [STAGE_DECIDE] = "decide", [STAGE_SIGNER] = "signer",
    [STAGE_TOTAL] = "total",
};

enum { STATUSES = ARRAY_LEN(statuses), BUCKETS = ARRAY_LEN(bounds_us) + 1 };

struct histogram {
    atomic_uint_fast64_t bucket[BUCKETS];
    atomic_uint_fast64_t sum_us;
};

struct route_metrics {
    const char *label;
    const char *method;
    atomic_uint_fast64_t answered[STATUSES];
    struct histogram stage[HTTP_STAGES];
};

struct metrics {
    struct {
        const struct route *routes;
        size_t count, first;
    } table[METRICS_TABLES];
    size_t table_count;
    size_t route_count;
    struct route_metrics *routes; /* the last one counts what matched no route */
};

static size_t
routes_count(const struct route *routes)
{
    size_t count = 0;

    while (routes[count].method)
        count++;
    return count;
}

bool
metrics_new(const struct route *const *tables, size_t table_count, struct metrics **ret_metrics,
            struct error *err)
{
    struct metrics *metrics = calloc(1, sizeof(*metrics));
    size_t total = 0;

    if (!metrics || table_count > METRICS_TABLES) {
        free(metrics);
        return error_set(err, ERROR_MEMORY, "no room for %zu tables of metrics", table_count);
    }
    for (size_t i = 0; i < table_count; i++) {
        metrics->table[i].routes = tables[i];
        metrics->table[i].first = total;
        metrics->table[i].count = routes_count(tables[i]);
        total += metrics->table[i].count;
    }
    metrics->table_count = table_count;
    metrics->route_count = total + 1;
    metrics->routes = calloc(total + 1, sizeof(*metrics->routes));
    if (!metrics->routes) {
        free(metrics);
        return error_set(err, ERROR_MEMORY, "no memory for the metrics of %zu routes", total);
    }
    for (size_t i = 0; i < table_count; i++)
        for (size_t j = 0; j < metrics->table[i].count; j++) {
            metrics->routes[metrics->table[i].first + j].label = tables[i][j].label;
            metrics->routes[metrics->table[i].first + j].method = tables[i][j].method;
        }
    metrics->routes[total].label = "none";
    metrics->routes[total].method = "-";
    *ret_metrics = metrics;
    return true;
}

void
metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    free(metrics->routes);
    free(metrics);
}

static struct route_metrics *
metrics_of(struct metrics *metrics, const struct route *route)
{
    for (size_t i = 0; route && i < metrics->table_count; i++)
        if (route >= metrics->table[i].routes &&
            route < metrics->table[i].routes + metrics->table[i].count)
            return &metrics->routes[metrics->table[i].first +
                                    (size_t)(route - metrics->table[i].routes)];
    return &metrics->routes[metrics->route_count - 1];
}

static void
add(atomic_uint_fast64_t *counter, uint64_t value)
{
    atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

static uint64_t
value_of(atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void
metrics_request(struct metrics *metrics, const struct route *route, int status)
{
    size_t i = 0;

    while (i < STATUSES - 1 && statuses[i] != status)
        i++;
    add(&metrics_of(metrics, route)->answered[i], 1);
}

void
metrics_stage(struct metrics *metrics, const struct route *route, enum http_stage stage,
              int64_t duration_us)
{
    struct histogram *histogram = &metrics_of(metrics, route)->stage[stage];
    size_t i = 0;

    if (duration_us < 0)
        duration_us = 0;
    while (i < BUCKETS - 1 && duration_us > bounds_us[i])
        i++;
    add(&histogram->bucket[i], 1);
    add(&histogram->sum_us, (uint64_t)duration_us);
}

static bool
write_answered(struct metrics *metrics, struct buffer *out)
{
    bool ok = buffer_printf(out, "# HELP signet_requests_total Requests answered.\n"
                                 "# TYPE signet_requests_total counter\n");

    for (size_t i = 0; ok && i < metrics->route_count; i++)
        for (size_t j = 0; ok && j < STATUSES; j++) {
            uint64_t count = value_of(&metrics->routes[i].answered[j]);

            if (count)
                ok = buffer_printf(out,
                                   "signet_requests_total{route=\"%s\",method=\"%s\","
                                   "status=\"%d\"} %" PRIu64 "\n",
                                   metrics->routes[i].label, metrics->routes[i].method, statuses[j],
                                   count);
        }
    return ok;
}

static bool
write_histogram(const struct route_metrics *route, struct histogram *histogram, const char *stage,
                struct buffer *out)
{
    uint64_t bucket[BUCKETS], count = 0;
    bool ok = true;

    for (size_t i = 0; i < BUCKETS; i++)
        count += bucket[i] = value_of(&histogram->bucket[i]);
    if (count == 0)
        return true;
    count = 0;
    for (size_t i = 0; ok && i < BUCKETS - 1; i++) {
        count += bucket[i];
        ok = buffer_printf(out,
                           "signet_stage_seconds_bucket{route=\"%s\",method=\"%s\",stage=\"%s\","
                           "le=\"%g\"} %" PRIu64 "\n",
                           route->label, route->method, stage, (double)bounds_us[i] / 1e6, count);
    }
    count += bucket[BUCKETS - 1];
    return ok &&
           buffer_printf(out,
                         "signet_stage_seconds_bucket{route=\"%s\",method=\"%s\",stage=\"%s\","
                         "le=\"+Inf\"} %" PRIu64 "\n",
                         route->label, route->method, stage, count) &&
           buffer_printf(
               out, "signet_stage_seconds_sum{route=\"%s\",method=\"%s\",stage=\"%s\"} %.6f\n",
               route->label, route->method, stage, (double)value_of(&histogram->sum_us) / 1e6) &&
           buffer_printf(out,
                         "signet_stage_seconds_count{route=\"%s\",method=\"%s\",stage=\"%s\"} "
                         "%" PRIu64 "\n",
                         route->label, route->method, stage, count);
}

bool
metrics_write(struct metrics *metrics, struct buffer *out)
{
    bool ok = write_answered(metrics, out) &&
              buffer_printf(out, "# HELP signet_stage_seconds Time of a request by stage.\n"
                                 "# TYPE signet_stage_seconds histogram\n");

    for (size_t i = 0; ok && i < metrics->route_count; i++)
        for (int stage = 0; ok && stage < HTTP_STAGES; stage++)
            ok = write_histogram(&metrics->routes[i], &metrics->routes[i].stage[stage],
                                 stage_names[stage], out);
    return ok;
}

bool
metrics_write_value(struct buffer *out, const char *name, const char *help, enum metric_type type,
                    int64_t value)
{
    return buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRId64 "\n", name, help, name,
                         type == METRIC_COUNTER ? "counter" : "gauge", name, value);
}
