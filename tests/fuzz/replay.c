/* Runs a fuzz target without libFuzzer: each seed whole, cut at every place, and changed. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { SEED_OCTETS = 128 * 1024, PLACES = 400 };

static size_t
read_seed(const char *folder, const char *name, uint8_t *data)
{
    char path[1024];
    size_t len = 0;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (!file)
        return 0;
    len = fread(data, 1, SEED_OCTETS, file);
    fclose(file);
    return len;
}

/* Memory of exactly the right size, so that a read beyond it is seen by a sanitizer. */
static void
run_copy(const uint8_t *data, size_t len, size_t place, unsigned change)
{
    uint8_t *copy = malloc(len ? len : 1);

    if (!copy)
        abort();
    if (len)
        memcpy(copy, data, len);
    if (place < len)
        copy[place] = (uint8_t)(copy[place] ^ change);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static void
run_seed(const uint8_t *data, size_t len)
{
    size_t step = len / PLACES + 1;

    run_copy(data, len, len, 0);
    for (size_t place = 0; place < len; place += step) {
        run_copy(data, place, place, 0);
        run_copy(data, len, place, 0x01);
        run_copy(data, len, place, 0x80);
        run_copy(data, len, place, 0xff);
    }
}

int
main(int argc, char **argv)
{
    static uint8_t data[SEED_OCTETS];
    struct dirent *entry;
    unsigned seeds = 0;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;

    if (!folder) {
        fprintf(stderr, "usage: %s FOLDER-OF-SEEDS\n", argv[0]);
        return 1;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        run_seed(data, read_seed(argv[1], entry->d_name, data));
        seeds++;
    }
    closedir(folder);
    printf("%u seeds\n", seeds);
    return seeds ? 0 : 1;
}
