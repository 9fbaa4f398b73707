#include "scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SCRATCH_PARENT_MAX = 36, SCRATCH_OPEN_FOLDERS = 16 };

void
scratch_make(char path[SCRATCH_PATH], const char *name)
{
    const char *parent = getenv("TMPDIR");
    int len;

    if (!parent || parent[0] != '/' || strlen(parent) > SCRATCH_PARENT_MAX)
        parent = "/tmp";
    len = snprintf(path, SCRATCH_PATH, "%s/%s-XXXXXX", parent, name);
    if (len >= SCRATCH_PATH || !mkdtemp(path)) {
        fprintf(stderr, "scratch folder %s: cannot be made\n", path);
        abort();
    }
}

static int
remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

void
scratch_remove(const char *path)
{
    nftw(path, remove_entry, SCRATCH_OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}
