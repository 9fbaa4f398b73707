#include "key_file.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "signature_algorithm.h"

enum { RSA_NEW_BITS = 3072 };

static EVP_PKEY *
generate_p256(void)
{
    return EVP_EC_gen("P-256");
}

static EVP_PKEY *
generate_p384(void)
{
    return EVP_EC_gen("P-384");
}

static EVP_PKEY *
generate_rsa(void)
{
    return EVP_RSA_gen(RSA_NEW_BITS);
}

static EVP_PKEY *
generate_ed25519(void)
{
    return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static EVP_PKEY *
generate(enum key_type type)
{
    static EVP_PKEY *(*const rows[])(void) = {
        [KEY_P256] = generate_p256,
        [KEY_P384] = generate_p384,
        [KEY_RSA] = generate_rsa,
        [KEY_ED25519] = generate_ed25519,
    };

    return (unsigned)type < ARRAY_LEN(rows) && rows[type] ? rows[type]() : NULL;
}

bool
private_key_generate(enum key_type type, struct buffer *ret_pem, struct error *err)
{
    AUTO_EVP_PKEY pkey = generate(type);
    AUTO_BIO bio = BIO_new(BIO_s_secmem());
    char *text;
    long len;

    if (!pkey || !bio || PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1) {
        error_set(err, ERROR_CRYPTO, "a %s key could not be made", public_key_name(type));
        return error_openssl(err);
    }
    len = BIO_get_mem_data(bio, &text);
    if (len <= 0 || !buffer_put(ret_pem, text, (size_t)len))
        return error_set(err, ERROR_MEMORY, "no room for a private key of %ld octets", len);
    return true;
}

bool
private_key_load(const char *pem, EVP_PKEY **ret_pkey, struct error *err)
{
    AUTO_BIO bio = BIO_new_mem_buf(pem, -1);
    char no_passphrase[] = "";
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, no_passphrase) : NULL;

    if (!pkey) {
        error_set(err, ERROR_FILE_ACCESS, "wanted a private key as PEM without a passphrase");
        return error_openssl(err);
    }
    *ret_pkey = pkey;
    return true;
}

bool
private_key_spki(EVP_PKEY *pkey, struct buffer *out, struct error *err)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);
    bool ok = len > 0 && buffer_put(out, der, (size_t)len);

    OPENSSL_free(der);
    if (ok)
        return true;
    error_set(err, ERROR_CRYPTO, "the public key could not be encoded");
    return error_openssl(err);
}

bool
private_key_sign(EVP_PKEY *pkey, enum signature_algorithm algorithm, struct bytes message,
                 uint8_t *ret_signature, size_t *ret_len, struct error *err)
{
    AUTO_EVP_MD_CTX ctx = EVP_MD_CTX_new();
    size_t len = LIMIT_SIGNATURE_OCTETS;

    if (ctx &&
        EVP_DigestSignInit(ctx, NULL, signature_algorithm_digest(algorithm), NULL, pkey) == 1 &&
        EVP_DigestSign(ctx, ret_signature, &len, message.data, message.len) == 1) {
        *ret_len = len;
        return true;
    }
    error_set(err, ERROR_CRYPTO, "the key does not make a %s signature",
              signature_algorithm_name(algorithm));
    return error_openssl(err);
}
