/* Times in DER (RFC 5280 §4.1.2.5): seconds and Z always, fractions and offsets never. */
#ifndef SIGNET_X509_DER_TIME_H
#define SIGNET_X509_DER_TIME_H

#include "der_read.h"

enum { DER_TIME_OCTETS = 16 };

/* "20261122073000Z"; false outside the years 0001 to 9999. */
MUST_USE bool der_time_text(int64_t time_s, char text[DER_TIME_OCTETS]);
/* Whether RFC 5280 wants UTCTime: 1950 to 2049. */
bool der_time_is_utc(int64_t time_s);
/* UTCTime or GeneralizedTime, each only in the years that are its own (C-05). */
MUST_USE bool der_take_time(struct reader *reader, int64_t *ret_time_s);
MUST_USE bool der_take_generalized_time(struct reader *reader, int64_t *ret_time_s);

#endif
