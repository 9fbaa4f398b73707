#include "subject.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signet/file.h"

static char *
text_of(BIO *bio)
{
    char *data, *text;
    long len = BIO_get_mem_data(bio, &data);

    text = len > 0 ? strndup(data, (size_t)len) : NULL;
    if (!text)
        abort();
    BIO_free(bio);
    return text;
}

static char *
key_text(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());

    if (!bio || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        abort();
    return text_of(bio);
}

static char *
request_text(EVP_PKEY *key)
{
    X509_REQ *request = X509_REQ_new();
    BIO *bio = BIO_new(BIO_s_mem());

    if (!request || !bio || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
        X509_REQ_set_pubkey(request, key) != 1 || X509_REQ_sign(request, key, EVP_sha256()) <= 0 ||
        PEM_write_bio_X509_REQ(bio, request) != 1)
        abort();
    X509_REQ_free(request);
    return text_of(bio);
}

void
subject_make(struct subject *subject)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    char *csr;
    json_t *body;

    if (!key)
        abort();
    csr = request_text(key);
    body = json_pack("{s:s}", "csr", csr);
    *subject = (struct subject){key_text(key), json_dumps(body, JSON_COMPACT)};
    if (!subject->body)
        abort();
    json_decref(body);
    free(csr);
    EVP_PKEY_free(key);
}

void
subject_done(struct subject *subject)
{
    free(subject->key_pem);
    free(subject->body);
    *subject = (struct subject){0};
}

void
subject_identities(struct ca *ca, const char *family, unsigned count)
{
    ca_sql(ca, NULL,
           "INSERT INTO identity (name, kind, owner, state, profile, roles, names, created_at, "
           "changed_at) SELECT '%s-' || n, 'workload', 'tests', 'active', 'workload', '', '{}', "
           "now(), now() FROM generate_series(1, %u) n ON CONFLICT DO NOTHING",
           family, count);
}

void
subject_tokens(struct ca *ca, const char *family, unsigned identities, unsigned rounds)
{
    ca_sql(
        ca, NULL,
        "INSERT INTO enrol_token (hash, identity, created_by, created_at, expires_at) "
        "SELECT sha256(convert_to('sgt_' || rtrim(translate(encode(sha256(convert_to('%s-' || n, "
        "'UTF8')), 'base64'), '+/', '-_'), '='), 'UTF8')), i.id, 'admin/%s', now(), "
        "now() + interval '1 day' FROM generate_series(1, %u) n JOIN identity i "
        "ON i.name = '%s-' || ((n - 1) %% %u + 1)",
        family, CA_ADMIN, identities * rounds, family, identities);
}

void
subject_token(const char *family, unsigned number, char text[CA_TOKEN_TEXT])
{
    char name[128];
    unsigned char secret[SHA256_DIGEST_LENGTH], encoded[48];

    snprintf(name, sizeof(name), "%s-%u", family, number);
    SHA256((const unsigned char *)name, strlen(name), secret);
    EVP_EncodeBlock(encoded, secret, sizeof(secret));
    for (unsigned char *at = encoded; *at; at++)
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    snprintf(text, CA_TOKEN_TEXT, "sgt_%.43s", (const char *)encoded);
}

char *
subject_file(const char *path)
{
    struct error err = {0};
    char *text = NULL;
    AUTO_BUFFER content;

    buffer_init(&content, 65536);
    if (file_read(path, &content, &err))
        text = strdup(buffer_text(&content));
    if (!text)
        abort();
    return text;
}
