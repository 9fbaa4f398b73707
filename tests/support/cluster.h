/*
 * A private PostgreSQL for a test program: its own folder under TMPDIR, one Unix socket, no
 * network. Made from a template that is initialised once per user and PostgreSQL version, so that a
 * start takes about a second. The roles of db/roles.sql are there and the empty database "signet",
 * owned by signet_owner. The user who runs the test may connect as postgres, signet_owner,
 * signet_server, signet_signer and signet_status. As root the server runs as user postgres.
 *
 * Ends with the test program, however that ends.
 */
#ifndef SIGNET_TEST_CLUSTER_H
#define SIGNET_TEST_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct cluster {
    char folder[64]; /* also holds the socket */
    char bin[128];   /* PostgreSQL's programs */
    pid_t pid;       /* of the postmaster, 0 when it does not run */
    bool durable;    /* in: really wait for the disk (benchmarks); set before cluster_start */
};

/* PostgreSQL is installed and, for root, there is a user postgres. Otherwise skip (status 77). */
bool cluster_available(void);
/* Prints what went wrong and returns false. */
bool cluster_start(struct cluster *cluster);
/* Stops and removes the folder. Accepts a cluster that never started. */
void cluster_stop(struct cluster *cluster);
/* As a crash: no checkpoint, connections cut. */
void cluster_kill(struct cluster *cluster);
/* Starts again what was killed or stopped, on the same data. */
bool cluster_restart(struct cluster *cluster);
/* "host=... dbname=signet user=ROLE" */
const char *cluster_conninfo(const struct cluster *cluster, const char *role, char *text,
                             size_t room);
/* Runs SQL as superuser through psql; false and the message on stderr when it fails. */
bool cluster_sql(const struct cluster *cluster, const char *sql);

#endif
