/* What a worker does with one request: authenticate, judge the caller, handle, account for it. */
#ifndef SIGNET_WORKER_H
#define SIGNET_WORKER_H

#include "exchange.h"

/* Runs the request to its end; gives the response (null: memory ran out) and its status. Logs one
 * line, counts, and records a refusal in the audit trail. */
MUST_USE struct MHD_Response *worker_answer(struct worker *worker, struct exchange *exchange,
                                            int *ret_status);
/* Counts a request that no worker saw. */
void worker_account(struct server *server, const struct exchange *exchange, int status);

#endif
