#include "api/view.h"

#include <stdio.h>

#include "signet/crl.h"
#include "signet/der.h"

enum { CHAIN_DEPTH = 4, CHAIN_OCTETS = 8 * LIMIT_CERTIFICATE_OCTETS };

/* Calls for each issuer from the one named up to the one below the root. */
static bool
chain_walk(const struct authority_snapshot *authority, int32_t id,
           bool (*link)(void *context, struct bytes der), void *context)
{
    for (int depth = 0; depth < CHAIN_DEPTH; depth++) {
        const struct authority_issuer *issuer = authority_issuer_by_id(authority, id);

        if (!issuer || strcmp(issuer->row.kind, "root") == 0)
            return issuer != NULL;
        if (!link(context, issuer->certificate.der))
            return false;
        id = issuer->row.parent;
    }
    return false;
}

static bool
chain_link_json(void *context, struct bytes der)
{
    AUTO_BUFFER pem = {.max = 2 * LIMIT_CERTIFICATE_OCTETS};

    return pem_encode(der, "CERTIFICATE", &pem) && buffer_text(&pem) &&
           json_array_append_new(context, json_string(buffer_text(&pem))) == 0;
}

static bool
chain_link_pem(void *context, struct bytes der)
{
    return pem_encode(der, "CERTIFICATE", context);
}

json_t *
view_chain(const struct authority_snapshot *authority, int32_t issuer)
{
    AUTO_JSON chain = json_array();

    if (!chain || !chain_walk(authority, issuer, chain_link_json, chain))
        return NULL;
    return steal(&chain);
}

bool
view_pem_chain(const struct authority_snapshot *authority, int32_t issuer, struct bytes der,
               struct buffer *out, struct error *err)
{
    if (out->max < CHAIN_OCTETS)
        out->max = CHAIN_OCTETS;
    if (!pem_encode(der, "CERTIFICATE", out) || !chain_walk(authority, issuer, chain_link_pem, out))
        return json_failed(err);
    return true;
}

json_t *
view_texts(const char *texts, char separator)
{
    const char separators[2] = {separator, '\0'};
    AUTO_JSON array = json_array();

    while (array && *texts) {
        size_t len = strcspn(texts, separators);

        if (len && json_array_append_new(array, json_stringn(texts, len)) != 0)
            return NULL;
        texts += len;
        texts += *texts == separator;
    }
    return steal(&array);
}

static bool
put_spiffe_id(json_t *object, const char *trust_domain, const char *identity)
{
    char id[LIMIT_SPIFFE_ID_OCTETS + 1];

    snprintf(id, sizeof(id), "spiffe://%s/%s", trust_domain, identity);
    return json_put_text(object, "spiffe_id", id);
}

static const char *
issuer_name(const struct authority_snapshot *authority, int32_t id)
{
    const struct authority_issuer *issuer = authority_issuer_by_id(authority, id);

    return issuer ? issuer->row.name : "unknown";
}

json_t *
view_issued(const struct authority_snapshot *authority, const struct issued *issued)
{
    AUTO_JSON view = json_object();

    if (!view || !json_put_hex(view, "serial", bytes_of(issued->serial, issued->serial_len)) ||
        !json_put_pem(view, "certificate", buffer_bytes(&issued->der)) ||
        !json_put_new(view, "chain", view_chain(authority, issued->issuer)) ||
        !json_put_time(view, "not_before", issued->not_before_s) ||
        !json_put_time(view, "not_after", issued->not_after_s) ||
        !json_put_time(view, "renew_after", issued->renew_after_s) ||
        !json_put_text(view, "identity", issued->identity) ||
        !put_spiffe_id(view, authority->issuing->row.trust_domain, issued->identity) ||
        !json_put_text(view, "issuer", issuer_name(authority, issued->issuer)) ||
        !json_put_text(view, "profile", issued->profile))
        return NULL;
    return steal(&view);
}

static const char *
status_of(const struct db_certificate *row, int64_t now_s)
{
    if (row->revoked)
        return "revoked";
    if (row->signature_len == 0)
        return "recorded";
    return now_s > row->not_after_s ? "expired" : "valid";
}

static const char *
grant_name(uint8_t kind)
{
    static const char *const names[] = {
        [GRANT_TOKEN] = "token",         [GRANT_RENEWAL] = "renewal",   [GRANT_SERVER] = "server",
        [GRANT_RESPONDER] = "responder", [GRANT_CEREMONY] = "ceremony",
    };

    return kind < ARRAY_LEN(names) && names[kind] ? names[kind] : "unknown";
}

static json_t *
view_revocation(const struct db_certificate *row)
{
    AUTO_JSON view = json_object();
    const char *reason = revocation_reason_name(row->reason);

    if (!view || !json_put_time(view, "revoked_at", row->revoked_s) ||
        !json_put_text(view, "reason", reason ? reason : "unspecified"))
        return NULL;
    return steal(&view);
}

static bool
put_whole(json_t *view, const struct authority_snapshot *authority,
          const struct db_certificate *row)
{
    const struct authority_issuer *issuer = authority_issuer_by_id(authority, row->issuer);
    AUTO_BUFFER der = {.max = LIMIT_CERTIFICATE_OCTETS};

    if (row->signature_len == 0)
        return true;
    return issuer &&
           certificate_assemble(bytes_of(row->tbs, row->tbs_len), issuer->facts.algorithm,
                                bytes_of(row->signature, row->signature_len), &der, NULL) &&
           json_put_pem(view, "certificate", buffer_bytes(&der)) &&
           json_put_new(view, "chain", view_chain(authority, row->issuer));
}

static bool
put_options(json_t *view, const struct db_certificate *row)
{
    if (row->predecessor_len &&
        !json_put_hex(view, "predecessor", bytes_of(row->predecessor, row->predecessor_len)))
        return false;
    return !row->revoked || json_put_new(view, "revocation", view_revocation(row));
}

json_t *
view_certificate(const struct authority_snapshot *authority, const struct db_certificate *row,
                 int64_t now_s, bool whole)
{
    AUTO_JSON view = json_object();

    if (!view || !json_put_hex(view, "serial", bytes_of(row->serial, row->serial_len)) ||
        !json_put_text(view, "status", status_of(row, now_s)) ||
        !json_put_text(view, "identity", row->identity) ||
        !json_put_text(view, "issuer", issuer_name(authority, row->issuer)) ||
        !json_put_text(view, "profile", row->profile) ||
        !json_put_number(view, "policy_version", (int64_t)row->policy_version) ||
        !json_put_new(view, "names", view_texts(row->names, '\n')) ||
        !json_put_hex(view, "spki_sha256", bytes_of(row->spki_hash, sizeof(row->spki_hash))) ||
        !json_put_time(view, "not_before", row->not_before_s) ||
        !json_put_time(view, "not_after", row->not_after_s) ||
        !json_put_time(view, "renew_after", renew_after(row->not_before_s, row->not_after_s)) ||
        !json_put_time(view, "recorded_at", row->recorded_s) ||
        !json_put_text(view, "requester", row->requester) ||
        !json_put_text(view, "grant", grant_name(row->grant_kind)) || !put_options(view, row) ||
        (whole && !put_whole(view, authority, row)))
        return NULL;
    return steal(&view);
}

static bool
put_url(json_t *view, const char *name, const char *url)
{
    return !*url || json_put_text(view, name, url);
}

json_t *
view_issuer(const struct authority_issuer *issuer)
{
    const struct db_issuer *row = &issuer->row;
    AUTO_JSON view = json_object();
    uint8_t digest[LIMIT_DIGEST_OCTETS];
    char subject[512];

    digest_sha256(issuer->certificate.der, digest);
    name_text(issuer->certificate.tbs.subject, subject, sizeof(subject));
    if (!view || !json_put_text(view, "name", row->name) ||
        !json_put_text(view, "kind", row->kind) || !json_put_text(view, "state", row->state) ||
        !json_put_text(view, "subject", subject) ||
        !json_put_text(view, "trust_domain", row->trust_domain) ||
        !json_put_time(view, "not_before", row->not_before_s) ||
        !json_put_time(view, "not_after", row->not_after_s) ||
        !json_put_hex(view, "sha256", bytes_of(digest, sizeof(digest))) ||
        !json_put_pem(view, "certificate", issuer->certificate.der) ||
        !put_url(view, "crl_url", row->crl_url) || !put_url(view, "ocsp_url", row->ocsp_url) ||
        !put_url(view, "ca_issuers_url", row->ca_issuers_url))
        return NULL;
    return steal(&view);
}

static json_t *
view_names(const struct db_identity *identity)
{
    AUTO_JSON array = json_array();

    for (size_t i = 0; array && i < identity->name_count; i++)
        if (json_array_append_new(array, json_string(identity->names[i])) != 0)
            return NULL;
    return steal(&array);
}

json_t *
view_identity(const struct authority_snapshot *authority, const struct db_identity *identity)
{
    AUTO_JSON view = json_object();

    if (!view || !json_put_text(view, "name", identity->name) ||
        !put_spiffe_id(view, authority->issuing->row.trust_domain, identity->name) ||
        !json_put_text(view, "kind", identity->kind) ||
        !json_put_text(view, "owner", identity->owner) ||
        !json_put_text(view, "state", identity->state) ||
        !json_put_text(view, "profile", identity->profile) ||
        !json_put_new(view, "roles", view_texts(identity->roles, ',')) ||
        !json_put_new(view, "names", view_names(identity)) ||
        !json_put_time(view, "created_at", identity->created_s) ||
        !json_put_time(view, "changed_at", identity->changed_s))
        return NULL;
    return steal(&view);
}
