/* Text forms of bytes: hexadecimal, base64 (RFC 4648 §4) and base64url (§5). Decoders are strict.
 */
#ifndef SIGNET_ENCODE_H
#define SIGNET_ENCODE_H

#include "signet/buffer.h"
#include "signet/bytes.h"

/* Lower case, two characters an octet; `room` must hold 2 * len + 1. */
void hex_encode(struct bytes bytes, char *text, size_t room);
/* Either case, even length, at most `room` octets. */
MUST_USE bool hex_decode(const char *text, uint8_t *data, size_t room, size_t *ret_len);
/* Of one digit in either case; -1 when it is none. */
int hex_value(char character);
MUST_USE bool base64_encode(struct bytes bytes, struct buffer *out);
/* Standard alphabet with padding, no white space, canonical trailing bits. */
MUST_USE bool base64_decode(struct bytes text, struct buffer *out);
/* Without padding. */
MUST_USE bool base64url_encode(struct bytes bytes, struct buffer *out);
MUST_USE bool base64url_decode(struct bytes text, struct buffer *out);

#endif
