#include "publish/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "signet/der.h"
#include "signet/tbs_cert.h"

enum {
    CRL_MAX_AGE_S = 60, /* a CRL is rebuilt at once after a revocation; caches should soon see it */
    ISSUER_MAX_AGE_S = 3600,
    ROOTS_MAX_AGE_S = 300,
    ROOTS_OCTETS = 128 * 1024
};

struct catalogue *
catalogue_ref(struct catalogue *catalogue)
{
    atomic_fetch_add_explicit(&catalogue->references, 1, memory_order_relaxed);
    return catalogue;
}

void
catalogue_unref(struct catalogue *catalogue)
{
    if (!catalogue ||
        atomic_fetch_sub_explicit(&catalogue->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < catalogue->issuer_count; i++) {
        published_unref(catalogue->issuer[i].certificate);
        published_unref(catalogue->issuer[i].crl);
    }
    published_unref(catalogue->roots);
    free(catalogue);
}

static const struct catalogue_issuer *
issuer_by_id(const struct catalogue *catalogue, int32_t id)
{
    for (size_t i = 0; catalogue && i < catalogue->issuer_count; i++)
        if (catalogue->issuer[i].id == id)
            return &catalogue->issuer[i];
    return NULL;
}

/* New bytes, or the old object when it holds the same. */
static bool
publish(const struct publication *publication, struct bytes body, struct published *old,
        struct published **ret, struct error *err)
{
    if (old && bytes_equal(old->body, body)) {
        *ret = published_ref(old);
        return true;
    }
    return published_new(publication, body, ret, err);
}

static bool
issuer_certificate_load(struct catalogue_issuer *issuer, const struct catalogue_issuer *old,
                        const struct db_issuer *row, struct error *err)
{
    const struct publication publication = {.content_type = "application/pkix-cert",
                                            .modified_s = row->not_before_s,
                                            .max_age_s = ISSUER_MAX_AGE_S};
    struct bytes der = bytes_of(row->certificate, row->certificate_len);
    AUTO_PUBLIC_KEY key = NULL;
    struct certificate certificate;

    if (!certificate_parse(der, &certificate, err) ||
        !public_key_parse(certificate.tbs.spki, &key, err))
        return error_context(err, "certificate of issuer %s", row->name);
    ocsp_issuer_init(&issuer->ocsp, certificate.tbs.subject, public_key_bits_octets(key));
    return publish(&publication, der, old ? old->certificate : NULL, &issuer->certificate, err);
}

static void
issuer_keep_crl(struct catalogue_issuer *issuer, const struct catalogue_issuer *old)
{
    issuer->crl = published_ref(old->crl);
    issuer->facts.crl_number = old->facts.crl_number;
    issuer->facts.crl_this_update_s = old->facts.crl_this_update_s;
    issuer->facts.crl_next_update_s = old->facts.crl_next_update_s;
}

static bool
issuer_read_crl(struct db *db, struct catalogue_issuer *issuer, struct error *err)
{
    AUTO_BUFFER der = {.max = LIMIT_CRL_OCTETS};
    struct publication publication = {.content_type = "application/pkix-crl",
                                      .max_age_s = CRL_MAX_AGE_S};
    struct db_crl row = {0};

    switch (db_crl_get(db, issuer->id, 0, &row, &der, err)) {
    case DB_FAILED:
        return false;
    case DB_MISSING:
        return true;
    case DB_FOUND:
        break;
    }
    publication.modified_s = row.this_update_s;
    publication.expires_s = row.next_update_s;
    issuer->facts.crl_number = row.number;
    issuer->facts.crl_this_update_s = row.this_update_s;
    issuer->facts.crl_next_update_s = row.next_update_s;
    return published_new(&publication, buffer_bytes(&der), &issuer->crl, err);
}

/* Looks at the number first: a CRL may be tens of megabytes. */
static bool
issuer_crl_load(struct db *db, struct catalogue_issuer *issuer, const struct catalogue_issuer *old,
                struct error *err)
{
    struct db_crl row = {0};

    if (!old || !old->crl)
        return issuer_read_crl(db, issuer, err);
    if (db_crl_get(db, issuer->id, 0, &row, NULL, err) == DB_FAILED)
        return false;
    if (row.number > old->facts.crl_number)
        return issuer_read_crl(db, issuer, err);
    issuer_keep_crl(issuer, old);
    return true;
}

static bool
issuer_load(struct db *db, struct catalogue_issuer *issuer, const struct catalogue_issuer *old,
            const struct db_issuer *row, struct error *err)
{
    issuer->id = row->id;
    memcpy(issuer->facts.name, row->name, sizeof(issuer->facts.name));
    memcpy(issuer->facts.kind, row->kind, sizeof(issuer->facts.kind));
    issuer->facts.external = strcmp(row->key_uri, DB_KEY_EXTERNAL) == 0;
    issuer->facts.not_after_s = row->not_after_s;
    return issuer_certificate_load(issuer, old, row, err) && issuer_crl_load(db, issuer, old, err);
}

static bool
roots_load(struct catalogue *catalogue, const struct catalogue *old, int64_t modified_s,
           struct error *err)
{
    const struct publication publication = {.content_type = "application/pem-certificate-chain",
                                            .modified_s = modified_s,
                                            .max_age_s = ROOTS_MAX_AGE_S};
    AUTO_BUFFER pem = {.max = ROOTS_OCTETS};

    for (size_t i = 0; i < catalogue->issuer_count; i++)
        if (strcmp(catalogue->issuer[i].facts.kind, "root") == 0 &&
            !pem_encode(catalogue->issuer[i].certificate->body, "CERTIFICATE", &pem))
            return error_set(err, ERROR_MEMORY, "the root certificates exceed %d octets",
                             ROOTS_OCTETS);
    return publish(&publication, buffer_bytes(&pem), old ? old->roots : NULL, &catalogue->roots,
                   err);
}

static bool
catalogue_fill(struct db *db, struct catalogue *catalogue, const struct catalogue *old,
               struct db_issuer *rows, struct error *err)
{
    size_t count = 0;
    int64_t modified_s = 0;

    if (!db_issuer_list(db, rows, PUBLISHER_ISSUERS, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct catalogue_issuer *issuer = &catalogue->issuer[catalogue->issuer_count++];

        if (!issuer_load(db, issuer, issuer_by_id(old, rows[i].id), &rows[i], err))
            return false;
        if (strcmp(rows[i].kind, "root") == 0)
            modified_s = rows[i].not_before_s;
        if (strcmp(rows[i].kind, "issuing") == 0 && strcmp(rows[i].state, "active") == 0)
            catalogue->issuing = issuer;
    }
    return roots_load(catalogue, old, modified_s, err);
}

bool
catalogue_load(struct db *db, const struct catalogue *old, struct catalogue **ret_catalogue,
               struct error *err)
{
    AUTO_CATALOGUE catalogue = calloc(1, sizeof(*catalogue));
    struct db_issuer *rows = calloc(PUBLISHER_ISSUERS, sizeof(*rows));
    bool loaded;

    if (!catalogue || !rows) {
        free(rows);
        return error_set(err, ERROR_MEMORY, "no memory for the catalogue of issuers");
    }
    atomic_init(&catalogue->references, 1);
    loaded = catalogue_fill(db, catalogue, old, rows, err);
    free(rows);
    if (!loaded)
        return false;
    *ret_catalogue = steal(&catalogue);
    return true;
}

/* Whether `target` is `before` NAME `after`. */
static bool
target_names(const char *target, const char *before, const char *name, const char *after)
{
    size_t before_len = strlen(before), name_len = strlen(name);

    return strncmp(target, before, before_len) == 0 &&
           strncmp(target + before_len, name, name_len) == 0 &&
           strcmp(target + before_len + name_len, after) == 0;
}

struct published *
catalogue_find(const struct catalogue *catalogue, const char *target)
{
    const struct catalogue_issuer *issuer;

    if (strcmp(target, "/roots.pem") == 0)
        return catalogue->roots;
    for (size_t i = 0; i < catalogue->issuer_count; i++) {
        issuer = &catalogue->issuer[i];
        if (target_names(target, "/crl/", issuer->facts.name, ".crl"))
            return issuer->crl;
        if (target_names(target, "/issuers/", issuer->facts.name, ".cer"))
            return issuer->certificate;
    }
    return NULL;
}
