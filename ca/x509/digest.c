#include <openssl/rand.h>
#include <openssl/sha.h>

#include "signature_algorithm.h"

void
digest_sha256(struct bytes data, uint8_t ret_digest[32])
{
    SHA256(data.data, data.len, ret_digest);
}

void
digest_sha1(struct bytes data, uint8_t ret_digest[20])
{
    SHA1(data.data, data.len, ret_digest);
}

bool
digest_for_signature(enum signature_algorithm algorithm, struct bytes message,
                     uint8_t ret_digest[64], size_t *ret_len)
{
    const EVP_MD *digest = signature_algorithm_digest(algorithm);
    unsigned len = 0;

    if (!digest || EVP_Digest(message.data, message.len, ret_digest, &len, digest, NULL) != 1)
        return false;
    *ret_len = len;
    return true;
}

bool
random_bytes(void *data, size_t len, struct error *err)
{
    if (len > INT32_MAX || RAND_bytes(data, (int)len) != 1)
        return error_set(err, ERROR_CRYPTO, "no random numbers to be had (%zu octets)", len);
    return true;
}
