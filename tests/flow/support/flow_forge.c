#include "flow_forge.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "flow_csr.h"
#include "flow_internal.h"

enum { FORGE_PEM = 64 * 1024 };

static X509 *
model_load(struct flow *flow, const struct party *model)
{
    char path[192];
    FILE *file;
    X509 *certificate;

    snprintf(path, sizeof(path), "%s/%s.pem", flow->ca->work, model->file);
    file = fopen(path, "re");
    certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    if (!certificate)
        flow_give_up("%s is no certificate", path);
    fclose(file);
    return certificate;
}

static void
rename_issuer(X509 *certificate, const char *name)
{
    X509_NAME *issuer = X509_NAME_new();

    X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, issuer);
    X509_NAME_free(issuer);
}

static void
resign(X509 *certificate, enum forge kind, EVP_PKEY *key, EVP_PKEY *ca_key)
{
    if (kind == FORGE_FOREIGN)
        rename_issuer(certificate, "Another CA");
    if (kind == FORGE_SELF)
        X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, key);
    if (X509_sign(certificate, kind == FORGE_SELF ? key : ca_key, EVP_sha256()) <= 0)
        flow_give_up("a forged certificate cannot be signed");
}

/* The lower half of s: still a well-formed ECDSA signature, of nothing. */
static X509 *
signature_changed(X509 *certificate)
{
    unsigned char *der = NULL;
    const unsigned char *at;
    int len = i2d_X509(certificate, &der);
    X509 *changed;

    der[len - 3] ^= 0x55;
    at = der;
    changed = d2i_X509(NULL, &at, len);
    if (!changed)
        flow_give_up("a changed signature cannot be read back");
    OPENSSL_free(der);
    X509_free(certificate);
    return changed;
}

static void
write_pem(struct flow *flow, X509 *certificate, const char *stem, struct buffer *pem)
{
    char path[192], *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    FILE *file;
    long len;

    PEM_write_bio_X509(bio, certificate);
    len = BIO_get_mem_data(bio, &text);
    snprintf(path, sizeof(path), "%s/%s.pem", flow->ca->work, stem);
    file = fopen(path, "we");
    if (!file || fwrite(text, 1, (size_t)len, file) != (size_t)len || fclose(file) != 0)
        flow_give_up("%s cannot be written", path);
    if (pem) {
        buffer_init(pem, FORGE_PEM);
        if (!buffer_put(pem, text, (size_t)len))
            flow_give_up("no memory");
    }
    BIO_free(bio);
}

void
flow_forge(struct flow *flow, enum forge kind, const struct party *model, const char *stem,
           struct buffer *pem)
{
    X509 *certificate = model_load(flow, model);
    AUTO_KEY key = key_make();
    AUTO_KEY ca_key = key_make();
    char path[192];

    if (kind == FORGE_SIGNATURE)
        certificate = signature_changed(certificate);
    else
        resign(certificate, kind, key, ca_key);
    write_pem(flow, certificate, stem, pem);
    snprintf(path, sizeof(path), "%s/%s.key", flow->ca->work, stem);
    key_write(kind == FORGE_SIGNATURE ? model->key : key, path);
    X509_free(certificate);
}
