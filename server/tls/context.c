#include "context.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "signet/limits.h"

enum { TLS_CHAIN_CERTIFICATES = 8 };

DEFINE_CLEANUP(BIO *, BIO_free_all);
#define AUTO_BIO CLEANUP(BIO_free_all_auto) BIO *
DEFINE_CLEANUP(X509 *, X509_free);
#define AUTO_X509 CLEANUP(X509_free_auto) X509 *
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free);
#define AUTO_PKEY CLEANUP(EVP_PKEY_free_auto) EVP_PKEY *

static bool
tls_error(struct error *err, const char *what)
{
    char text[160];

    ERR_error_string_n(ERR_peek_last_error(), text, sizeof(text));
    ERR_clear_error();
    error_set(err, ERROR_CRYPTO, "%s", what);
    return error_internal(err, "%s", text);
}

/* A key file with a passphrase is refused: there is nobody to ask. */
static int
no_passphrase(char *text, int size, int writing, void *context)
{
    (void)text, (void)size, (void)writing, (void)context;
    return -1;
}

static BIO *
pem_source(struct bytes pem)
{
    return pem.len > INT_MAX ? NULL : BIO_new_mem_buf(pem.data, (int)pem.len);
}

static bool
context_add_chain(SSL_CTX *context, BIO *source, struct error *err)
{
    for (int i = 0; i < TLS_CHAIN_CERTIFICATES; i++) {
        AUTO_X509 certificate = PEM_read_bio_X509(source, NULL, no_passphrase, NULL);

        if (!certificate) {
            ERR_clear_error();
            return true;
        }
        if (SSL_CTX_add0_chain_cert(context, certificate) != 1)
            return tls_error(err, "the chain of the TLS certificate cannot be used");
        certificate = NULL; /* the context owns it */
    }
    return error_set(err, ERROR_CRYPTO, "the chain of the TLS certificate is longer than %d",
                     TLS_CHAIN_CERTIFICATES);
}

static bool
context_set_certificate(SSL_CTX *context, struct bytes chain_pem, struct bytes key_pem,
                        struct error *err)
{
    AUTO_BIO chain = pem_source(chain_pem);
    AUTO_BIO key_source = pem_source(key_pem);
    AUTO_X509 leaf = chain ? PEM_read_bio_X509(chain, NULL, no_passphrase, NULL) : NULL;
    AUTO_PKEY key =
        key_source ? PEM_read_bio_PrivateKey(key_source, NULL, no_passphrase, NULL) : NULL;

    if (!leaf || SSL_CTX_use_certificate(context, leaf) != 1)
        return tls_error(err, "the TLS certificate cannot be parsed");
    if (!key || SSL_CTX_use_PrivateKey(context, key) != 1)
        return tls_error(err, "the TLS private key cannot be used with the certificate");
    if (SSL_CTX_check_private_key(context) != 1)
        return tls_error(err, "the TLS private key does not belong to the certificate");
    return context_add_chain(context, chain, err);
}

/*
 * Any chain passes here; only its size is judged. Whether the leaf is ours, alive and not revoked
 * is asked of the database at each request, which a check at the handshake could not replace.
 */
static int
accept_client_certificate(X509_STORE_CTX *store, void *context)
{
    X509 *leaf = X509_STORE_CTX_get0_cert(store);

    (void)context;
    if (leaf && i2d_X509(leaf, NULL) <= LIMIT_CERTIFICATE_OCTETS) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                const unsigned char *in, unsigned int in_len, void *context)
{
    static const unsigned char wanted[] = "\x08http/1.1";
    unsigned char *chosen;

    (void)ssl, (void)context;
    if (SSL_select_next_proto(&chosen, out_len, wanted, sizeof(wanted) - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool
context_set_protocol(SSL_CTX *context, struct error *err)
{
    static const unsigned char session_context[] = "signet";

    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, LIMIT_TLS_SESSION_S);
    SSL_CTX_set_max_cert_list(context, 4 * LIMIT_CERTIFICATE_OCTETS);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, accept_client_certificate, NULL);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
        SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") != 1 ||
        SSL_CTX_set_num_tickets(context, 1) != 1 ||
        SSL_CTX_set_session_id_context(context, session_context, sizeof(session_context) - 1) != 1)
        return tls_error(err, "OpenSSL does not take the TLS settings");
    return true;
}

bool
tls_context_new(struct bytes chain_pem, struct bytes key_pem, SSL_CTX **ret_context,
                struct error *err)
{
    AUTO_SSL_CTX context = SSL_CTX_new(TLS_server_method());

    ERR_clear_error();
    if (!context)
        return tls_error(err, "OpenSSL cannot make a TLS context");
    if (!context_set_protocol(context, err) ||
        !context_set_certificate(context, chain_pem, key_pem, err))
        return false;
    *ret_context = steal(&context);
    return true;
}
