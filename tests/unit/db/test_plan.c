/* The plans of the statements that run at each request: index scans, and one partition of many. */
#include "world.h"

#include "../../../db/statement.h"

static struct sample sample;
static char hex[2 * 19 + 1];

struct type_name {
    char letter;
    const char *name;
};

static const struct type_name type_names[] = {{'i', "int4"}, {'l', "int8"},  {'s', "int2"},
                                              {'t', "text"}, {'b', "bytea"}, {'z', "timestamptz"}};

static const char *
type_of(char letter)
{
    for (size_t i = 0; i < ARRAY_LEN(type_names); i++)
        if (type_names[i].letter == (letter | 0x20))
            return type_names[i].name;
    return "unknown";
}

static void
prepare(enum statement statement)
{
    const struct statement_row *row = statement_row(statement);
    static char sql[16384];
    size_t used = (size_t)snprintf(sql, sizeof(sql), "PREPARE \"%s\"", row->name);

    for (const char *type = row->types; *type; type++)
        used += (size_t)snprintf(sql + used, sizeof(sql) - used, "%s%s%s",
                                 type == row->types ? "(" : ", ", type_of(*type),
                                 *type < 'a' ? "[]" : "");
    snprintf(sql + used, sizeof(sql) - used, "%s AS %s", row->types[0] ? ")" : "", row->sql);
    world_sql(sql);
}

/* The plan as text, one line after the other. */
static const char *
plan(enum statement statement, const char *arguments)
{
    static char text[32768];
    char sql[2048];
    size_t used = 0;
    PGresult *result;

    prepare(statement);
    snprintf(sql, sizeof(sql),
             "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE \"%s\" (%s)",
             statement_row(statement)->name, arguments);
    result = PQexec(world.root, sql);
    text[0] = '\0';
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        printf("\n    %s\n", PQerrorMessage(world.root));
    for (int i = 0; i < PQntuples(result) && used < sizeof(text); i++)
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", PQgetvalue(result, i, 0));
    PQclear(result);
    CU_ASSERT_TRUE(used > 0);
    return text;
}

static int
count_of(const char *text, const char *part)
{
    int count = 0;

    for (text = strstr(text, part); text; text = strstr(text + 1, part))
        count++;
    return count;
}

static void
expect(const char *text, int partitions)
{
    int opened = count_of(text, " on certificate_w");

    if (strstr(text, "Seq Scan") || opened != partitions)
        printf("\n%s\n", text);
    CU_ASSERT_PTR_NULL(strstr(text, "Seq Scan"));
    CU_ASSERT_EQUAL(opened, partitions);
}

static void
as_the_library_plans(void)
{
    struct error err = {0};
    int made, removed;

    ASSERT_OK(db_partitions_maintain(world.server, clock_now_s() - 86400 * 20, 250, 99, &made,
                                     &removed, &err),
              &err);
    world_sql("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off");
    world_identity("plan/api");
    sample_enrol(&sample, "plan/api");
    for (size_t i = 0; i < 19; i++)
        snprintf(hex + 2 * i, 3, "%02x", sample.serial[i]);
    CU_ASSERT_TRUE(world_count("SELECT count(*) FROM pg_inherits WHERE inhparent = "
                               "'certificate'::regclass") > 30);
}

static void
look_ups_open_one_partition(void)
{
    char arguments[512];

    snprintf(arguments, sizeof(arguments), "0, '\\x%s'", hex);
    expect(plan(STATEMENT_CERTIFICATE_GET, arguments), 1);
    snprintf(arguments, sizeof(arguments), "'\\x%s', sha256('x')", hex);
    expect(plan(STATEMENT_CERTIFICATE_BY_TBS, arguments), 1);
    snprintf(arguments, sizeof(arguments), "1, '{\"\\\\x%s\"}', '\\x%s', '\\x%s'", hex, hex, hex);
    expect(plan(STATEMENT_STATUS_GET, arguments), 1);
    snprintf(arguments, sizeof(arguments), "1, '\\x%s'", hex);
    expect(plan(STATEMENT_REVOCATION_GET, arguments), 0);
}

static void
locks_and_sets_use_indexes(void)
{
    expect(plan(STATEMENT_IDENTITY_LOCK_SHARED, "'{plan/api,plan/none}'"), 0);
    expect(plan(STATEMENT_IDENTITY_LOCK, "'plan/api'"), 0);
    expect(plan(STATEMENT_TOKEN_GET, "sha256('x')"), 0);
    expect(plan(STATEMENT_GRANT_STANDING, "ARRAY[sha256('x')]"), 0);
    expect(plan(STATEMENT_REVOCATION_SINCE, "now()"), 0);
    expect(plan(STATEMENT_CRL_REVOCATIONS, "1, 0, now()"), 0);
}

/* The first columns of a record of no identity: judged, nothing written. */
static const char *
record_arguments(int grant_kind)
{
    static char text[2048];

    snprintf(
        text, sizeof(text),
        "'{1}', '{%d}', ARRAY[sha256('g')], ARRAY[sha256('r')], '{plan/none}', '{workload}', "
        "'{plan/none}', '{workload}', '{1}', '{r}', '{r}', ARRAY['\\x%s'::bytea], '{0}', '{9}', "
        "ARRAY['\\x%s'::bytea], ARRAY[sha256('k')], '{\"\"}', ARRAY['x'::bytea], ARRAY[now()], "
        "ARRAY[now()], '{0}', now()",
        grant_kind, hex, hex);
    return text;
}

static void
recording_uses_indexes(void)
{
    char arguments[2304];
    const char *text;

    text = plan(STATEMENT_RECORD, record_arguments(1));
    CU_ASSERT_PTR_NULL(strstr(text, "Seq Scan"));
    CU_ASSERT_EQUAL(count_of(text, " on certificate_w"), 0);
    snprintf(arguments, sizeof(arguments), "%s, '\\x%s', '\\x%s'", record_arguments(2), hex, hex);
    text = plan(STATEMENT_RECORD_RENEWAL, arguments);
    expect(text, 1);
}

/* What an identity has expires today or later: earlier partitions are not looked at. */
static void
revocation_leaves_the_past_alone(void)
{
    char arguments[256];
    const char *text;

    snprintf(arguments, sizeof(arguments), "1, '\\x%.6s', now(), 1", hex);
    text = plan(STATEMENT_REVOCABLE_BY_IDENTITY, arguments);
    CU_ASSERT_PTR_NULL(strstr(text, "Seq Scan"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "Subplans Removed"));
}

int
main(void)
{
    int status;

    world_start();
    status = RUN_SUITE("plan", TEST(as_the_library_plans), TEST(look_ups_open_one_partition),
                       TEST(locks_and_sets_use_indexes), TEST(recording_uses_indexes),
                       TEST(revocation_leaves_the_past_alone));
    world_stop();
    return status;
}
