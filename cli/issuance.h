/* What enrolling and renewing share: the body that is sent and the certificate that comes back. */
#ifndef SIGNET_CLI_ISSUANCE_H
#define SIGNET_CLI_ISSUANCE_H

#include "arguments.h"
#include "credential.h"
#include "http.h"

/*
 * Sends the request and installs what comes back. `call` names target and credentials. Tells about
 * it: the answer as JSON, or a few lines for people.
 */
MUST_USE bool issuance_run(struct cli *cli, const struct arguments *arguments,
                           struct http_call *call, const struct credential *credential,
                           const char *key_pem, const struct san_list *names, struct error *err);

#endif
