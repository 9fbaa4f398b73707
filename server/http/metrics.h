/*
 * Counters and histograms in the text format of Prometheus (version 0.0.4). Counting is one relaxed
 * atomic addition; the tables are fixed when the object is made.
 */
#ifndef SIGNET_METRICS_H
#define SIGNET_METRICS_H

#include "http.h"

struct metrics;

/* `tables` are route tables that end with a null method; their order and place must not change. */
MUST_USE bool metrics_new(const struct route *const *tables, size_t table_count,
                          struct metrics **ret_metrics, struct error *err);
void metrics_free(struct metrics *metrics);

/* A request to `route` (null: none matched) was answered with this status. */
void metrics_request(struct metrics *metrics, const struct route *route, int status);
/* Time spent in one stage of a request. */
void metrics_stage(struct metrics *metrics, const struct route *route, enum http_stage stage,
                   int64_t duration_us);
/* Appends all counters and histograms that are not zero. */
MUST_USE bool metrics_write(struct metrics *metrics, struct buffer *out);

enum metric_type { METRIC_GAUGE, METRIC_COUNTER };
/* Appends one further value with its HELP and TYPE lines. */
MUST_USE bool metrics_write_value(struct buffer *out, const char *name, const char *help,
                                  enum metric_type type, int64_t value);

#endif
