/* Query parameters and Accept: what comes beside the body. */
#ifndef SIGNET_API_QUERY_H
#define SIGNET_API_QUERY_H

#include "http/http.h"

enum { QUERY_LIMIT_DEFAULT = 100 };

/* `limit`: 1 to LIMIT_PAGE_ROWS. Errors of all: ERROR_PARAMETER_INVALID naming the parameter. */
MUST_USE bool query_limit(const struct request *request, int *ret_limit, struct error *err);
/* A time in RFC 3339; 0 when absent. */
MUST_USE bool query_time(const struct request *request, const char *name, int64_t *ret_time_s,
                         struct error *err);
/* Hexadecimal of 1 to `room` octets into `data`; *ret_len 0 when absent. */
MUST_USE bool query_hex(const struct request *request, const char *name, uint8_t *data, size_t room,
                        size_t *ret_len, struct error *err);
/* One of a null-terminated list, borrowed; null when absent. */
MUST_USE bool query_choice(const struct request *request, const char *name,
                           const char *const *choices, const char **ret_value, struct error *err);
/* A decimal number above 0; 0 when absent. */
MUST_USE bool query_number(const struct request *request, const char *name, int64_t *ret_number,
                           struct error *err);

enum accept { ACCEPT_JSON, ACCEPT_PEM_CHAIN };
#define PEM_CHAIN_CONTENT_TYPE "application/pem-certificate-chain"
/*
 * Which of the two representations the Accept field wants (RFC 9110 §12.5.1): the higher quality,
 * JSON when equal or absent. Errors: ERROR_NOT_ACCEPTABLE.
 */
MUST_USE bool accept_choose(const char *accept, enum accept *ret_accept, struct error *err);

#endif
