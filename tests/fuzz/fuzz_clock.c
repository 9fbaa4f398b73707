/* Dates of HTTP and of RFC 3339: what is accepted is written alike. */
#include <string.h>

#include "fuzz.h"
#include "signet/clock.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[64], again[64];
    int64_t time_s;

    if (size >= sizeof(text))
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    if (clock_parse(text, &time_s)) {
        clock_text(time_s, again);
        HOLDS(strcmp(text, again) == 0);
    }
    if (clock_parse_http_date(text, &time_s)) {
        clock_http_date(time_s, again);
        HOLDS(strcmp(text, again) == 0);
    }
    return 0;
}
