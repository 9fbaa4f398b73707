/* Later ceremonies: what init took from its command line comes from configuration and database. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ceremony.h"
#include "signet/clock.h"
#include "signet/file.h"
#include "signet/public_key.h"

enum { EXISTING_ISSUERS = 16 };

static bool
take_config(struct ceremony *ceremony, const char *state, const char *config, struct error *err)
{
    struct options *options = &ceremony->options;

    options->state = state;
    if (state[0] != '/' || (config && config[0] != '/'))
        return error_set(err, ERROR_USAGE, "--state and --config are absolute paths");
    if (config)
        snprintf(ceremony->config_path, sizeof(ceremony->config_path), "%s", config);
    else
        ceremony_path(ceremony, "signet.conf", ceremony->config_path);
    ceremony->config = calloc(1, sizeof(*ceremony->config));
    if (!ceremony->config)
        return error_set(err, ERROR_MEMORY, "no memory for the configuration");
    return config_load(ceremony->config_path, ceremony->config, err);
}

/* The signer as signetd starts it: with the users of the configuration when root does it. */
static bool
take_options(struct ceremony *ceremony, struct error *err)
{
    const struct config *config = ceremony->config;
    const struct config_token *from = &config->token[ROLE_ISSUING];
    struct options *options = &ceremony->options;
    struct token_options *token = &options->token[KEY_OF_ISSUING];

    options->database = config->database.server;
    options->module = from->module;
    token->module_init = from->init_string[0] ? from->init_string : NULL;
    options->programs = config->programs;
    token->pin_file = from->pin_file;
    token->user = geteuid() == 0 && config->user.issuing[0] ? config->user.issuing : NULL;
    if (!config->programs[0])
        return error_set(err, ERROR_CONFIG, "%s: the option programs is missing",
                         ceremony->config_path);
    if (from->environment.count > OPTION_LIST || from->waivers.count > OPTION_LIST)
        return error_set(err, ERROR_CONFIG, "%s: more than %d settings in one list",
                         ceremony->config_path, OPTION_LIST);
    for (size_t i = 0; i < from->environment.count; i++)
        token->environment.item[token->environment.count++] = from->environment.item[i];
    for (size_t i = 0; i < from->waivers.count; i++)
        options->waivers.item[options->waivers.count++] = from->waivers.item[i];
    return true;
}

static bool
take_certificate(struct ceremony *ceremony, enum ceremony_product which,
                 const struct db_issuer *issuer, struct error *err)
{
    struct buffer *der = &ceremony->made[which].der;

    buffer_clear(der);
    return buffer_put(der, issuer->certificate, issuer->certificate_len) ||
           error_set(err, ERROR_MEMORY, "no room for the certificate of %s", issuer->name);
}

static bool
take_root(struct ceremony *ceremony, const struct db_issuer *issuer, struct error *err)
{
    struct ceremony_key *key = &ceremony->key[KEY_OF_ROOT];
    struct certificate root;

    if (!take_certificate(ceremony, MADE_ROOT, issuer, err) ||
        !ceremony_certificate(ceremony, MADE_ROOT, &root, err))
        return false;
    if (strcmp(issuer->key_uri, DB_KEY_EXTERNAL) != 0 &&
        root.tbs.subject_key_id.len != sizeof(key->id))
        return error_set(err, ERROR_CONFIG, "the root has no subject key identifier of ours");
    if (root.tbs.subject_key_id.len == sizeof(key->id))
        memcpy(key->id, root.tbs.subject_key_id.data, sizeof(key->id));
    snprintf(key->uri, sizeof(key->uri), "%s", issuer->key_uri);
    ceremony->root_id = issuer->id;
    return public_key_parse(root.tbs.spki, &key->key, err);
}

static bool
take_issuing(struct ceremony *ceremony, const struct db_issuer *issuer, struct error *err)
{
    ceremony->issuing_id = issuer->id;
    snprintf(ceremony->trust_domain, sizeof(ceremony->trust_domain), "%s", issuer->trust_domain);
    ceremony->options.trust_domain = ceremony->trust_domain;
    snprintf(ceremony->crl_url, sizeof(ceremony->crl_url), "%s", issuer->crl_url);
    snprintf(ceremony->ocsp_url, sizeof(ceremony->ocsp_url), "%s", issuer->ocsp_url);
    snprintf(ceremony->ca_issuers_url, sizeof(ceremony->ca_issuers_url), "%s",
             issuer->ca_issuers_url);
    return take_certificate(ceremony, MADE_ISSUING, issuer, err);
}

/* The issuing certificate, and the root that it came from. */
static bool
take_issuers(struct ceremony *ceremony, struct error *err)
{
    struct db_issuer *rows = calloc(EXISTING_ISSUERS, sizeof(*rows));
    const struct db_issuer *issuing = NULL, *root = NULL;
    size_t count = 0;
    bool ok;

    if (!rows)
        return error_set(err, ERROR_MEMORY, "no memory for the issuers");
    ok = db_issuer_list(ceremony->db, rows, EXISTING_ISSUERS, &count, err);
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].kind, "issuing") == 0 && strcmp(rows[i].state, "active") == 0)
            issuing = &rows[i];
    for (size_t i = 0; i < count; i++)
        if (issuing && rows[i].id == issuing->parent)
            root = &rows[i];
    if (ok && !root)
        ok = error_set(err, ERROR_CONFIG, "the database has no active issuer with its root");
    ok = ok && take_root(ceremony, root, err) && take_issuing(ceremony, issuing, err);
    free(rows);
    return ok;
}

static bool
take_policy(struct ceremony *ceremony, struct error *err)
{
    AUTO_BUFFER document;

    buffer_init(&document, LIMIT_POLICY_OCTETS);
    switch (db_policy_get(ceremony->db, 0, &ceremony->policy_version, &document, err)) {
    case DB_FOUND:
        return true;
    case DB_MISSING:
        return error_set(err, ERROR_CONFIG, "the database has no policy");
    case DB_FAILED:
        break;
    }
    return false;
}

bool
existing_begin(struct ceremony *ceremony, const char *state, const char *config, struct error *err)
{
    char path[CEREMONY_PATH];

    if (!take_config(ceremony, state, config, err) || !take_options(ceremony, err) ||
        !database_open(ceremony, err) || !db_check_schema(ceremony->db, err) ||
        !take_issuers(ceremony, err) || !take_policy(ceremony, err))
        return false;
    ceremony_path(ceremony, ".ceremony", path);
    if (file_exists(path))
        return error_set(err, ERROR_STATE_EXISTS,
                         "another ceremony works in %s, or was killed there: read %s/progress, "
                         "then remove that folder",
                         state, path);
    return progress_begin(&ceremony->progress, state, err);
}

bool
existing_note(struct ceremony *ceremony, const char *what, const char *object, struct error *err)
{
    struct db_audit event = {.at_us = clock_now_us(), .count = 1};

    snprintf(event.actor, sizeof(event.actor), "ceremony");
    snprintf(event.action, sizeof(event.action), "ceremony.%s", what);
    snprintf(event.object, sizeof(event.object), "%s", object);
    snprintf(event.outcome, sizeof(event.outcome), "done");
    return db_audit_insert(ceremony->db, &event, 1, err);
}
