/* Checks answers against the schemas of docs/openapi.yaml. */
#ifndef SIGNET_TEST_FLOW_SCHEMA_H
#define SIGNET_TEST_FLOW_SCHEMA_H

#include "flow.h"

enum { SCHEMA_FAULT = 256 };

/* A member of a document by its path, `$ref` followed: schema_at(root, "paths", "/v1/x", "get",
 * NULL). Null when it is not there. */
const json_t *schema_at(const json_t *root, const char *key, ...) __attribute__((sentinel));
/* False with the place and what is wrong: types, required members, enumerations, times, members
 * that the schema does not have. */
bool schema_check(const json_t *root, const json_t *schema, const json_t *value,
                  char fault[SCHEMA_FAULT]);
/* The same for a whole answer of an operation: its status, its content type, its body. */
bool schema_check_answer(const json_t *root, const char *path, const char *method,
                         const struct answer *answer, char fault[SCHEMA_FAULT]);

#endif
