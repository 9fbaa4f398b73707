/* How fast a token signs, by algorithm and number of threads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "signet/keyring.h"

enum { BENCH_THREADS = 4, BENCH_SECONDS = 1, BENCH_MOST_SECONDS = 600 };

/* A row of the table is written while it grows. */
struct bench_table {
    enum key_type type; /* of the row that stands there; 0: none yet */
};

static void
bench_tell(void *context, const struct keyring_bench_row *row)
{
    struct bench_table *table = context;

    if (table->type != row->type)
        printf("%s%-9s", table->type ? "\n" : "", public_key_name(row->type));
    table->type = row->type;
    if (row->threads)
        printf(" %9.0f", row->per_s);
    else
        printf("         - the token makes no such keys");
    fflush(stdout);
}

static bool
bench_number(const struct command_option *option, unsigned most, unsigned *ret_number,
             struct error *err)
{
    char *end;
    unsigned long number;

    if (!option->value)
        return true;
    number = strtoul(option->value, &end, 10);
    if (end == option->value || *end != '\0' || number < 1 || number > most)
        return error_set(err, ERROR_USAGE, "--%s %.40s: wanted 1 to %u", option->name,
                         option->value, most);
    *ret_number = (unsigned)number;
    return true;
}

static void
bench_head(unsigned threads)
{
    printf("signatures a second\n%-9s", "threads");
    for (unsigned count = 1; count <= threads; count *= 2)
        printf(" %9u", count);
    printf("\n");
    fflush(stdout);
}

static bool
bench(char **arguments, struct error *err)
{
    struct command_option options[] = {{"module", NULL},      {"token", NULL},   {"pin-fd", NULL},
                                       {"module-init", NULL}, {"threads", NULL}, {"seconds", NULL}};
    unsigned threads = BENCH_THREADS, seconds = BENCH_SECONDS;
    struct bench_table table = {0};
    struct keyring_options keyring = {0};
    struct keyring_bench wish = {.tell = bench_tell, .context = &table};
    int fd;
    AUTO_BUFFER pin = {0};

    if (!command_options(arguments, options, ARRAY_LEN(options), 3, err) ||
        !command_fd(&options[2], &fd, err) ||
        !bench_number(&options[4], KEYRING_BENCH_THREADS, &threads, err) ||
        !bench_number(&options[5], BENCH_MOST_SECONDS, &seconds, err) ||
        !keyring_pin_read(fd, &pin, err))
        return false;
    keyring = (struct keyring_options){.module = options[0].value,
                                       .init_string = options[3].value,
                                       .uri = options[1].value,
                                       .sessions = threads};
    wish.for_ms = (int64_t)seconds * 1000;
    bench_head(threads);
    if (!keyring_bench(&keyring, buffer_bytes(&pin), &wish, err))
        return false;
    printf("\n");
    return true;
}

int
command_bench(char **arguments)
{
    struct error err = {0};

    if (arguments[0] && strcmp(arguments[0], "--help") == 0) {
        printf("usage: signet-ceremony bench --module PATH --token URI --pin-fd N [--module-init "
               "TEXT]\n"
               "       [--threads N] [--seconds N]\n"
               "Signatures a second by algorithm and threads; the keys pass, nothing stays.\n\n"
               "example: signet token bench --module /usr/lib/softhsm/libsofthsm2.so\n"
               "  --token pkcs11:token=issuing --pin-fd 3 3<issuing.pin\n");
        return EXIT_DONE;
    }
    return bench(arguments, &err) ? EXIT_DONE : command_fail(&err);
}
