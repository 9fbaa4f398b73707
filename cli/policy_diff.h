/* What differs between two policy documents, told member by member. */
#ifndef SIGNET_CLI_POLICY_DIFF_H
#define SIGNET_CLI_POLICY_DIFF_H

#include <jansson.h>
#include <stdio.h>

#include "signet/error.h"

/*
 * Gives an array of {"path", "old", "new"}; `old` is missing for what is added, `new` for what is
 * removed. Lists of texts are sets, as everywhere in the policy: each text is a change of its own.
 */
MUST_USE bool policy_diff(const json_t *older, const json_t *newer, json_t **ret_changes,
                          struct error *err);
/* A line each: "+ path: value", "- path: value", "~ path: old -> new". */
void policy_diff_print(const json_t *changes, FILE *out);

#endif
