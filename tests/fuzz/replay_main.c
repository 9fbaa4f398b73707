/* Runs the target once on each file of the folders and files named: the corpus under ctest. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "signet/file.h"

enum { REPLAY_FILE_OCTETS = 16 * 1024 * 1024, REPLAY_PATH = 4096 };

static bool
replay_file(const char *path)
{
    AUTO_BUFFER content = {.max = REPLAY_FILE_OCTETS};
    struct error err = {.kind = ERROR_NONE};

    if (!file_read(path, &content, &err)) {
        fprintf(stderr, "%s: %s\n", path, err.detail);
        return false;
    }
    LLVMFuzzerTestOneInput(content.data, content.len);
    return true;
}

/* How many files were run; -1 when one could not be read. */
static int
replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    char path[REPLAY_PATH];
    struct dirent *item;
    int count = 0;

    if (!dir)
        return -1;
    while (count >= 0 && (item = readdir(dir))) {
        if (item->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, item->d_name);
        count = replay_file(path) ? count + 1 : -1;
    }
    closedir(dir);
    return count;
}

int
main(int argc, char **argv)
{
    int total = 0;

    for (int i = 1; i < argc; i++) {
        struct stat status;
        bool folder = stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode);
        int count = folder ? replay_folder(argv[i]) : replay_file(argv[i]) ? 1 : -1;
        if (count < 0) {
            fprintf(stderr, "%s could not be replayed\n", argv[i]);
            return EXIT_FAILURE;
        }
        total += count;
    }
    printf("%d inputs replayed\n", total);
    return total > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
