#include "ceremony.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signet/clock.h"
#include "signet/file.h"
#include "signet/public_key.h"

enum { CEREMONY_CRL_OCTETS = 4096, CEREMONY_KEY_OCTETS = 4096 };

static const char *const product_names[MADE_COUNT] = {
    [MADE_ROOT] = "root certificate",     [MADE_ISSUING] = "issuing certificate",
    [MADE_RESPONDER] = "OCSP responder",  [MADE_SERVER] = "server (TLS)",
    [MADE_ADMIN] = "first administrator",
};

struct phase {
    const char *what; /* null: the end */
    bool (*run)(struct ceremony *ceremony, struct error *err);
};

/* The root is another's: its signature comes between the two. */
static const struct phase request_phases[] = {
    {"make the keys", keys_make},
    {"write the request", external_request},
    {NULL, NULL},
};

static const struct phase import_phases[] = {
    {"fill the database", database_fill},
    {"write the permits", permits_write},
    {"write the configuration", configuration_write},
    {"issue the first certificates", leaves_issue},
    {"write certificates and keys", results_write},
    {"write the transcript", transcript_write},
    {"release the configuration", configuration_release},
    {NULL, NULL},
};

static const struct phase phases[] = {
    {"make the keys", keys_make},
    {"sign with the root key", root_sign_all},
    {"write the permits", permits_write},
    {"write the configuration", configuration_write},
    {"issue the first certificates", leaves_issue},
    {"write certificates and keys", results_write},
    {"write the transcript", transcript_write},
    {"release the configuration", configuration_release},
    {NULL, NULL},
};

static void
ceremony_urls(struct ceremony *ceremony)
{
    const char *base = ceremony->options.publish_url;

    snprintf(ceremony->crl_url, sizeof(ceremony->crl_url), "%.200s/crl/%s.crl", base,
             CEREMONY_ISSUER);
    snprintf(ceremony->ocsp_url, sizeof(ceremony->ocsp_url), "%.200s/ocsp", base);
    snprintf(ceremony->ca_issuers_url, sizeof(ceremony->ca_issuers_url), "%.200s/issuers/%s.cer",
             base, CEREMONY_ISSUER);
    snprintf(ceremony->root_crl_url, sizeof(ceremony->root_crl_url), "%.200s/crl/root.crl", base);
    snprintf(ceremony->root_issuers_url, sizeof(ceremony->root_issuers_url),
             "%.200s/issuers/root.cer", base);
}

void
ceremony_new(struct ceremony *ceremony)
{
    *ceremony = (struct ceremony){.progress.fd = -1, .now_s = clock_now_s()};
    for (enum ceremony_product which = 0; which < MADE_COUNT; which++) {
        ceremony->made[which].name = product_names[which];
        buffer_init(&ceremony->made[which].der, LIMIT_CERTIFICATE_OCTETS);
    }
    buffer_init(&ceremony->root_crl, CEREMONY_CRL_OCTETS);
    buffer_init(&ceremony->server_key, CEREMONY_KEY_OCTETS);
    buffer_init(&ceremony->admin_key, CEREMONY_KEY_OCTETS);
}

bool
ceremony_init(struct ceremony *ceremony, char **arguments, struct error *err)
{
    ceremony_new(ceremony);
    if (!options_parse(arguments, &ceremony->options, err))
        return false;
    ceremony_urls(ceremony);
    ceremony_path(ceremony, ".ceremony/signet.conf", ceremony->config_path);
    return true;
}

void
ceremony_done(struct ceremony *ceremony)
{
    for (enum ceremony_product which = 0; which < MADE_COUNT; which++)
        buffer_done(&ceremony->made[which].der);
    for (enum key_role role = 0; role < KEY_ROLES; role++)
        public_key_free(ceremony->key[role].key);
    buffer_done(&ceremony->root_crl);
    buffer_done(&ceremony->server_key);
    buffer_done(&ceremony->admin_key);
    progress_done(&ceremony->progress);
    free(ceremony->config);
    if (ceremony->db)
        db_close(ceremony->db);
}

void
ceremony_path(const struct ceremony *ceremony, const char *name, char path[CEREMONY_PATH])
{
    snprintf(path, CEREMONY_PATH, "%s/%s", ceremony->options.state, name);
}

bool
ceremony_certificate(const struct ceremony *ceremony, enum ceremony_product which,
                     struct certificate *ret, struct error *err)
{
    return certificate_parse(buffer_bytes(&ceremony->made[which].der), ret, err);
}

bool
ceremony_write(const struct ceremony *ceremony, const char *name, struct bytes content, mode_t mode,
               const char *user, struct error *err)
{
    const struct passwd *entry = user ? getpwnam(user) : NULL;
    char path[CEREMONY_PATH];

    if (user && !entry)
        return error_set(err, ERROR_CONFIG, "there is no user %s on this machine", user);
    ceremony_path(ceremony, name, path);
    return file_write_atomic(path, content, mode, entry ? entry->pw_uid : (uid_t)-1,
                             entry ? entry->pw_gid : (gid_t)-1, err);
}

/* A folder that is there keeps its rights; a new one belongs to whoever works in it. */
static bool
ceremony_folder(const struct ceremony *ceremony, const char *name, mode_t mode, const char *user,
                struct error *err)
{
    const struct passwd *entry = user ? getpwnam(user) : NULL;
    char path[CEREMONY_PATH];

    ceremony_path(ceremony, name, path);
    if (user && !entry)
        return error_set(err, ERROR_CONFIG, "there is no user %s on this machine", user);
    if (mkdir(path, mode) != 0)
        return errno == EEXIST || error_errno(err, ERROR_FILE_ACCESS, "make the folder %s", path);
    if (entry && chown(path, entry->pw_uid, entry->pw_gid) != 0)
        return error_errno(err, ERROR_FILE_ACCESS, "give the folder %s to %s", path, user);
    return true;
}

static bool
ceremony_folders(const struct ceremony *ceremony, struct error *err)
{
    const struct options *options = &ceremony->options;
    const struct {
        const char *name;
        mode_t mode;
        const char *user;
    } folders[] = {
        {"pki", 0755, NULL},
        {"permits", 0755, NULL},
        {"admin", 0700, NULL},
        {"tls", 0700, options->user_server},
        {"signer", 0755, NULL},
        {"signer/issuing", 0700, options->token[KEY_OF_ISSUING].user},
        {"signer/status", 0700, options->token[KEY_OF_STATUS].user},
    };

    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        if (!ceremony_folder(ceremony, folders[i].name, folders[i].mode, folders[i].user, err))
            return false;
    return true;
}

bool
ceremony_issuing_name(const char *trust_domain, struct buffer *out, struct error *err)
{
    return name_build(trust_domain, "Signet " CEREMONY_ISSUER, out, err);
}

static bool
run_phases(struct ceremony *ceremony, const struct phase *list, struct error *err)
{
    for (; list->what; list++) {
        struct error ignored;

        if (list->run(ceremony, err))
            continue;
        if (!progress_note(&ceremony->progress, &ignored, "failed to %s", list->what))
            return error_context(err, "%s", list->what);
        return error_context(err, "%s", list->what);
    }
    return true;
}

static bool
begin(struct ceremony *ceremony, struct error *err)
{
    return progress_check(ceremony->options.state, err) && database_check(ceremony, err) &&
           progress_begin(&ceremony->progress, ceremony->options.state, err) &&
           ceremony_folders(ceremony, err);
}

bool
ceremony_run(struct ceremony *ceremony, struct error *err)
{
    const struct options *options = &ceremony->options;

    if (options->root_csr)
        return begin(ceremony, err) && run_phases(ceremony, request_phases, err);
    if (options->root_cert) {
        if (!external_import(ceremony, err) || !database_check(ceremony, err) ||
            !progress_resume(&ceremony->progress, options->state, err) ||
            !run_phases(ceremony, import_phases, err))
            return false;
    } else if (!begin(ceremony, err) || !run_phases(ceremony, phases, err)) {
        return false;
    }
    progress_end(&ceremony->progress);
    return true;
}
