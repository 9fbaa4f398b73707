/*
 * From method and raw target to a row of a route table. What is not in the table is refused.
 *
 * A pattern is matched segment by segment, before decoding: text stands for itself, {name} for one
 * segment that is not empty, {name}.crl for one with that ending, and a last {name...} for all that
 * is left, slashes included; text may stand before a parameter, as in ocsp{raw...}. HEAD is allowed
 * where GET is.
 */
#ifndef SIGNET_ROUTER_H
#define SIGNET_ROUTER_H

#include "http.h"

enum { ROUTER_ALLOW_OCTETS = 64 };

/* Room that router_find needs for the decoded texts of a target of `len` octets. */
size_t router_room(size_t len);

/*
 * Finds the route for request->method and request->target and fills path, param and query, which
 * point into `text` (router_room octets, kept by the caller as long as the request). Errors:
 * ERROR_ROUTE_UNKNOWN; ERROR_METHOD_NOT_ALLOWED with the value of the Allow field in ret_allow,
 * which otherwise is empty; ERROR_REQUEST_MALFORMED (escapes); ERROR_PARAMETER_INVALID (query name
 * unknown, twice, or too many); ERROR_TARGET_TOO_LONG. On ERROR_PARAMETER_INVALID *ret_route is
 * set, too.
 */
MUST_USE bool router_find(const struct route *routes, struct request *request, char *text,
                          const struct route **ret_route, char ret_allow[ROUTER_ALLOW_OCTETS],
                          struct error *err);

#endif
