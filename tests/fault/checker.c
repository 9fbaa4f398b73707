#include "checker.h"

#include <libpq-fe.h>
#include <openssl/asn1.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocsp.h"

enum { CHECK_STEP_MS = 100, CHECK_CRL_MS = 15000, CHECK_OCSP_TRIES = 50 };

struct checker {
    struct ca *ca;
    struct ledger *ledger;
    struct witness witness;
    struct client *client;
    PGconn *conn;
};

static PGresult *
query(struct checker *checker, const char *sql, const char *parameter)
{
    const char *const values[] = {parameter};
    PGresult *result = PQexecParams(checker->conn, sql, parameter ? 1 : 0, NULL,
                                    parameter ? values : NULL, NULL, NULL, 0);

    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        return result;
    fprintf(stderr, "checker: %s: %s", sql, PQerrorMessage(checker->conn));
    abort();
}

/* --- what a client holds is what the database has --- */

/* The outer SEQUENCE, opened: where the TBS stands as the signer wrote it. */
static bool
tbs_of(const struct held *held, const unsigned char **ret_tbs, size_t *ret_len)
{
    const unsigned char *at = held->der, *tbs;
    long len;
    int tag, class;

    if (ASN1_get_object(&at, &len, &tag, &class, (long)held->len) & 0x80 || tag != V_ASN1_SEQUENCE)
        return false;
    tbs = at;
    if (ASN1_get_object(&at, &len, &tag, &class, len) & 0x80 || tag != V_ASN1_SEQUENCE)
        return false;
    *ret_tbs = tbs;
    *ret_len = (size_t)(at - tbs) + (size_t)len;
    return true;
}

static bool
column_is(PGresult *result, int column, const unsigned char *data, size_t len)
{
    size_t have_len = 0;
    unsigned char *have =
        PQunescapeBytea((const unsigned char *)PQgetvalue(result, 0, column), &have_len);
    bool same = have && have_len == len && memcmp(have, data, len) == 0;

    PQfreemem(have);
    return same;
}

static void
check_row_of(struct checker *checker, const struct held *held, X509 *certificate)
{
    const unsigned char *tbs;
    const ASN1_BIT_STRING *signature;
    size_t tbs_len;
    PGresult *result = query(checker,
                             "SELECT c.tbs, s.signature FROM signet.certificate c LEFT JOIN "
                             "signet.signature s USING (serial, issuer) "
                             "WHERE c.serial = decode($1, 'hex')",
                             held->serial);

    X509_get0_signature(&signature, NULL, certificate);
    if (PQntuples(result) != 1)
        ledger_breach(checker->ledger, "%s: a client holds %s, of which there are %d rows",
                      held->grant, held->serial, PQntuples(result));
    else if (!tbs_of(held, &tbs, &tbs_len) || !column_is(result, 0, tbs, tbs_len))
        ledger_breach(checker->ledger, "%s: the row has other bytes than the client's",
                      held->serial);
    else if (PQgetisnull(result, 0, 1) ||
             !column_is(result, 1, signature->data, (size_t)signature->length))
        ledger_breach(checker->ledger, "%s: another signature is stored than the client's",
                      held->serial);
    PQclear(result);
}

static void
check_held(struct checker *checker, const struct held *held)
{
    const unsigned char *at = held->der;
    X509 *certificate = d2i_X509(NULL, &at, (long)held->len);

    if (!certificate || X509_verify(certificate, X509_get0_pubkey(checker->witness.issuer)) != 1) {
        ledger_breach(checker->ledger, "%s: the signature of the client's certificate is wrong",
                      held->serial);
        X509_free(certificate);
        return;
    }
    check_row_of(checker, held, certificate);
    X509_free(certificate);
}

/* --- no serial and no grant twice --- */

static int
by_grant(const void *a, const void *b)
{
    const struct held *const *left = a, *const *right = b;

    return strcmp((*left)->grant, (*right)->grant);
}

static int
by_serial(const void *a, const void *b)
{
    const struct held *const *left = a, *const *right = b;

    return strcmp((*left)->serial, (*right)->serial);
}

static bool
same_certificate(const struct held *a, const struct held *b)
{
    return a->len == b->len && memcmp(a->der, b->der, a->len) == 0;
}

static void
check_held_twice(struct checker *checker)
{
    struct ledger *ledger = checker->ledger;
    const struct held **row = calloc(ledger->count + 1, sizeof(const struct held *));

    if (!row)
        abort();
    for (size_t i = 0; i < ledger->count; i++)
        row[i] = &ledger->row[i];
    qsort(row, ledger->count, sizeof(const struct held *), by_grant);
    for (size_t i = 1; i < ledger->count; i++)
        if (by_grant(&row[i - 1], &row[i]) == 0 && !same_certificate(row[i - 1], row[i]))
            ledger_breach(ledger, "%s was served twice: %s and %s", row[i]->grant,
                          row[i - 1]->serial, row[i]->serial);
    qsort(row, ledger->count, sizeof(const struct held *), by_serial);
    for (size_t i = 1; i < ledger->count; i++)
        if (by_serial(&row[i - 1], &row[i]) == 0 &&
            (!same_certificate(row[i - 1], row[i]) || by_grant(&row[i - 1], &row[i]) != 0))
            ledger_breach(ledger, "serial %s stands for two certificates (%s, %s)", row[i]->serial,
                          row[i - 1]->grant, row[i]->grant);
    free(row);
}

/* --- rules that one query can tell --- */

static const struct {
    const char *what, *sql;
} rules[] = {
    {"serials recorded twice",
     "SELECT encode(serial, 'hex') FROM signet.certificate GROUP BY serial HAVING count(*) > 1"},
    {"grants that led to two certificates",
     "SELECT encode(grant_key, 'hex') FROM signet.certificate GROUP BY grant_key "
     "HAVING count(*) > 1"},
    {"certificates whose grant names another or none",
     "SELECT encode(c.serial, 'hex') FROM signet.certificate c LEFT JOIN signet.grant_use g "
     "USING (grant_key) WHERE g.serial IS DISTINCT FROM c.serial"},
    {"signatures without a certificate",
     "SELECT encode(s.serial, 'hex') FROM signet.signature s LEFT JOIN signet.certificate c "
     "USING (serial, issuer) WHERE c.serial IS NULL"},
    {"tokens that led to a certificate of another identity",
     "SELECT encode(t.hash, 'hex') FROM signet.enrol_token t JOIN signet.certificate c "
     "ON c.grant_key = t.hash WHERE c.identity <> t.identity"},
    {"CRL numbers that do not rise with their time",
     "SELECT number::text FROM (SELECT number, this_update, lag(this_update) OVER "
     "(PARTITION BY issuer, shard ORDER BY number) AS before FROM signet.crl) c "
     "WHERE before > this_update"},
    {"CRL numbers above the last one given out",
     "SELECT c.number::text FROM signet.crl c JOIN signet.crl_shard s USING (issuer, shard) "
     "WHERE c.number > s.number"},
};

static void
check_rules(struct checker *checker)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        PGresult *result = query(checker, rules[i].sql, NULL);

        if (PQntuples(result) > 0)
            ledger_breach(checker->ledger, "%s: %d, such as %s", rules[i].what, PQntuples(result),
                          PQgetvalue(result, 0, 0));
        PQclear(result);
    }
}

/* --- status --- */

static void
check_batch_by_ocsp(struct checker *checker, PGresult *rows, int first, int count)
{
    const char *serials[OCSP_AT_ONCE];
    enum seen seen[OCSP_AT_ONCE] = {SEEN_NOTHING};

    for (int i = 0; i < count; i++)
        serials[i] = PQgetvalue(rows, first + i, 0);
    for (int tries = 0; tries < CHECK_OCSP_TRIES && seen[0] == SEEN_NOTHING; tries++) {
        if (tries > 0)
            poll(NULL, 0, CHECK_STEP_MS);
        ocsp_ask(&checker->witness, checker->client, false, serials, (size_t)count, seen);
    }
    for (int i = 0; i < count; i++) {
        enum seen wanted =
            strcmp(PQgetvalue(rows, first + i, 1), "t") == 0 ? SEEN_REVOKED : SEEN_GOOD;

        if (seen[i] != wanted)
            ledger_breach(checker->ledger, "OCSP of %s: %s, wanted %s", serials[i],
                          seen_name(seen[i]), seen_name(wanted));
    }
}

static void
check_every_row_by_ocsp(struct checker *checker)
{
    PGresult *rows =
        query(checker,
              "SELECT encode(c.serial, 'hex'), r.serial IS NOT NULL FROM signet.certificate c "
              "LEFT JOIN signet.revocation r USING (serial, issuer)",
              NULL);
    int count = PQntuples(rows);

    for (int i = 0; i < count; i += OCSP_AT_ONCE)
        check_batch_by_ocsp(checker, rows, i, count - i < OCSP_AT_ONCE ? count - i : OCSP_AT_ONCE);
    PQclear(rows);
}

/* The newest CRL is built in the background: within the time a CRL comes that has them all. */
static size_t
missing_on_crl(struct checker *checker, bool tell)
{
    bool wrong = false;
    X509_CRL *crl = crl_fetch(&checker->witness, checker->client, &wrong);
    size_t missing = crl ? 0 : 1;

    if (wrong || (!crl && tell))
        ledger_breach(checker->ledger, "the CRL %s", wrong ? "does not verify" : "is not served");
    for (size_t i = 0; crl && i < checker->ledger->count; i++) {
        const struct held *held = &checker->ledger->row[i];

        if (!held->revoked || crl_has(crl, held->serial))
            continue;
        missing++;
        if (tell)
            ledger_breach(checker->ledger, "%s was revoked and is not on CRL %lld", held->serial,
                          crl_number(crl));
    }
    X509_CRL_free(crl);
    return missing;
}

static void
check_revoked(struct checker *checker)
{
    for (int waited = 0; waited < CHECK_CRL_MS && missing_on_crl(checker, false) > 0;
         waited += CHECK_STEP_MS)
        poll(NULL, 0, CHECK_STEP_MS);
    missing_on_crl(checker, true);
    for (size_t i = 0; i < checker->ledger->count; i++) {
        const struct held *held = &checker->ledger->row[i];
        enum seen seen;

        if (!held->revoked)
            continue;
        seen = ocsp_get_one(&checker->witness, checker->client, held->serial);
        if (seen != SEEN_REVOKED)
            ledger_breach(checker->ledger, "%s was revoked, OCSP by GET says %s", held->serial,
                          seen_name(seen));
    }
}

void
check_everything(struct ca *ca, struct ledger *ledger)
{
    struct checker checker = {.ca = ca, .ledger = ledger, .client = client_new(ca)};
    char conninfo[256];
    size_t revoked = 0;

    ca_conninfo(ca, "signet_owner", conninfo, sizeof(conninfo));
    checker.conn = PQconnectdb(conninfo);
    witness_open(&checker.witness, ca);
    for (size_t i = 0; i < ledger->count; i++) {
        check_held(&checker, &ledger->row[i]);
        revoked += ledger->row[i].revoked;
    }
    check_held_twice(&checker);
    check_rules(&checker);
    check_every_row_by_ocsp(&checker);
    check_revoked(&checker);
    fprintf(stderr,
            "checker: %zu answers, %zu of them for certificates revoked since, %u breaches\n",
            ledger->count, revoked, ledger->breaches);
    witness_close(&checker.witness);
    PQfinish(checker.conn);
    client_free(checker.client);
}
