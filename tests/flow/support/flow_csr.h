/* Keys and certification requests, also those that no client would make, built with OpenSSL alone.
 */
#ifndef SIGNET_TEST_FLOW_CSR_H
#define SIGNET_TEST_FLOW_CSR_H

#include <openssl/evp.h>

#include "signet/attributes.h"
#include "signet/buffer.h"
#include "signet/bytes.h"

enum { CSR_WISH_EXTENSIONS = 8 };

struct csr_wish {
    EVP_PKEY *key;
    const char *common_name; /* or null */
    struct {
        const char *name, *value; /* as in openssl.cnf: "subjectAltName", "DNS:a.example" */
    } extension[CSR_WISH_EXTENSIONS];
};

/* All of these give what was asked or end the program. */
EVP_PKEY *key_make(void);                 /* P-256 */
EVP_PKEY *key_make_ec(const char *curve); /* "P-384", "secp256k1" */
EVP_PKEY *key_make_rsa(unsigned bits);
EVP_PKEY *key_make_ed25519(void);
static inline void
key_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
    *key = NULL;
}
#define AUTO_KEY CLEANUP(key_free) EVP_PKEY *
void key_write(EVP_PKEY *key, const char *path);
/* SHA-256 of the SubjectPublicKeyInfo in hexadecimal. */
void key_hash(EVP_PKEY *key, char text[65]);

void csr_der_make(const struct csr_wish *wish, struct buffer *ret_der);
void csr_pem_make(const struct csr_wish *wish, struct buffer *ret_pem);
/* {"csr": TEXT} with `more` (", \"ttl_s\": 60") before the brace. */
void csr_body(const char *csr, const char *more, struct buffer *ret_body);
/* The body for a plain request with this key. */
void csr_plain_body(EVP_PKEY *key, const char *more, struct buffer *ret_body);

#endif
