/* The configuration file. It is an operator's own, so a refusal that names the file is all it
 * needs. */
#include <sys/mman.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "signet/config.h"
#include "signet/file.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config;
    struct error err = {.kind = ERROR_NONE};
    char path[64];
    AUTO_FD fd = memfd_create("config", MFD_CLOEXEC);

    HOLDS(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (!config_load(path, &config, &err))
        HOLDS(err.kind == ERROR_CONFIG || err.kind == ERROR_FILE_ACCESS);
    return 0;
}
