/*
 * What the tests of the signer share: keys, the certificate of an issuer, a permit beside it, and
 * one good certificate of each class, from which the hostile ones are made.
 */
#ifndef SIGNET_TEST_SIGNER_FIXTURE_H
#define SIGNET_TEST_SIGNER_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard.h"
#include "permit.h"
#include "scratch.h"
#include "suite.h"

#include "signet/clock.h"
#include "signet/csr.h"
#include "signet/der.h"
#include "signet/encode.h"
#include "signet/file.h"

#define SHARED __attribute__((unused)) static

#define TEST_TRUST_DOMAIN "example.internal"
#define TEST_CRL_URL "http://127.0.0.1:8080/crl/issuing-1.crl"
#define TEST_OCSP_URL "http://127.0.0.1:8080/ocsp"
#define TEST_CA_ISSUERS_URL "http://127.0.0.1:8080/issuers/issuing-1.cer"
enum { TEST_LIFE_S = 86400, TEST_BACK_S = 60 };

/* For what comes before the first test. */
SHARED void
must(bool ok, const struct error *err)
{
    if (ok)
        return;
    fprintf(stderr, "fixture: %s (%s)\n", err->detail, err->internal);
    abort();
}

/* A public key as SPKI with what certificates say of it; where the private half is does not matter.
 */
struct test_spki {
    uint8_t der[LIMIT_SPKI_OCTETS];
    size_t len;
    uint8_t key_id[20];
    uint8_t hash[LIMIT_DIGEST_OCTETS];
};

SHARED void
spki_set(struct test_spki *spki, struct bytes der)
{
    struct public_key *key = NULL;
    struct error err = {0};

    must(public_key_parse(der, &key, &err), &err);
    memcpy(spki->der, der.data, der.len);
    spki->len = der.len;
    digest_sha1(public_key_bits_octets(key), spki->key_id);
    public_key_spki_hash(key, spki->hash);
    public_key_free(key);
}

SHARED void
spki_make(struct test_spki *spki, enum key_type type)
{
    const struct san_list none = {0};
    struct error err = {0};
    struct csr *csr = NULL;
    AUTO_BUFFER pem;
    AUTO_BUFFER der;

    buffer_init(&pem, 8192);
    buffer_init(&der, 8192);
    must(private_key_generate(type, &pem, &err) &&
             csr_build(buffer_text(&pem), &none, &der, &err) &&
             csr_parse(buffer_bytes(&der), &csr, &err),
         &err);
    spki_set(spki, public_key_spki(csr_key(csr)));
    csr_free(csr);
}

SHARED struct bytes
spki_bytes(const struct test_spki *spki)
{
    return bytes_of(spki->der, spki->len);
}

struct test_issuer {
    char folder[64];
    struct test_spki key;
    uint8_t name[128];
    size_t name_len;
    int64_t not_before_s, not_after_s;
    struct buffer der;
};

SHARED struct bytes
issuer_subject(const struct test_issuer *issuer)
{
    return bytes_of(issuer->name, issuer->name_len);
}

/* `issuer->key` is set. The signature is no signature: nobody here verifies it. */
SHARED void
issuer_make(struct test_issuer *issuer, int64_t now_s)
{
    static const uint8_t signature[] = {0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01};
    uint8_t serial[SERIAL_OCTETS];
    struct tbs_cert tbs = {.algorithm = SIGNATURE_ECDSA_SHA256,
                           .ca = true,
                           .path_len = 0,
                           .key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN,
                           .not_before_s = now_s - 86400,
                           .not_after_s = now_s + 400 * 86400};
    struct error err = {0};
    char path[128];
    AUTO_BUFFER name;
    AUTO_BUFFER der;
    AUTO_BUFFER pem;

    buffer_init(&name, sizeof(issuer->name));
    buffer_init(&der, LIMIT_TBS_OCTETS);
    buffer_init(&pem, LIMIT_TBS_OCTETS);
    buffer_init(&issuer->der, LIMIT_CERTIFICATE_OCTETS);
    must(name_build("Signet test", "Test issuing", &name, &err) &&
             serial_new(tbs.not_after_s, serial, &err),
         &err);
    memcpy(issuer->name, name.data, name.len);
    issuer->name_len = name.len;
    issuer->not_before_s = tbs.not_before_s;
    issuer->not_after_s = tbs.not_after_s;
    tbs.serial = bytes_of(serial, sizeof(serial));
    tbs.issuer = issuer_subject(issuer);
    tbs.subject = issuer_subject(issuer);
    tbs.spki = spki_bytes(&issuer->key);
    tbs.subject_key_id = bytes_of(issuer->key.key_id, 20);
    tbs.authority_key_id = tbs.subject_key_id;
    must(tbs_cert_build(&tbs, &der, &err) &&
             certificate_assemble(buffer_bytes(&der), tbs.algorithm,
                                  bytes_of(signature, sizeof(signature)), &issuer->der, &err) &&
             pem_encode(buffer_bytes(&issuer->der), "CERTIFICATE", &pem),
         &err);
    snprintf(path, sizeof(path), "%s/issuing.pem", issuer->folder);
    must(file_write_atomic(path, buffer_bytes(&pem), 0644, (uid_t)-1, (gid_t)-1, &err), &err);
}

/* A whole issuing permit; the responder's key hash is put in. */
#define TEST_PERMIT_HEAD                                                                           \
    "issuer_certificate = \"issuing.pem\"\n"                                                       \
    "trust_domain = \"" TEST_TRUST_DOMAIN "\"\n"                                                   \
    "algorithm = \"ecdsa-sha256\"\n"                                                               \
    "key_types = {\"P-256\"}\n"                                                                    \
    "max_backdate_s = 300\n"                                                                       \
    "crl_url = \"" TEST_CRL_URL "\"\n"                                                             \
    "ocsp_url = \"" TEST_OCSP_URL "\"\n"                                                           \
    "ca_issuers_url = \"" TEST_CA_ISSUERS_URL "\"\n"                                               \
    "crl_max_life_s = 604800\n"
#define TEST_PERMIT_CLASSES                                                                        \
    "class workload {\n  max_life_s = 604800\n  dns_suffixes = {\"example.internal\"}\n"           \
    "  ip_ranges = {\"127.0.0.0/8\", \"fd00::/8\"}\n  max_line = 1000\n}\n"                        \
    "class admin { max_life_s = 2592000 max_line = 100 }\n"                                        \
    "class server {\n  max_life_s = 2592000\n  dns = {\"localhost\"}\n"                            \
    "  addresses = {\"127.0.0.1\"}\n}\n"

SHARED void
permit_text(const struct test_spki *responder, struct buffer *out)
{
    char hex[2 * LIMIT_DIGEST_OCTETS + 1];

    hex_encode(bytes_of(responder->hash, sizeof(responder->hash)), hex, sizeof(hex));
    if (!buffer_printf(out, "%s%sclass responder { max_life_s = 2592000 spki_sha256 = \"%s\" }\n",
                       TEST_PERMIT_HEAD, TEST_PERMIT_CLASSES, hex))
        abort();
}

/* Storage that a struct tbs_cert borrows. */
struct test_leaf {
    uint8_t serial[SERIAL_OCTETS];
    char uri[512];
    uint8_t subject[128];
    struct tbs_cert tbs;
};

/* A good certificate for `identity`; `responder` makes the responder's shape. */
SHARED void
leaf_make(struct test_leaf *leaf, const struct test_issuer *issuer, const char *identity,
          const struct test_spki *key, int64_t now_s, bool responder)
{
    static const uint8_t empty[] = {0x30, 0x00};
    struct error err = {0};
    struct tbs_cert *tbs = &leaf->tbs;

    memset(leaf, 0, sizeof(*leaf));
    tbs->algorithm = SIGNATURE_ECDSA_SHA256;
    tbs->issuer = issuer_subject(issuer);
    tbs->subject = bytes_of(empty, sizeof(empty));
    tbs->not_before_s = now_s - TEST_BACK_S;
    tbs->not_after_s = tbs->not_before_s + TEST_LIFE_S - 1;
    tbs->spki = spki_bytes(key);
    tbs->path_len = -1;
    tbs->key_usage = KU_DIGITAL_SIGNATURE;
    tbs->subject_key_id = bytes_of(key->key_id, 20);
    tbs->authority_key_id = bytes_of(issuer->key.key_id, 20);
    must(serial_new(tbs->not_after_s, leaf->serial, &err), &err);
    tbs->serial = bytes_of(leaf->serial, sizeof(leaf->serial));
    if (responder) {
        AUTO_BUFFER name;

        buffer_init(&name, sizeof(leaf->subject));
        if (!name_build(NULL, "Signet OCSP responder", &name, &err))
            abort();
        memcpy(leaf->subject, name.data, name.len);
        tbs->subject = bytes_of(leaf->subject, name.len);
        tbs->extended_key_usage = EKU_OCSP_SIGNING;
        tbs->ocsp_nocheck = true;
        return;
    }
    snprintf(leaf->uri, sizeof(leaf->uri), "spiffe://" TEST_TRUST_DOMAIN "/%s", identity);
    tbs->san.count = 1;
    tbs->san.item[0] = (struct san){SAN_URI, bytes_of_text(leaf->uri)};
    tbs->san_critical = true;
    tbs->extended_key_usage = EKU_SERVER_AUTH | EKU_CLIENT_AUTH;
    tbs->crl_url = bytes_of_text(TEST_CRL_URL);
    tbs->ocsp_url = bytes_of_text(TEST_OCSP_URL);
    tbs->ca_issuers_url = bytes_of_text(TEST_CA_ISSUERS_URL);
}

SHARED void
leaf_name(struct test_leaf *leaf, enum san_type type, const void *value, size_t len)
{
    leaf->tbs.san.item[leaf->tbs.san.count++] = (struct san){type, bytes_of(value, len)};
}

SHARED void
test_folder(char folder[64])
{
    scratch_make(folder, "signet-signer");
    if (chmod(folder, 0755) != 0)
        abort();
}

#endif
