/*
 * Revoking: the transaction that recording races with (design section 5). The identity row is
 * locked first (for a key: the lock of blocked keys, which comes before identities here as in the
 * recorder), then certificates are listed in a later statement, those recorded and not yet signed
 * included. Everything is idempotent; the first time and reason stay.
 */
#ifndef SIGNET_REVOKE_H
#define SIGNET_REVOKE_H

#include "signet/crl.h"
#include "signet/db.h"

struct server;

/* Rows that one transaction writes; an identity or key with more takes several. */
enum { REVOKE_BATCH = 500 };

struct revoke_wish {
    int reason; /* enum revocation_reason */
    int64_t revoked_s;
    int64_t invalidity_s; /* 0: none */
    const char *by;
};

/* What came of it, as it stands; `item` holds the first REVOKE_BATCH. */
struct revoked {
    uint64_t fresh, already;
    size_t count;
    struct db_revocation *item;
};
MUST_USE bool revoked_init(struct revoked *revoked, struct error *err);
void revoked_done(struct revoked *revoked);
#define AUTO_REVOKED CLEANUP(revoked_done) struct revoked

/* Called within each transaction before its commit, to write the audit row. */
typedef bool (*revoke_note)(void *context, struct db *db, const struct revoked *batch,
                            struct error *err);
struct revoke_means {
    struct db *db;
    struct server *server; /* its publisher and jobs are told after the commit */
    int64_t deadline_ms;   /* monotonic; ERROR_DEADLINE between two batches */
    revoke_note note;
    void *context;
};

/* One certificate. */
MUST_USE bool revoke_certificate(const struct revoke_means *means,
                                 const struct db_certificate *certificate,
                                 const struct revoke_wish *wish, struct revoked *revoked,
                                 struct error *err);
/* The identity, for ever, and all its certificates. ERROR_IDENTITY_NOT_FOUND. */
MUST_USE bool revoke_identity(const struct revoke_means *means, const char *name,
                              const struct revoke_wish *wish, struct revoked *revoked,
                              struct error *err);
/* The key, in every later request, and all certificates with it. */
MUST_USE bool revoke_key(const struct revoke_means *means,
                         const uint8_t spki_hash[LIMIT_DIGEST_OCTETS],
                         const struct revoke_wish *wish, struct revoked *revoked,
                         struct error *err);

#endif
