#include "signet/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HTTP_DATE_OCTETS = 30 };

static const char *const day_names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

#ifdef SIGNET_FAULTS
/* Read at each call: a test moves the clock of running programs by rewriting the file. */
static int64_t
clock_offset_s(void)
{
    const char *path = getenv("SIGNET_CLOCK_FILE");
    FILE *file = path ? fopen(path, "re") : NULL;
    char line[32] = "";

    if (!file)
        return 0;
    if (!fgets(line, sizeof(line), file))
        line[0] = '\0';
    fclose(file);
    return strtoll(line, NULL, 10);
}
#else
static int64_t
clock_offset_s(void)
{
    return 0;
}
#endif

static int64_t
clock_read_us(clockid_t id)
{
    struct timespec now = {0};

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_now_us(void)
{
    return clock_read_us(CLOCK_REALTIME) + clock_offset_s() * 1000000;
}

int64_t
clock_now_s(void)
{
    return clock_now_us() / 1000000;
}

int64_t
clock_monotonic_us(void)
{
    return clock_read_us(CLOCK_MONOTONIC);
}

int64_t
clock_monotonic_ms(void)
{
    return clock_monotonic_us() / 1000;
}

/* Whether the time has a year of four digits. */
static bool
clock_split(int64_t time_s, struct tm *ret_tm)
{
    time_t time = (time_t)time_s;

    return gmtime_r(&time, ret_tm) && ret_tm->tm_year >= -1900 && ret_tm->tm_year <= 9999 - 1900;
}

void
clock_text(int64_t time_s, char text[CLOCK_TEXT_OCTETS])
{
    struct tm tm;

    text[0] = '\0';
    if (clock_split(time_s, &tm))
        strftime(text, CLOCK_TEXT_OCTETS, "%Y-%m-%dT%H:%M:%SZ", &tm);
    /* glibc does not pad years below 1000 */
    if (text[0] && tm.tm_year < 1000 - 1900) {
        char tail[CLOCK_TEXT_OCTETS];

        strftime(tail, sizeof(tail), "-%m-%dT%H:%M:%SZ", &tm);
        snprintf(text, CLOCK_TEXT_OCTETS, "%04u%.18s", (unsigned)(tm.tm_year + 1900) % 10000, tail);
    }
}

/* `count` digits, nothing else (sscanf would take signs and spaces). */
static bool
clock_digits(const char **text, int count, int *ret_value)
{
    int value = 0;

    for (int i = 0; i < count; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        value = value * 10 + (**text - '0');
    }
    *ret_value = value;
    return true;
}

static bool
clock_literal(const char **text, const char *wanted)
{
    size_t len = strlen(wanted);

    if (strncmp(*text, wanted, len) != 0)
        return false;
    *text += len;
    return true;
}

bool
clock_parse(const char *text, int64_t *ret_time_s)
{
    char again[CLOCK_TEXT_OCTETS];
    const char *at = text;
    struct tm tm = {0};
    int year, month;
    int64_t time_s;

    if (!clock_digits(&at, 4, &year) || !clock_literal(&at, "-") || !clock_digits(&at, 2, &month) ||
        !clock_literal(&at, "-") || !clock_digits(&at, 2, &tm.tm_mday) ||
        !clock_literal(&at, "T") || !clock_digits(&at, 2, &tm.tm_hour) ||
        !clock_literal(&at, ":") || !clock_digits(&at, 2, &tm.tm_min) || !clock_literal(&at, ":") ||
        !clock_digits(&at, 2, &tm.tm_sec) || !clock_literal(&at, "Z") || *at)
        return false;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    time_s = timegm(&tm);
    /* timegm carries 30 February into March: only what writes back the same is a date */
    clock_text(time_s, again);
    if (strcmp(again, text) != 0)
        return false;
    *ret_time_s = time_s;
    return true;
}

void
clock_http_date(int64_t time_s, char text[HTTP_DATE_OCTETS])
{
    struct tm tm;

    text[0] = '\0';
    if (clock_split(time_s, &tm))
        snprintf(text, HTTP_DATE_OCTETS, "%s, %02u %s %04u %02u:%02u:%02u GMT",
                 day_names[tm.tm_wday], (unsigned)tm.tm_mday % 100, month_names[tm.tm_mon],
                 (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
                 (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

static bool
clock_month(const char **text, int *ret_month)
{
    for (int i = 0; i < (int)(sizeof(month_names) / sizeof(month_names[0])); i++)
        if (clock_literal(text, month_names[i])) {
            *ret_month = i;
            return true;
        }
    return false;
}

bool
clock_parse_http_date(const char *text, int64_t *ret_time_s)
{
    char again[HTTP_DATE_OCTETS];
    const char *at = text;
    struct tm tm = {0};
    int year;
    int64_t time_s;

    if (strlen(text) != HTTP_DATE_OCTETS - 1)
        return false;
    at += 3;
    if (!clock_literal(&at, ", ") || !clock_digits(&at, 2, &tm.tm_mday) ||
        !clock_literal(&at, " ") || !clock_month(&at, &tm.tm_mon) || !clock_literal(&at, " ") ||
        !clock_digits(&at, 4, &year) || !clock_literal(&at, " ") ||
        !clock_digits(&at, 2, &tm.tm_hour) || !clock_literal(&at, ":") ||
        !clock_digits(&at, 2, &tm.tm_min) || !clock_literal(&at, ":") ||
        !clock_digits(&at, 2, &tm.tm_sec) || !clock_literal(&at, " GMT"))
        return false;
    tm.tm_year = year - 1900;
    time_s = timegm(&tm);
    clock_http_date(time_s, again);
    if (strcmp(again, text) != 0)
        return false;
    *ret_time_s = time_s;
    return true;
}
