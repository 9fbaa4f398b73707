/* Return codes of PKCS#11 as errors of ours. */
#ifndef SIGNET_TOKEN_FATE_H
#define SIGNET_TOKEN_FATE_H

#include <p11-kit/pkcs11.h>

#include "signet/keyring.h"

/*
 * Sets err from a return code: the kind follows from its fate (ERROR_TOKEN_PIN, ERROR_TOKEN_KEY,
 * ERROR_TOKEN_UNAVAILABLE, ERROR_CRYPTO for a fault of this call), the cause is the code.
 * Always false.
 */
bool token_error(struct error *err, CK_RV rv, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
