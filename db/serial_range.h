/* Serials begin with 51 and the day of expiry, so days bound serials and serials find partitions.
 */
#ifndef SIGNET_DB_SERIAL_RANGE_H
#define SIGNET_DB_SERIAL_RANGE_H

#include "signet/bytes.h"

enum { SERIAL_DAY_OCTETS = 3, SERIAL_ROW_OCTETS = 19, DAY_S = 86400 };

/* The first serial of the day that `time_s` is in, as a bound for comparisons. */
struct bytes serial_day(int64_t time_s, uint8_t storage[SERIAL_DAY_OCTETS]);

/* Least and greatest of the serials taken in; for BETWEEN. Empty bytes are left out. */
struct serial_range {
    struct bytes least, greatest;
};
void serial_range_take(struct serial_range *range, struct bytes serial);

#endif
