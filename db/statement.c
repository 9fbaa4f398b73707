#include "statement.h"

#include "signet/attributes.h"

/* A record for each element of the parallel arrays $1 .. $21. */
#define RECORD_INPUT                                                                               \
    "WITH input AS (SELECT * FROM unnest($1::int4[], $2::int2[], $3::bytea[], $4::bytea[], "       \
    "$5::text[], $6::text[], $7::text[], $8::text[], $9::int8[], $10::text[], $11::text[], "       \
    "$12::bytea[], $13::int4[], $14::int4[], $15::bytea[], $16::bytea[], $17::text[], "            \
    "$18::bytea[], $19::timestamptz[], $20::timestamptz[], $21::int4[]) WITH ORDINALITY AS i("     \
    "issuer, grant_kind, grant_key, request_hash, identity, identity_kind, own_name, profile, "    \
    "policy_version, requester, request_id, predecessor, attempt, line_limit, serial, "            \
    "spki_hash, names, tbs, not_before, not_after, shard, n)), "

/* The numbers are enum record_verdict. The first rule that fails decides. */
#define RECORD_RULES                                                                               \
    "CASE "                                                                                        \
    "WHEN d.id IS NULL THEN 3 "                                                                    \
    "WHEN d.state = 'suspended' THEN 4 "                                                           \
    "WHEN d.state <> 'active' THEN 5 "                                                             \
    "WHEN d.kind <> i.identity_kind OR i.own_name <> i.identity "                                  \
    "OR (i.own_name IS NULL AND d.kind <> 'responder') "                                           \
    "OR (i.grant_kind IN (1, 2) AND d.kind NOT IN ('workload', 'admin')) "                         \
    "OR (i.grant_kind = 3 AND d.kind <> 'server') "                                                \
    "OR (i.grant_kind = 4 AND d.kind <> 'responder') THEN 6 "                                      \
    "WHEN EXISTS (SELECT FROM unnest(string_to_array(i.names, chr(10))) x(name) "                  \
    "WHERE x.name <> ALL (d.names) AND x.name IS DISTINCT FROM "                                   \
    "'uri:spiffe://' || a.trust_domain || '/' || i.identity) THEN 7 "                              \
    "WHEN k.blocked THEN 8 "                                                                       \
    "WHEN i.grant_kind = 1 AND t.identity IS NULL THEN 9 "                                         \
    "WHEN i.grant_kind = 1 AND t.identity <> d.id THEN 11 "                                        \
    "WHEN i.grant_kind = 1 AND t.expires_at <= $22 THEN 10 "                                       \
    "WHEN i.grant_kind = 2 AND p.signed IS NOT TRUE THEN 12 "                                      \
    "WHEN i.grant_kind = 2 AND p.identity <> d.id THEN 15 "                                        \
    "WHEN i.grant_kind = 2 AND p.revoked THEN 13 "                                                 \
    "WHEN i.grant_kind = 2 AND p.not_after < $22 THEN 14 "                                         \
    "WHEN i.grant_kind = 2 AND p.line_seq + 1 + i.attempt > i.line_limit THEN 16 "                 \
    "WHEN i.grant_kind = 2 AND q.in_turn IS NOT TRUE THEN 17 "                                     \
    "ELSE 0 END"

/* Look-ups as lateral subqueries with a limit: always one index scan per record, whatever the
 * planner thinks of the sizes of the tables. */
#define RECORD_LOOKUPS                                                                             \
    "LEFT JOIN LATERAL (SELECT x.id, x.kind, x.state, x.names FROM identity x "                    \
    "WHERE x.name = i.identity LIMIT 1) d ON true "                                                \
    "LEFT JOIN LATERAL (SELECT x.trust_domain FROM issuer x WHERE x.id = i.issuer LIMIT 1) a "     \
    "ON true "                                                                                     \
    "LEFT JOIN LATERAL (SELECT true AS blocked FROM blocked_key x "                                \
    "WHERE x.spki_hash = i.spki_hash LIMIT 1) k ON true "                                          \
    "LEFT JOIN LATERAL (SELECT x.identity, x.expires_at FROM enrol_token x "                       \
    "WHERE i.grant_kind = 1 AND x.hash = i.grant_key AND " TOKEN_MAKER_ACTIVE(                     \
        "x.created_by") " LIMIT 1) t ON true "

/* $23 and $24 bound the predecessors' serials, so that only their partitions are opened. */
#define RECORD_PREDECESSOR                                                                         \
    "LEFT JOIN LATERAL (SELECT x.identity, x.not_after, x.line_seq, "                              \
    "EXISTS (SELECT FROM signature y WHERE y.serial = i.predecessor "                              \
    "AND y.serial BETWEEN $23 AND $24 AND y.issuer = i.issuer) AS signed, "                        \
    "EXISTS (SELECT FROM revocation y WHERE y.serial = i.predecessor "                             \
    "AND y.issuer = i.issuer) AS revoked "                                                         \
    "FROM certificate x WHERE i.grant_kind = 2 AND x.serial = i.predecessor "                      \
    "AND x.serial BETWEEN $23 AND $24 AND x.issuer = i.issuer LIMIT 1) p ON true "                 \
    "LEFT JOIN LATERAL (SELECT i.grant_key = " RENEWAL_KEY(                                        \
        "i.attempt") " AND (i.attempt = 0 OR EXISTS (SELECT FROM grant_use y "                     \
                     "JOIN revocation z ON z.serial = y.serial AND z.issuer = y.issuer "           \
                     "WHERE y.grant_key = " RENEWAL_KEY(                                           \
                         "i.attempt - 1") " AND NOT EXISTS (SELECT FROM certificate_use w WHERE "  \
                                          "w.serial = y.serial "                                   \
                                          "AND w.issuer = y.issuer))) AS in_turn WHERE "           \
                                          "i.grant_kind = 2) q ON true "
/* The grant key of attempt n is a function of what is renewed: else one predecessor would have as
 * many grants as somebody cares to invent. */
#define RENEWAL_KEY(attempt)                                                                       \
    "sha256('renewal'::bytea || int4send(i.issuer) || i.predecessor || int4send(" attempt "))"
#define RECORD_NO_PREDECESSOR                                                                      \
    "CROSS JOIN (SELECT NULL::int8 AS identity, NULL::timestamptz AS not_after, "                  \
    "NULL::int4 AS line_seq, false AS signed, false AS revoked) p "                                \
    "CROSS JOIN (SELECT false AS in_turn) q "

/* Grants in the order of their keys: opposite orders of two batches would deadlock. A grant counts
 * as ours when key and serial came back: joined on the key alone, one grant used twice in a batch
 * recorded two certificates. */
#define RECORD_WRITE                                                                               \
    "granted AS (INSERT INTO grant_use (grant_key, request_hash, issuer, serial, expires_at) "     \
    "SELECT grant_key, request_hash, issuer, serial, expires_at FROM judged WHERE verdict = 0 "    \
    "ORDER BY grant_key ON CONFLICT (grant_key) DO NOTHING RETURNING grant_key, serial), "         \
    "recorded AS (INSERT INTO certificate (serial, issuer, identity, not_before, not_after, "      \
    "recorded_at, policy_version, shard, line_seq, attempt, grant_kind, grant_key, spki_hash, "    \
    "profile, requester, request_id, names, predecessor, tbs) "                                    \
    "SELECT j.serial, j.issuer, j.identity_id, j.not_before, j.not_after, $22, "                   \
    "j.policy_version, j.shard, j.line_seq, j.attempt, j.grant_kind, j.grant_key, j.spki_hash, "   \
    "j.profile, j.requester, j.request_id, string_to_array(j.names, chr(10)), j.predecessor, "     \
    "j.tbs FROM judged j JOIN granted g ON g.grant_key = j.grant_key AND g.serial = j.serial) "    \
    "SELECT j.n, j.verdict, g.serial IS NOT NULL FROM judged j "                                   \
    "LEFT JOIN granted g ON g.grant_key = j.grant_key AND g.serial = j.serial ORDER BY j.n"

#define RECORD_STATEMENT(predecessor)                                                              \
    RECORD_INPUT "judged AS MATERIALIZED (SELECT i.*, d.id AS identity_id, "                       \
                 "coalesce(p.line_seq + 1 + i.attempt, 0) AS line_seq, "                           \
                 "greatest(i.not_after, t.expires_at, p.not_after) AS expires_at, " RECORD_RULES   \
                 " AS verdict FROM input i " RECORD_LOOKUPS predecessor "), " RECORD_WRITE

static const struct statement_row statement_rows[] = {
#define STATEMENT(constant, types, sql) [STATEMENT_##constant] = {#constant, types, sql},
#include "statements.def"
#undef STATEMENT
};

const struct statement_row *
statement_row(enum statement statement)
{
    return &statement_rows[statement];
}
