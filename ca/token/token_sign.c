#include "signet/token_signer.h"

#include <string.h>

enum {
    ECDSA_HALF_MAX = 66,    /* P-521 */
    DIGEST_INFO_OCTETS = 19 /* prefix before the digest, RFC 8017 section 9.2 note 1 */
};

static const struct token_sign_row {
    enum signature_algorithm algorithm;
    enum keyring_mechanism mechanism;
    size_t raw_len; /* 0: as long as the key's modulus */
    const uint8_t *digest_info;
} token_sign_rows[] = {
    {SIGNATURE_ECDSA_SHA256, KEYRING_ECDSA, 0, NULL},
    {SIGNATURE_ECDSA_SHA384, KEYRING_ECDSA, 0, NULL},
    {SIGNATURE_RSA_SHA256, KEYRING_RSA_PKCS1, 0,
     (const uint8_t
          *)"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"},
    {SIGNATURE_RSA_SHA384, KEYRING_RSA_PKCS1, 0,
     (const uint8_t
          *)"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"},
    {SIGNATURE_ED25519, KEYRING_EDDSA, 64, NULL},
};

/* One INTEGER, minimal and positive. */
static size_t
ecdsa_put_integer(const uint8_t *value, size_t len, uint8_t *der)
{
    size_t skip = 0, pad;

    while (skip + 1 < len && value[skip] == 0)
        skip++;
    pad = value[skip] & 0x80 ? 1 : 0;
    der[0] = 0x02;
    der[1] = (uint8_t)(len - skip + pad);
    der[2] = 0;
    memcpy(der + 2 + pad, value + skip, len - skip);
    return 2 + pad + len - skip;
}

bool
ecdsa_signature_to_der(struct bytes raw, uint8_t *der, size_t room, size_t *ret_len)
{
    uint8_t body[2 * (ECDSA_HALF_MAX + 3)];
    size_t half = raw.len / 2, len, header;

    if (raw.len < 2 || raw.len % 2 != 0 || half > ECDSA_HALF_MAX)
        return false;
    len = ecdsa_put_integer(raw.data, half, body);
    len += ecdsa_put_integer(raw.data + half, half, body + len);
    header = len < 0x80 ? 2 : 3;
    if (header + len > room)
        return false;
    der[0] = 0x30;
    der[1] = header == 2 ? (uint8_t)len : 0x81;
    if (header == 3)
        der[2] = (uint8_t)len;
    memcpy(der + header, body, len);
    *ret_len = header + len;
    return true;
}

static const struct token_sign_row *
token_sign_row(const struct keyring *keyring, enum signature_algorithm algorithm)
{
    for (size_t i = 0; i < ARRAY_LEN(token_sign_rows); i++)
        if (token_sign_rows[i].algorithm == algorithm &&
            token_sign_rows[i].mechanism == keyring_mechanism_of(keyring))
            return &token_sign_rows[i];
    return NULL;
}

/* What the token is given: digest, DigestInfo, or the message itself. */
static struct bytes
token_sign_input(const struct token_sign_row *row, struct bytes message,
                 uint8_t storage[DIGEST_INFO_OCTETS + 64])
{
    size_t len = 0, prefix = row->digest_info ? DIGEST_INFO_OCTETS : 0;

    if (!digest_for_signature(row->algorithm, message, storage + prefix, &len))
        return message;
    if (prefix)
        memcpy(storage, row->digest_info, prefix);
    return bytes_of(storage, prefix + len);
}

bool
token_sign(struct keyring *keyring, unsigned session, const struct public_key *key,
           enum signature_algorithm algorithm, struct bytes message,
           uint8_t ret_signature[LIMIT_SIGNATURE_OCTETS], size_t *ret_len, struct error *err)
{
    const struct token_sign_row *row = token_sign_row(keyring, algorithm);
    uint8_t storage[DIGEST_INFO_OCTETS + 64];
    uint8_t raw[KEYRING_SIGNATURE_RAW], signature[LIMIT_SIGNATURE_OCTETS];
    size_t raw_len = 0, len = 0;

    if (!row)
        return error_set(err, ERROR_TOKEN_KEY,
                         "the token's key cannot make signatures of algorithm %d", (int)algorithm);
    if (!keyring_sign(keyring, session, token_sign_input(row, message, storage), raw, &raw_len,
                      err))
        return false;
    if (row->raw_len && raw_len != row->raw_len)
        return error_set(err, ERROR_SIGNATURE_WRONG,
                         "the token's signature has %zu octets, not %zu", raw_len, row->raw_len);
    if (row->mechanism == KEYRING_ECDSA) {
        if (!ecdsa_signature_to_der(bytes_of(raw, raw_len), signature, sizeof(signature), &len))
            return error_set(err, ERROR_SIGNATURE_WRONG,
                             "the token's ECDSA signature has %zu octets", raw_len);
    } else {
        memcpy(signature, raw, raw_len);
        len = raw_len;
    }
    if (!public_key_verify(key, algorithm, message, bytes_of(signature, len), err))
        return error_context(err, "signature of the token");
    memcpy(ret_signature, signature, len);
    *ret_len = len;
    return true;
}
