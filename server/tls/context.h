/* The OpenSSL settings of the server's TLS: 1.2 and 1.3, forward secrecy only, http/1.1 only. */
#ifndef SIGNET_TLS_CONTEXT_H
#define SIGNET_TLS_CONTEXT_H

#include <openssl/ssl.h>

#include "signet/bytes.h"
#include "signet/error.h"

DEFINE_CLEANUP(SSL_CTX *, SSL_CTX_free);
#define AUTO_SSL_CTX CLEANUP(SSL_CTX_free_auto) SSL_CTX *

/* Chain (leaf first) and private key as PEM. Gives. Errors: ERROR_CRYPTO. */
MUST_USE bool tls_context_new(struct bytes chain_pem, struct bytes key_pem, SSL_CTX **ret_context,
                              struct error *err);

#endif
