/*
 * What the tests of this folder share: keys in software made by OpenSSL, a leaf that passes every
 * rule, certificates and lists taken apart and put together wrongly.
 */
#ifndef SIGNET_TEST_X509_FIXTURE_H
#define SIGNET_TEST_X509_FIXTURE_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "suite.h"

#include "signet/der.h"
#include "signet/encode.h"
#include "signet/tbs_cert.h"

#define SHARED __attribute__((unused)) static

enum { TEST_ROOM = 64 * 1024 };
#define TEST_NOW 1795651200 /* 2026-11-26T00:00:00Z */

struct test_key {
    EVP_PKEY *pkey;
    enum signature_algorithm algorithm;
    uint8_t *spki;
    size_t spki_len;
};

SHARED struct test_key
key_make(const char *kind)
{
    struct test_key key = {.pkey = NULL};
    int len;

    if (strcmp(kind, "RSA") == 0)
        key.pkey = EVP_RSA_gen(2048);
    else if (strcmp(kind, "ED25519") == 0)
        key.pkey = EVP_PKEY_Q_keygen(NULL, NULL, kind);
    else
        key.pkey = EVP_EC_gen(kind);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key.pkey);
    len = i2d_PUBKEY(key.pkey, &key.spki);
    CU_ASSERT_TRUE_FATAL(len > 0);
    key.spki_len = (size_t)len;
    key.algorithm = strcmp(kind, "RSA") == 0       ? SIGNATURE_RSA_SHA256
                    : strcmp(kind, "ED25519") == 0 ? SIGNATURE_ED25519
                    : strcmp(kind, "P-384") == 0   ? SIGNATURE_ECDSA_SHA384
                                                   : SIGNATURE_ECDSA_SHA256;
    return key;
}

SHARED void
key_done(struct test_key *key)
{
    EVP_PKEY_free(key->pkey);
    OPENSSL_free(key->spki);
}
#define AUTO_KEY CLEANUP(key_done) struct test_key

SHARED struct bytes
key_spki(const struct test_key *key)
{
    return bytes_of(key->spki, key->spki_len);
}

/* Signs with OpenSSL, which knows nothing of our algorithms' table. */
SHARED struct bytes
key_sign(const struct test_key *key, struct bytes message, uint8_t room[1024])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = key->algorithm == SIGNATURE_ED25519        ? NULL
                       : key->algorithm == SIGNATURE_ECDSA_SHA384 ? EVP_sha384()
                                                                  : EVP_sha256();
    size_t len = 1024;

    CU_ASSERT_EQUAL_FATAL(EVP_DigestSignInit(ctx, NULL, md, NULL, key->pkey), 1);
    CU_ASSERT_EQUAL_FATAL(EVP_DigestSign(ctx, room, &len, message.data, message.len), 1);
    EVP_MD_CTX_free(ctx);
    return bytes_of(room, len);
}

/* --- names and a leaf ---------------------------------------------------------------------------
 */

static const uint8_t empty_name[] = {0x30, 0x00};
/* CN=Signet Test Issuing */
static const uint8_t issuer_name[] = {
    0x30, 0x1E, 0x31, 0x1C, 0x30, 0x1A, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0C, 0x13, 'S', 'i', 'g',
    'n',  'e',  't',  ' ',  'T',  'e',  's',  't',  ' ',  'I',  's',  's',  'u',  'i', 'n', 'g'};
static const uint8_t test_serial[] = {0x51, 0x51, 0x2F, 1,  2,  3,  4,  5,  6, 7,
                                      8,    9,    10,   11, 12, 13, 14, 15, 16};
static const uint8_t test_key_id[] = "ABCDEFGHIJKLMNOPQRST";

SHARED struct tbs_cert
leaf_tbs(struct bytes spki)
{
    struct tbs_cert tbs = {
        .serial = bytes_of(test_serial, sizeof(test_serial)),
        .algorithm = SIGNATURE_ECDSA_SHA256,
        .issuer = bytes_of(issuer_name, sizeof(issuer_name)),
        .subject = bytes_of(empty_name, sizeof(empty_name)),
        .not_before_s = TEST_NOW,
        .not_after_s = TEST_NOW + 86399,
        .spki = spki,
        .san = {.count = 3,
                .item = {{SAN_URI, bytes_of_text("spiffe://example.internal/payments/api")},
                         {SAN_DNS, bytes_of_text("api.example.internal")},
                         {SAN_IP, bytes_of_text("\x7F\x01\x02\x03")}}},
        .san_critical = true,
        .path_len = -1,
        .key_usage = KU_DIGITAL_SIGNATURE,
        .extended_key_usage = EKU_SERVER_AUTH | EKU_CLIENT_AUTH,
        .subject_key_id = bytes_of(test_key_id, 20),
        .authority_key_id = bytes_of(test_key_id, 20),
        .crl_url = bytes_of_text("http://pki.example.internal/crl/issuing-1.crl"),
        .ocsp_url = bytes_of_text("http://pki.example.internal/ocsp"),
        .ca_issuers_url = bytes_of_text("http://pki.example.internal/issuers/issuing-1.cer"),
    };
    return tbs;
}

SHARED struct tbs_cert
ca_tbs(struct bytes spki)
{
    struct tbs_cert tbs = leaf_tbs(spki);

    tbs.subject = tbs.issuer;
    tbs.san.count = 0;
    tbs.san_critical = false;
    tbs.ca = true;
    tbs.path_len = 0;
    tbs.key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN;
    tbs.extended_key_usage = 0;
    return tbs;
}

/* --- DER by hand
 * ---------------------------------------------------------------------------------- */

/* One value around `content`, appended. */
SHARED void
tlv(struct buffer *out, uint8_t tag, struct bytes content)
{
    CU_ASSERT_TRUE_FATAL(buffer_put_u8(out, tag));
    if (content.len < 0x80) {
        CU_ASSERT_TRUE_FATAL(buffer_put_u8(out, (uint8_t)content.len));
    } else {
        CU_ASSERT_TRUE_FATAL(buffer_put_u8(out, 0x82));
        CU_ASSERT_TRUE_FATAL(buffer_put_u16(out, (uint16_t)content.len));
        CU_ASSERT_TRUE_FATAL(content.len >= 0x100); /* else 82 would not be minimal */
    }
    CU_ASSERT_TRUE_FATAL(buffer_put(out, content.data, content.len));
}

/* Octets from hexadecimal text. */
SHARED struct bytes
octets(const char *hex, uint8_t *room, size_t room_octets)
{
    size_t len = 0;

    CU_ASSERT_TRUE_FATAL(hex_decode(hex, room, room_octets, &len));
    return bytes_of(room, len);
}

/* A TBSCertificate as its fields and its extensions, to be changed and joined again. */
struct tbs_pieces {
    size_t fields, extensions;
    struct bytes field[16], extension[16];
};

SHARED size_t
split(struct bytes content, struct bytes *part, size_t most)
{
    struct reader reader = reader_of(content);
    size_t count = 0;
    uint8_t tag;

    while (!reader_at_end(&reader)) {
        CU_ASSERT_TRUE_FATAL(count < most);
        CU_ASSERT_TRUE_FATAL(der_get(&reader, &tag, NULL, &part[count++]));
    }
    return count;
}

SHARED struct bytes
content_of(struct bytes der)
{
    struct reader reader = reader_of(der);
    struct bytes content;
    uint8_t tag;

    CU_ASSERT_TRUE_FATAL(der_get(&reader, &tag, &content, NULL));
    return content;
}

SHARED struct tbs_pieces
tbs_split(struct bytes der)
{
    struct tbs_pieces pieces = {.fields = 0};

    pieces.fields = split(content_of(der), pieces.field, 16);
    pieces.fields--;
    pieces.extensions =
        split(content_of(content_of(pieces.field[pieces.fields])), pieces.extension, 16);
    return pieces;
}

SHARED void
tbs_join(const struct tbs_pieces *pieces, struct buffer *out)
{
    AUTO_BUFFER list = {.max = TEST_ROOM};
    AUTO_BUFFER sequence = {.max = TEST_ROOM};
    AUTO_BUFFER content = {.max = TEST_ROOM};

    for (size_t i = 0; i < pieces->extensions; i++)
        CU_ASSERT_TRUE_FATAL(
            buffer_put(&list, pieces->extension[i].data, pieces->extension[i].len));
    tlv(&sequence, 0x30, buffer_bytes(&list));
    for (size_t i = 0; i < pieces->fields; i++)
        CU_ASSERT_TRUE_FATAL(buffer_put(&content, pieces->field[i].data, pieces->field[i].len));
    tlv(&content, 0xA3, buffer_bytes(&sequence));
    buffer_clear(out);
    tlv(out, 0x30, buffer_bytes(&content));
}

#endif
