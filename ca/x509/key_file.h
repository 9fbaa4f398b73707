/* Private keys in software, for clients: PKCS#8 PEM. */
#ifndef SIGNET_X509_KEY_FILE_H
#define SIGNET_X509_KEY_FILE_H

#include "signet/csr.h"

#include "openssl_error.h"

/* Never asks for a passphrase. Gives. Errors: ERROR_FILE_ACCESS. */
MUST_USE bool private_key_load(const char *pem, EVP_PKEY **ret_pkey, struct error *err);
/* SubjectPublicKeyInfo, appended. */
MUST_USE bool private_key_spki(EVP_PKEY *pkey, struct buffer *out, struct error *err);
/* In X.509 form, into `ret_signature` of LIMIT_SIGNATURE_OCTETS. */
MUST_USE bool private_key_sign(EVP_PKEY *pkey, enum signature_algorithm algorithm,
                               struct bytes message, uint8_t *ret_signature, size_t *ret_len,
                               struct error *err);

#endif
