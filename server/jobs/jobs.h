/*
 * The work that nobody asks for: one thread with its own database connection and its own channels
 * to both signers. It re-reads issuers and policy each second, keeps partitions, purges, rebuilds
 * the CRL at start, at half its life and at once after a revocation (at most one a second), renews
 * the OCSP responder's certificate and the server's own TLS certificate, and watches the clock.
 */
#ifndef SIGNET_JOBS_H
#define SIGNET_JOBS_H

#include "main/server.h"
#include "signet/error.h"

enum job {
    JOB_AUTHORITY,
    JOB_PARTITIONS,
    JOB_PURGE,
    JOB_CRL,
    JOB_RESPONDER,
    JOB_TLS,
    JOB_CLOCK,
    JOB_PROBE,
    JOB_COUNT
};
const char *job_name(enum job job); /* "crl" */

/* What /readyz and /metrics show; zero is "not yet". */
struct jobs_state {
    int64_t database_s;    /* when the database last answered this thread */
    int64_t clock_skew_us; /* our clock minus the database's */
    int64_t issuing_signature_s, status_signature_s;   /* the signers' last self-made signatures */
    int64_t issuing_end_s, responder_end_s, tls_end_s; /* notAfter of the certificates in use */
    int signer_stopped[2]; /* exit status of a signer that stays down, by role; 0: it does not */
    uint64_t crl_number;
    int64_t crl_this_update_s, crl_next_update_s;
    int64_t done_s[JOB_COUNT];         /* last success */
    enum error_kind failed[JOB_COUNT]; /* of the last run; ERROR_NONE when it went well */
};

/* Starts the thread. The parts of `server` that it uses (config, authority, publisher, channels,
 * front) must exist. Gives. */
MUST_USE bool jobs_start(struct server *server, struct jobs **ret_jobs, struct error *err);
/* Ends and joins the thread; accepts null. */
void jobs_stop(struct jobs *jobs);
/* A revocation was committed: build a CRL soon. From any thread, never blocks; accepts null. */
void jobs_revoked(struct jobs *jobs);
/* A signer ended with this status and stays down until it signs again; accepts null. */
void jobs_signer_stopped(struct jobs *jobs, enum config_role role, int status);
void jobs_state_get(struct jobs *jobs, struct jobs_state *ret_state);

#endif
