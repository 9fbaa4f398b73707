/*
 * The token's own rate: P-256 signatures a second, straight through the keyring, nothing around.
 *   bench_token MODULE URI PIN_FILE THREADS SECONDS
 * Prints one number. Everything that issues or answers is compared with it.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "signet/clock.h"
#include "signet/file.h"
#include "signet/keyring.h"

struct bench {
    struct keyring *keyring;
    unsigned session;
    int64_t until_ms;
    uint64_t signatures;
};

static void *
bench_thread(void *argument)
{
    struct bench *bench = argument;
    uint8_t digest[32] = {(uint8_t)bench->session};
    uint8_t raw[KEYRING_SIGNATURE_RAW];
    struct error err = {0};
    size_t len;

    while (clock_monotonic_ms() < bench->until_ms) {
        if (!keyring_sign(bench->keyring, bench->session, bytes_of(digest, sizeof(digest)), raw,
                          &len, &err)) {
            fprintf(stderr, "bench_token: %s (%s)\n", err.detail, err.internal);
            exit(EXIT_FAILURE);
        }
        digest[0]++;
        bench->signatures++;
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    enum { MOST_THREADS = 16 };
    AUTO_BUFFER pin = {.max = 256};
    struct keyring_options options = {0};
    struct bench bench[MOST_THREADS] = {0};
    pthread_t threads[MOST_THREADS];
    struct keyring *keyring = NULL;
    struct error err = {0};
    uint64_t signatures = 0;
    long seconds, count;

    if (argc != 6) {
        fputs("usage: bench_token MODULE URI PIN_FILE THREADS SECONDS\n", stderr);
        return 2;
    }
    options.module = argv[1];
    options.uri = argv[2];
    count = strtol(argv[4], NULL, 10);
    seconds = strtol(argv[5], NULL, 10);
    if (count < 1 || count > MOST_THREADS || seconds < 1)
        return 2;
    options.sessions = (unsigned)count;
    if (!file_read(argv[3], &pin, &err)) {
        fprintf(stderr, "bench_token: %s\n", err.detail);
        return EXIT_FAILURE;
    }
    while (pin.len && (pin.data[pin.len - 1] == '\n' || pin.data[pin.len - 1] == '\r'))
        pin.len--;
    if (!keyring_open(&options, buffer_bytes(&pin), &keyring, &err)) {
        fprintf(stderr, "bench_token: %s (%s)\n", err.detail, err.internal);
        return EXIT_FAILURE;
    }
    for (unsigned i = 0; i < keyring_sessions(keyring); i++) {
        bench[i].keyring = keyring;
        bench[i].session = i;
        bench[i].until_ms = clock_monotonic_ms() + seconds * 1000;
        if (pthread_create(&threads[i], NULL, bench_thread, &bench[i]) != 0)
            return EXIT_FAILURE;
    }
    for (unsigned i = 0; i < keyring_sessions(keyring); i++) {
        pthread_join(threads[i], NULL);
        signatures += bench[i].signatures;
    }
    printf("%llu\n", (unsigned long long)(signatures / (uint64_t)seconds));
    keyring_close(keyring);
    return EXIT_SUCCESS;
}
