/* What the tests of db/ share: one cluster per program, a migrated database, an issuer, and records
 * that pass every rule until a test changes one thing. Included once by each program. */
#ifndef SIGNET_TEST_DB_WORLD_H
#define SIGNET_TEST_DB_WORLD_H

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "signet/clock.h"
#include "signet/db.h"
#include "signet/message.h"
#include "suite.h"

struct world {
    struct cluster cluster;
    struct db *owner, *server, *signer, *status;
    PGconn *root; /* superuser, for what no role may do */
    int32_t issuer;
    uint32_t counter;
};

static struct world world;

/* For what comes before the first test: without it nothing can be tested. */
static inline void
world_need(bool ok, const char *what, const struct error *err)
{
    if (ok)
        return;
    fprintf(stderr, "%s failed: %s (%s)\n", what, err ? err->detail : "", err ? err->internal : "");
    cluster_stop(&world.cluster);
    exit(EXIT_FAILURE);
}

/* A fresh connection of a role. */
static inline struct db *
world_connect(const char *role)
{
    char conninfo[160];
    struct db *db = NULL;
    struct error err = {0};

    cluster_conninfo(&world.cluster, role, conninfo, sizeof(conninfo));
    world_need(db_open(conninfo, 10000, &db, &err), conninfo, &err);
    return db;
}

/* Runs SQL as superuser; the first column of the first row as text, "" when there is none. */
static inline const char *
world_sql(const char *sql)
{
    static char text[8192];
    PGresult *result = PQexec(world.root, sql);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        printf("\n    %s: %s\n", sql, PQerrorMessage(world.root));
        CU_FAIL("a statement of the test failed");
    }
    snprintf(text, sizeof(text), "%s",
             status == PGRES_TUPLES_OK && PQntuples(result) ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return text;
}

static inline long
world_count(const char *sql)
{
    return strtol(world_sql(sql), NULL, 10);
}

static inline void
world_connect_root(void)
{
    char conninfo[160];

    world.root =
        PQconnectdb(cluster_conninfo(&world.cluster, "postgres", conninfo, sizeof(conninfo)));
    world_need(PQstatus(world.root) == CONNECTION_OK, conninfo, NULL);
    world_sql("SET search_path = signet; SET client_min_messages = warning");
}

static inline int32_t
world_issuer(const char *name, int32_t parent)
{
    struct db_issuer issuer = {.parent = parent,
                               .not_before_s = clock_now_s() - 86400,
                               .not_after_s = clock_now_s() + 86400 * 700,
                               .certificate = {0x30, 0x00},
                               .certificate_len = 2};
    struct error err = {0};
    int32_t id = 0;

    snprintf(issuer.name, sizeof(issuer.name), "%s", name);
    snprintf(issuer.kind, sizeof(issuer.kind), "%s", parent ? "issuing" : "root");
    snprintf(issuer.trust_domain, sizeof(issuer.trust_domain), "example.internal");
    snprintf(issuer.state, sizeof(issuer.state), "active");
    snprintf(issuer.key_uri, sizeof(issuer.key_uri), "pkcs11:token=test");
    world_need(db_issuer_insert(world.owner, &issuer, &id, &err), name, &err);
    return id;
}

/* A running cluster, but no schema yet. */
static inline void
world_start_empty(void)
{
    if (!cluster_available()) {
        printf("PostgreSQL is not installed: skipped\n");
        exit(77);
    }
    world_need(cluster_start(&world.cluster), "starting PostgreSQL", NULL);
    world.owner = world_connect("signet_owner");
    world_connect_root();
}

static inline void
world_start(void)
{
    struct error err = {0};
    int level, made, removed;

    world_start_empty();
    world_need(db_migrate(world.owner, &level, &err), "migration", &err);
    world.server = world_connect("signet_server");
    world.signer = world_connect("signet_signer");
    world.status = world_connect("signet_status");
    world.issuer = world_issuer("issuing-1", world_issuer("root", 0));
    world_need(db_partitions_maintain(world.server, clock_now_s(), 14, 30, &made, &removed, &err),
               "partitions", &err);
}

static inline void
world_stop(void)
{
    db_close(world.owner);
    db_close(world.server);
    db_close(world.signer);
    db_close(world.status);
    PQfinish(world.root);
    cluster_stop(&world.cluster);
}

/* 32 octets that no other call gives. */
static inline void
world_digest(uint8_t digest[LIMIT_DIGEST_OCTETS])
{
    uint32_t number = ++world.counter;

    memset(digest, 0xA5, LIMIT_DIGEST_OCTETS);
    memcpy(digest, &number, sizeof(number));
}

static inline int64_t
world_identity_kind(const char *name, const char *kind)
{
    struct db_identity identity = {
        .created_s = clock_now_s(), .changed_s = clock_now_s(), .name_count = 2};
    struct error err = {0};
    int64_t id = 0;

    snprintf(identity.name, sizeof(identity.name), "%s", name);
    snprintf(identity.kind, sizeof(identity.kind), "%s", kind);
    snprintf(identity.owner, sizeof(identity.owner), "team-a");
    snprintf(identity.state, sizeof(identity.state), "active");
    snprintf(identity.profile, sizeof(identity.profile), "%s", kind);
    snprintf(identity.names[0], sizeof(identity.names[0]), "dns:a.example.internal");
    snprintf(identity.names[1], sizeof(identity.names[1]), "ip:127.0.0.1");
    ASSERT_OK(db_identity_insert(world.server, &identity, &id, &err), &err);
    return id;
}

static inline int64_t
world_identity(const char *name)
{
    return world_identity_kind(name, "workload");
}

static inline void
world_token(const char *identity, int64_t life_s, uint8_t hash[LIMIT_DIGEST_OCTETS])
{
    struct db_token token = {.created_s = clock_now_s() - 100, .expires_s = clock_now_s() + life_s};
    struct error err = {0};

    world_digest(hash);
    memcpy(token.hash, hash, sizeof(token.hash));
    snprintf(token.identity, sizeof(token.identity), "%s", identity);
    snprintf(token.created_by, sizeof(token.created_by), "admin/alice");
    ASSERT_OK(db_token_insert(world.server, &token, &err), &err);
}

/* A record with the storage it borrows. */
struct sample {
    struct record record;
    uint8_t grant[LIMIT_DIGEST_OCTETS], request[LIMIT_DIGEST_OCTETS];
    uint8_t serial[19], predecessor[19], tbs[200];
    char identity[LIMIT_NAME_OCTETS + 1], names[512];
};

static inline void
sample_serial(struct sample *sample, int64_t not_after_s)
{
    uint8_t random[LIMIT_DIGEST_OCTETS];
    int64_t day = not_after_s / 86400;

    world_digest(random);
    sample->serial[0] = 0x51;
    sample->serial[1] = (uint8_t)(day >> 8);
    sample->serial[2] = (uint8_t)day;
    memcpy(sample->serial + 3, random, 16);
    sample->record.not_after_s = not_after_s;
}

/* Enrolment of `identity` with the token of this hash, for a day. */
static inline void
sample_init(struct sample *sample, const char *identity, const uint8_t *grant)
{
    struct record *record = &sample->record;

    memset(sample, 0, sizeof(*sample));
    memcpy(sample->grant, grant, sizeof(sample->grant));
    world_digest(sample->request);
    sample_serial(sample, clock_now_s() + 86400);
    memset(sample->tbs, 0x30, sizeof(sample->tbs));
    memcpy(sample->tbs + 4, sample->serial, sizeof(sample->serial));
    snprintf(sample->identity, sizeof(sample->identity), "%s", identity);
    snprintf(sample->names, sizeof(sample->names),
             "uri:spiffe://example.internal/%s\ndns:a.example.internal\nip:127.0.0.1", identity);
    record->issuer = world.issuer;
    record->grant_kind = GRANT_TOKEN;
    record->grant_key = sample->grant;
    record->request_hash = sample->request;
    record->identity = sample->identity;
    record->identity_kind = "workload";
    record->own_name = sample->identity;
    record->profile = "workload";
    record->policy_version = 1;
    record->requester = "token:1a2b";
    record->request_id = "req-1";
    record->line_limit = 5;
    record->serial = bytes_of(sample->serial, sizeof(sample->serial));
    world_digest(record->spki_hash);
    record->names = sample->names;
    record->tbs = bytes_of(sample->tbs, sizeof(sample->tbs));
    record->not_before_s = clock_now_s() - 60;
}

static inline enum record_verdict
sample_record_on(struct db *db, struct sample *sample)
{
    struct error err = {0};

    ASSERT_OK(db_record(db, &sample->record, 1, NULL, 0, &err), &err);
    return sample->record.verdict;
}

static inline enum record_verdict
sample_record(struct sample *sample)
{
    return sample_record_on(world.signer, sample);
}

static inline void
sample_sign(const struct sample *sample)
{
    struct stored_signature stored = {.issuer = world.issuer,
                                      .serial = sample->record.serial,
                                      .signature = bytes_of(sample->tbs, 70)};
    struct error err = {0};

    ASSERT_OK(db_store_signatures(world.signer, &stored, 1, &err), &err);
    CU_ASSERT_FALSE(stored.lost);
}

/* A fresh token, recorded and signed. */
static inline void
sample_enrol(struct sample *sample, const char *identity)
{
    uint8_t grant[LIMIT_DIGEST_OCTETS];

    world_token(identity, 3600, grant);
    sample_init(sample, identity, grant);
    CU_ASSERT_EQUAL(sample_record(sample), RECORD_DONE);
    sample_sign(sample);
}

static inline bool
sample_revoke_on(struct db *db, const struct sample *sample, int reason, int64_t at_s,
                 struct db_revocation *ret_standing, bool *ret_new, struct error *err)
{
    struct db_revocation revocation = {
        .issuer = world.issuer, .serial_len = 19, .revoked_s = at_s, .reason = reason};

    memcpy(revocation.serial, sample->serial, 19);
    snprintf(revocation.by, sizeof(revocation.by), "admin/alice");
    return db_revocation_insert(db, &revocation, ret_standing, ret_new, err);
}

static inline void
sample_revoke(const struct sample *sample)
{
    struct db_revocation standing;
    struct error err = {0};
    bool first;

    ASSERT_OK(sample_revoke_on(world.server, sample, 4, clock_now_s(), &standing, &first, &err),
              &err);
}

/* The grant key of a renewal; the database has the SHA-256 that this program lacks. */
static inline void
world_renewal_key(const uint8_t predecessor[19], uint32_t attempt, uint8_t key[LIMIT_DIGEST_OCTETS])
{
    char sql[256], hex[39] = "";
    const char *digits;
    unsigned octet;

    for (size_t i = 0; i < 19; i++)
        snprintf(hex + 2 * i, 3, "%02x", predecessor[i]);
    snprintf(sql, sizeof(sql),
             "SELECT encode(sha256('renewal'::bytea || int4send(%d) || '\\x%s'::bytea || "
             "int4send(%u)), 'hex')",
             world.issuer, hex, attempt);
    digits = world_sql(sql);
    for (size_t i = 0; i < LIMIT_DIGEST_OCTETS && strlen(digits) == 64; i++)
        if (sscanf(digits + 2 * i, "%2x", &octet) == 1)
            key[i] = (uint8_t)octet;
}

/* A renewal of `predecessor` by attempt n, for a day. */
static inline void
sample_renewal(struct sample *sample, const struct sample *predecessor, uint32_t attempt)
{
    uint8_t key[LIMIT_DIGEST_OCTETS] = {0};

    world_renewal_key(predecessor->serial, attempt, key);
    sample_init(sample, predecessor->identity, key);
    memcpy(sample->predecessor, predecessor->serial, sizeof(sample->predecessor));
    sample->record.grant_kind = GRANT_RENEWAL;
    sample->record.predecessor = bytes_of(sample->predecessor, sizeof(sample->predecessor));
    sample->record.attempt = attempt;
}

#endif
