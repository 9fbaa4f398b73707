/*
 * A SoftHSM token of a test's own, in a temporary folder, and a shim module before it that makes
 * return codes, delays, wrong signatures and odd attributes on order (shim/pkcs11_shim.c).
 * SIGNET_TEST_SOFTHSM names another place of the SoftHSM module.
 */
#ifndef SIGNET_TOKEN_FIXTURE_H
#define SIGNET_TOKEN_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#define TOKEN_FIXTURE_PIN "271828"

struct token_fixture {
    char folder[64];
    char control[96]; /* orders to the shim */
    char log[96];     /* what was called through the shim */
};

/* Makes the folder, sets SOFTHSM2_CONF and the shim's variables for this process, and makes a token
 * with this label. Aborts the test program when that is not possible. */
void token_fixture_start(struct token_fixture *fixture, const char *label);
/* One more token in the same folder. */
void token_fixture_add(struct token_fixture *fixture, const char *label);
void token_fixture_stop(struct token_fixture *fixture);

/* Path of SoftHSM itself and of the shim. */
const char *token_fixture_softhsm(void);
const char *token_fixture_shim(void);
/* Writes the shim's orders ("" for none) and empties its log. */
void token_fixture_order(struct token_fixture *fixture, const char *orders);
/* How often the function was called through the shim since the last order. */
unsigned token_fixture_calls(const struct token_fixture *fixture, const char *function);

#endif
