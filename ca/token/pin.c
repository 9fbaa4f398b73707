#include <string.h>

#include "signet/file.h"
#include "signet/keyring.h"

static bool
pin_check(struct buffer *pin, struct error *err)
{
    if (pin->len && pin->data[pin->len - 1] == '\n')
        pin->data[--pin->len] = 0;
    if (pin->len == 0)
        return error_set(err, ERROR_TOKEN_PIN, "the PIN is empty");
    if (pin->len > KEYRING_PIN_OCTETS)
        return error_set(err, ERROR_TOKEN_PIN, "the PIN is longer than %d octets",
                         KEYRING_PIN_OCTETS);
    if (memchr(pin->data, 0, pin->len))
        return error_set(err, ERROR_TOKEN_PIN, "the PIN has a NUL octet in it");
    return true;
}

bool
keyring_pin_read(int fd, struct buffer *ret_pin, struct error *err)
{
    /* One for the newline, one to notice that it goes on. */
    buffer_init(ret_pin, KEYRING_PIN_OCTETS + 2);
    if (file_read_fd(fd, "the PIN", ret_pin, err) && pin_check(ret_pin, err))
        return true;
    buffer_done(ret_pin);
    return false;
}
