#ifndef SIGNET_X509_SERIAL_H
#define SIGNET_X509_SERIAL_H

#include "signet/bytes.h"

/* RFC 5280 §4.1.2.2 (C-02): minimal, above zero, at most 20 octets. */
bool serial_is_valid(struct bytes serial);

#endif
