/* Request ids: 128 random bits as 26 characters of base32 (RFC 4648 §6, lower case, no padding).
 * One that a client sends is not taken over: nobody may choose what our log and audit say. */
#ifndef SIGNET_REQUEST_ID_H
#define SIGNET_REQUEST_ID_H

#include <stdint.h>

#include "signet/error.h"
#include "signet/limits.h"

enum { REQUEST_ID_CHARACTERS = 26, REQUEST_ID_OCTETS = 16 };

/* The text of 128 bits that are random. */
void request_id_of(const uint8_t random[REQUEST_ID_OCTETS],
                   char ret_id[LIMIT_REQUEST_ID_OCTETS + 1]);

MUST_USE bool request_id_new(char ret_id[LIMIT_REQUEST_ID_OCTETS + 1], struct error *err);

#endif
