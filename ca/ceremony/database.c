#include <stdio.h>
#include <string.h>

#include "ceremony.h"
#include "signet/clock.h"

enum { DATABASE_TIMEOUT_MS = 60000 }; /* the migrations are one statement each */

bool
database_open(struct ceremony *ceremony, struct error *err)
{
    char conninfo[OPTION_PATH + 32];

    snprintf(conninfo, sizeof(conninfo), "%s user=signet_owner", ceremony->options.database);
    return db_open(conninfo, DATABASE_TIMEOUT_MS, &ceremony->db, err) ||
           error_context(err, "database \"%s\" as signet_owner", ceremony->options.database);
}

/* An empty database has no table of issuers yet (undefined_table, invalid_schema_name). */
bool
database_check(struct ceremony *ceremony, struct error *err)
{
    struct db_issuer issuer;
    struct error why = {0};
    size_t count = 0;

    if (!database_open(ceremony, err))
        return false;
    if (db_issuer_list(ceremony->db, &issuer, 1, &count, &why)) {
        if (count == 0)
            return true;
        return error_set(err, ERROR_STATE_EXISTS,
                         "the database holds an authority already: issuer %s", issuer.name);
    }
    if (strcmp(why.sqlstate, "42P01") == 0 || strcmp(why.sqlstate, "3F000") == 0)
        return true;
    if (err)
        *err = why;
    return false;
}

static bool
issuer_insert(struct ceremony *ceremony, enum ceremony_product which, const char *name,
              const char *kind, int32_t parent, int32_t *ret_id, struct error *err)
{
    enum key_role role = which == MADE_ROOT ? KEY_OF_ROOT : KEY_OF_ISSUING;
    struct db_issuer issuer = {.parent = parent};
    struct certificate made;

    if (!ceremony_certificate(ceremony, which, &made, err))
        return false;
    snprintf(issuer.name, sizeof(issuer.name), "%s", name);
    snprintf(issuer.kind, sizeof(issuer.kind), "%s", kind);
    snprintf(issuer.trust_domain, sizeof(issuer.trust_domain), "%s",
             ceremony->options.trust_domain);
    snprintf(issuer.state, sizeof(issuer.state), "active");
    snprintf(issuer.key_uri, sizeof(issuer.key_uri), "%s", ceremony->key[role].uri);
    issuer.not_before_s = made.tbs.not_before_s;
    issuer.not_after_s = made.tbs.not_after_s;
    if (made.der.len > sizeof(issuer.certificate))
        return error_set(err, ERROR_INTERNAL, "the %s certificate is too large", name);
    memcpy(issuer.certificate, made.der.data, made.der.len);
    issuer.certificate_len = made.der.len;
    if (role == KEY_OF_ISSUING) {
        snprintf(issuer.crl_url, sizeof(issuer.crl_url), "%s", ceremony->crl_url);
        snprintf(issuer.ocsp_url, sizeof(issuer.ocsp_url), "%s", ceremony->ocsp_url);
        snprintf(issuer.ca_issuers_url, sizeof(issuer.ca_issuers_url), "%s",
                 ceremony->ca_issuers_url);
    }
    return db_issuer_insert(ceremony->db, &issuer, ret_id, err);
}

static bool
identity_insert(struct ceremony *ceremony, const char *name, const char *kind, const char *owner,
                const char *roles, bool with_names, struct error *err)
{
    const struct options *options = &ceremony->options;
    struct db_identity identity = {.created_s = ceremony->now_s, .changed_s = ceremony->now_s};
    int64_t id;

    snprintf(identity.name, sizeof(identity.name), "%s", name);
    snprintf(identity.kind, sizeof(identity.kind), "%s", kind);
    snprintf(identity.profile, sizeof(identity.profile), "%s", kind);
    snprintf(identity.owner, sizeof(identity.owner), "%.*s", LIMIT_OWNER_OCTETS, owner);
    snprintf(identity.state, sizeof(identity.state), "active");
    snprintf(identity.roles, sizeof(identity.roles), "%s", roles);
    for (size_t i = 0; with_names && i < options->server_names.count; i++)
        snprintf(identity.names[identity.name_count++], sizeof(identity.names[0]), "dns:%.*s",
                 LIMIT_NAME_OCTETS, options->server_names.item[i]);
    for (size_t i = 0; with_names && i < options->server_addresses.count; i++)
        snprintf(identity.names[identity.name_count++], sizeof(identity.names[0]), "ip:%.*s",
                 LIMIT_NAME_OCTETS, options->server_addresses.item[i]);
    return db_identity_insert(ceremony->db, &identity, &id, err);
}

static bool
put_list(struct buffer *out, const char *name, const struct option_list *list)
{
    bool ok = buffer_printf(out, ", \"%s\": [", name);

    /* Options hold neither quotes nor backslashes. */
    for (size_t i = 0; ok && i < list->count; i++)
        ok = buffer_printf(out, "%s\"%s\"", i ? ", " : "", list->item[i]);
    return ok && buffer_printf(out, "]");
}

/* Single addresses, written as the ranges that a profile takes. */
static bool
put_addresses(struct buffer *out, const struct option_list *list)
{
    bool ok = buffer_printf(out, ", \"ip_ranges\": [");

    for (size_t i = 0; ok && i < list->count; i++)
        ok = buffer_printf(out, "%s\"%s/%d\"", i ? ", " : "", list->item[i],
                           strchr(list->item[i], ':') ? 128 : 32);
    return ok && buffer_printf(out, "]");
}

static bool
policy_put(const struct options *options, struct buffer *out)
{
    static const char *const profile = "    \"%s\": {\"kind\": \"%s\", \"default_ttl_s\": %d, "
                                       "\"max_ttl_s\": %d, \"backdate_s\": %d, "
                                       "\"key_types\": [%s], \"max_line\": %d";
    char of_workloads[OPTIONS_KEY_TYPES_TEXT], with_own[OPTIONS_KEY_TYPES_TEXT];
    char of_responder[OPTIONS_KEY_TYPES_TEXT];
    const struct {
        const char *name;
        int default_days, max_days, max_line;
        const char *key_types;
    } rows[] = {{"workload", 1, 7, 1000, of_workloads},
                {"admin", 30, 30, 100, with_own},
                {"server", 7, 30, 1000, with_own},
                {"responder", 7, 30, 1000, of_responder}};
    bool ok = buffer_printf(out, "{\n  \"profiles\": {\n");

    options_key_types_text(options, false, of_workloads);
    options_key_types_text(options, true, with_own);
    snprintf(of_responder, sizeof(of_responder), "\"%s\"", public_key_name(options->key_type));

    for (size_t i = 0; ok && i < ARRAY_LEN(rows); i++) {
        ok = buffer_printf(out, profile, rows[i].name, rows[i].name,
                           rows[i].default_days * CEREMONY_DAY_S, rows[i].max_days * CEREMONY_DAY_S,
                           CEREMONY_BACKDATE_S, rows[i].key_types, rows[i].max_line);
        if (ok && i == 0)
            ok = put_list(out, "dns_suffixes", &options->dns_suffixes) &&
                 put_list(out, "ip_ranges", &options->ip_ranges);
        if (ok && strcmp(rows[i].name, "server") == 0)
            ok = put_list(out, "dns_suffixes", &options->server_names) &&
                 put_addresses(out, &options->server_addresses);
        ok = ok && buffer_printf(out, "}%s\n", i + 1 < ARRAY_LEN(rows) ? "," : "");
    }
    return ok && buffer_printf(out, "  }\n}\n");
}

bool
database_insert_admin(struct ceremony *ceremony, struct error *err)
{
    char admin[LIMIT_NAME_OCTETS + 1];

    snprintf(admin, sizeof(admin), "admin/%.200s", ceremony->options.admin);
    return identity_insert(ceremony, admin, "admin", ceremony->options.owner,
                           "admin,revoker,enroller,auditor", false, err);
}

static bool
policy_insert(struct ceremony *ceremony, struct error *err)
{
    const char *text;
    AUTO_BUFFER document;

    buffer_init(&document, LIMIT_POLICY_OCTETS);
    text = policy_put(&ceremony->options, &document) ? buffer_text(&document) : NULL;
    if (!text)
        return error_set(err, ERROR_MEMORY, "no room for the policy document");
    return db_policy_insert(ceremony->db, text, "ceremony", &ceremony->policy_version, err);
}

static bool
audit_insert(struct ceremony *ceremony, struct error *err)
{
    struct db_audit event = {.at_us = clock_now_us(), .count = 1};

    snprintf(event.actor, sizeof(event.actor), "ceremony");
    snprintf(event.action, sizeof(event.action), "ceremony.init");
    snprintf(event.object, sizeof(event.object), "%s", CEREMONY_ISSUER);
    snprintf(event.outcome, sizeof(event.outcome), "done");
    return db_audit_insert(ceremony->db, &event, 1, err);
}

static bool
database_rows(struct ceremony *ceremony, struct error *err)
{
    return issuer_insert(ceremony, MADE_ROOT, "root", "root", 0, &ceremony->root_id, err) &&
           issuer_insert(ceremony, MADE_ISSUING, CEREMONY_ISSUER, "issuing", ceremony->root_id,
                         &ceremony->issuing_id, err) &&
           database_insert_admin(ceremony, err) &&
           identity_insert(ceremony, "signet/server", "server", "signet", "", true, err) &&
           identity_insert(ceremony, "signet/ocsp", "responder", "signet", "", false, err) &&
           policy_insert(ceremony, err) && audit_insert(ceremony, err);
}

/* All rows or none: an issuer row is what makes a database hold an authority. */
bool
database_fill(struct ceremony *ceremony, struct error *err)
{
    int level, made, removed;

    if (!db_migrate(ceremony->db, &level, err) || !db_begin(ceremony->db, err))
        return error_context(err, "prepare the database");
    if (!database_rows(ceremony, err)) {
        db_rollback(ceremony->db);
        return error_context(err, "fill the database");
    }
    return db_commit(ceremony->db, err) &&
           db_partitions_maintain(ceremony->db, ceremony->now_s, CEREMONY_PARTITION_DAYS,
                                  CEREMONY_PARTITION_DAYS, &made, &removed, err) &&
           progress_note(&ceremony->progress, err, "database at level %d, issuer rows written",
                         level);
}
