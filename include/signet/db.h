/*
 * PostgreSQL: connections and transactions. Prepared statements come from one table
 * (db/statements.def), parameters only. A connection belongs to one thread.
 *
 * Errors: ERROR_DATABASE_UNAVAILABLE when the connection is gone (db_ping then reconnects),
 * ERROR_COMMIT_UNKNOWN when a COMMIT's answer was lost, ERROR_DATABASE with SQLSTATE otherwise.
 * Times are seconds since 1970 (int64_t). Serials and hashes are bytes.
 */
#ifndef SIGNET_DB_H
#define SIGNET_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "signet/buffer.h"
#include "signet/error.h"
#include "signet/limits.h"

struct db;

enum db_found { DB_FOUND, DB_MISSING, DB_FAILED };

/* `conninfo` as libpq takes it. Sets synchronous_commit, TimeZone UTC, statement_timeout_ms and
 * prepares lazily. Gives. */
MUST_USE bool db_open(const char *conninfo, int statement_timeout_ms, struct db **ret_db,
                      struct error *err);
void db_close(struct db *db);
/* Reconnects when the connection is gone; at once false when that fails. */
MUST_USE bool db_ping(struct db *db, struct error *err);
MUST_USE bool db_begin(struct db *db, struct error *err);
MUST_USE bool db_commit(struct db *db, struct error *err);
void db_rollback(struct db *db);
/* For programs whose system-call filter has no sockets (the signer): a lost connection is never
 * made anew, also not to resolve an unknown commit, which then comes out as ERROR_COMMIT_UNKNOWN.
 */
void db_forbid_reconnect(struct db *db);
int db_socket(struct db *db); /* for waiting on notifications; -1 when the connection is gone */
/* LISTEN once; then true for each pending notification, with its payload. */
MUST_USE bool db_listen(struct db *db, const char *channel, struct error *err);
bool db_notification(struct db *db, char *payload, size_t room);
/* The server ends this session, and with it its job locks, when it says nothing for so long: a
 * program that hangs does not keep the work from the other nodes. Before PostgreSQL 14 only the end
 * of the connection does that. */
MUST_USE bool db_limit_idle(struct db *db, int most_ms, struct error *err);
/* The server's clock, to notice skew. */
MUST_USE bool db_time(struct db *db, int64_t *ret_now_us, struct error *err);

/* Schema level this program knows; ERROR_SCHEMA when the database has another. */
MUST_USE bool db_check_schema(struct db *db, struct error *err);
/* Applies the migrations that are missing (owner's connection, advisory lock, checksums). The SQL
 * is compiled in from db/migrations. *ret_level the level reached. */
MUST_USE bool db_migrate(struct db *db, int *ret_level, struct error *err);
/* Makes the roles signet_owner, signet_server, signet_signer, signet_status where they are missing
 * (db/roles.sql; connection of a superuser, any database). */
MUST_USE bool db_create_roles(struct db *db, struct error *err);
/* Advisory lock for a job, held by the session: false with ERROR_NONE kind when another has it. */
MUST_USE bool db_job_lock(struct db *db, const char *job, struct error *err);
void db_job_unlock(struct db *db, const char *job);

/* --- issuer --- */
#define DB_KEY_EXTERNAL "external"
struct db_issuer {
    int32_t id;
    char name[64]; /* "root", "issuing-1" */
    char kind[16]; /* "root" | "issuing" */
    char trust_domain[256];
    char state[16];    /* "active" | "retired" | "compromised" */
    char key_uri[512]; /* DB_KEY_EXTERNAL: the root of somebody else */
    int32_t parent;    /* id, 0 for a root */
    int64_t not_before_s, not_after_s;
    uint8_t certificate[4096]; /* DER */
    size_t certificate_len;
    /* what every certificate of this issuer carries: CRLDP, AIA OCSP, AIA caIssuers; "" for a root
     */
    char crl_url[256], ocsp_url[256], ca_issuers_url[256];
};
MUST_USE bool db_issuer_insert(struct db *db, const struct db_issuer *issuer, int32_t *ret_id,
                               struct error *err);
/* All issuers by id; *ret_count at most `room`. */
MUST_USE bool db_issuer_list(struct db *db, struct db_issuer *ret_issuers, size_t room,
                             size_t *ret_count, struct error *err);

/* --- identity --- */
enum { DB_NAMES = 16 };
struct db_identity {
    int64_t id;
    char name[LIMIT_NAME_OCTETS + 1];   /* "payments/api"; SPIFFE id = spiffe://TRUST_DOMAIN/NAME */
    char kind[16];                      /* "workload" | "admin" | "server" | "responder" */
    char owner[LIMIT_OWNER_OCTETS + 1]; /* never empty */
    char state[16];                     /* "active" | "suspended" | "revoked" */
    char profile[LIMIT_PROFILE_OCTETS + 1];
    char roles[64];    /* comma separated of admin,revoker,enroller,auditor; "" for workloads */
    size_t name_count; /* further names: "dns:...", "ip:..." */
    char names[DB_NAMES][LIMIT_NAME_OCTETS + 8];
    int64_t created_s, changed_s;
};
/* ERROR_IDENTITY_EXISTS when the name is taken. */
MUST_USE bool db_identity_insert(struct db *db, const struct db_identity *identity, int64_t *ret_id,
                                 struct error *err);
MUST_USE enum db_found db_identity_get(struct db *db, const char *name,
                                       struct db_identity *ret_identity, struct error *err);
/* FOR UPDATE; within a transaction. The lock that revocation and suspension take first. */
MUST_USE enum db_found db_identity_lock(struct db *db, const char *name,
                                        struct db_identity *ret_identity, struct error *err);
/* Sets state, owner, names and changed_s of the row with this id. */
MUST_USE bool db_identity_update(struct db *db, const struct db_identity *identity,
                                 struct error *err);
struct db_identity_filter {
    const char *after; /* page key: names greater than this; null: from the start */
    const char *owner; /* null: any */
    const char *state;
    const char *prefix;
    int limit;
};
/* Calls `row` for each; stops early when it returns false (which is passed on). */
MUST_USE bool db_identity_list(struct db *db, const struct db_identity_filter *filter,
                               bool (*row)(void *context, const struct db_identity *identity),
                               void *context, struct error *err);

/* --- enrolment tokens, blocked keys --- */
struct db_token {
    uint8_t hash[LIMIT_DIGEST_OCTETS];
    char identity[LIMIT_NAME_OCTETS + 1];
    char created_by[LIMIT_REQUESTER_OCTETS + 1];
    int64_t created_s, expires_s;
    bool used; /* out: a certificate was recorded for it */
};
MUST_USE bool db_token_insert(struct db *db, const struct db_token *token, struct error *err);
MUST_USE enum db_found db_token_get(struct db *db, const uint8_t hash[LIMIT_DIGEST_OCTETS],
                                    struct db_token *ret_token, struct error *err);
/* Takes the exclusive advisory lock of key blocks, then inserts; within a transaction. */
MUST_USE bool db_blocked_key_insert(struct db *db, const uint8_t spki_hash[LIMIT_DIGEST_OCTETS],
                                    int reason, const char *by, struct error *err);
MUST_USE enum db_found
db_blocked_key_get(struct db *db, const uint8_t spki_hash[LIMIT_DIGEST_OCTETS], struct error *err);

/* --- recording (role signet_signer) --- */
enum record_verdict {
    RECORD_DONE = 0,   /* the row is committed: sign */
    RECORD_REPLAY,     /* the grant was used with this very request: serial and TBS of then */
    RECORD_GRANT_USED, /* ... with another request */
    RECORD_IDENTITY_MISSING,
    RECORD_IDENTITY_SUSPENDED,
    RECORD_IDENTITY_REVOKED,
    RECORD_NAME_MISMATCH, /* the SAN does not carry the identity's name, or its kind is another */
    RECORD_NAMES_BEYOND,  /* a further name that the identity row does not have */
    RECORD_KEY_BLOCKED,
    RECORD_TOKEN_MISSING,
    RECORD_TOKEN_EXPIRED,
    RECORD_TOKEN_IDENTITY, /* the token was made for another identity */
    RECORD_PREDECESSOR_MISSING,
    RECORD_PREDECESSOR_REVOKED,
    RECORD_PREDECESSOR_EXPIRED,
    RECORD_PREDECESSOR_IDENTITY,
    RECORD_LINE_LIMIT, /* too many certificates since the last full authentication */
    RECORD_ATTEMPT,    /* attempt n without an attempt n-1 that is unused and revoked; or the grant
                        * key is not SHA-256("renewal" || issuer || predecessor || attempt) */
    RECORD_SERIAL_TAKEN
};
struct record {
    int32_t issuer;
    uint8_t grant_kind;          /* enum grant_kind of message.h */
    const uint8_t *grant_key;    /* 32 octets */
    const uint8_t *request_hash; /* 32 octets */
    const char *identity;
    const char *identity_kind; /* required kind: "workload", ... */
    const char
        *own_name; /* the SPIFFE id in the SAN as identity name; null when the kind has none */
    const char *profile;
    uint64_t policy_version;
    const char *requester;
    const char *request_id;
    struct bytes predecessor; /* serial or empty */
    uint32_t attempt;
    uint32_t line_limit;
    struct bytes serial;
    uint8_t spki_hash[LIMIT_DIGEST_OCTETS];
    const char *names; /* all SANs as texts (san_text), newline separated */
    struct bytes tbs;
    int64_t not_before_s, not_after_s;
    uint32_t shard;
    /* out */
    enum record_verdict verdict;
    uint8_t ret_serial[LIMIT_SERIAL_OCTETS]; /* of the row that stands (replay: the old one) */
    size_t ret_serial_len;
};
/*
 * One durable commit for the whole batch (at most LIMIT_BATCH): shared advisory lock of key blocks,
 * identity rows FOR SHARE in order, then grants, certificates. Also stores `stored` signatures of
 * the previous batch in the same commit. A refusal of one record leaves the others alone; refused
 * ones leave no row. ERROR_COMMIT_UNKNOWN is resolved inside by running it again.
 */
struct stored_signature {
    int32_t issuer;
    struct bytes serial;
    struct bytes signature;
    bool lost; /* out: another signature of this row was stored before; answer with that one */
};
MUST_USE bool db_record(struct db *db, struct record *records, size_t count,
                        struct stored_signature *stored, size_t stored_count, struct error *err);
/* The signatures alone (at most LIMIT_BATCH), in one durable commit; the same again is no error. */
MUST_USE bool db_store_signatures(struct db *db, struct stored_signature *stored, size_t count,
                                  struct error *err);

/* --- certificates --- */
struct db_certificate {
    int32_t issuer;
    uint8_t serial[LIMIT_SERIAL_OCTETS];
    size_t serial_len;
    int64_t identity_id;
    char identity[LIMIT_NAME_OCTETS + 1];
    char identity_kind[16];
    char identity_state[16];
    char identity_roles[64];
    char profile[LIMIT_PROFILE_OCTETS + 1];
    uint64_t policy_version;
    uint8_t grant_kind;
    uint8_t request_hash[LIMIT_DIGEST_OCTETS];
    uint8_t spki_hash[LIMIT_DIGEST_OCTETS];
    char names[LIMIT_NAMES * 64]; /* newline separated; cut at the end */
    uint8_t tbs[LIMIT_TBS_OCTETS];
    size_t tbs_len;
    uint8_t signature[LIMIT_SIGNATURE_OCTETS];
    size_t signature_len; /* 0: recorded, not (yet) signed */
    int64_t not_before_s, not_after_s, recorded_s;
    char requester[LIMIT_REQUESTER_OCTETS + 1];
    uint8_t predecessor[LIMIT_SERIAL_OCTETS];
    size_t predecessor_len;
    uint32_t line_seq; /* certificates on this line before it, since the last full authentication */
    bool revoked;
    int64_t revoked_s;
    int reason;
    bool used; /* was seen as a client certificate (certificate_use) */
};
/* issuer 0: any issuer. */
MUST_USE enum db_found db_certificate_get(struct db *db, int32_t issuer, struct bytes serial,
                                          struct db_certificate *ret, struct error *err);
/* The same row only when its TBS has this SHA-256: how a client certificate is recognised. */
MUST_USE enum db_found db_certificate_by_tbs(struct db *db, struct bytes serial,
                                             const uint8_t tbs_hash[LIMIT_DIGEST_OCTETS],
                                             struct db_certificate *ret, struct error *err);
/* The row that a grant key led to. */
MUST_USE enum db_found db_certificate_by_grant(struct db *db,
                                               const uint8_t grant_key[LIMIT_DIGEST_OCTETS],
                                               struct db_certificate *ret, struct error *err);
/* Newest signed, unrevoked certificate of this identity kind and key, alive at `now_s`. */
MUST_USE enum db_found db_certificate_newest(struct db *db, const char *identity_kind,
                                             const uint8_t *spki_hash, int64_t now_s,
                                             struct db_certificate *ret, struct error *err);
/* Rows recorded at or after `since_s` that have no signature: what a crash left behind. */
MUST_USE bool db_unsigned(struct db *db, int32_t issuer, int64_t since_s,
                          bool (*row)(void *context, const struct db_certificate *row),
                          void *context, struct error *err);
/* Remembers the first use as a client certificate; at most one row each. */
MUST_USE bool db_certificate_used(struct db *db, int32_t issuer, struct bytes serial,
                                  struct error *err);
struct db_certificate_filter {
    const char *identity; /* null or 0: not filtered */
    const char *name;     /* one SAN text, exact */
    struct bytes spki_hash;
    const char *status; /* "valid" | "expired" | "revoked" | "recorded" */
    int64_t not_after_from_s, not_after_to_s;
    int64_t issued_from_s, issued_to_s;
    struct bytes after_serial; /* page key; newest expiry first, so serials descend */
    int64_t now_s;
    int limit;
};
MUST_USE bool db_certificate_list(struct db *db, const struct db_certificate_filter *filter,
                                  bool (*row)(void *context, const struct db_certificate *row),
                                  void *context, struct error *err);

/* --- revocation --- */
struct db_revocation {
    int32_t issuer;
    uint8_t serial[LIMIT_SERIAL_OCTETS];
    size_t serial_len;
    int64_t not_after_s;
    int64_t revoked_s;
    int reason;
    int64_t invalidity_s; /* 0: none */
    char by[LIMIT_REQUESTER_OCTETS + 1];
};
/* Inserts, in a transaction; ERROR_CERTIFICATE_NOT_FOUND for an unknown serial. notAfter is taken
 * from the certificate. When there is one already the trigger keeps first time and reason (which
 * may rise to keyCompromise). *ret_standing is the row as it stands; *ret_new tells whether it was
 * the first. */
MUST_USE bool db_revocation_insert(struct db *db, const struct db_revocation *revocation,
                                   struct db_revocation *ret_standing, bool *ret_new,
                                   struct error *err);
/* What a revocation would change: certificates unexpired at `now_s` that are not revoked, or are
 * for less when `reason` is keyCompromise. */
struct db_revocable {
    int64_t now_s;
    int reason;
};
/* Those (also the ones only recorded) of an identity or key; within the transaction that holds the
 * identity's lock. */
MUST_USE bool db_revocable_by_identity(struct db *db, int64_t identity_id,
                                       const struct db_revocable *filter,
                                       bool (*row)(void *context, const struct db_revocation *row),
                                       void *context, struct error *err);
MUST_USE bool db_revocable_by_key(struct db *db, const uint8_t spki_hash[LIMIT_DIGEST_OCTETS],
                                  const struct db_revocable *filter,
                                  bool (*row)(void *context, const struct db_revocation *row),
                                  void *context, struct error *err);
/* NOTIFY signet_revocation, within the transaction. */
MUST_USE bool db_revocation_notify(struct db *db, struct error *err);
/* Revocations made at or after `since_s` (an overlapping window: rows commit out of order). */
MUST_USE bool db_revocation_since(struct db *db, int64_t since_s,
                                  bool (*row)(void *context, const struct db_revocation *row),
                                  void *context, struct error *err);

/* --- status (role signet_status) --- */
struct db_status {
    struct bytes serial; /* in */
    bool found;
    bool revoked;
    int64_t revoked_s;
    int reason;
};
/* One statement for all. */
MUST_USE bool db_status_get(struct db *db, int32_t issuer, struct db_status *status, size_t count,
                            struct error *err);

/* --- CRL (role signet_signer builds; server reads) --- */
struct crl_entry; /* crl.h of the x509 library has the same layout as this row: */
struct db_crl_row {
    uint8_t serial[LIMIT_SERIAL_OCTETS];
    uint8_t serial_len;
    uint8_t reason;
    int64_t revoked_s;
    int64_t invalidity_s;
};
/* Begins a transaction, locks the shard row, gives the next number, then reads the revocations that
 * must be on it (unexpired at `now_s`, or expired after the last CRL was published, with five
 * minutes of overlap). *ret_rows is given (free()). After success: db_crl_record then db_crl_store,
 * or db_crl_abandon; a record or store that fails has abandoned already. */
MUST_USE bool db_crl_begin(struct db *db, int32_t issuer, uint32_t shard, int64_t now_s,
                           uint64_t *ret_number, struct db_crl_row **ret_rows, size_t *ret_count,
                           struct error *err);
/* Records number and digest of the TBS in its own durable commit (recorded before signed), which
 * ends the lock; then db_crl_store stores the DER, or refuses with ERROR_STATE_CONFLICT when one
 * with a higher number, made from later rows, stands already. */
MUST_USE bool db_crl_record(struct db *db, int32_t issuer, uint32_t shard, uint64_t number,
                            const uint8_t tbs_hash[LIMIT_DIGEST_OCTETS], int64_t this_update_s,
                            int64_t next_update_s, uint32_t entries, struct error *err);
MUST_USE bool db_crl_store(struct db *db, int32_t issuer, uint32_t shard, uint64_t number,
                           struct bytes der, struct error *err);
void db_crl_abandon(struct db *db);
/* The next CRL gets a number above this one. For the owner, after a restore. */
MUST_USE bool db_crl_raise(struct db *db, int32_t issuer, uint32_t shard, uint64_t number,
                           struct error *err);
struct db_crl {
    int32_t issuer;
    uint32_t shard;
    uint64_t number;
    int64_t this_update_s, next_update_s;
    uint32_t entries;
};
/* The newest stored CRL, its DER in `out` (null: only the facts). Root CRLs stand here too
 * (shard 0 of the root). */
MUST_USE enum db_found db_crl_get(struct db *db, int32_t issuer, uint32_t shard,
                                  struct db_crl *ret_crl, struct buffer *out, struct error *err);

/* --- policy, audit, partitions --- */
MUST_USE bool db_policy_insert(struct db *db, const char *document, const char *by,
                               uint64_t *ret_version, struct error *err);
struct db_policy {
    uint64_t version;
    char created_by[LIMIT_REQUESTER_OCTETS + 1];
    int64_t created_s;
    uint32_t octets; /* of the document */
};
/* version 0: the newest. */
MUST_USE enum db_found db_policy_find(struct db *db, uint64_t version, struct db_policy *ret_policy,
                                      struct buffer *ret_document, struct error *err);
MUST_USE enum db_found db_policy_get(struct db *db, uint64_t version, uint64_t *ret_version,
                                     struct buffer *ret_document, struct error *err);
/* Those before a version (0: all), newest first. */
MUST_USE bool db_policy_list(struct db *db, uint64_t before, int limit,
                             bool (*row)(void *context, const struct db_policy *policy),
                             void *context, struct error *err);
/* Until the end of the transaction nobody else who asks for this adds a version. */
MUST_USE bool db_policy_lock(struct db *db, struct error *err);
/* Each profile that identities have which are not revoked, with one of their names. */
struct db_profile_use {
    char profile[LIMIT_PROFILE_OCTETS + 1];
    char kind[16];
    char example[LIMIT_NAME_OCTETS + 1];
    int64_t count;
};
MUST_USE bool db_profile_uses(struct db *db,
                              bool (*row)(void *context, const struct db_profile_use *use),
                              void *context, struct error *err);
struct db_audit {
    int64_t id; /* out */
    int64_t at_us;
    char actor[LIMIT_REQUESTER_OCTETS + 1]; /* "nobody", "token:1a2b3c4d", "payments/api" */
    char action[48];  /* "certificate.issue", "revocation.create", "signer.refuse" ... */
    char object[512]; /* serial in hex, identity name, ... */
    char outcome[16]; /* "done" | "refused" | "failed" */
    char rule[64];    /* problem type or rule that refused */
    char request_id[LIMIT_REQUEST_ID_OCTETS + 1];
    char address[64];
    char detail[512];
    int64_t count; /* aggregated refusals of unauthenticated callers; else 1 */
};
MUST_USE bool db_audit_insert(struct db *db, const struct db_audit *events, size_t count,
                              struct error *err);
struct db_audit_filter {
    int64_t before_id; /* page key, newest first; 0: from the newest */
    int64_t since_us, until_us;
    const char *actor, *action, *object, *outcome, *rule, *request_id;
    int limit;
};
MUST_USE bool db_audit_list(struct db *db, const struct db_audit_filter *filter,
                            bool (*row)(void *context, const struct db_audit *event), void *context,
                            struct error *err);
/* Makes the partitions (a week of expiry each) up to `days_ahead`, at least 40, and removes those
 * whose last day and the retention are past: by the database's own clock and least retention,
 * whatever is asked. A reader in the way leaves a removal to the next run. */
MUST_USE bool db_partitions_maintain(struct db *db, int64_t now_s, int days_ahead,
                                     int retention_days, int *ret_made, int *ret_removed,
                                     struct error *err);
/* Deletes expired tokens, spent grants, old CRL digests, audit past its retention (the database's
 * table `retention` has the least that is kept). At most 50,000 rows of each in one call. */
MUST_USE bool db_purge(struct db *db, int64_t now_s, int audit_days, int64_t *ret_rows,
                       struct error *err);

#endif
