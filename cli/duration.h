/* Spans of time as people write them and moments as they read them. */
#ifndef SIGNET_CLI_DURATION_H
#define SIGNET_CLI_DURATION_H

#include <stdint.h>

#include "signet/error.h"

enum { DURATION_TEXT_OCTETS = 48 };

/* "90", "90s", "15m", "24h", "7d", "2w"; whole, positive, at most ten years. ERROR_USAGE names
 * `what`. */
MUST_USE bool duration_parse(const char *what, const char *text, int64_t *ret_s, struct error *err);
/* "in 3 h", "5 d ago", "now": the largest unit that gives at least two, rounded down. */
void duration_relative(int64_t time_s, int64_t now_s, char text[DURATION_TEXT_OCTETS]);
/* "2026-11-22T07:30:00Z (in 3 h)" */
void duration_moment(int64_t time_s, int64_t now_s, char text[DURATION_TEXT_OCTETS]);

#endif
