#include "suite.h"

#include <dirent.h>
#include <string.h>

#include "signet/keyring.h"
#include "token_fixture.h"

static struct token_fixture fixture;

enum { BENCH_ROWS = 32 };

struct told {
    unsigned count;
    struct keyring_bench_row row[BENCH_ROWS];
};

static void
tell(void *context, const struct keyring_bench_row *row)
{
    struct told *told = context;

    CU_ASSERT_TRUE_FATAL(told->count < BENCH_ROWS);
    told->row[told->count++] = *row;
}

static bool
bench(const char *module, const char *pin, unsigned threads, struct told *told, struct error *err)
{
    const struct keyring_options options = {
        .module = module, .uri = "pkcs11:token=bench", .sessions = threads};
    const struct keyring_bench wish = {.for_ms = 30, .tell = tell, .context = told};

    *told = (struct told){.count = 0};
    error_clear(err);
    return keyring_bench(&options, bytes_of_text(pin), &wish, err);
}

/* Files below the folder of the tokens: SoftHSM keeps an object in each. */
static unsigned
objects(const char *folder)
{
    char path[512];
    unsigned count = 0;
    DIR *dir = opendir(folder);

    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%.200s/%.200s", folder, entry->d_name);
        count += entry->d_type == DT_DIR ? objects(path) : strstr(path, ".object") != NULL;
    }
    if (dir)
        closedir(dir);
    return count;
}

static void
tells_each_algorithm_and_leaves_nothing(void)
{
    static const enum key_type types[] = {KEY_P256, KEY_P384, KEY_RSA, KEY_ED25519};
    unsigned before = objects(fixture.folder);
    struct error err = {0};
    struct told told;

    if (!ASSERT_OK(bench(token_fixture_softhsm(), TOKEN_FIXTURE_PIN, 2, &told, &err), &err))
        return;
    CU_ASSERT_EQUAL_FATAL(told.count, 2 * ARRAY_LEN(types));
    for (unsigned i = 0; i < told.count; i++) {
        CU_ASSERT_EQUAL(told.row[i].type, types[i / 2]);
        CU_ASSERT_EQUAL(told.row[i].threads, i % 2 + 1);
        CU_ASSERT_TRUE(told.row[i].per_s > 0);
    }
    CU_ASSERT_EQUAL(objects(fixture.folder), before);
}

static void
refuses_wrong_numbers_and_pins(void)
{
    struct error err = {0};
    struct told told;

    ASSERT_REFUSED(bench(token_fixture_softhsm(), TOKEN_FIXTURE_PIN, 0, &told, &err), &err,
                   ERROR_USAGE);
    ASSERT_REFUSED(
        bench(token_fixture_softhsm(), TOKEN_FIXTURE_PIN, KEYRING_BENCH_THREADS + 1, &told, &err),
        &err, ERROR_USAGE);
    ASSERT_REFUSED(bench(token_fixture_softhsm(), "314159", 1, &told, &err), &err, ERROR_TOKEN_PIN);
    CU_ASSERT_EQUAL(told.count, 0);
}

int
main(void)
{
    int status;

    token_fixture_start(&fixture, "bench");
    status = RUN_SUITE("token bench", TEST(tells_each_algorithm_and_leaves_nothing),
                       TEST(refuses_wrong_numbers_and_pins));
    token_fixture_stop(&fixture);
    return status;
}
