#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony.h"
#include "signet/crl.h"
#include "signet/encode.h"
#include "signet/file.h"
#include "signet/token_signer.h"

struct root {
    struct ceremony *ceremony;
    struct keyring *keyring;
    const struct public_key *key;
    enum signature_algorithm algorithm;
};

/* The module reads its configuration from the environment; this process opens the root's token
 * only. */
static bool
root_environment(const struct option_list *list, struct error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *equals = strchr(list->item[i], '=');
        char name[64];

        if (!equals || (size_t)(equals - list->item[i]) >= sizeof(name))
            return error_set(err, ERROR_USAGE, "--env-root %s: wanted NAME=value", list->item[i]);
        snprintf(name, sizeof(name), "%.*s", (int)(equals - list->item[i]), list->item[i]);
        if (setenv(name, equals + 1, 1) != 0)
            return error_errno(err, ERROR_MEMORY, "set %s", name);
    }
    return true;
}

static bool
root_open(struct root *root, struct error *err)
{
    struct ceremony *ceremony = root->ceremony;
    const struct token_options *token = &ceremony->options.token[KEY_OF_ROOT];
    const char *waivers[OPTION_LIST + 1] = {0};
    struct keyring_options options = {.module = ceremony->options.module,
                                      .init_string =
                                          options_module_init(&ceremony->options, KEY_OF_ROOT),
                                      .uri = ceremony->key[KEY_OF_ROOT].uri,
                                      .sessions = 1,
                                      .waivers = waivers};
    AUTO_FD fd = open(token->pin_file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    AUTO_BUFFER pin = {0};

    for (size_t i = 0; i < ceremony->options.waivers.count; i++)
        waivers[i] = ceremony->options.waivers.item[i];
    if (fd < 0)
        return error_errno(err, ERROR_FILE_ACCESS, "open the PIN file %s", token->pin_file);
    if (!root_environment(&token->environment, err) || !keyring_pin_read(fd, &pin, err) ||
        !keyring_open(&options, buffer_bytes(&pin), &root->keyring, err))
        return false;
    snprintf(ceremony->root_module, sizeof(ceremony->root_module), "%s",
             keyring_module_name(root->keyring));
    return true;
}

/* What is about to be signed is put down first: this key has no database row to be recorded in. */
static bool
root_sign(struct root *root, const char *what, struct bytes tbs, uint8_t *signature, size_t *len,
          struct error *err)
{
    char hex[2 * LIMIT_DIGEST_OCTETS + 1];
    uint8_t digest[LIMIT_DIGEST_OCTETS];

    digest_sha256(tbs, digest);
    hex_encode(bytes_of(digest, sizeof(digest)), hex, sizeof(hex));
    return progress_note(&root->ceremony->progress, err, "the root key signs %s, SHA-256 %s", what,
                         hex) &&
           token_sign(root->keyring, 0, root->key, root->algorithm, tbs, signature, len, err);
}

static bool
root_certify(struct root *root, const struct tbs_cert *tbs, enum ceremony_product which,
             struct error *err)
{
    struct ceremony_certificate *made = &root->ceremony->made[which];
    uint8_t signature[LIMIT_SIGNATURE_OCTETS];
    struct certificate again;
    size_t len = 0;
    AUTO_BUFFER der;

    buffer_init(&der, LIMIT_TBS_OCTETS);
    return tbs_cert_lint(tbs, err) && tbs_cert_build(tbs, &der, err) &&
           root_sign(root, made->name, buffer_bytes(&der), signature, &len, err) &&
           certificate_assemble(buffer_bytes(&der), root->algorithm, bytes_of(signature, len),
                                &made->der, err) &&
           certificate_parse(buffer_bytes(&made->der), &again, err);
}

static struct bytes
key_id(const struct ceremony *ceremony, enum key_role role)
{
    return bytes_of(ceremony->key[role].id, sizeof(ceremony->key[role].id));
}

static bool
root_self(struct root *root, struct error *err)
{
    struct ceremony *ceremony = root->ceremony;
    uint8_t serial[SERIAL_OCTETS];
    AUTO_BUFFER name;
    struct tbs_cert tbs = {
        .serial = {serial, sizeof(serial)},
        .algorithm = root->algorithm,
        .not_before_s = ceremony->now_s - CEREMONY_BACKDATE_S,
        .spki = public_key_spki(root->key),
        .ca = true,
        .path_len = -1,
        .key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN,
        .subject_key_id = key_id(ceremony, KEY_OF_ROOT),
        .authority_key_id = key_id(ceremony, KEY_OF_ROOT),
    };

    buffer_init(&name, LIMIT_NAME_OCTETS * 2);
    tbs.not_after_s = tbs.not_before_s + CEREMONY_ROOT_S - 1;
    if (!serial_new(tbs.not_after_s, serial, err) ||
        !name_build(ceremony->options.trust_domain, "Signet root", &name, err))
        return false;
    tbs.issuer = tbs.subject = buffer_bytes(&name);
    return root_certify(root, &tbs, MADE_ROOT, err);
}

/* Path length 0, the trust domain in its names (CA-2), no extended key usage (CA-5). */
static bool
root_certify_issuing(struct root *root, struct error *err)
{
    struct ceremony *ceremony = root->ceremony;
    char domain[OPTION_PATH + 16];
    uint8_t serial[SERIAL_OCTETS];
    struct certificate self;
    AUTO_BUFFER name;
    struct tbs_cert tbs = {
        .serial = {serial, sizeof(serial)},
        .algorithm = root->algorithm,
        .not_before_s = ceremony->now_s - CEREMONY_BACKDATE_S,
        .spki = public_key_spki(ceremony->key[KEY_OF_ISSUING].key),
        .ca = true,
        .key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN,
        .subject_key_id = key_id(ceremony, KEY_OF_ISSUING),
        .authority_key_id = key_id(ceremony, KEY_OF_ROOT),
        .crl_url = bytes_of_text(ceremony->root_crl_url),
        .ca_issuers_url = bytes_of_text(ceremony->root_issuers_url),
    };

    buffer_init(&name, LIMIT_NAME_OCTETS * 2);
    snprintf(domain, sizeof(domain), "spiffe://%s", ceremony->options.trust_domain);
    tbs.san.count = 1;
    tbs.san.item[0] = (struct san){SAN_URI, bytes_of_text(domain)};
    tbs.not_after_s = tbs.not_before_s + CEREMONY_ISSUING_S - 1;
    if (!ceremony_certificate(ceremony, MADE_ROOT, &self, err) ||
        !serial_new(tbs.not_after_s, serial, err) ||
        !ceremony_issuing_name(ceremony->options.trust_domain, &name, err))
        return false;
    tbs.issuer = self.tbs.subject;
    tbs.subject = buffer_bytes(&name);
    return root_certify(root, &tbs, MADE_ISSUING, err);
}

/* Recorded, signed, stored, as the signer does with its own. */
static bool
root_crl_publish(struct root *root, const struct crl *crl, struct error *err)
{
    struct ceremony *ceremony = root->ceremony;
    uint8_t digest[LIMIT_DIGEST_OCTETS], signature[LIMIT_SIGNATURE_OCTETS];
    size_t len = 0;
    AUTO_BUFFER tbs;

    buffer_init(&tbs, LIMIT_TBS_OCTETS);
    if (!crl_tbs_build(crl, &tbs, err))
        return false;
    digest_sha256(buffer_bytes(&tbs), digest);
    return db_crl_record(ceremony->db, ceremony->root_id, 0, crl->number, digest,
                         crl->this_update_s, crl->next_update_s, 0, err) &&
           root_sign(root, "its CRL", buffer_bytes(&tbs), signature, &len, err) &&
           crl_assemble(buffer_bytes(&tbs), crl->algorithm, bytes_of(signature, len),
                        &ceremony->root_crl, err) &&
           db_crl_store(ceremony->db, ceremony->root_id, 0, crl->number,
                        buffer_bytes(&ceremony->root_crl), err);
}

static bool
root_crl(struct root *root, struct error *err)
{
    struct ceremony *ceremony = root->ceremony;
    struct db_crl_row *rows = NULL;
    struct certificate self;
    size_t count = 0;
    struct crl crl = {
        .algorithm = root->algorithm,
        .this_update_s = ceremony->now_s,
        .next_update_s = ceremony->now_s + CEREMONY_ROOT_CRL_S - 1,
        .authority_key_id = key_id(ceremony, KEY_OF_ROOT),
    };

    if (!ceremony_certificate(ceremony, MADE_ROOT, &self, err) ||
        !db_crl_begin(ceremony->db, ceremony->root_id, 0, ceremony->now_s, &crl.number, &rows,
                      &count, err))
        return false;
    free(rows);
    crl.issuer = self.tbs.subject;
    if (root_crl_publish(root, &crl, err))
        return true;
    db_crl_abandon(ceremony->db);
    return false;
}

static struct root
root_of(struct ceremony *ceremony)
{
    const struct public_key *key = ceremony->key[KEY_OF_ROOT].key;

    return (struct root){.ceremony = ceremony,
                         .key = key,
                         .algorithm = public_key_default_signature(public_key_type(key))};
}

bool
root_sign_crl(struct ceremony *ceremony, struct error *err)
{
    struct root root = root_of(ceremony);
    bool ok;

    if (!root_open(&root, err))
        return error_context(err, "open the root's token");
    ok = root_crl(&root, err);
    keyring_close(root.keyring);
    return ok;
}

bool
root_sign_all(struct ceremony *ceremony, struct error *err)
{
    struct root root = root_of(ceremony);
    bool ok;

    if (!root_open(&root, err))
        return error_context(err, "open the root's token");
    ok = root_self(&root, err) && root_certify_issuing(&root, err) &&
         database_fill(ceremony, err) && root_crl(&root, err);
    keyring_close(root.keyring);
    return ok;
}
