#include "api/query.h"

#include <stdlib.h>
#include <strings.h>

#include "signet/clock.h"
#include "signet/encode.h"

bool
query_number(const struct request *request, const char *name, int64_t *ret_number,
             struct error *err)
{
    const char *text = request_query(request, name);
    size_t len = text ? strlen(text) : 0;

    if (!text) {
        *ret_number = 0;
        return true;
    }
    if (len < 1 || len > 18 || strspn(text, "0123456789") != len || text[0] == '0')
        return error_set(err, ERROR_PARAMETER_INVALID, "%s: wanted a number above 0", name);
    *ret_number = strtoll(text, NULL, 10);
    return true;
}

bool
query_limit(const struct request *request, int *ret_limit, struct error *err)
{
    int64_t number;

    if (!query_number(request, "limit", &number, err))
        return false;
    if (number > LIMIT_PAGE_ROWS)
        return error_set(err, ERROR_PARAMETER_INVALID, "limit: wanted 1 to %d", LIMIT_PAGE_ROWS);
    *ret_limit = number ? (int)number : QUERY_LIMIT_DEFAULT;
    return true;
}

bool
query_time(const struct request *request, const char *name, int64_t *ret_time_s, struct error *err)
{
    const char *text = request_query(request, name);
    int64_t time_s = 0;

    if (text && (!clock_parse(text, &time_s) || time_s <= 0))
        return error_set(err, ERROR_PARAMETER_INVALID,
                         "%s: wanted a time such as 2026-11-22T07:30:00Z", name);
    *ret_time_s = time_s;
    return true;
}

bool
query_hex(const struct request *request, const char *name, uint8_t *data, size_t room,
          size_t *ret_len, struct error *err)
{
    const char *text = request_query(request, name);
    size_t len = 0;

    if (text && (!hex_decode(text, data, room, &len) || len == 0))
        return error_set(err, ERROR_PARAMETER_INVALID,
                         "%s: wanted at most %zu octets in hexadecimal", name, room);
    *ret_len = len;
    return true;
}

bool
query_choice(const struct request *request, const char *name, const char *const *choices,
             const char **ret_value, struct error *err)
{
    const char *text = request_query(request, name);

    for (; text && *choices; choices++)
        if (strcmp(*choices, text) == 0)
            break;
    if (text && !*choices)
        return error_set(err, ERROR_PARAMETER_INVALID, "%s: %.40s is not one of its values", name,
                         text);
    *ret_value = text;
    return true;
}

/* How well a media range fits; -1 not at all. */
static int
range_fit(const char *range, size_t len, const char *type)
{
    size_t main_len = strcspn(type, "/") + 1;

    if (len == strlen(type) && strncasecmp(range, type, len) == 0)
        return 2;
    if (len == main_len + 1 && range[len - 1] == '*' && strncasecmp(range, type, main_len) == 0)
        return 1;
    return len == 3 && memcmp(range, "*/*", 3) == 0 ? 0 : -1;
}

/* Quality in thousandths; what cannot be read counts as 1. */
static int
quality_of(const char *parameters, size_t len)
{
    for (size_t i = 0; i + 2 < len; i++) {
        bool begins = i == 0 || strchr("; \t", parameters[i - 1]);

        if (begins && (parameters[i] == 'q' || parameters[i] == 'Q') && parameters[i + 1] == '=') {
            double quality = strtod(parameters + i + 2, NULL);

            return quality >= 0 && quality <= 1 ? (int)(quality * 1000) : 1000;
        }
    }
    return 1000;
}

/* The quality that the most specific fitting range gives to `type`; 0: not acceptable. */
static int
accept_quality(const char *accept, const char *type)
{
    int best_fit = -1, quality = 0;

    while (*accept) {
        size_t field_len, range_len;
        int fit;

        accept += strspn(accept, ", \t");
        field_len = strcspn(accept, ",");
        range_len = strcspn(accept, ",; \t");
        fit = range_fit(accept, range_len, type);
        if (fit > best_fit) {
            best_fit = fit;
            quality = quality_of(accept + range_len, field_len - range_len);
        }
        accept += field_len;
    }
    return quality;
}

bool
accept_choose(const char *accept, enum accept *ret_accept, struct error *err)
{
    int json, chain;

    if (!accept || !*accept) {
        *ret_accept = ACCEPT_JSON;
        return true;
    }
    json = accept_quality(accept, "application/json");
    chain = accept_quality(accept, PEM_CHAIN_CONTENT_TYPE);
    if (json == 0 && chain == 0)
        return error_set(err, ERROR_NOT_ACCEPTABLE,
                         "there are application/json and " PEM_CHAIN_CONTENT_TYPE);
    *ret_accept = chain > json ? ACCEPT_PEM_CHAIN : ACCEPT_JSON;
    return true;
}
