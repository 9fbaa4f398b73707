/*
 * Signing X.509 structures with a token key: digest, keyring, DER of the signature, verification
 * with the public key (T-09, T-12). Used by the signer and by the ceremony for the root.
 */
#ifndef SIGNET_TOKEN_SIGNER_H
#define SIGNET_TOKEN_SIGNER_H

#include "signet/keyring.h"

/* ECDSA r||s to the DER SEQUENCE of two minimal INTEGERs. */
MUST_USE bool ecdsa_signature_to_der(struct bytes raw, uint8_t *der, size_t room, size_t *ret_len);

#endif
