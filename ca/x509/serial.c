#include "serial.h"

#include "signet/tbs_cert.h"

#include "der_read.h"

enum { DAY_S = 86400, SERIAL_RANDOM_OCTETS = 16 };

/* The day of expiry as two octets makes a serial number lead to its partition. */
static bool
serial_day(int64_t not_after_s, uint8_t ret_day[2])
{
    int64_t day = not_after_s / DAY_S;

    if (not_after_s < 0 || day > UINT16_MAX)
        return false;
    ret_day[0] = (uint8_t)(day >> 8);
    ret_day[1] = (uint8_t)day;
    return true;
}

bool
serial_new(int64_t not_after_s, uint8_t ret_serial[SERIAL_OCTETS], struct error *err)
{
    uint8_t serial[SERIAL_OCTETS] = {SERIAL_FIRST_OCTET};

    if (!serial_day(not_after_s, serial + 1))
        return error_set(err, ERROR_INTERNAL,
                         "a serial number cannot carry the expiry %lld (years 1970 to 2149)",
                         (long long)not_after_s);
    if (!random_bytes(serial + 3, SERIAL_RANDOM_OCTETS, err))
        return false;
    memcpy(ret_serial, serial, sizeof(serial));
    return true;
}

bool
serial_fits(struct bytes serial, int64_t not_after_s)
{
    uint8_t day[2];

    return serial.len == SERIAL_OCTETS && serial.data[0] == SERIAL_FIRST_OCTET &&
           serial_day(not_after_s, day) && memcmp(serial.data + 1, day, sizeof(day)) == 0;
}

bool
serial_is_valid(struct bytes serial)
{
    return der_integer_minimal(serial) && serial.len <= LIMIT_SERIAL_OCTETS &&
           serial.data[0] < 0x80 && !(serial.len == 1 && serial.data[0] == 0);
}
