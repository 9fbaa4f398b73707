/* What the server answered: JSON, or a problem document (RFC 9457) as an error. */
#ifndef SIGNET_CLI_PROBLEM_H
#define SIGNET_CLI_PROBLEM_H

#include "exchange.h"

/* Always false: the error and failure that an answer other than 2xx means. */
bool problem_of_answer(const struct exchange_answer *answer, struct failure *ret_failure,
                       struct error *err);
/* The JSON of a good answer; ERROR_NETWORK when it is none. Gives. */
MUST_USE bool problem_json_parse(const struct exchange_answer *answer, json_t **ret_json,
                                 struct error *err);
/* What the reader can do next about an error; null when there is nothing to say. */
const char *problem_next_step(enum error_kind kind);

#endif
