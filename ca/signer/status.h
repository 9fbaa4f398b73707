/* Role status: answers OCSP frames from the rows of the database, which it reads itself. */
#ifndef SIGNET_SIGNER_STATUS_H
#define SIGNET_SIGNER_STATUS_H

#include "serve.h"

/* Serves until stopped; the exit status of the program. */
struct status;
MUST_USE bool status_new(struct serving *serving, struct status **ret_status, struct error *err);
int status_serve(struct status *status);

#endif
