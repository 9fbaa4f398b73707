/* How often and how long to wait before a request is made again. Pure. */
#ifndef SIGNET_CLI_RETRY_H
#define SIGNET_CLI_RETRY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    RETRY_TIMES = 5,         /* requests at most, the first included */
    RETRY_BUDGET_MS = 30000, /* waits all told: a person is looking on */
    RETRY_FIRST_MS = 250,
    RETRY_MOST_MS = 8000
};

struct retry {
    int times; /* requests made */
    int waited_ms;
};

/*
 * After a failed request: true with the wait before the next, or false when it is enough. Doubles
 * from RETRY_FIRST_MS, half of it by `random`; never earlier than the server asked
 * (`retry_after_s`, -1: it did not). A wait past the budget is not begun.
 */
bool retry_next(struct retry *retry, int64_t retry_after_s, uint32_t random, int *ret_wait_ms);
/* Seconds of a Retry-After field (a number or a date); -1 for what cannot be read. */
int64_t retry_after_parse(const char *text, int64_t now_s);

#endif
