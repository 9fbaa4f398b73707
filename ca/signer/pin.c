#include "pin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "signet/file.h"

enum { LATCH_PATH = 1100, LATCH_OCTETS = 64 };

bool
pin_read(struct pin *pin, int fd, struct error *err)
{
    size_t used = 0;
    ssize_t got = 1;
    uint8_t *page =
        mmap(NULL, PIN_OCTETS + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return error_errno(err, ERROR_MEMORY, "no memory for the PIN");
    /* Best effort: without it the page may reach the swap in the second before it is wiped. */
    (void)!mlock(page, PIN_OCTETS + 1);
    *pin = (struct pin){.page = page};
    while (used < PIN_OCTETS + 1 && got > 0) {
        got = read(fd, page + used, PIN_OCTETS + 1 - used);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            used += (size_t)got;
    }
    close(fd);
    if (used > 0 && page[used - 1] == '\n')
        used--;
    if (got < 0 || used == 0 || used > PIN_OCTETS) {
        pin_wipe(pin);
        return error_set(err, ERROR_FILE_ACCESS,
                         "cannot read a PIN of 1 to %d octets from descriptor %d", PIN_OCTETS, fd);
    }
    pin->len = used;
    return true;
}

struct bytes
pin_bytes(const struct pin *pin)
{
    return bytes_of(pin->page, pin->len);
}

void
pin_wipe(struct pin *pin)
{
    if (!pin->page)
        return;
    bytes_wipe(pin->page, PIN_OCTETS + 1);
    munmap(pin->page, PIN_OCTETS + 1);
    *pin = (struct pin){0};
}

static void
latch_path(char path[LATCH_PATH], const char *folder)
{
    snprintf(path, LATCH_PATH, "%s/pin.latch", folder);
}

/* How many attempts ended unseen; -1: the PIN was refused (or the latch says what we never wrote).
 */
static bool
latch_load(const char *path, int *ret_unseen, struct error *err)
{
    AUTO_BUFFER content;
    const char *text;

    buffer_init(&content, LATCH_OCTETS);
    if (!file_exists(path)) {
        *ret_unseen = 0;
        return true;
    }
    if (!file_read(path, &content, err))
        return false;
    text = buffer_text(&content);
    *ret_unseen = -1;
    if (text && strncmp(text, "attempt ", 8) == 0 && text[8] >= '1' && text[8] <= '9')
        *ret_unseen = text[8] - '0';
    return true;
}

static bool
latch_write(const char *path, const char *text, struct error *err)
{
    return file_write_atomic(path, bytes_of_text(text), 0600, (uid_t)-1, (gid_t)-1, err);
}

bool
pin_latch_set(const char *folder, struct error *err)
{
    char path[LATCH_PATH];
    char text[LATCH_OCTETS];
    int unseen;

    latch_path(path, folder);
    if (!latch_load(path, &unseen, err))
        return false;
    if (unseen < 0)
        return error_set(err, ERROR_TOKEN_PIN,
                         "the token refused the PIN before: mend the PIN file, then remove %s",
                         path);
    if (unseen >= PIN_UNSEEN_ATTEMPTS)
        return error_set(err, ERROR_TOKEN_PIN,
                         "%d logins ended without a result: check token and PIN file, then remove "
                         "%s",
                         unseen, path);
    snprintf(text, sizeof(text), "attempt %d\n", unseen + 1);
    return latch_write(path, text, err);
}

bool
pin_latch_settle(const char *folder, bool refused, struct error *err)
{
    char path[LATCH_PATH];

    latch_path(path, folder);
    if (refused)
        return latch_write(path, "refused\n", err);
    if (unlink(path) != 0 && errno != ENOENT)
        return error_errno(err, ERROR_FILE_ACCESS, "cannot remove %s", path);
    return true;
}
