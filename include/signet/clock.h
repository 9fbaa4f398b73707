/*
 * Time. Wall-clock time is seconds since 1970-01-01 UTC in an int64_t; waits and deadlines use the
 * monotonic clock in milliseconds. Test builds (SIGNET_FAULTS) add the offset in seconds that the
 * first line of the file named by SIGNET_CLOCK_FILE holds; release builds do not look.
 */
#ifndef SIGNET_CLOCK_H
#define SIGNET_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signet/attributes.h"

enum { CLOCK_TEXT_OCTETS = 25 };

int64_t clock_now_s(void);
int64_t clock_now_us(void); /* wall clock, microseconds */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);
/* "2026-11-22T07:30:00Z" (RFC 3339, UTC, seconds); years 0000 to 9999, else an empty text. */
void clock_text(int64_t time_s, char text[CLOCK_TEXT_OCTETS]);
/* Parses exactly the form that clock_text writes. */
MUST_USE bool clock_parse(const char *text, int64_t *ret_time_s);
/* "Sun, 22 Nov 2026 07:30:00 GMT" (RFC 9110 IMF-fixdate); room for 30 octets. */
void clock_http_date(int64_t time_s, char text[30]);
MUST_USE bool clock_parse_http_date(const char *text, int64_t *ret_time_s);

#endif
