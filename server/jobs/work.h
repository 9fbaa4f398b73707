/* What the jobs do, one function each; jobs.c decides when. */
#ifndef SIGNET_JOBS_WORK_H
#define SIGNET_JOBS_WORK_H

#include <pthread.h>
#include <stdatomic.h>

#include "issue/authority.h"
#include "jobs/jobs.h"
#include "jobs/schedule.h"
#include "signet/signer_client.h"

struct jobs {
    struct server *server;
    pthread_t thread;
    int wake_fd; /* eventfd: a revocation, or the end */
    atomic_bool stopping, revoked;
    struct db *db; /* the thread's own; null while the database is away */
    struct signer_channel *issuing, *status;
    struct schedule schedule; /* the thread's own */
    enum job next;            /* where the next round begins */
    int days_made;            /* how far ahead partitions were made */
    pthread_mutex_t lock;
    struct jobs_state state; /* under the lock */
};

/* Below the ten seconds after which health calls the database silent: nobody shall be blamed for a
 * signer. */
enum { JOBS_SIGNER_MS = 8000, JOBS_PROBE_MS = 3000 };

/* Each does its work once. Where only one node may do it at a time, a lock held by another is no
 * failure. */
MUST_USE bool job_authority(struct jobs *jobs, struct error *err);
MUST_USE bool job_partitions(struct jobs *jobs, struct error *err);
MUST_USE bool job_purge(struct jobs *jobs, struct error *err);
MUST_USE bool job_crl(struct jobs *jobs, struct error *err);
MUST_USE bool job_responder(struct jobs *jobs, struct error *err);
MUST_USE bool job_tls(struct jobs *jobs, struct error *err);
MUST_USE bool job_clock(struct jobs *jobs, struct error *err);
MUST_USE bool job_probe(struct jobs *jobs, struct error *err);

/* Runs `work` while this node holds the lock of the job; true when another holds it. */
MUST_USE bool job_locked(struct jobs *jobs, enum job job,
                         bool (*work)(struct jobs *jobs, struct error *err), struct error *err);

/* After the notice of a revocation, whoever took it: when no newer CRL stands some seconds later,
 * the node that should have built it does not, and this one will. */
MUST_USE bool job_crl_notice(struct jobs *jobs, struct error *err);
MUST_USE bool job_crl_watch(struct jobs *jobs, struct error *err);

/* Reads the dates of what stands: the newest CRL, responder and TLS certificates. */
MUST_USE bool job_crl_look(struct jobs *jobs, struct error *err);
MUST_USE bool job_responder_look(struct jobs *jobs, struct error *err);
MUST_USE bool job_tls_look(struct jobs *jobs, struct error *err);

/* A certificate of the authority's own for `key`; grant and request hash are random. */
struct issued;
struct public_key;
MUST_USE bool job_issue_own(struct jobs *jobs, enum grant_kind kind, const char *identity,
                            const struct public_key *key, struct issued *ret_issued,
                            struct error *err);

#endif
