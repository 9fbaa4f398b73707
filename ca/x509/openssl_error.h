/* OpenSSL's error queue as cause of an error of ours, and its objects' cleanup. */
#ifndef SIGNET_X509_OPENSSL_ERROR_H
#define SIGNET_X509_OPENSSL_ERROR_H

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "signet/error.h"

DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free);
DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free);
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free);
DEFINE_CLEANUP(BIO *, BIO_free_all);
DEFINE_CLEANUP(BIGNUM *, BN_free);
DEFINE_CLEANUP(BN_CTX *, BN_CTX_free);
#define AUTO_EVP_PKEY CLEANUP(EVP_PKEY_free_auto) EVP_PKEY *
#define AUTO_EVP_PKEY_CTX CLEANUP(EVP_PKEY_CTX_free_auto) EVP_PKEY_CTX *
#define AUTO_EVP_MD_CTX CLEANUP(EVP_MD_CTX_free_auto) EVP_MD_CTX *
#define AUTO_BIO CLEANUP(BIO_free_all_auto) BIO *
#define AUTO_BIGNUM CLEANUP(BN_free_auto) BIGNUM *
#define AUTO_BN_CTX CLEANUP(BN_CTX_free_auto) BN_CTX *

/* Notes OpenSSL's last error as the cause and empties its queue. Always false. */
bool error_openssl(struct error *err);

#endif
