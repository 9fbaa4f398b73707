#include "programs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool
programs_find(const struct config *config, char ret_folder[CONFIG_PATH], struct error *err)
{
    char self[CONFIG_PATH];
    ssize_t len;
    char *slash;

    if (config->programs[0]) {
        snprintf(ret_folder, CONFIG_PATH, "%s", config->programs);
        return true;
    }
    len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (len <= 0)
        return error_errno(err, ERROR_FILE_ACCESS, "cannot tell which folder this program is in");
    self[len] = '\0';
    slash = strrchr(self, '/');
    if (!slash || slash == self)
        return error_set(err, ERROR_FILE_ACCESS, "%s has no folder for the other programs", self);
    *slash = '\0';
    memcpy(ret_folder, self, strlen(self) + 1);
    return true;
}
