#include "serial_range.h"

struct bytes
serial_day(int64_t time_s, uint8_t storage[SERIAL_DAY_OCTETS])
{
    int64_t day = time_s / DAY_S;

    if (day < 0)
        day = 0;
    if (day > UINT16_MAX)
        day = UINT16_MAX;
    storage[0] = 0x51;
    storage[1] = (uint8_t)(day >> 8);
    storage[2] = (uint8_t)day;
    return bytes_of(storage, SERIAL_DAY_OCTETS);
}

/* As PostgreSQL orders bytea: by content, a prefix before what it begins. */
static int
serial_order(struct bytes a, struct bytes b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.data, b.data, common) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

void
serial_range_take(struct serial_range *range, struct bytes serial)
{
    if (serial.len == 0)
        return;
    if (range->least.len == 0 || serial_order(serial, range->least) < 0)
        range->least = serial;
    if (range->greatest.len == 0 || serial_order(serial, range->greatest) > 0)
        range->greatest = serial;
}
