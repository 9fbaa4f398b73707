/* Percent-encoding (RFC 3986 §2.1) and UTF-8 (RFC 3629), strictly. */
#ifndef SIGNET_PERCENT_H
#define SIGNET_PERCENT_H

#include "signet/bytes.h"
#include "signet/error.h"

/* Well-formed UTF-8 without surrogates, overlong forms and NUL. */
bool text_is_utf8(struct bytes text);
/* Makes it so: a text that was cut anywhere loses all octets beyond ASCII to "?". */
void text_make_utf8(char *text);

/*
 * Decodes into `text`, which must have room for encoded.len + 1 octets, and terminates it. "+"
 * stays
 * "+". Errors: ERROR_REQUEST_MALFORMED for an incomplete or non-hexadecimal escape, %00, control
 * characters, or octets that are not UTF-8.
 */
MUST_USE bool percent_decode(struct bytes encoded, char *text, size_t *ret_len, struct error *err);

#endif
