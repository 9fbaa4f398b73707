/* Questions to the person at the terminal. */
#ifndef SIGNET_CLI_PROMPT_H
#define SIGNET_CLI_PROMPT_H

#include "signet/buffer.h"
#include "signet/error.h"

/* Whether a person can be asked. */
bool prompt_possible(void);
/* Asks; only "yes" or "y" is yes. ERROR_USAGE when it was anything else. */
MUST_USE bool prompt_confirm(const char *question, struct error *err);
/* Reads a line without showing it. */
MUST_USE bool prompt_secret(const char *question, struct buffer *out, struct error *err);

#endif
