/*
 * Months of an authority in seconds: random histories of certificates, late revocations, CRLs of
 * several nodes, partitions and purges on a real database whose clock is the test's, each step
 * compared with a model that knows nothing but dates. The histories are the same in every run.
 */
#include "../db/world.h"

#include <time.h>
#include <unistd.h>

#include "crl_builder.h"
#include "signet/crl.h"
#include "signet/file.h"
#include "signet/tbs_cert.h"

enum {
    HOUR_S = 3600,
    DAY = 86400,
    WEEK_DAYS = 7,
    RETENTION_DAYS = 30, /* what the job asks for */
    LEAST_DAYS = 7,      /* what the database keeps of tokens and digests */
    AUDIT_DAYS = 100,
    AHEAD_DAYS = 40,
    OVERLAP_S = 300, /* a revocation may commit so late and is listed nevertheless */
    CRL_LIFE_S = 7 * DAY,
    CERTIFICATES = 600,
    SKEW_S = 120
};

/* --- the model --- */

struct subject {
    uint8_t serial[19];
    int64_t end_s, revoked_s; /* revoked_s 0: not revoked */
    bool listed_after_end;    /* it was on a CRL made after its end, with the skew of the nodes */
};

struct simulation {
    int64_t now_s;
    uint64_t random;
    size_t count;
    struct subject subject[CERTIFICATES];
    int64_t last_crl_s; /* thisUpdate of the newest */
    struct crl_entry *old_entries;
    size_t old_count;
    uint64_t old_number;
    unsigned crls, revoked, late, removed;
};

static char clock_path[128];

/* xorshift64*: the same numbers everywhere. */
static uint64_t
dice(struct simulation *simulation, uint64_t sides)
{
    simulation->random ^= simulation->random >> 12;
    simulation->random ^= simulation->random << 25;
    simulation->random ^= simulation->random >> 27;
    return (simulation->random * UINT64_C(2685821657736338717) >> 11) % sides;
}

/* Of this program and of the database's functions. */
static void
set_time(struct simulation *simulation, int64_t now_s)
{
    struct timespec real;
    char text[64];
    struct error err = {0};

    clock_gettime(CLOCK_REALTIME, &real);
    simulation->now_s = now_s;
    snprintf(text, sizeof(text), "%lld\n", (long long)(now_s - real.tv_sec));
    world_need(file_write_atomic(clock_path, bytes_of_text(text), 0600, (uid_t)-1, (gid_t)-1, &err),
               clock_path, &err);
    snprintf(text, sizeof(text), "UPDATE testclock.now SET at = to_timestamp(%lld)",
             (long long)now_s);
    world_sql(text);
}

/* The functions of the schema take the time from here. */
static void
take_over_clock(void)
{
    static const char *const functions[] = {
        "partition_make(integer)", "partition_remove(integer, integer)",
        "purge(timestamptz, integer)", "revocation_keep_first()"};
    char sql[256];

    world_sql("CREATE SCHEMA testclock");
    world_sql("CREATE TABLE testclock.now (at timestamptz)");
    world_sql("INSERT INTO testclock.now VALUES (now())");
    world_sql(
        "CREATE FUNCTION testclock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE "
        "AS 'SELECT at FROM testclock.now'");
    world_sql("GRANT USAGE ON SCHEMA testclock TO PUBLIC; GRANT SELECT ON testclock.now TO PUBLIC");
    for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
        snprintf(
            sql, sizeof(sql),
            "ALTER FUNCTION signet.%s SET search_path = testclock, pg_catalog, signet, pg_temp",
            functions[i]);
        world_sql(sql);
    }
    world_sql("UPDATE issuer SET not_after = '2140-01-01'");
}

/* --- what happens --- */

static void
enrol(struct simulation *simulation, int64_t life_s)
{
    struct subject *subject = &simulation->subject[simulation->count];
    struct sample sample;
    uint8_t grant[LIMIT_DIGEST_OCTETS];

    if (simulation->count == CERTIFICATES)
        return;
    world_token("retention/api", HOUR_S, grant);
    sample_init(&sample, "retention/api", grant);
    sample_serial(&sample, simulation->now_s + life_s);
    CU_ASSERT_EQUAL_FATAL(sample_record(&sample), RECORD_DONE);
    if (dice(simulation, 4))
        sample_sign(&sample); /* one in four is lost between record and signature */
    *subject = (struct subject){.end_s = simulation->now_s + life_s};
    memcpy(subject->serial, sample.serial, sizeof(subject->serial));
    simulation->count++;
}

static void
revoke_one(struct simulation *simulation, struct subject *subject, int64_t at_s)
{
    struct sample sample;
    struct db_revocation standing;
    struct error err = {0};
    bool first;

    memcpy(sample.serial, subject->serial, sizeof(sample.serial));
    ASSERT_OK(sample_revoke_on(world.server, &sample, 4, at_s, &standing, &first, &err), &err);
    CU_ASSERT_TRUE(first);
    subject->revoked_s = at_s;
    simulation->revoked++;
}

static void
audit_note(struct simulation *simulation)
{
    struct db_audit event = {.at_us = simulation->now_s * 1000000, .count = 1};
    struct error err = {0};

    snprintf(event.actor, sizeof(event.actor), "tests");
    snprintf(event.action, sizeof(event.action), "retention.step");
    snprintf(event.outcome, sizeof(event.outcome), "done");
    ASSERT_OK(db_audit_insert(world.server, &event, 1, &err), &err);
}

/* --- a CRL, and what must be on it --- */

static const struct subject *
subject_of(const struct simulation *simulation, const uint8_t *serial)
{
    for (size_t i = 0; i < simulation->count; i++)
        if (memcmp(simulation->subject[i].serial, serial, 19) == 0)
            return &simulation->subject[i];
    return NULL;
}

static bool
has_entry(const struct crl_entry *entries, size_t count, const uint8_t *serial)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(entries[i].serial, serial, 19) == 0)
            return true;
    return false;
}

/* The certificate's end, for the loss check, from the model. */
static bool
model_expired(void *context, struct bytes serial, int64_t time_s, bool *ret_expired,
              struct error *err)
{
    const struct subject *subject = subject_of(context, serial.data);

    (void)err;
    *ret_expired = subject && subject->end_s < time_s;
    return true;
}

static void
check_listed(struct simulation *simulation, const struct crl *crl, int64_t last_s)
{
    int64_t oldest_s = (last_s < crl->this_update_s ? last_s : crl->this_update_s) - OVERLAP_S;

    for (size_t i = 0; i < simulation->count; i++) {
        struct subject *subject = &simulation->subject[i];
        bool listed = has_entry(crl->entries, crl->entry_count, subject->serial);

        if (!subject->revoked_s) {
            CU_ASSERT_FALSE(listed);
            continue;
        }
        /* Unexpired, or not yet on a list made after its end. */
        if (subject->end_s >= crl->this_update_s || !subject->listed_after_end)
            CU_ASSERT_TRUE(listed);
        if (subject->end_s < oldest_s)
            CU_ASSERT_FALSE(listed);
        subject->listed_after_end =
            subject->listed_after_end || (listed && subject->end_s < crl->this_update_s);
    }
}

/* Through DER and back: the times of every century (C-09). */
static void
check_encoding(const struct crl *crl)
{
    struct bytes tbs_back, signature_back;
    struct crl_entry *entries = NULL;
    struct crl back;
    struct error err = {0};
    AUTO_BUFFER tbs;
    AUTO_BUFFER der;

    buffer_init(&tbs, LIMIT_CRL_OCTETS);
    buffer_init(&der, LIMIT_CRL_OCTETS);
    ASSERT_OK(crl_tbs_build(crl, &tbs, &err), &err);
    ASSERT_OK(
        crl_assemble(buffer_bytes(&tbs), crl->algorithm, bytes_of("0123456789", 10), &der, &err),
        &err);
    ASSERT_OK(crl_parse(buffer_bytes(&der), &back, &entries, &tbs_back, &signature_back, &err),
              &err);
    CU_ASSERT_EQUAL(back.this_update_s, crl->this_update_s);
    CU_ASSERT_EQUAL(back.next_update_s, crl->next_update_s);
    CU_ASSERT_EQUAL(back.number, crl->number);
    CU_ASSERT_EQUAL_FATAL(back.entry_count, crl->entry_count);
    for (size_t i = 0; i < back.entry_count; i++)
        CU_ASSERT_EQUAL(entries[i].revoked_s, crl->entries[i].revoked_s);
    free(entries);
}

static void
check_loss(struct simulation *simulation, const struct crl *crl)
{
    struct error err = {0};
    const struct crl old_crl = {.number = simulation->old_number,
                                .this_update_s = simulation->last_crl_s,
                                .entries = simulation->old_entries,
                                .entry_count = simulation->old_count};

    ASSERT_OK(crl_check_loss(&old_crl, crl, model_expired, simulation, &err), &err);
}

static struct crl_entry *
entries_of(const struct db_crl_row *rows, size_t count, int64_t now_s)
{
    struct crl_entry *entries = calloc(count + 1, sizeof(*entries));

    if (!entries)
        abort();
    for (size_t i = 0; i < count; i++) {
        memcpy(entries[i].serial, rows[i].serial, sizeof(entries[i].serial));
        entries[i].serial_len = rows[i].serial_len;
        entries[i].reason = rows[i].reason;
        entries[i].revoked_s = rows[i].revoked_s < now_s ? rows[i].revoked_s : now_s;
    }
    return entries;
}

/* By a node whose clock is up to two minutes behind. */
static void
build_crl(struct simulation *simulation)
{
    static const uint8_t name[] = {0x30, 0x0f, 0x31, 0x0d, 0x30, 0x0b, 0x06, 0x03, 0x55,
                                   0x04, 0x03, 0x0c, 0x04, 'T',  'e',  's',  't'};
    int64_t now_s = simulation->now_s - (int64_t)dice(simulation, SKEW_S);
    struct crl crl = {.algorithm = SIGNATURE_ECDSA_SHA256,
                      .issuer = bytes_of(name, sizeof(name)),
                      .this_update_s = now_s,
                      .next_update_s = now_s + CRL_LIFE_S,
                      .authority_key_id = bytes_of(name, 17)};
    uint8_t digest[LIMIT_DIGEST_OCTETS] = {0};
    struct db_crl_row *rows = NULL;
    struct crl_entry *entries;
    struct error err = {0};
    size_t count;

    ASSERT_OK(db_crl_begin(world.signer, world.issuer, 0, now_s, &crl.number, &rows, &count, &err),
              &err);
    entries = entries_of(rows, count, now_s);
    free(rows);
    crl.entries = entries;
    crl.entry_count = count;
    check_listed(simulation, &crl, simulation->last_crl_s);
    check_loss(simulation, &crl);
    check_encoding(&crl);
    CU_ASSERT_TRUE(crl.number > simulation->old_number);
    ASSERT_OK(db_crl_record(world.signer, world.issuer, 0, crl.number, digest, now_s,
                            now_s + CRL_LIFE_S, (uint32_t)count, &err),
              &err);
    ASSERT_OK(db_crl_store(world.signer, world.issuer, 0, crl.number, bytes_of("DER", 3), &err),
              &err);
    free(simulation->old_entries);
    simulation->old_entries = entries;
    simulation->old_count = count;
    simulation->old_number = crl.number;
    simulation->last_crl_s = now_s;
    simulation->crls++;
}

/* --- partitions and purge, and what must be left --- */

static bool
stands(const struct subject *subject)
{
    struct db_certificate *row = malloc(sizeof(*row));
    struct error err = {0};
    enum db_found found;

    if (!row)
        abort();
    found =
        db_certificate_get(world.server, world.issuer, bytes_of(subject->serial, 19), row, &err);
    CU_ASSERT_NOT_EQUAL(found, DB_FAILED);
    free(row);
    return found == DB_FOUND;
}

static void
check_certificates(struct simulation *simulation)
{
    int64_t today = simulation->now_s / DAY;

    for (size_t i = 0; i < simulation->count;) {
        struct subject *subject = &simulation->subject[i];
        int64_t last_day = subject->end_s / DAY / WEEK_DAYS * WEEK_DAYS + WEEK_DAYS - 1;
        bool there = stands(subject);

        if (last_day + RETENTION_DAYS >= today) {
            CU_ASSERT_TRUE(there);
        } else if (!there) {
            /* Never before its last list. */
            CU_ASSERT_TRUE(!subject->revoked_s || subject->listed_after_end);
            simulation->removed++;
            *subject = simulation->subject[--simulation->count];
            continue;
        }
        i++;
    }
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM revocation r WHERE NOT EXISTS (SELECT FROM "
                                "certificate c WHERE c.serial = r.serial)"),
                    0);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM signature s WHERE NOT EXISTS (SELECT FROM "
                                "certificate c WHERE c.serial = s.serial)"),
                    0);
}

static long
count_before(const char *what, int64_t time_s)
{
    char sql[256];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s < to_timestamp(%lld)", what,
             (long long)time_s);
    return world_count(sql);
}

static void
check_purged(const struct simulation *simulation, const long rows_before[3])
{
    int64_t kept_s = simulation->now_s - LEAST_DAYS * DAY;
    int64_t audit_s = simulation->now_s - (int64_t)AUDIT_DAYS * DAY;

    CU_ASSERT_EQUAL(count_before("enrol_token WHERE expires_at", kept_s), 0);
    CU_ASSERT_EQUAL(count_before("grant_use WHERE expires_at", kept_s), 0);
    CU_ASSERT_EQUAL(count_before("crl WHERE der IS NULL AND next_update", kept_s), 0);
    CU_ASSERT_EQUAL(count_before("audit_event WHERE at", audit_s), 0);
    /* And nothing that had not ended. */
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM enrol_token"), rows_before[0]);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM grant_use"), rows_before[1]);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM audit_event"), rows_before[2]);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM crl WHERE der IS NOT NULL"), 1);
}

static void
tidy(struct simulation *simulation)
{
    int64_t kept_s = simulation->now_s - LEAST_DAYS * DAY;
    long kept[3];
    struct error err = {0};
    int64_t rows;
    int made, removed;

    ASSERT_OK(db_partitions_maintain(world.server, simulation->now_s, AHEAD_DAYS, RETENTION_DAYS,
                                     &made, &removed, &err),
              &err);
    kept[0] = world_count("SELECT count(*) FROM enrol_token") -
              count_before("enrol_token WHERE expires_at", kept_s);
    kept[1] = world_count("SELECT count(*) FROM grant_use") -
              count_before("grant_use WHERE expires_at", kept_s);
    kept[2] = world_count("SELECT count(*) FROM audit_event") -
              count_before("audit_event WHERE at", simulation->now_s - (int64_t)AUDIT_DAYS * DAY);
    ASSERT_OK(db_purge(world.server, simulation->now_s, AUDIT_DAYS, &rows, &err), &err);
    check_purged(simulation, kept);
    check_certificates(simulation);
}

/* --- the histories --- */

/* Somebody's summer time begins, somebody else's day changes: nothing depends on it. */
static void
change_zone(struct simulation *simulation)
{
    static const char *const zones[] = {"UTC", "America/New_York", "Pacific/Apia", "Asia/Kathmandu",
                                        "Europe/London"};
    const char *zone = zones[dice(simulation, ARRAY_LEN(zones))];
    char sql[96];

    setenv("TZ", zone, 1);
    tzset();
    snprintf(sql, sizeof(sql), "ALTER DATABASE signet SET TimeZone = '%s'", zone);
    world_sql(sql);
    db_close(world.server);
    world.server = world_connect("signet_server");
}

static void
revoke_some(struct simulation *simulation)
{
    for (size_t i = 0; i < simulation->count; i++) {
        struct subject *subject = &simulation->subject[i];
        int64_t left_s = subject->end_s - simulation->now_s;

        if (subject->revoked_s || left_s < -OVERLAP_S / 2 || left_s > 30 * DAY)
            continue;
        /* Late ones: in the last hour of its life, or decided then and committed just after. */
        if (left_s < HOUR_S) {
            revoke_one(simulation, subject, left_s < 0 ? subject->end_s : simulation->now_s);
            simulation->late++;
        } else if (dice(simulation, 40) == 0) {
            revoke_one(simulation, subject, simulation->now_s);
        }
    }
}

/* Sometimes just before or after the end of somebody, mostly hours later. */
static int64_t
next_time(struct simulation *simulation)
{
    int64_t hours_later_s = simulation->now_s + HOUR_S + (int64_t)dice(simulation, 40 * HOUR_S);

    if (dice(simulation, 3))
        return hours_later_s;
    for (size_t i = 0; i < simulation->count; i++) {
        int64_t near_s = simulation->subject[i].end_s - 200 + (int64_t)dice(simulation, 300);

        if (near_s > simulation->now_s && near_s < hours_later_s)
            return near_s;
    }
    return hours_later_s;
}

/* `silent_from_s` to `silent_to_s`: no CRL is built (the issuing signer is away). */
static void
run(struct simulation *simulation, int64_t end_s, int64_t silent_from_s, int64_t silent_to_s)
{
    static const int64_t lives_s[] = {HOUR_S, 8 * HOUR_S, DAY, 7 * DAY, 30 * DAY};
    int64_t tidied_s = 0;

    while (simulation->now_s < end_s) {
        bool silent = simulation->now_s >= silent_from_s && simulation->now_s < silent_to_s;

        set_time(simulation, next_time(simulation));
        if (simulation->now_s - tidied_s >= DAY) {
            tidy(simulation);
            tidied_s = simulation->now_s;
        }
        for (uint64_t i = dice(simulation, 4); i > 0; i--)
            enrol(simulation, lives_s[dice(simulation, ARRAY_LEN(lives_s))]);
        revoke_some(simulation);
        audit_note(simulation);
        if (!silent && dice(simulation, 2))
            build_crl(simulation);
        if (dice(simulation, 10) == 0)
            change_zone(simulation);
    }
}

static int64_t
time_of(const char *text)
{
    int64_t time_s = 0;

    CU_ASSERT_TRUE_FATAL(clock_parse(text, &time_s));
    return time_s;
}

struct period {
    const char *from, *to;
    const char *silent_from, *silent_to; /* no CRL is built in between; null: there is none */
};

static void
simulate(struct simulation *simulation, const struct period *period)
{
    int64_t silent_from_s = period->silent_from ? time_of(period->silent_from) : 0;
    int64_t silent_to_s = period->silent_to ? time_of(period->silent_to) : 0;
    struct error err = {0};
    int made, removed;

    set_time(simulation, time_of(period->from));
    simulation->last_crl_s = simulation->now_s;
    /* The partitions of the last history are of another time. */
    ASSERT_OK(db_partitions_maintain(world.server, simulation->now_s, AHEAD_DAYS, RETENTION_DAYS,
                                     &made, &removed, &err),
              &err);
    simulation->old_number =
        (uint64_t)world_count("SELECT coalesce(max(number), 0) FROM crl_shard");
    build_crl(simulation);
    run(simulation, time_of(period->to), silent_from_s, silent_to_s);
    CU_ASSERT_TRUE(simulation->crls > 20 && simulation->revoked > 20 && simulation->late > 5);
    CU_ASSERT_TRUE(simulation->removed > 20);
    printf("\n    %u CRLs, %u revoked (%u of them at their end), %u removed ", simulation->crls,
           simulation->revoked, simulation->late, simulation->removed);
    free(simulation->old_entries);
}

static void
across_a_leap_day(void)
{
    static struct simulation simulation = {.random = 20280229};

    world_identity("retention/api");
    simulate(&simulation,
             &(struct period){"2028-01-20T23:50:00Z", "2028-05-01T00:00:00Z", NULL, NULL});
}

/* UTCTime ends with 2049: GeneralizedTime from 2050 on, within one list. */
static void
across_the_end_of_utctime(void)
{
    static struct simulation simulation = {.random = 20492050};

    simulate(&simulation,
             &(struct period){"2049-11-10T12:00:00Z", "2050-02-20T00:00:00Z", NULL, NULL});
}

/* The issuing signer is away for longer than everything is kept: revocations wait for their list.
 */
static void
no_list_for_longer_than_the_retention(void)
{
    static struct simulation simulation = {.random = 777};

    simulate(&simulation, &(struct period){"2061-03-01T00:00:00Z", "2061-08-01T00:00:00Z",
                                           "2061-03-20T00:00:00Z", "2061-05-20T00:00:00Z"});
}

int
main(void)
{
    int status;

#ifndef SIGNET_FAULTS
    return 77; /* the clock cannot be set */
#endif
    snprintf(clock_path, sizeof(clock_path), "%s/signet-retention-%d",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (int)getpid());
    setenv("SIGNET_CLOCK_FILE", clock_path, 1);
    world_start();
    take_over_clock();
    status = RUN_SUITE("retention", TEST(across_a_leap_day), TEST(across_the_end_of_utctime),
                       TEST(no_list_for_longer_than_the_retention));
    world_stop();
    remove(clock_path);
    return status;
}
