#include "world.h"

enum { EVENTS = 5 };

static struct db_audit
event(int number)
{
    struct db_audit audit = {.at_us = INT64_C(1700000000123456) + number * INT64_C(1000000),
                             .count = number == 3 ? 17 : 1};

    snprintf(audit.actor, sizeof(audit.actor), "%s", number % 2 ? "admin/alice" : "payments/api");
    snprintf(audit.action, sizeof(audit.action), "certificate.issue");
    snprintf(audit.object, sizeof(audit.object), "51%02x", number);
    snprintf(audit.outcome, sizeof(audit.outcome), "%s", number == 2 ? "refused" : "done");
    snprintf(audit.rule, sizeof(audit.rule), "%s", number == 2 ? "csr-key" : "");
    snprintf(audit.request_id, sizeof(audit.request_id), "req-%d", number);
    snprintf(audit.address, sizeof(audit.address), "127.0.0.1");
    snprintf(audit.detail, sizeof(audit.detail), "caf\xc3\xa9 '\"; --");
    return audit;
}

struct found {
    int count;
    struct db_audit last;
};

static bool
take(void *context, const struct db_audit *audit)
{
    struct found *found = context;

    CU_ASSERT_TRUE(found->count == 0 || audit->id < found->last.id);
    found->last = *audit;
    found->count++;
    return true;
}

static struct found
search(struct db_audit_filter filter)
{
    struct found found = {0};
    struct error err = {0};

    filter.limit = filter.limit ? filter.limit : 100;
    ASSERT_OK(db_audit_list(world.server, &filter, take, &found, &err), &err);
    return found;
}

static void
every_role_writes(void)
{
    struct db_audit events[EVENTS];
    struct error err = {0};
    struct found found;

    for (int i = 0; i < EVENTS; i++)
        events[i] = event(i);
    ASSERT_OK(db_audit_insert(world.server, events, 2, &err), &err);
    ASSERT_OK(db_audit_insert(world.signer, events + 2, 2, &err), &err);
    ASSERT_OK(db_audit_insert(world.status, events + 4, 1, &err), &err);
    ASSERT_OK(db_audit_insert(world.server, events, 0, &err), &err);
    found = search((struct db_audit_filter){0});
    CU_ASSERT_EQUAL(found.count, EVENTS);
    found.last.id = 0;
    CU_ASSERT_EQUAL(memcmp(&found.last, &events[0], sizeof(found.last)), 0);
    CU_ASSERT_EQUAL(world_count("SELECT count(DISTINCT written_by) FROM audit_event"), 3);
}

static void
searched_by_everything(void)
{
    int64_t first = event(0).at_us;
    struct found page;

    CU_ASSERT_EQUAL(search((struct db_audit_filter){.actor = "admin/alice"}).count, 2);
    CU_ASSERT_EQUAL(search((struct db_audit_filter){.action = "certificate.issue"}).count, EVENTS);
    CU_ASSERT_EQUAL(search((struct db_audit_filter){.object = "5103"}).last.count, 17);
    CU_ASSERT_EQUAL(search((struct db_audit_filter){.outcome = "refused"}).count, 1);
    CU_ASSERT_EQUAL(search((struct db_audit_filter){.rule = "csr-key"}).count, 1);
    CU_ASSERT_EQUAL(search((struct db_audit_filter){.request_id = "req-4"}).count, 1);
    CU_ASSERT_EQUAL(
        search((struct db_audit_filter){.since_us = first + 1000000, .until_us = first + 2000000})
            .count,
        2);
    page = search((struct db_audit_filter){.limit = 2});
    CU_ASSERT_EQUAL(page.count, 2);
    CU_ASSERT_EQUAL(search((struct db_audit_filter){.before_id = page.last.id}).count, EVENTS - 2);
}

static void
refuses_outcomes_that_do_not_exist(void)
{
    struct db_audit bad = event(1);
    struct error err = {0};

    snprintf(bad.outcome, sizeof(bad.outcome), "maybe");
    ASSERT_REFUSED(db_audit_insert(world.server, &bad, 1, &err), &err, ERROR_DATABASE);
    bad = event(1);
    bad.actor[0] = '\0';
    ASSERT_REFUSED(db_audit_insert(world.server, &bad, 1, &err), &err, ERROR_DATABASE);
    ASSERT_REFUSED(db_audit_insert(world.server, &bad, 1000000, &err), &err, ERROR_INTERNAL);
}

static void
policy_versions(void)
{
    static const char first[] = "{\"profiles\":  {}}", second[] = "{\"profiles\": {\"x\": 1}}";
    struct error err = {0};
    uint64_t one, two, found = 0;
    AUTO_BUFFER text;

    buffer_init(&text, LIMIT_POLICY_OCTETS);
    CU_ASSERT_EQUAL(db_policy_get(world.server, 0, &found, &text, &err), DB_MISSING);
    ASSERT_OK(db_policy_insert(world.server, first, "admin/alice", &one, &err), &err);
    ASSERT_OK(db_policy_insert(world.server, second, "admin/alice", &two, &err), &err);
    CU_ASSERT_TRUE(two > one);
    CU_ASSERT_EQUAL(db_policy_get(world.signer, 0, &found, &text, &err), DB_FOUND);
    CU_ASSERT_EQUAL(found, two);
    CU_ASSERT_STRING_EQUAL(buffer_text(&text), second);
    buffer_clear(&text);
    CU_ASSERT_EQUAL(db_policy_get(world.server, one, &found, &text, &err), DB_FOUND);
    CU_ASSERT_STRING_EQUAL(buffer_text(&text), first);
    CU_ASSERT_EQUAL(db_policy_get(world.server, 999, &found, &text, &err), DB_MISSING);
    ASSERT_REFUSED(db_policy_insert(world.server, "{", "admin/alice", &one, &err), &err,
                   ERROR_DATABASE);
}

static void
tells_the_time(void)
{
    struct error err = {0};
    int64_t now_us = 0;

    ASSERT_OK(db_time(world.server, &now_us, &err), &err);
    CU_ASSERT_TRUE(llabs(now_us / 1000000 - clock_now_s()) <= 5);
}

static void
refuses_where_nobody_listens(void)
{
    struct error err = {0};
    struct db *db = NULL;

    ASSERT_REFUSED(db_open("host=/nowhere dbname=signet", 1000, &db, &err), &err,
                   ERROR_DATABASE_UNAVAILABLE);
    CU_ASSERT_PTR_NULL(db);
    ASSERT_REFUSED(db_open("host=/nowhere nonsense=1", 1000, &db, &err), &err,
                   ERROR_DATABASE_UNAVAILABLE);
    CU_ASSERT_PTR_NULL(db);
}

int
main(void)
{
    int status;

    world_start();
    status = RUN_SUITE("audit", TEST(every_role_writes), TEST(searched_by_everything),
                       TEST(refuses_outcomes_that_do_not_exist), TEST(policy_versions),
                       TEST(tells_the_time), TEST(refuses_where_nobody_listens));
    world_stop();
    return status;
}
