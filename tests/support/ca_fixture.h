/*
 * A complete running authority for flow tests: PostgreSQL cluster, SoftHSM tokens, ceremony,
 * signetd, made in a temporary folder by the same scripts as deploy/quickstart (deploy/lib) and the
 * programs of this build, on free ports. SIGNET_KEEP=1 keeps the folder for a post mortem.
 *
 *   struct ca *ca = ca_start(NULL);             // null: the defaults
 *   char token[64];
 *   ca_token(ca, "payments/api", token);        // makes the identity and a one-time token
 *   ca_enroll(ca, "payments/api", "api");       // folder/api.pem and folder/api.key
 *   ca_stop(ca);
 *
 * What goes wrong while starting or in a helper that returns nothing ends the test program with the
 * log of the authority on stderr: a flow test without an authority cannot tell anything.
 */
#ifndef SIGNET_CA_FIXTURE_H
#define SIGNET_CA_FIXTURE_H

#include <stdarg.h>
#include <stdbool.h>
#include <sys/types.h>

#include "signet/buffer.h"
#include "signet/error.h"

#define CA_TRUST_DOMAIN "example.internal"
#define CA_ADMIN "alice" /* identity admin/alice with all roles */

struct ca_options {
    bool fsync;         /* PostgreSQL with durability; off unless a test is about crashes of it */
    bool nss;           /* keys in NSS softokn instead of SoftHSM; libnss3-tools must be there */
    bool no_ceremony;   /* nor signetd; the ceremony's arguments stand in folder/init.arguments */
    bool stopped;       /* everything is made, signetd is not started */
    const char *config; /* lines appended to signet.conf (they must be whole sections) or null */
    const char *const *edits;        /* null-terminated sed expressions on signet.conf, or null */
    const char *const *permit_edits; /* the same on permits/issuing.conf */
    const char *const
        *init; /* null-terminated further options of `signet-ceremony init`, or null */
};

struct ca {
    char folder[64];     /* the state folder, laid out as deploy/quickstart does */
    char work[80];       /* a folder for the test's own files, 0700 */
    char bin[80];        /* the programs, runnable by every user */
    char config[80];     /* signet.conf */
    char log[80];        /* stderr of signetd and its children, JSON lines */
    char fault_file[80]; /* SIGNET_FAULT_FILE of the authority: write points here (ca_fault) */
    char clock_file[80]; /* SIGNET_CLOCK_FILE: seconds to add (ca_clock) */
    char socket[108];    /* folder of PostgreSQL's socket */
    char root_pem[80], issuing_pem[80]; /* certificates */
    char admin_pem[80], admin_key[80];
    unsigned https_port, publish_port, health_port; /* on 127.0.0.1 */
    char server_url[48], publish_url[48], health_url[48];
    pid_t signetd; /* 0: not running */
};

struct ca *ca_start(const struct ca_options *options);
/* Stops everything and removes the folder; accepts null. */
void ca_stop(struct ca *ca);

/* --- programs --- */
/*
 * Runs a program to its end: `program` is one of ours by name ("signet"), or a name searched in
 * PATH ("openssl", "curl", "psql"). The environment has SIGNET_SERVER, SIGNET_ROOT, SIGNET_CERT,
 * SIGNET_KEY of the administrator, and the working folder is ca->work. `input` goes to stdin (null:
 * nothing); stdout and stderr together are appended to `out` (null: thrown away). Arguments end
 * with NULL. Gives the exit status, or 128 + signal.
 */
int ca_run(struct ca *ca, const char *input, struct buffer *out, const char *program, ...)
    __attribute__((sentinel));
/* The same with the arguments as an array (argv[0] is the program), and KEY=VALUE pairs that
 * replace or add to the environment (null-terminated, or null). stderr apart when `err_out` is not
 * null. */
int ca_run_argv(struct ca *ca, const char *input, struct buffer *out, struct buffer *err_out,
                const char *const *env, const char *const *argv);
/* Starts one in the background (its output goes to ca->work/NAME.log); gives its pid. */
pid_t ca_spawn(struct ca *ca, const char *log_name, const char *const *argv);
/* Ends a process made by ca_spawn. */
void ca_end(pid_t pid);

/* --- signetd and its children --- */
enum ca_process { CA_SIGNETD, CA_SERVER, CA_ISSUING, CA_STATUS, CA_POSTGRES };
/* 0 when it does not run at the moment. */
pid_t ca_pid(const struct ca *ca, enum ca_process process);
/* Sends a signal; false when it does not run. */
bool ca_kill(struct ca *ca, enum ca_process process, int signal);
void ca_signetd_start(struct ca *ca); /* returns when /readyz says 200 */
int ca_signetd_stop(struct ca *ca);   /* SIGTERM; gives the exit status as ca_run */
void ca_postgres_start(struct ca *ca);
void ca_postgres_stop(struct ca *ca, bool crash); /* crash: immediate shutdown */
/* True as soon as /readyz answers 200, false after timeout_ms. */
MUST_USE bool ca_wait_ready(struct ca *ca, int timeout_ms);

/* Starts signetd and does not wait (for a node that is not to become ready). */
void ca_signetd_launch(struct ca *ca);

/* --- further nodes on the same database --- */
/*
 * Another node, not started: ca->folder/nodeN with its own configuration, ports, log, faults,
 * clock, TLS folder, anchor, and copies of the token folders. It shares the database, permits,
 * programs, work folder and administrator. All functions here take it but those of PostgreSQL,
 * which is the first's. `number` is 2 or more.
 */
struct ca *ca_node_make(struct ca *first, unsigned number);
/* Stops it; accepts null. Before ca_stop of the first. */
void ca_node_free(struct ca *node);

/* --- faults, clock, database --- */
/* Replaces the fault file: "before-record kill\n"; "" ends all faults. */
void ca_fault(struct ca *ca, const char *lines);
/* Sets the offset of the authority's clock in seconds. */
void ca_clock(struct ca *ca, long long offset_s);
/* Runs SQL as the schema's owner; rows as psql -At prints them (may be null). Ends the test program
 * when it fails. */
void ca_sql(struct ca *ca, struct buffer *rows, const char *format, ...) PRINTF_LIKE(3, 4);
/* The single number that the SQL gives. */
long long ca_sql_number(struct ca *ca, const char *format, ...) PRINTF_LIKE(2, 3);
/* A libpq conninfo for one role: "signet_owner", "signet_server", "signet_signer", "signet_status".
 * The user running the tests may take each of them. */
void ca_conninfo(const struct ca *ca, const char *role, char *text, size_t room);

/* --- short cuts through the command line --- */
enum { CA_TOKEN_TEXT = 64 };
/* Makes the identity when it is missing (owner "tests"), then a one-time token for it. */
void ca_token(struct ca *ca, const char *identity, char token[CA_TOKEN_TEXT]);
/* Enrols: ca->work/NAME.pem (leaf and chain) and ca->work/NAME.key. */
void ca_enroll(struct ca *ca, const char *identity, const char *name);
/* Serial in hex of a certificate file in ca->work. */
void ca_serial(struct ca *ca, const char *pem_name, char text[64]);

/*
 * One HTTP request with curl. `cert` names NAME.pem/NAME.key in ca->work, "admin" the
 * administrator, null nobody. `headers` is null-terminated or null; `body` null: none. Gives the
 * status (0: no answer); the body is appended to `out` (may be null).
 */
int ca_http(struct ca *ca, const char *method, const char *url_or_path, const char *cert,
            const char *const *headers, const char *body, struct buffer *out);

#endif
