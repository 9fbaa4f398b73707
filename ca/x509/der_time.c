#include "der_time.h"

enum { DAY_S = 86400, DAYS_OF_400_YEARS = 146097 };
static const int64_t year_1950_s = -631152000, year_2050_s = 2524608000;
static const int64_t year_1_s = -62135596800, year_10000_s = 253402300800;

struct date {
    int year, month, day;
};

/* Years begin in March here, so that the leap day comes last; eras of 400 years repeat. */
static int64_t
days_of_date(struct date date)
{
    int64_t year = date.year - (date.month <= 2);
    int64_t era = year / 400, of_era = year % 400;
    int64_t of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;

    return era * DAYS_OF_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static struct date
date_of_days(int64_t days)
{
    int64_t since = days + 719468;
    int64_t era = since / DAYS_OF_400_YEARS, of_era = since % DAYS_OF_400_YEARS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    struct date date = {.day = (int)(of_year - (153 * month + 2) / 5 + 1),
                        .month = (int)(month < 10 ? month + 3 : month - 9)};

    date.year = (int)(year + era * 400 + (date.month <= 2));
    return date;
}

static void
digits_put(char *text, int value, int count)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        text[i] = (char)('0' + value % 10);
}

bool
der_time_text(int64_t time_s, char text[DER_TIME_OCTETS])
{
    int64_t days = time_s / DAY_S, seconds = time_s % DAY_S;
    struct date date;

    if (time_s < year_1_s || time_s >= year_10000_s)
        return false;
    if (seconds < 0) {
        seconds += DAY_S;
        days--;
    }
    date = date_of_days(days);
    digits_put(text, date.year, 4);
    digits_put(text + 4, date.month, 2);
    digits_put(text + 6, date.day, 2);
    digits_put(text + 8, (int)(seconds / 3600), 2);
    digits_put(text + 10, (int)(seconds / 60 % 60), 2);
    digits_put(text + 12, (int)(seconds % 60), 2);
    text[14] = 'Z';
    text[15] = '\0';
    return true;
}

bool
der_time_is_utc(int64_t time_s)
{
    return time_s >= year_1950_s && time_s < year_2050_s;
}

static bool
digits_get(const uint8_t *text, int count, int *ret_value)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *ret_value = value;
    return true;
}

/* "1122073000Z" behind the year. Writing the result again must give the same text, which catches
 * the 31st of April, hour 24 and leap seconds without naming them. */
static bool
time_of_text(int year, const uint8_t *text, int64_t *ret_time_s)
{
    char again[DER_TIME_OCTETS];
    struct date date = {.year = year};
    int hour, minute, second;
    int64_t time_s;

    if (!digits_get(text, 2, &date.month) || !digits_get(text + 2, 2, &date.day) ||
        !digits_get(text + 4, 2, &hour) || !digits_get(text + 6, 2, &minute) ||
        !digits_get(text + 8, 2, &second) || year < 1 || date.month < 1 || date.month > 12)
        return false;
    time_s = days_of_date(date) * DAY_S + hour * 3600 + minute * 60 + second;
    if (!der_time_text(time_s, again) || memcmp(again + 4, text, 11) != 0)
        return false;
    *ret_time_s = time_s;
    return true;
}

bool
der_take_generalized_time(struct reader *reader, int64_t *ret_time_s)
{
    struct reader ahead = *reader;
    struct bytes text;
    int year;

    if (!der_take(&ahead, TAG_GENERALIZED_TIME, &text) || text.len != 15 ||
        !digits_get(text.data, 4, &year) || !time_of_text(year, text.data + 4, ret_time_s))
        return false;
    *reader = ahead;
    return true;
}

static bool
der_take_utc_time(struct reader *reader, int64_t *ret_time_s)
{
    struct reader ahead = *reader;
    struct bytes text;
    int year;

    if (!der_take(&ahead, TAG_UTC_TIME, &text) || text.len != 13 ||
        !digits_get(text.data, 2, &year) ||
        !time_of_text(year + (year < 50 ? 2000 : 1900), text.data + 2, ret_time_s))
        return false;
    *reader = ahead;
    return true;
}

bool
der_take_time(struct reader *reader, int64_t *ret_time_s)
{
    struct reader ahead = *reader;
    int64_t time_s;

    if (der_next_is(reader, TAG_UTC_TIME))
        return der_take_utc_time(reader, ret_time_s);
    if (!der_take_generalized_time(&ahead, &time_s) || der_time_is_utc(time_s))
        return false;
    *ret_time_s = time_s;
    *reader = ahead;
    return true;
}
