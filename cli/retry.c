#include "retry.h"

#include <string.h>

#include "signet/clock.h"

bool
retry_next(struct retry *retry, int64_t retry_after_s, uint32_t random, int *ret_wait_ms)
{
    int64_t span_ms = RETRY_FIRST_MS;
    int64_t wait_ms;

    retry->times++;
    if (retry->times >= RETRY_TIMES)
        return false;
    for (int i = 1; i < retry->times; i++)
        span_ms *= 2;
    if (span_ms > RETRY_MOST_MS)
        span_ms = RETRY_MOST_MS;
    wait_ms = span_ms / 2 + (int64_t)(random % (uint32_t)(span_ms / 2 + 1));
    if (retry_after_s > RETRY_BUDGET_MS / 1000)
        return false;
    if (retry_after_s > 0)
        wait_ms += retry_after_s * 1000;
    if (wait_ms > RETRY_BUDGET_MS - retry->waited_ms)
        return false;
    retry->waited_ms += (int)wait_ms;
    *ret_wait_ms = (int)wait_ms;
    return true;
}

int64_t
retry_after_parse(const char *text, int64_t now_s)
{
    size_t digits = strspn(text, "0123456789");
    int64_t seconds = 0;

    if (digits > 0 && digits <= 9 && text[digits] == '\0') {
        for (size_t i = 0; i < digits; i++)
            seconds = seconds * 10 + (text[i] - '0');
        return seconds;
    }
    if (!clock_parse_http_date(text, &seconds))
        return -1;
    return seconds > now_s ? seconds - now_s : 0;
}
