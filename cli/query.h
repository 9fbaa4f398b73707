/* Request targets: percent-encoding of what people type. */
#ifndef SIGNET_CLI_QUERY_H
#define SIGNET_CLI_QUERY_H

#include "signet/buffer.h"
#include "signet/error.h"

enum { QUERY_OCTETS = 4096 };

/* Appends a path, slashes kept. ERROR_USAGE when it is too long. */
MUST_USE bool query_path(struct buffer *target, const char *path, struct error *err);
/* Appends ?name=value or &name=value; nothing for a null value. */
MUST_USE bool query_add(struct buffer *target, const char *name, const char *value,
                        struct error *err);

#endif
