#include "flow_csr.h"

#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "flow.h"
#include "signet/encode.h"

enum { CSR_TEXT = 64 * 1024 };

static EVP_PKEY *
made(EVP_PKEY *key, const char *what)
{
    if (!key)
        flow_give_up("OpenSSL makes no %s key", what);
    return key;
}

EVP_PKEY *
key_make(void)
{
    return key_make_ec("P-256");
}

EVP_PKEY *
key_make_ec(const char *curve)
{
    return made(EVP_EC_gen(curve), curve);
}

EVP_PKEY *
key_make_rsa(unsigned bits)
{
    return made(EVP_RSA_gen(bits), "RSA");
}

EVP_PKEY *
key_make_ed25519(void)
{
    return made(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "Ed25519");
}

void
key_write(EVP_PKEY *key, const char *path)
{
    FILE *file = fopen(path, "we");

    if (!file || chmod(path, 0600) != 0 ||
        PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) != 1 || fclose(file) != 0)
        flow_give_up("key cannot be written to %s", path);
}

void
key_hash(EVP_PKEY *key, char text[65])
{
    unsigned char *der = NULL, digest[SHA256_DIGEST_LENGTH];
    int len = i2d_PUBKEY(key, &der);

    if (len <= 0)
        flow_give_up("a public key cannot be encoded");
    SHA256(der, (size_t)len, digest);
    OPENSSL_free(der);
    hex_encode(bytes_of(digest, sizeof(digest)), text, 65);
}

static void
extensions_add(X509_REQ *request, const struct csr_wish *wish)
{
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();

    for (size_t i = 0; i < CSR_WISH_EXTENSIONS && wish->extension[i].name; i++) {
        X509_EXTENSION *extension =
            X509V3_EXT_nconf(NULL, NULL, wish->extension[i].name, wish->extension[i].value);

        if (!extension || !sk_X509_EXTENSION_push(list, extension))
            flow_give_up("extension %s=%s", wish->extension[i].name, wish->extension[i].value);
    }
    if (sk_X509_EXTENSION_num(list) > 0)
        X509_REQ_add_extensions(request, list);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

void
csr_der_make(const struct csr_wish *wish, struct buffer *ret_der)
{
    bool one_shot = EVP_PKEY_is_a(wish->key, "ED25519");
    X509_REQ *request = X509_REQ_new();
    unsigned char *der = NULL;
    int len;

    X509_REQ_set_version(request, X509_REQ_VERSION_1);
    if (wish->common_name)
        X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8,
                                   (const unsigned char *)wish->common_name, -1, -1, 0);
    X509_REQ_set_pubkey(request, wish->key);
    extensions_add(request, wish);
    if (X509_REQ_sign(request, wish->key, one_shot ? NULL : EVP_sha256()) <= 0)
        flow_give_up("a certification request cannot be signed");
    len = i2d_X509_REQ(request, &der);
    X509_REQ_free(request);
    buffer_init(ret_der, CSR_TEXT);
    if (len <= 0 || !buffer_put(ret_der, der, (size_t)len))
        flow_give_up("a certification request cannot be encoded");
    OPENSSL_free(der);
}

void
csr_pem_make(const struct csr_wish *wish, struct buffer *ret_pem)
{
    AUTO_BUFFER der = {.max = 0};
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    long len;

    csr_der_make(wish, &der);
    PEM_write_bio(bio, "CERTIFICATE REQUEST", "", der.data, (long)der.len);
    len = BIO_get_mem_data(bio, &text);
    buffer_init(ret_pem, CSR_TEXT);
    if (len <= 0 || !buffer_put(ret_pem, text, (size_t)len))
        flow_give_up("a certification request cannot be written as PEM");
    BIO_free(bio);
}

void
csr_body(const char *csr, const char *more, struct buffer *ret_body)
{
    json_t *text = json_string_nocheck(csr);
    char *quoted = json_dumps(text, JSON_ENCODE_ANY);

    buffer_init(ret_body, 4 * CSR_TEXT);
    if (!quoted || !buffer_printf(ret_body, "{\"csr\": %s%s}", quoted, more))
        flow_give_up("a body cannot be written");
    free(quoted);
    json_decref(text);
}

void
csr_plain_body(EVP_PKEY *key, const char *more, struct buffer *ret_body)
{
    AUTO_BUFFER pem = {.max = 0};

    csr_pem_make(&(struct csr_wish){.key = key}, &pem);
    csr_body(buffer_text(&pem), more, ret_body);
}
