#include "world.h"

static int level_reached;

static void
needs_a_schema(void)
{
    struct error err = {0};

    ASSERT_REFUSED(db_check_schema(world.owner, &err), &err, ERROR_SCHEMA);
    ASSERT_OK(db_migrate(world.owner, &level_reached, &err), &err);
    CU_ASSERT_TRUE(level_reached >= 3);
    ASSERT_OK(db_check_schema(world.owner, &err), &err);
}

static void
second_run_changes_nothing(void)
{
    char before[64];
    struct error err = {0};
    int level = 0;

    snprintf(
        before, sizeof(before), "%.63s",
        world_sql("SELECT md5(string_agg(level || name || applied_at, ',')) FROM schema_version"));
    ASSERT_OK(db_migrate(world.owner, &level, &err), &err);
    CU_ASSERT_EQUAL(level, level_reached);
    CU_ASSERT_STRING_EQUAL(before,
                           world_sql("SELECT md5(string_agg(level || name || applied_at, ',')) "
                                     "FROM schema_version"));
}

static void
refuses_a_changed_migration(void)
{
    struct error err = {0};
    int level;

    world_sql("UPDATE schema_version SET checksum = sha256(checksum) WHERE level = 2");
    ASSERT_REFUSED(db_check_schema(world.owner, &err), &err, ERROR_SCHEMA);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "migration 2"));
    ASSERT_REFUSED(db_migrate(world.owner, &level, &err), &err, ERROR_SCHEMA);
    world_sql("DELETE FROM schema_version WHERE level = 2");
    ASSERT_REFUSED(db_migrate(world.owner, &level, &err), &err, ERROR_SCHEMA);
    world_sql("DROP SCHEMA signet CASCADE");
    ASSERT_OK(db_migrate(world.owner, &level, &err), &err);
}

static void
refuses_a_newer_schema(void)
{
    struct error err = {0};
    int level;

    world_sql("INSERT INTO signet.schema_version (level, name, checksum) "
              "VALUES (999, '0999_future', sha256('x'))");
    ASSERT_REFUSED(db_check_schema(world.owner, &err), &err, ERROR_SCHEMA);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "too old"));
    ASSERT_REFUSED(db_migrate(world.owner, &level, &err), &err, ERROR_SCHEMA);
    world_sql("DELETE FROM signet.schema_version WHERE level = 999");
    ASSERT_OK(db_check_schema(world.owner, &err), &err);
}

static void
says_that_a_migration_is_missing(void)
{
    struct error err = {0};
    char sql[96];

    snprintf(sql, sizeof(sql), "DELETE FROM signet.schema_version WHERE level = %d", level_reached);
    world_sql(sql);
    ASSERT_REFUSED(db_check_schema(world.owner, &err), &err, ERROR_SCHEMA);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "run the migration"));
}

/* A migration that fails leaves nothing behind: here the tables of the last one are there already.
 */
static void
failed_migration_leaves_nothing(void)
{
    struct error err = {0};
    int level;

    world_sql("DROP SCHEMA signet CASCADE; CREATE SCHEMA signet AUTHORIZATION signet_owner;"
              "CREATE TABLE signet.audit_event (x int)");
    ASSERT_REFUSED(db_migrate(world.owner, &level, &err), &err, ERROR_DATABASE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "0001_tables"));
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM signet.schema_version"), 0);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM pg_class WHERE relname = 'issuer'"), 0);
    world_sql("DROP TABLE signet.audit_event");
    ASSERT_OK(db_migrate(world.owner, &level, &err), &err);
}

/* The roles are there already, so that running db/roles.sql again changes nothing and needs
 * nothing. */
static void
roles_are_made_once(void)
{
    struct error err = {0};
    struct db *server = world_connect("signet_server");

    ASSERT_OK(db_check_schema(server, &err), &err);
    ASSERT_OK(db_create_roles(server, &err), &err);
    db_close(server);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'signet_%' AND "
                                "rolcanlogin AND NOT rolsuper AND NOT rolcreaterole AND "
                                "NOT rolcreatedb AND NOT rolbypassrls"),
                    4);
}

int
main(void)
{
    int status;

    world_start_empty();
    status = RUN_SUITE("migrate", TEST(needs_a_schema), TEST(second_run_changes_nothing),
                       TEST(refuses_a_changed_migration), TEST(refuses_a_newer_schema),
                       TEST(says_that_a_migration_is_missing),
                       TEST(failed_migration_leaves_nothing), TEST(roles_are_made_once));
    world_stop();
    return status;
}
