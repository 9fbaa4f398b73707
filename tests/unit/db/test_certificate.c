#include "world.h"

enum { ROWS = 6 };

static struct sample rows[ROWS]; /* by falling serial: the order of lists */

struct listed {
    int count;
    uint8_t last[19];
    bool in_order;
};

static bool
take(void *context, const struct db_certificate *row)
{
    struct listed *listed = context;

    if (listed->count > 0 && memcmp(listed->last, row->serial, 19) <= 0)
        listed->in_order = false;
    memcpy(listed->last, row->serial, 19);
    listed->count++;
    return true;
}

static struct listed
list(struct db_certificate_filter filter)
{
    struct listed listed = {.in_order = true};
    struct error err = {0};

    filter.now_s = filter.now_s ? filter.now_s : clock_now_s();
    filter.limit = filter.limit ? filter.limit : 100;
    ASSERT_OK(db_certificate_list(world.server, &filter, take, &listed, &err), &err);
    CU_ASSERT_TRUE(listed.in_order);
    return listed;
}

static void
fill(void)
{
    world_identity("list/api");
    world_identity("list/other");
    for (int i = 0; i < ROWS; i++) {
        uint8_t grant[LIMIT_DIGEST_OCTETS];
        const char *identity = i < 4 ? "list/api" : "list/other";

        world_token(identity, 3600, grant);
        sample_init(&rows[i], identity, grant);
        sample_serial(&rows[i], clock_now_s() + (ROWS - i) * INT64_C(86400));
        if (i == 2)
            rows[i].record.names = "uri:spiffe://example.internal/list/api";
        CU_ASSERT_EQUAL(sample_record(&rows[i]), RECORD_DONE);
        if (i != 1)
            sample_sign(&rows[i]);
    }
    sample_revoke(&rows[3]);
}

static void
filters(void)
{
    int64_t now_s = clock_now_s();

    CU_ASSERT_EQUAL(list((struct db_certificate_filter){0}).count, ROWS);
    CU_ASSERT_EQUAL(list((struct db_certificate_filter){.identity = "list/api"}).count, 4);
    CU_ASSERT_EQUAL(list((struct db_certificate_filter){.identity = "list/none"}).count, 0);
    CU_ASSERT_EQUAL(list((struct db_certificate_filter){.name = "dns:a.example.internal"}).count,
                    5);
    CU_ASSERT_EQUAL(list((struct db_certificate_filter){.name = "dns:a"}).count, 0);
    CU_ASSERT_EQUAL(
        list((struct db_certificate_filter){.spki_hash = bytes_of(rows[4].record.spki_hash, 32)})
            .count,
        1);
    CU_ASSERT_EQUAL(list((struct db_certificate_filter){.status = "valid"}).count, 4);
    CU_ASSERT_EQUAL(list((struct db_certificate_filter){.status = "revoked"}).count, 1);
    CU_ASSERT_EQUAL(list((struct db_certificate_filter){.status = "recorded"}).count, 1);
    CU_ASSERT_EQUAL(list((struct db_certificate_filter){.status = "expired"}).count, 0);
    CU_ASSERT_EQUAL(
        list((struct db_certificate_filter){.status = "expired", .now_s = now_s + 10 * 86400})
            .count,
        5);
    CU_ASSERT_EQUAL(list((struct db_certificate_filter){.not_after_from_s = now_s + 3 * 86400 - 100,
                                                        .not_after_to_s = now_s + 4 * 86400 + 100})
                        .count,
                    2);
    CU_ASSERT_EQUAL(list((struct db_certificate_filter){.issued_from_s = now_s + 1000}).count, 0);
    CU_ASSERT_EQUAL(list((struct db_certificate_filter){.issued_from_s = now_s - 1000,
                                                        .issued_to_s = now_s + 10})
                        .count,
                    ROWS);
    CU_ASSERT_EQUAL(list((struct db_certificate_filter){
                             .identity = "list/api", .name = "ip:127.0.0.1", .status = "valid"})
                        .count,
                    1);
}

static void
refuses_an_unknown_status(void)
{
    struct listed listed = {0};
    struct error err = {0};

    ASSERT_REFUSED(db_certificate_list(
                       world.server, &(struct db_certificate_filter){.status = "fine", .limit = 1},
                       take, &listed, &err),
                   &err, ERROR_PARAMETER_INVALID);
    CU_ASSERT_EQUAL(listed.count, 0);
}

static void
pages_by_serial(void)
{
    struct db_certificate_filter filter = {.limit = 4};
    struct listed page = list(filter);
    uint8_t key[19];

    CU_ASSERT_EQUAL(page.count, 4);
    CU_ASSERT_EQUAL(memcmp(page.last, rows[3].serial, 19), 0);
    memcpy(key, page.last, sizeof(key));
    filter.after_serial = bytes_of(key, sizeof(key));
    page = list(filter);
    CU_ASSERT_EQUAL(page.count, ROWS - 4);
    CU_ASSERT_EQUAL(memcmp(page.last, rows[ROWS - 1].serial, 19), 0);
}

static void
found_by_its_tbs_only(void)
{
    struct db_certificate row;
    struct error err = {0};
    uint8_t hash[LIMIT_DIGEST_OCTETS];
    char sql[160], digits[3] = "";
    const char *hex;

    snprintf(sql, sizeof(sql),
             "SELECT encode(sha256(tbs), 'hex') FROM certificate ORDER BY serial DESC");
    hex = world_sql(sql);
    for (size_t i = 0; i < sizeof(hash); i++) {
        memcpy(digits, hex + 2 * i, 2);
        hash[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    CU_ASSERT_EQUAL(db_certificate_by_tbs(world.server, rows[0].record.serial, hash, &row, &err),
                    DB_FOUND);
    CU_ASSERT_STRING_EQUAL(row.identity_state, "active");
    CU_ASSERT_EQUAL(db_certificate_by_tbs(world.server, rows[1].record.serial, hash, &row, &err),
                    DB_MISSING);
    hash[0] ^= 1;
    CU_ASSERT_EQUAL(db_certificate_by_tbs(world.server, rows[0].record.serial, hash, &row, &err),
                    DB_MISSING);
    CU_ASSERT_EQUAL(db_certificate_by_tbs(world.server, bytes_of("\x01", 1), hash, &row, &err),
                    DB_MISSING);
}

static void
issuer_narrows(void)
{
    struct db_certificate row;
    struct error err = {0};

    CU_ASSERT_EQUAL(db_certificate_get(world.server, 0, rows[3].record.serial, &row, &err),
                    DB_FOUND);
    CU_ASSERT_TRUE(row.revoked);
    CU_ASSERT_EQUAL(row.reason, 4);
    CU_ASSERT_EQUAL(
        db_certificate_get(world.server, world.issuer, rows[3].record.serial, &row, &err),
        DB_FOUND);
    CU_ASSERT_EQUAL(
        db_certificate_get(world.server, world.issuer + 1, rows[3].record.serial, &row, &err),
        DB_MISSING);
}

static void
lists_what_was_never_signed(void)
{
    struct listed listed = {.in_order = true};
    struct error err = {0};

    ASSERT_OK(db_unsigned(world.signer, world.issuer, clock_now_s() - 3600, take, &listed, &err),
              &err);
    CU_ASSERT_EQUAL(listed.count, 1);
    CU_ASSERT_EQUAL(memcmp(listed.last, rows[1].serial, 19), 0);
    listed.count = 0;
    ASSERT_OK(db_unsigned(world.signer, world.issuer, clock_now_s() + 3600, take, &listed, &err),
              &err);
    CU_ASSERT_EQUAL(listed.count, 0);
}

static void
first_signature_stands(void)
{
    struct stored_signature stored[2] = {{.issuer = world.issuer,
                                          .serial = rows[0].record.serial,
                                          .signature = bytes_of(rows[0].tbs, 70)},
                                         {.issuer = world.issuer,
                                          .serial = rows[4].record.serial,
                                          .signature = bytes_of("other", 5)}};
    struct db_certificate row;
    struct error err = {0};

    ASSERT_OK(db_store_signatures(world.signer, stored, 2, &err), &err);
    CU_ASSERT_FALSE(stored[0].lost); /* the same again */
    CU_ASSERT_TRUE(stored[1].lost);
    CU_ASSERT_EQUAL(db_certificate_get(world.server, 0, rows[4].record.serial, &row, &err),
                    DB_FOUND);
    CU_ASSERT_EQUAL(row.signature_len, 70);
    ASSERT_OK(db_store_signatures(world.signer, NULL, 0, &err), &err);
}

/* Signatures of the batch before share the commit of the next, also when a record in it is bad. */
static void
signatures_ride_along(void)
{
    struct stored_signature stored = {
        .issuer = world.issuer, .serial = rows[1].record.serial, .signature = bytes_of("sig", 3)};
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct sample next;
    struct db_certificate row;
    struct error err = {0};

    world_token("list/api", 3600, grant);
    sample_init(&next, "list/api", grant);
    memcpy(next.serial, rows[5].serial, 19); /* taken */
    ASSERT_OK(db_record(world.signer, &next.record, 1, &stored, 1, &err), &err);
    CU_ASSERT_EQUAL(next.record.verdict, RECORD_SERIAL_TAKEN);
    CU_ASSERT_FALSE(stored.lost);
    CU_ASSERT_EQUAL(db_certificate_get(world.server, 0, rows[1].record.serial, &row, &err),
                    DB_FOUND);
    CU_ASSERT_EQUAL(row.signature_len, 3);
}

int
main(void)
{
    int status;

    world_start();
    status = RUN_SUITE("certificate", TEST(fill), TEST(filters), TEST(refuses_an_unknown_status),
                       TEST(pages_by_serial), TEST(found_by_its_tbs_only), TEST(issuer_narrows),
                       TEST(lists_what_was_never_signed), TEST(first_signature_stands),
                       TEST(signatures_ride_along));
    world_stop();
    return status;
}
