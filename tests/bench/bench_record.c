/* Rows per second of db_record by size of batch, and of the look-up by serial, on a durable
 * cluster. */
#include "../unit/db/world.h"

enum { BENCH_SECONDS = 3 };

static struct sample samples[LIMIT_BATCH];
static struct record records[LIMIT_BATCH];
static struct stored_signature stored[LIMIT_BATCH];

/* Server certificates need no token: one identity row, grants of any key. */
static void
fill_batch(size_t count)
{
    uint8_t grant[LIMIT_DIGEST_OCTETS];

    for (size_t i = 0; i < count; i++) {
        world_digest(grant);
        sample_init(&samples[i], "signet/server", grant);
        samples[i].record.grant_kind = GRANT_SERVER;
        samples[i].record.identity_kind = "server";
        records[i] = samples[i].record;
    }
}

static double
rows_per_second(size_t batch, bool sign)
{
    struct error err = {0};
    int64_t spent_us = 0, rows = 0;
    size_t stored_count = 0;

    while (spent_us < BENCH_SECONDS * INT64_C(1000000)) {
        uint8_t serials[LIMIT_BATCH][19];
        int64_t start;

        for (size_t i = 0; i < stored_count; i++) {
            memcpy(serials[i], samples[i].serial, 19);
            stored[i] = (struct stored_signature){.issuer = world.issuer,
                                                  .serial = bytes_of(serials[i], 19),
                                                  .signature = bytes_of(samples[i].tbs, 71)};
        }
        fill_batch(batch);
        start = clock_monotonic_us();
        world_need(db_record(world.signer, records, batch, stored, stored_count, &err), "record",
                   &err);
        spent_us += clock_monotonic_us() - start;
        rows += (int64_t)batch;
        stored_count = sign ? batch : 0;
    }
    return (double)rows * 1e6 / (double)spent_us;
}

static double
look_ups_per_second(void)
{
    struct error err = {0};
    struct db_certificate row;
    int64_t start = clock_monotonic_us(), count = 0;

    while (clock_monotonic_us() - start < BENCH_SECONDS * INT64_C(1000000)) {
        world_need(db_certificate_get(world.server, 0, samples[0].record.serial, &row, &err) ==
                       DB_FOUND,
                   "look-up", &err);
        count++;
    }
    return (double)count * 1e6 / (double)(clock_monotonic_us() - start);
}

int
main(void)
{
    static const size_t batches[] = {1, 4, 16, 64};

    world.cluster.durable = true;
    world_start();
    world_sql("INSERT INTO identity (name, kind, owner, state, profile, roles, names, created_at, "
              "changed_at) VALUES ('signet/server', 'server', 'bench', 'active', 'server', '', "
              "'{dns:a.example.internal,ip:127.0.0.1}', now(), now())");
    printf("%-28s %12s %12s\n", "batch", "record", "+ signature");
    for (size_t i = 0; i < ARRAY_LEN(batches); i++)
        printf("%-28zu %9.0f /s %9.0f /s\n", batches[i], rows_per_second(batches[i], false),
               rows_per_second(batches[i], true));
    printf("%-28s %9.0f /s\n", "look-up by serial", look_ups_per_second());
    printf("%-28s %9ld octets\n", "certificate row with indexes",
           world_count(
               "SELECT sum(pg_total_relation_size(relid)) / (SELECT count(*) FROM certificate) "
               "FROM pg_partition_tree('certificate')"));
    world_stop();
    return EXIT_SUCCESS;
}
