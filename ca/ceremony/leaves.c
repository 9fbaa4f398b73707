#include <stdio.h>
#include <string.h>

#include "ceremony.h"
#include "signer_process.h"
#include "signet/csr.h"
#include "signet/public_key.h"

enum { LEAF_TIMEOUT_MS = 20000 }; /* the signer's start is part of the first answer */

struct leaf {
    enum ceremony_product which;
    const char *identity;
    const char *profile;
    enum grant_kind grant;
    int64_t life_s;
    const struct public_key *key;
    struct san_list names;
};

/* What a struct tbs_cert borrows while one leaf is made. */
struct leaf_storage {
    uint8_t serial[SERIAL_OCTETS];
    uint8_t key_id[20];
    struct buffer subject;
    struct certificate issuer;
};

static bool
leaf_subject(const struct leaf *leaf, struct buffer *out, struct error *err)
{
    static const uint8_t empty[] = {0x30, 0x00};

    if (leaf->grant == GRANT_RESPONDER)
        return name_build(NULL, "Signet OCSP responder", out, err);
    return buffer_put(out, empty, sizeof(empty)) || error_set(err, ERROR_MEMORY, "no memory");
}

/* What the permit of the ceremony names, too. */
static bool
issuer_algorithm(const struct certificate *issuer, enum signature_algorithm *ret_algorithm,
                 struct error *err)
{
    AUTO_PUBLIC_KEY key = NULL;

    if (!public_key_parse(issuer->tbs.spki, &key, err))
        return false;
    *ret_algorithm = public_key_default_signature(public_key_type(key));
    return true;
}

static bool
leaf_tbs(const struct ceremony *ceremony, const struct leaf *leaf, struct leaf_storage *storage,
         struct tbs_cert *tbs, struct error *err)
{
    bool responder = leaf->grant == GRANT_RESPONDER;
    enum signature_algorithm algorithm;

    if (!ceremony_certificate(ceremony, MADE_ISSUING, &storage->issuer, err) ||
        !issuer_algorithm(&storage->issuer, &algorithm, err) ||
        !leaf_subject(leaf, &storage->subject, err))
        return false;
    *tbs = (struct tbs_cert){
        .algorithm = algorithm,
        .issuer = storage->issuer.tbs.subject,
        .subject = buffer_bytes(&storage->subject),
        .not_before_s = ceremony->now_s - CEREMONY_BACKDATE_S,
        .spki = public_key_spki(leaf->key),
        .san = leaf->names,
        .san_critical = !responder,
        .path_len = -1,
        .key_usage = KU_DIGITAL_SIGNATURE,
        .extended_key_usage = responder ? EKU_OCSP_SIGNING : EKU_SERVER_AUTH | EKU_CLIENT_AUTH,
        .subject_key_id = {storage->key_id, sizeof(storage->key_id)},
        .authority_key_id = storage->issuer.tbs.subject_key_id,
        .ocsp_nocheck = responder,
    };
    if (!responder) {
        tbs->crl_url = bytes_of_text(ceremony->crl_url);
        tbs->ocsp_url = bytes_of_text(ceremony->ocsp_url);
        tbs->ca_issuers_url = bytes_of_text(ceremony->ca_issuers_url);
    }
    /* One that an external root has just made is younger than the back-date. */
    if (tbs->not_before_s < storage->issuer.tbs.not_before_s)
        tbs->not_before_s = storage->issuer.tbs.not_before_s;
    tbs->not_after_s = tbs->not_before_s + leaf->life_s - 1;
    digest_sha1(public_key_bits_octets(leaf->key), storage->key_id);
    tbs->serial = bytes_of(storage->serial, sizeof(storage->serial));
    return serial_new(tbs->not_after_s, storage->serial, err);
}

static bool
leaf_request(struct ceremony *ceremony, struct signer_channel *channel, const struct leaf *leaf,
             struct bytes tbs, struct error *err)
{
    struct buffer *out = &ceremony->made[leaf->which].der;
    struct issue_request request = {
        .grant_kind = leaf->grant, .policy_version = ceremony->policy_version, .tbs = tbs};
    struct issue_reply reply;

    snprintf(request.identity, sizeof(request.identity), "%s", leaf->identity);
    snprintf(request.profile, sizeof(request.profile), "%s", leaf->profile);
    snprintf(request.requester, sizeof(request.requester), "ceremony");
    snprintf(request.request_id, sizeof(request.request_id), "ceremony");
    digest_sha256(tbs, request.request_hash);
    return random_bytes(request.grant_key, sizeof(request.grant_key), err) &&
           signer_issue(channel, &request, LEAF_TIMEOUT_MS, &reply, err) &&
           (buffer_put(out, reply.certificate.data, reply.certificate.len) ||
            error_set(err, ERROR_MEMORY, "no room for the certificate"));
}

static bool
leaf_issue(struct ceremony *ceremony, struct signer_channel *channel, const struct leaf *leaf,
           struct error *err)
{
    struct leaf_storage storage;
    struct tbs_cert tbs;
    bool ok;
    AUTO_BUFFER der;

    buffer_init(&der, LIMIT_TBS_OCTETS);
    buffer_init(&storage.subject, LIMIT_NAME_OCTETS);
    ok = leaf_tbs(ceremony, leaf, &storage, &tbs, err) && tbs_cert_build(&tbs, &der, err) &&
         leaf_request(ceremony, channel, leaf, buffer_bytes(&der), err) &&
         progress_note(&ceremony->progress, err, "issued a certificate for %s", leaf->identity);
    buffer_done(&storage.subject);
    return ok || error_context(err, "certificate of %s", leaf->identity);
}

/* A key in software as PEM, and its public half. */
static bool
leaf_key(struct buffer *ret_pem, struct public_key **ret_key, struct error *err)
{
    static const struct san_list no_names = {0};
    AUTO_CSR csr = NULL;
    AUTO_BUFFER der;
    const char *pem;

    buffer_init(&der, LIMIT_CSR_OCTETS);
    if (!private_key_generate(KEY_P256, ret_pem, err))
        return false;
    pem = buffer_text(ret_pem);
    if (!pem)
        return error_set(err, ERROR_MEMORY, "no memory for a private key");
    return csr_build(pem, &no_names, &der, err) && csr_parse(buffer_bytes(&der), &csr, err) &&
           public_key_parse(public_key_spki(csr_key(csr)), ret_key, err);
}

/* The SPIFFE id first, then the further names; the texts and octets live in the two arrays. */
static bool
leaf_names(const struct ceremony *ceremony, const char *identity, bool with_server_names,
           char text[2 * OPTION_LIST][OPTION_PATH + 8], uint8_t ip[2 * OPTION_LIST][16],
           char id[LIMIT_SPIFFE_ID_OCTETS + 1], struct san_list *names, struct error *err)
{
    const struct options *options = &ceremony->options;
    size_t count = 0;

    snprintf(id, LIMIT_SPIFFE_ID_OCTETS + 1, "spiffe://%s/%s", options->trust_domain, identity);
    names->item[0] = (struct san){SAN_URI, bytes_of_text(id)};
    names->count = 1;
    if (!with_server_names)
        return true;
    for (size_t i = 0; i < options->server_names.count; i++)
        snprintf(text[count++], OPTION_PATH + 8, "dns:%s", options->server_names.item[i]);
    for (size_t i = 0; i < options->server_addresses.count; i++)
        snprintf(text[count++], OPTION_PATH + 8, "ip:%s", options->server_addresses.item[i]);
    for (size_t i = 0; i < count; i++)
        if (!san_parse_text(text[i], ip[i], &names->item[names->count++], err))
            return false;
    return true;
}

static bool
leaf_with_key(struct ceremony *ceremony, struct signer_channel *channel, struct leaf *leaf,
              struct buffer *ret_pem, struct error *err)
{
    char text[2 * OPTION_LIST][OPTION_PATH + 8];
    uint8_t ip[2 * OPTION_LIST][16];
    char id[LIMIT_SPIFFE_ID_OCTETS + 1];
    AUTO_PUBLIC_KEY key = NULL;

    if (!leaf_names(ceremony, leaf->identity, leaf->grant == GRANT_SERVER, text, ip, id,
                    &leaf->names, err) ||
        !leaf_key(ret_pem, &key, err))
        return false;
    leaf->key = key;
    return leaf_issue(ceremony, channel, leaf, err);
}

/* Thirty days, or as long as the issuing certificate itself lasts. */
static int64_t
admin_life_s(const struct ceremony *ceremony)
{
    int64_t begin_s = ceremony->now_s - CEREMONY_BACKDATE_S;
    int64_t life_s = 30 * CEREMONY_DAY_S;
    struct certificate issuer;
    struct error ignored;

    if (ceremony_certificate(ceremony, MADE_ISSUING, &issuer, &ignored) &&
        issuer.tbs.not_after_s - begin_s + 1 < life_s)
        life_s = issuer.tbs.not_after_s - begin_s + 1;
    return life_s;
}

static bool
leaves_admin(struct ceremony *ceremony, struct signer_channel *channel, struct error *err)
{
    char admin[LIMIT_NAME_OCTETS + 1];
    struct leaf leaf = {.which = MADE_ADMIN,
                        .identity = admin,
                        .profile = "admin",
                        .grant = GRANT_CEREMONY,
                        .life_s = admin_life_s(ceremony)};

    snprintf(admin, sizeof(admin), "admin/%.200s", ceremony->options.admin);
    return leaf_with_key(ceremony, channel, &leaf, &ceremony->admin_key, err);
}

static bool
leaves_all(struct ceremony *ceremony, struct signer_channel *channel, struct error *err)
{
    struct crl_request crl = {0};
    struct crl_reply crl_made;
    struct leaf responder = {.which = MADE_RESPONDER,
                             .identity = "signet/ocsp",
                             .profile = "responder",
                             .grant = GRANT_RESPONDER,
                             .life_s = 7 * CEREMONY_DAY_S,
                             .key = ceremony->key[KEY_OF_STATUS].key};
    struct leaf server = {.which = MADE_SERVER,
                          .identity = "signet/server",
                          .profile = "server",
                          .grant = GRANT_SERVER,
                          .life_s = 7 * CEREMONY_DAY_S};

    return leaf_issue(ceremony, channel, &responder, err) &&
           leaf_with_key(ceremony, channel, &server, &ceremony->server_key, err) &&
           leaves_admin(ceremony, channel, err) &&
           signer_build_crl(channel, &crl, LEAF_TIMEOUT_MS, &crl_made, err) &&
           progress_note(&ceremony->progress, err, "first CRL, number %llu",
                         (unsigned long long)crl_made.number);
}

static bool
leaves_with_signer(struct ceremony *ceremony,
                   bool (*issue)(struct ceremony *ceremony, struct signer_channel *channel,
                                 struct error *err),
                   struct error *err)
{
    struct signer_process signer;
    bool ok;

    if (!signer_process_start(ceremony, &signer, err))
        return error_context(err, "start the signer");
    ok = issue(ceremony, signer.channel, err);
    signer_process_stop(&signer);
    return ok || signer_process_explain(&signer, err);
}

bool
leaves_issue_admin(struct ceremony *ceremony, struct error *err)
{
    return leaves_with_signer(ceremony, leaves_admin, err);
}

bool
leaves_issue(struct ceremony *ceremony, struct error *err)
{
    return leaves_with_signer(ceremony, leaves_all, err);
}
