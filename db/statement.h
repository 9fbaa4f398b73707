/* The one table of prepared statements: statements.def. */
#ifndef SIGNET_DB_STATEMENT_H
#define SIGNET_DB_STATEMENT_H

enum statement {
#define STATEMENT(constant, types, sql) STATEMENT_##constant,
#include "statements.def"
#undef STATEMENT
    STATEMENT_COUNT
};

struct statement_row {
    const char *name;  /* "CRL_GET" */
    const char *types; /* a letter of params.h for each parameter */
    const char *sql;
};

const struct statement_row *statement_row(enum statement statement);

/* A token ends with whoever made it: what a stolen enroller's key made in advance must not outlive
 * the revocation. Behind a "+" stands how else the maker had shown who it is; no name has one. */
#define TOKEN_MAKER_ACTIVE(created_by)                                                             \
    "NOT EXISTS (SELECT FROM identity m WHERE m.name = split_part(" created_by ", '+', 1) "        \
    "AND m.state <> 'active')"

/* Columns and joins of struct db_certificate in the order certificate_decode reads them. `serial`
 * is an SQL expression for the row's serial: a parameter where there is one, because the planner
 * then opens one partition of each table instead of all. */
#define CERTIFICATE_COLUMNS                                                                        \
    "c.issuer, c.serial, c.identity, i.name, i.kind, i.state, i.roles, c.profile, "                \
    "c.policy_version, c.grant_kind, c.spki_hash, array_to_string(c.names, chr(10)), c.tbs, "      \
    "s.signature, c.not_before, c.not_after, c.recorded_at, c.requester, c.predecessor, "          \
    "c.line_seq, r.revoked_at, r.reason"
#define CERTIFICATE_JOINS(serial)                                                                  \
    "JOIN identity i ON i.id = c.identity "                                                        \
    "LEFT JOIN LATERAL (SELECT x.signature FROM signature x WHERE x.serial = " serial              \
    " AND x.issuer = c.issuer LIMIT 1) s ON true "                                                 \
    "LEFT JOIN LATERAL (SELECT x.revoked_at, x.reason FROM revocation x WHERE x.serial = " serial  \
    " AND x.issuer = c.issuer LIMIT 1) r ON true "
/* The two further columns that the status role may not read. */
#define CERTIFICATE_MORE_COLUMNS ", g.request_hash, u.used"
#define CERTIFICATE_MORE_JOINS(serial)                                                             \
    "LEFT JOIN LATERAL (SELECT x.request_hash FROM grant_use x WHERE x.grant_key = c.grant_key "   \
    "LIMIT 1) g ON true "                                                                          \
    "LEFT JOIN LATERAL (SELECT true AS used FROM certificate_use x WHERE x.serial = " serial       \
    " AND x.issuer = c.issuer LIMIT 1) u ON true "

#endif
