/*
 * The PIN and its latch. The PIN is read once from an inherited descriptor into a locked page and
 * wiped after the one login. The latch is a file that outlives restarts: a token counts wrong PINs
 * and locks itself, so a refused PIN must never be tried again by a program that is restarted for
 * ever.
 */
#ifndef SIGNET_SIGNER_PIN_H
#define SIGNET_SIGNER_PIN_H

#include "signet/bytes.h"
#include "signet/error.h"

struct pin {
    uint8_t *page;
    size_t len;
};

enum { PIN_OCTETS = 256, PIN_UNSEEN_ATTEMPTS = 2 };

/* Reads to the end of `fd`, which is closed; one final newline is left out. */
MUST_USE bool pin_read(struct pin *pin, int fd, struct error *err);
struct bytes pin_bytes(const struct pin *pin);
void pin_wipe(struct pin *pin);

/*
 * Before the login: refuses with ERROR_TOKEN_PIN when the PIN was refused before, or when
 * PIN_UNSEEN_ATTEMPTS logins ended without anybody seeing how (killed in the middle); writes that
 * one begins.
 */
MUST_USE bool pin_latch_set(const char *folder, struct error *err);
/* After the login: `refused` keeps the latch for ever, else it is removed. */
MUST_USE bool pin_latch_settle(const char *folder, bool refused, struct error *err);

#endif
