/* The configuration file: whatever the look before libconfuse lets pass, libconfuse must take. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "signet/config.h"
#include "signet/file.h"

/* What settings.c says when libconfuse disagrees with the scan. */
static bool
is_disagreement(const char *detail, const char *path)
{
    const char *words = detail + strlen(path) + 1;

    words += strspn(words, "0123456789");
    return strncmp(words, ": the syntax is wrong", 21) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct config config;
    struct error err = {0};
    char path[64];
    AUTO_FD fd = memfd_create("config", MFD_CLOEXEC);

    HOLDS(fd >= 0 && write(fd, data, len) == (ssize_t)len);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (!config_load(path, &config, &err))
        HOLDS(err.kind == ERROR_CONFIG && !is_disagreement(err.detail, path));
    return 0;
}
