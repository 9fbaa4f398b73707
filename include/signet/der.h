/*
 * Strict DER: OpenSSL's decoders take BER (indefinite and non-minimal lengths), also inside opaque
 * parts, so everything from outside is walked here first (traps.md).
 */
#ifndef SIGNET_DER_H
#define SIGNET_DER_H

#include "signet/buffer.h"
#include "signet/error.h"

/* One complete DER value, nothing after it, depth at most 24, every constructed value walked. */
MUST_USE bool der_check(struct bytes der, const char *what, struct error *err);
/* The same, with errors of `kind` instead of ERROR_REQUEST_MALFORMED. */
MUST_USE bool der_check_as(struct bytes der, const char *what, enum error_kind kind,
                           struct error *err);
/* Takes the first value off the reader: *ret_tag its identifier octet, *ret_content its content,
 * *ret_whole header and content (either may be null). */
MUST_USE bool der_get(struct reader *reader, uint8_t *ret_tag, struct bytes *ret_content,
                      struct bytes *ret_whole);
/* The arcs of an object identifier's content as text ("2.5.29.17"), for messages. */
void der_oid_text(struct bytes oid, char *text, size_t room);
/* PEM with the given label ("CERTIFICATE REQUEST") or plain DER or base64 DER -> DER in `out`.
 * Exactly one object; text before and after a PEM block is refused. Errors of `kind`.
 * The former content of `out` is replaced. */
MUST_USE bool pem_or_der(struct bytes input, const char *label, enum error_kind kind,
                         struct buffer *out, struct error *err);
/* Appends. */
MUST_USE bool pem_encode(struct bytes der, const char *label, struct buffer *out);
/* The next PEM block labelled `label` off the reader (bundles) replaces the content of `out`. False
 * at the end, where the reader is empty, and at a malformed block, where it is not. */
MUST_USE bool pem_next(struct reader *text, const char *label, struct buffer *out);

#endif
