/* An authority below a root of somebody else: the request that goes there, and what comes back. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ceremony.h"
#include "signet/der.h"
#include "signet/file.h"
#include "signet/public_key.h"

enum { EXTERNAL_OCTETS = 64 * 1024, EXTERNAL_WAIVERS = 256 };

static const struct {
    enum key_role role;
    const char *name; /* of the file that keeps it between the two steps */
} kept_keys[] = {
    {KEY_OF_ISSUING, ".ceremony/issuing.key"},
    {KEY_OF_STATUS, ".ceremony/status.key"},
};

/* --- the request --- */

/* In the form in which keygen told it. */
static bool
keep_key(const struct ceremony *ceremony, enum key_role role, const char *name, struct error *err)
{
    const struct ceremony_key *key = &ceremony->key[role];
    AUTO_BUFFER text;

    buffer_init(&text, EXTERNAL_OCTETS);
    if (!buffer_printf(&text, "%s\n", key->uri) ||
        !pem_encode(public_key_spki(key->key), "PUBLIC KEY", &text))
        return error_set(err, ERROR_MEMORY, "no room for %s", name);
    return ceremony_write(ceremony, name, buffer_bytes(&text), 0644, NULL, err);
}

static const char *
waivers_text(const struct option_list *waivers, char text[EXTERNAL_WAIVERS])
{
    size_t used = 0;

    for (size_t i = 0; i < waivers->count && used < EXTERNAL_WAIVERS; i++)
        used += (size_t)snprintf(text + used, EXTERNAL_WAIVERS - used, "%s%s", i ? "," : "",
                                 waivers->item[i]);
    return used ? text : NULL;
}

/* By the user of the issuing key, as its key was made. */
static bool
request_make(struct ceremony *ceremony, struct buffer *pem, struct error *err)
{
    const struct options *options = &ceremony->options;
    const char *argv[16] = {"signet-ceremony",    "csr",   "--module",
                            options->module,      "--key", ceremony->key[KEY_OF_ISSUING].uri,
                            "--pin-fd",           "3",     "--trust-domain",
                            options->trust_domain};
    const char *init = options_module_init(options, KEY_OF_ISSUING);
    char waivers[EXTERNAL_WAIVERS];
    size_t count = 10;

    if (init) {
        argv[count++] = "--module-init";
        argv[count++] = init;
    }
    if (waivers_text(&options->waivers, waivers)) {
        argv[count++] = "--waivers";
        argv[count++] = waivers;
    }
    return keys_child(ceremony, KEY_OF_ISSUING, argv, pem, err);
}

bool
external_request(struct ceremony *ceremony, struct error *err)
{
    AUTO_BUFFER pem;

    buffer_init(&pem, EXTERNAL_OCTETS);
    if (!progress_note(&ceremony->progress, err, "the issuing key signs its request") ||
        !request_make(ceremony, &pem, err))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(kept_keys); i++)
        if (!keep_key(ceremony, kept_keys[i].role, kept_keys[i].name, err))
            return false;
    return file_write_atomic(ceremony->options.root_csr, buffer_bytes(&pem), 0644, (uid_t)-1,
                             (gid_t)-1, err) &&
           progress_note(&ceremony->progress, err,
                         "the request waits for the external root; go on with --root-cert") &&
           progress_wait(&ceremony->progress, err);
}

/* --- what comes back --- */

static bool
take_key(struct ceremony *ceremony, enum key_role role, const char *name, struct error *err)
{
    char path[CEREMONY_PATH];
    AUTO_BUFFER text;

    buffer_init(&text, EXTERNAL_OCTETS);
    ceremony_path(ceremony, name, path);
    return file_read(path, &text, err) && keys_read(buffer_bytes(&text), &ceremony->key[role], err);
}

/* The issuing certificate first, then the root's, and nothing else. */
static bool
take_certificates(struct ceremony *ceremony, struct error *err)
{
    static const enum ceremony_product products[] = {MADE_ISSUING, MADE_ROOT};
    const char *path = ceremony->options.root_cert;
    AUTO_BUFFER text;
    AUTO_BUFFER more;
    struct reader reader;

    buffer_init(&text, EXTERNAL_OCTETS);
    buffer_init(&more, LIMIT_CERTIFICATE_OCTETS);
    if (!file_read(path, &text, err))
        return false;
    reader = reader_of(buffer_bytes(&text));
    for (size_t i = 0; i < ARRAY_LEN(products); i++)
        if (!pem_next(&reader, "CERTIFICATE", &ceremony->made[products[i]].der))
            return error_refuse(err, ERROR_CONFIG, "root_cert.file",
                                "%s: wanted two certificates in PEM, the issuing one and then that "
                                "of the root; found %zu",
                                path, i);
    if (pem_next(&reader, "CERTIFICATE", &more))
        return error_refuse(err, ERROR_CONFIG, "root_cert.file",
                            "%s: more than two certificates: the issuing one is signed by the root "
                            "itself",
                            path);
    return true;
}

static bool
take_root(struct ceremony *ceremony, const struct certificate *root, struct error *err)
{
    struct ceremony_key *key = &ceremony->key[KEY_OF_ROOT];

    snprintf(key->uri, sizeof(key->uri), DB_KEY_EXTERNAL);
    snprintf(ceremony->root_module, sizeof(ceremony->root_module), DB_KEY_EXTERNAL);
    if (!public_key_parse(root->tbs.spki, &key->key, err))
        return error_context(err, "%s: the root's key", ceremony->options.root_cert);
    return true;
}

/* With the words for a CA of others, whose extensions are in no order of ours. */
static bool
parse(const struct ceremony *ceremony, enum ceremony_product which, struct certificate *ret,
      struct error *err)
{
    struct bytes tbs, serial;
    struct tbs_cert foreign;

    return ceremony_certificate(ceremony, which, ret, err) ||
           (certificate_peek(buffer_bytes(&ceremony->made[which].der), &tbs, &serial, err) &&
            tbs_cert_parse_foreign_ca(tbs, &foreign, err) && false);
}

bool
external_import(struct ceremony *ceremony, struct error *err)
{
    const char *path = ceremony->options.root_cert;
    struct certificate issuing, root;

    if (!progress_waits(ceremony->options.state))
        return error_set(err, ERROR_STATE_CONFLICT,
                         "%s has no request that waits for its certificate: begin with --root-csr",
                         ceremony->options.state);
    for (size_t i = 0; i < ARRAY_LEN(kept_keys); i++)
        if (!take_key(ceremony, kept_keys[i].role, kept_keys[i].name, err))
            return false;
    if (!take_certificates(ceremony, err))
        return false;
    if (!parse(ceremony, MADE_ISSUING, &issuing, err))
        return error_context(err, "%s: the issuing certificate", path);
    if (!parse(ceremony, MADE_ROOT, &root, err))
        return error_context(err, "%s: the root's certificate", path);
    return take_root(ceremony, &root, err) && external_check(ceremony, &issuing, &root, err);
}
