/* Problem documents (RFC 9457): the one place where an error becomes what a client reads. */
#ifndef SIGNET_PROBLEM_H
#define SIGNET_PROBLEM_H

#include "signet/buffer.h"
#include "signet/error.h"

#define PROBLEM_CONTENT_TYPE "application/problem+json"
#define PROBLEM_INSTANCE_PREFIX "urn:signet:request:"

/*
 * Appends {"type":"urn:signet:error:KIND","title":..,"status":..,"detail":..,"instance":..} and
 * "rule" when the error has one. Only client-safe text goes in; octets that are not UTF-8 become
 * "?". False when `out` is full.
 */
MUST_USE bool problem_build(const struct error *error, const char *request_id, struct buffer *out);

/* Seconds for a Retry-After field; 0: the client should not come again unchanged. */
unsigned problem_retry_after_s(const struct error *error);

#endif
