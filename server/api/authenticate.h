/*
 * Who asks: turns the credentials of a request into a caller, from the database, at every request.
 *
 *   nothing               CALLER_NOBODY
 *   Authorization: Bearer CALLER_TOKEN; the token is looked up by its hash (ERROR_TOKEN_UNKNOWN,
 *                         ERROR_TOKEN_EXPIRED)
 *   client certificate    our row by serial and TBS hash, signature by the issuer's key, alive, not
 *                         revoked, identity active (ERROR_CERTIFICATE_UNKNOWN, _EXPIRED, _REVOKED,
 *                         ERROR_IDENTITY_SUSPENDED, _REVOKED); kinds by identity kind and roles
 *
 * A certificate that is sent must be good, whatever else is sent. With both, the caller has the
 * kinds of both: a host may enrol anew over a connection that carries its old certificate.
 */
#ifndef SIGNET_AUTHENTICATE_H
#define SIGNET_AUTHENTICATE_H

#include "http/http.h"

/*
 * Fills request->caller. A request that only has its raw credentials stays CALLER_NOBODY when it
 * fails. *caller.certificate is given: caller_done() frees it.
 */
MUST_USE bool authenticate(struct worker *worker, struct request *request, struct error *err);
void caller_done(struct caller *caller);

/* The enrolment token of an Authorization field: "Bearer sgt_" and 43 base64url characters. */
MUST_USE bool bearer_token_hash(const char *authorization, uint8_t ret_hash[LIMIT_DIGEST_OCTETS],
                                struct error *err);

/* The set of caller kinds of an identity's kind and role list; 0 for what may not call. */
unsigned caller_kinds(const char *identity_kind, const char *roles);

#endif
