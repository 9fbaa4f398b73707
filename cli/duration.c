#include "duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "signet/clock.h"

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400, WEEK_S = 7 * DAY_S };
static const int64_t longest_s = 3653 * (int64_t)DAY_S;

static const struct {
    char suffix;
    int64_t seconds;
} suffixes[] = {{'\0', 1}, {'s', 1}, {'m', MINUTE_S}, {'h', HOUR_S}, {'d', DAY_S}, {'w', WEEK_S}};

static bool
duration_refuse(const char *what, const char *text, struct error *err)
{
    return error_set(err, ERROR_USAGE,
                     "%s is \"%.40s\", wanted a number with s, m, h, d or w, such as 24h", what,
                     text);
}

bool
duration_parse(const char *what, const char *text, int64_t *ret_s, struct error *err)
{
    size_t digits = strspn(text, "0123456789");
    int64_t number = 0;

    if (digits == 0 || digits > 10 || (text[digits] != '\0' && text[digits + 1] != '\0'))
        return duration_refuse(what, text, err);
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (text[i] - '0');
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        if (suffixes[i].suffix != text[digits])
            continue;
        if (number == 0 || number > longest_s / suffixes[i].seconds)
            return error_set(err, ERROR_USAGE,
                             "%s is %.40s, wanted more than nothing and at most ten years", what,
                             text);
        *ret_s = number * suffixes[i].seconds;
        return true;
    }
    return duration_refuse(what, text, err);
}

static const struct {
    int64_t seconds;
    const char *name;
} units[] = {{365 * (int64_t)DAY_S, "y"}, {DAY_S, "d"}, {HOUR_S, "h"}, {MINUTE_S, "min"}, {1, "s"}};

void
duration_relative(int64_t time_s, int64_t now_s, char text[DURATION_TEXT_OCTETS])
{
    bool ahead = time_s > now_s;
    int64_t span_s = ahead ? time_s - now_s : now_s - time_s;
    size_t unit = 0;

    if (span_s == 0) {
        snprintf(text, DURATION_TEXT_OCTETS, "now");
        return;
    }
    while (units[unit].seconds > 1 && span_s < 2 * units[unit].seconds)
        unit++;
    snprintf(text, DURATION_TEXT_OCTETS, "%s%" PRId64 " %s%s", ahead ? "in " : "",
             span_s / units[unit].seconds, units[unit].name, ahead ? "" : " ago");
}

void
duration_moment(int64_t time_s, int64_t now_s, char text[DURATION_TEXT_OCTETS])
{
    char relative[DURATION_TEXT_OCTETS], exact[CLOCK_TEXT_OCTETS];
    int len;

    clock_text(time_s, exact);
    duration_relative(time_s, now_s, relative);
    len = snprintf(text, DURATION_TEXT_OCTETS, "%s (%.20s)", exact, relative);
    if (len < 0)
        text[0] = '\0';
}
