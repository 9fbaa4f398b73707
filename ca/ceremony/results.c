#include <stdio.h>

#include "ceremony.h"
#include "signet/der.h"

/* Appends the certificates as PEM, in this order. */
static bool
put_chain(const struct ceremony *ceremony, const enum ceremony_product *chain, size_t count,
          struct buffer *out, struct error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!pem_encode(buffer_bytes(&ceremony->made[chain[i]].der), "CERTIFICATE", out))
            return error_set(err, ERROR_MEMORY, "no room for the certificates");
    return true;
}

static bool
write_chain(const struct ceremony *ceremony, const char *name, const struct buffer *key,
            const enum ceremony_product *chain, size_t count, mode_t mode, const char *user,
            struct error *err)
{
    AUTO_BUFFER text;

    buffer_init(&text, 4 * 4 * LIMIT_CERTIFICATE_OCTETS);
    if (key && !buffer_put(&text, key->data, key->len))
        return error_set(err, ERROR_MEMORY, "no room for %s", name);
    return put_chain(ceremony, chain, count, &text, err) &&
           ceremony_write(ceremony, name, buffer_bytes(&text), mode, user, err);
}

static bool
write_client_settings(const struct ceremony *ceremony, struct error *err)
{
    const struct options *options = &ceremony->options;
    AUTO_BUFFER text;

    buffer_init(&text, 8 * OPTION_PATH);
    if (!buffer_printf(&text,
                       "# Settings of the signet command; to be sourced by a shell.\n"
                       "export SIGNET_SERVER='%s'\n"
                       "export SIGNET_ROOT='%s/pki/root.pem'\n"
                       "export SIGNET_CERT='%s/admin/admin.pem'\n"
                       "export SIGNET_KEY='%s/admin/admin.key'\n",
                       options->server_url, options->state, options->state, options->state))
        return error_set(err, ERROR_MEMORY, "no room for client.env");
    return ceremony_write(ceremony, "client.env", buffer_bytes(&text), 0644, NULL, err);
}

bool
results_write_admin(const struct ceremony *ceremony, struct error *err)
{
    static const enum ceremony_product admin[] = {MADE_ADMIN, MADE_ISSUING};
    char key[OPTION_PATH], certificate[OPTION_PATH];

    snprintf(key, sizeof(key), "admin/%.200s.key", ceremony->options.admin);
    snprintf(certificate, sizeof(certificate), "admin/%.200s.pem", ceremony->options.admin);
    return ceremony_write(ceremony, key, buffer_bytes(&ceremony->admin_key), 0600, NULL, err) &&
           write_chain(ceremony, certificate, NULL, admin, ARRAY_LEN(admin), 0644, NULL, err);
}

/* An external root publishes its own. */
static bool
write_root_crl(const struct ceremony *ceremony, struct error *err)
{
    return ceremony->root_crl.len == 0 ||
           ceremony_write(ceremony, "pki/root.crl", buffer_bytes(&ceremony->root_crl), 0644, NULL,
                          err);
}

bool
results_write(struct ceremony *ceremony, struct error *err)
{
    static const enum ceremony_product root[] = {MADE_ROOT};
    static const enum ceremony_product issuing[] = {MADE_ISSUING};
    static const enum ceremony_product chain[] = {MADE_ISSUING, MADE_ROOT};
    static const enum ceremony_product server[] = {MADE_SERVER, MADE_ISSUING};
    static const enum ceremony_product admin[] = {MADE_ADMIN, MADE_ISSUING};

    /* Key and chain of the server are one file, so that a renewal replaces both in one rename. */
    return write_chain(ceremony, "pki/issuing.pem", NULL, issuing, 1, 0644, NULL, err) &&
           write_chain(ceremony, "pki/chain.pem", NULL, chain, 2, 0644, NULL, err) &&
           write_chain(ceremony, "pki/roots.pem", NULL, root, 1, 0644, NULL, err) &&
           write_root_crl(ceremony, err) &&
           write_chain(ceremony, "tls/server.pem", &ceremony->server_key, server, 2, 0600,
                       ceremony->options.user_server, err) &&
           ceremony_write(ceremony, "admin/admin.key", buffer_bytes(&ceremony->admin_key), 0600,
                          NULL, err) &&
           write_chain(ceremony, "admin/admin.pem", NULL, admin, 2, 0644, NULL, err) &&
           write_client_settings(ceremony, err) &&
           write_chain(ceremony, "pki/root.pem", NULL, root, 1, 0644, NULL, err) &&
           progress_note(&ceremony->progress, err, "certificates and keys written");
}
