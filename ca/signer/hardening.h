/*
 * What the process takes from itself. Set here, after exec and after the change of user, because
 * exec resets dumpability and a change of user clears the parent-death signal.
 */
#ifndef SIGNET_SIGNER_HARDENING_H
#define SIGNET_SIGNER_HARDENING_H

#include "signet/error.h"

/* Dies with its parent, cannot be dumped or traced, leaves no core, gains no privileges. */
MUST_USE bool hardening_set(struct error *err);
/*
 * The system-call filter, for all threads at once: a closed list of what the token module and libpq
 * need once everything is open. Anything else kills the program; exec, fork, sockets, listen,
 * accept and ptrace are not in it. Threads must have been started. `module` is the PKCS#11 module's
 * path: the list depends on it.
 */
MUST_USE bool filter_set(const char *module, struct error *err);

#endif
