#include "issue/authority.h"

#include <pthread.h>
#include <stdlib.h>

struct authority {
    pthread_mutex_t lock;
    struct authority_snapshot *current;
};

static void
rows_free(struct db_issuer **rows)
{
    free(*rows);
}

bool
authority_new(struct authority **ret_authority, struct error *err)
{
    struct authority *authority = calloc(1, sizeof(*authority));

    if (!authority)
        return error_set(err, ERROR_MEMORY, "authority: no memory");
    pthread_mutex_init(&authority->lock, NULL);
    *ret_authority = authority;
    return true;
}

static void
snapshot_free(struct authority_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->issuer_count; i++)
        public_key_free(snapshot->issuer[i].key);
    policy_free(snapshot->policy);
    free(snapshot);
}

void
authority_free(struct authority *authority)
{
    if (!authority)
        return;
    authority_unref(authority->current);
    pthread_mutex_destroy(&authority->lock);
    free(authority);
}

struct authority_snapshot *
authority_ref(struct authority *authority)
{
    struct authority_snapshot *snapshot;

    pthread_mutex_lock(&authority->lock);
    snapshot = authority->current;
    if (snapshot)
        snapshot->references++;
    pthread_mutex_unlock(&authority->lock);
    return snapshot;
}

void
authority_unref(struct authority_snapshot *snapshot)
{
    struct authority *authority;
    bool last;

    if (!snapshot)
        return;
    authority = snapshot->authority;
    pthread_mutex_lock(&authority->lock);
    last = --snapshot->references == 0;
    pthread_mutex_unlock(&authority->lock);
    if (last)
        snapshot_free(snapshot);
}

static void
authority_replace(struct authority *authority, struct authority_snapshot *fresh)
{
    struct authority_snapshot *old;

    pthread_mutex_lock(&authority->lock);
    old = authority->current;
    authority->current = fresh;
    pthread_mutex_unlock(&authority->lock);
    authority_unref(old);
}

static bool
issuer_fill(struct authority_issuer *issuer, const struct db_issuer *row, struct error *err)
{
    struct authority_issuer made = {.key = NULL};
    AUTO_PUBLIC_KEY key = NULL;

    issuer->row = *row;
    if (!certificate_parse(bytes_of(issuer->row.certificate, issuer->row.certificate_len),
                           &made.certificate, err) ||
        !public_key_parse(made.certificate.tbs.spki, &key, err))
        return error_context(err, "certificate of issuer %s", row->name);
    issuer->certificate = made.certificate;
    issuer->facts = (struct issuer_facts){
        .name = made.certificate.tbs.subject,
        .key_id = made.certificate.tbs.subject_key_id,
        .algorithm = public_key_default_signature(public_key_type(key)),
        .not_before_s = made.certificate.tbs.not_before_s,
        .not_after_s = made.certificate.tbs.not_after_s,
        .trust_domain = issuer->row.trust_domain,
        .crl_url = issuer->row.crl_url,
        .ocsp_url = issuer->row.ocsp_url,
        .ca_issuers_url = issuer->row.ca_issuers_url,
    };
    issuer->key = steal(&key);
    return true;
}

/* The active issuing issuer that ends last. */
static const struct authority_issuer *
issuing_choose(const struct authority_snapshot *snapshot)
{
    const struct authority_issuer *best = NULL;

    for (size_t i = 0; i < snapshot->issuer_count; i++) {
        const struct authority_issuer *issuer = &snapshot->issuer[i];

        if (strcmp(issuer->row.kind, "issuing") != 0 || strcmp(issuer->row.state, "active") != 0)
            continue;
        if (!best || issuer->facts.not_after_s > best->facts.not_after_s)
            best = issuer;
    }
    return best;
}

static bool
snapshot_fill(struct authority_snapshot *snapshot, const struct db_issuer *rows, size_t count,
              const char *document, uint64_t version, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!issuer_fill(&snapshot->issuer[i], &rows[i], err))
            return false;
        snapshot->issuer_count = i + 1;
    }
    snapshot->issuing = issuing_choose(snapshot);
    if (!snapshot->issuing)
        return error_set(err, ERROR_CONFIG,
                         "the database has no active issuing authority; the ceremony makes one");
    return policy_parse(document, version, &snapshot->policy, err);
}

static bool
snapshot_is(const struct authority_snapshot *snapshot, const struct db_issuer *rows, size_t count,
            uint64_t version)
{
    if (!snapshot || snapshot->issuer_count != count || policy_version(snapshot->policy) != version)
        return false;
    for (size_t i = 0; i < count; i++)
        if (memcmp(&snapshot->issuer[i].row, &rows[i], sizeof(rows[i])) != 0)
            return false;
    return true;
}

static bool
policy_read(struct db *db, uint64_t *ret_version, struct buffer *document, struct error *err)
{
    switch (db_policy_get(db, 0, ret_version, document, err)) {
    case DB_FOUND:
        return true;
    case DB_MISSING:
        return error_set(err, ERROR_CONFIG, "the database has no policy; the ceremony makes one");
    case DB_FAILED:
        break;
    }
    return false;
}

bool
authority_load(struct authority *authority, struct db *db, struct error *err)
{
    AUTO_AUTHORITY current = authority_ref(authority);
    AUTO_BUFFER document = {.max = LIMIT_POLICY_OCTETS};
    CLEANUP(rows_free) struct db_issuer *rows = calloc(AUTHORITY_ISSUERS, sizeof(*rows));
    struct authority_snapshot *fresh;
    size_t count = 0;
    uint64_t version = 0;

    if (!rows)
        return error_set(err, ERROR_MEMORY, "authority: no memory");
    if (!db_issuer_list(db, rows, AUTHORITY_ISSUERS, &count, err) ||
        !policy_read(db, &version, &document, err))
        return false;
    if (snapshot_is(current, rows, count, version))
        return true;
    fresh = calloc(1, sizeof(*fresh));
    if (!fresh || !buffer_text(&document)) {
        free(fresh);
        return error_set(err, ERROR_MEMORY, "authority: no memory");
    }
    *fresh = (struct authority_snapshot){.references = 1, .authority = authority};
    if (!snapshot_fill(fresh, rows, count, buffer_text(&document), version, err)) {
        snapshot_free(fresh);
        return false;
    }
    authority_replace(authority, fresh);
    return true;
}

const struct authority_issuer *
authority_issuer_by_id(const struct authority_snapshot *snapshot, int32_t id)
{
    for (size_t i = 0; i < snapshot->issuer_count; i++)
        if (snapshot->issuer[i].row.id == id)
            return &snapshot->issuer[i];
    return NULL;
}

const struct authority_issuer *
authority_issuer_by_name(const struct authority_snapshot *snapshot, const char *name)
{
    for (size_t i = 0; i < snapshot->issuer_count; i++)
        if (strcmp(snapshot->issuer[i].row.name, name) == 0)
            return &snapshot->issuer[i];
    return NULL;
}
