/* Sessions of one token: one that holds the login for life, and those that sign (T-04, T-06). */
#ifndef SIGNET_TOKEN_SESSION_H
#define SIGNET_TOKEN_SESSION_H

#include "module.h"
#include "signet/keyring.h"

enum session_access { SESSION_READ_ONLY, SESSION_READ_WRITE };

/* Opens one session without callbacks (T-19). */
MUST_USE bool session_open(struct module *module, CK_SLOT_ID slot, enum session_access access,
                           CK_SESSION_HANDLE *ret_session, struct error *err);
/*
 * Exactly one C_Login as user; being logged in already is success; the session's own state decides
 * in the end. Refuses without an attempt when the token says its PIN is locked or at its last try.
 * Errors: ERROR_TOKEN_PIN, others by token_error.
 */
MUST_USE bool session_login(struct module *module, CK_SESSION_HANDLE session,
                            const CK_TOKEN_INFO *info, struct bytes pin, struct error *err);
/*
 * Opens up to `wanted` signing sessions, fewer where the token allows fewer, at least one.
 * *ret_count tells how many stand in ret_sessions.
 */
MUST_USE bool session_open_pool(struct module *module, CK_SLOT_ID slot, const CK_TOKEN_INFO *info,
                                unsigned wanted, CK_SESSION_HANDLE *ret_sessions,
                                unsigned *ret_count, struct error *err);

#endif
