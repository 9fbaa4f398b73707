/*
 * A private key and its certificate in two files, made so that nothing is lost: the key and the
 * request (CSR) are on disk before the request is sent, so that a repeated command sends the very
 * same bytes and gets the same certificate; what exists is replaced only when all the new is here.
 *
 *   KEY  CERT           in use
 *   KEY.csr             request under way for KEY
 *   KEY.new KEY.new.csr a new key and its request, until the certificate is here
 *   CERT.new            its certificate, for the moment between two renames
 */
#ifndef SIGNET_CLI_CREDENTIAL_H
#define SIGNET_CLI_CREDENTIAL_H

#include "signet/csr.h"

enum { CREDENTIAL_PATH_OCTETS = 1024, CREDENTIAL_KEY_OCTETS = 16 * 1024 };

struct credential {
    char key[CREDENTIAL_PATH_OCTETS];
    char cert[CREDENTIAL_PATH_OCTETS];
    char new_key[CREDENTIAL_PATH_OCTETS];
    char new_cert[CREDENTIAL_PATH_OCTETS];
    bool fresh; /* the request is for KEY.new */
    enum key_type
        key_type; /* of a key that is made; 0: as the key in use, P-256 when there is none */
};

/* Fixes the paths and finishes a replacement that was interrupted between its renames. */
MUST_USE bool credential_open(const char *key, const char *cert, struct credential *ret_credential,
                              struct error *err);
/*
 * Chooses the key to ask with and makes it when it is not there (mode 0600); its PEM in `out`.
 * `replace`: never the key in use but KEY.new. *ret_made tells whether it was made now.
 */
MUST_USE bool credential_key(struct credential *credential, bool replace, struct buffer *out,
                             bool *ret_made, struct error *err);
/* The request to send, as PEM: the stored one when it is for the same key and names, else a new
 * one, stored before this returns. */
MUST_USE bool credential_request(const struct credential *credential, const char *key_pem,
                                 const struct san_list *names, struct buffer *out,
                                 struct error *err);
/*
 * Installs certificate and chain (PEM), and the new key when it is one; forgets the request. The
 * certificate must be for the key of the request: ERROR_TRUST otherwise, with nothing changed.
 */
MUST_USE bool credential_install(const struct credential *credential, const char *key_pem,
                                 struct bytes chain, struct error *err);

#endif
