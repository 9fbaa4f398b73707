/*
 * Signing X.509 structures with a token key: digest, token, X.509 form of the signature, and
 * verification with the public key before anybody sees it (T-09, T-12). Used by the signer for all
 * it signs and by the ceremony for the root.
 */
#ifndef SIGNET_TOKEN_SIGNER_H
#define SIGNET_TOKEN_SIGNER_H

#include "signet/keyring.h"
#include "signet/public_key.h"

/*
 * Signs `message` on `session` of the keyring and verifies with `key`. ret_signature is in X.509
 * form (ECDSA as DER). Errors: those of keyring_sign, ERROR_SIGNATURE_WRONG.
 */
MUST_USE bool token_sign(struct keyring *keyring, unsigned session, const struct public_key *key,
                         enum signature_algorithm algorithm, struct bytes message,
                         uint8_t ret_signature[LIMIT_SIGNATURE_OCTETS], size_t *ret_len,
                         struct error *err);
/* ECDSA r||s to the DER SEQUENCE of two minimal INTEGERs. */
MUST_USE bool ecdsa_signature_to_der(struct bytes raw, uint8_t *der, size_t room, size_t *ret_len);

#endif
