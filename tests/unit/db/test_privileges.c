/* The matrix in docs/architecture.md against the catalogue, both ways. */
#include "world.h"

#define MATRIX SIGNET_SOURCE "/docs/architecture.md"

enum { CELL = 128, OBJECTS = 64, ROLES = 3 };

static const char *const roles[ROLES] = {"signet_server", "signet_signer", "signet_status"};

struct object {
    char name[CELL];
    char cell[ROLES][CELL];
};

static struct object objects[OBJECTS];
static size_t object_count;

static void
trim(char *text)
{
    size_t len = strlen(text);
    size_t start = strspn(text, " ");

    while (len > start && strchr(" \n", text[len - 1]))
        len--;
    memmove(text, text + start, len - start);
    text[len - start] = '\0';
}

static void
read_line(char *line)
{
    struct object *object = &objects[object_count];
    char *rest = line, *cell = strsep(&rest, "|");

    CU_ASSERT_TRUE_FATAL(object_count < OBJECTS);
    snprintf(object->name, CELL, "%s", cell);
    trim(object->name);
    for (size_t i = 0; i < ROLES; i++) {
        cell = strsep(&rest, "|");
        snprintf(object->cell[i], CELL, "%s", cell ? cell : "");
        trim(object->cell[i]);
    }
    object_count++;
}

static void
reads_the_matrix(void)
{
    FILE *file = fopen(MATRIX, "r");
    char line[512];
    bool inside = false;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, "```", 3) == 0)
            inside = strncmp(line, "```privileges", 13) == 0;
        else if (inside && strncmp(line, "table ", 6) != 0)
            read_line(line);
    }
    fclose(file);
    CU_ASSERT_TRUE(object_count > 15);
}

/* The cell as the catalogue would write it: rights on the whole table, then on columns. */
static const char *
catalogue_cell(const char *role, const char *table)
{
    char sql[2048];

    snprintf(
        sql, sizeof(sql),
        "SELECT coalesce(string_agg(cell, ', ' ORDER BY n), '') FROM ("
        "SELECT n, CASE WHEN has_table_privilege('%s', 'signet.%s', right_name) "
        "THEN right_name ELSE right_name || '(' || (SELECT string_agg(attname, ',' ORDER BY attnum)"
        " FROM pg_attribute WHERE attrelid = 'signet.%s'::regclass AND attnum > 0 AND "
        "has_column_privilege('%s', attrelid, attnum, right_name)) || ')' END AS cell "
        "FROM unnest('{SELECT,INSERT,UPDATE,REFERENCES}'::text[]) WITH ORDINALITY r(right_name, n) "
        "WHERE has_any_column_privilege('%s', 'signet.%s', right_name) "
        "UNION ALL SELECT n + 10, right_name FROM unnest('{DELETE,TRUNCATE,TRIGGER}'::text[]) "
        "WITH ORDINALITY r(right_name, n) WHERE has_table_privilege('%s', 'signet.%s', right_name)"
        ") cells",
        role, table, table, role, role, table, role, table);
    return world_sql(sql);
}

static bool
is_function(const char *name)
{
    char sql[256];

    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM pg_proc WHERE proname = '%.63s' AND "
             "pronamespace = 'signet'::regnamespace",
             name);
    return world_count(sql) == 1;
}

static const char *
function_cell(const char *role, const char *name)
{
    char sql[512];

    snprintf(sql, sizeof(sql),
             "SELECT CASE WHEN has_function_privilege('%s', oid, 'EXECUTE') THEN "
             "'EXECUTE' ELSE '' END FROM pg_proc WHERE proname = '%.63s' AND "
             "pronamespace = 'signet'::regnamespace",
             role, name);
    return world_sql(sql);
}

/* Columns are listed as in the document: the order of the table need not be the same. */
static bool
same_cell(const char *documented, const char *found)
{
    char a[CELL], b[CELL], *rest = a, *part;

    if (strlen(documented) != strlen(found))
        return false;
    snprintf(a, sizeof(a), "%s", documented);
    snprintf(b, sizeof(b), "%s", found);
    while ((part = strsep(&rest, "(), ")))
        if (!strstr(b, part))
            return false;
    return true;
}

static void
catalogue_has_what_is_documented(void)
{
    for (size_t i = 0; i < object_count; i++)
        for (size_t role = 0; role < ROLES; role++) {
            const struct object *object = &objects[i];
            const char *found = is_function(object->name)
                                    ? function_cell(roles[role], object->name)
                                    : catalogue_cell(roles[role], object->name);

            if (!same_cell(object->cell[role], found))
                printf("\n    %s of %s: documented \"%s\", found \"%s\"\n", roles[role],
                       object->name, object->cell[role], found);
            CU_ASSERT_TRUE(same_cell(object->cell[role], found));
        }
}

static bool
documented(const char *name)
{
    for (size_t i = 0; i < object_count; i++)
        if (strcmp(objects[i].name, name) == 0)
            return true;
    return false;
}

/* Every table and partition, every function and sequence: what is not documented has no rights. */
static void
nothing_else_has_rights(void)
{
    char names[8192], *rest = names, *name;

    snprintf(
        names, sizeof(names), "%s",
        world_sql("SELECT string_agg(relname, ',') FROM pg_class WHERE relkind IN ('r', 'p', 'v', "
                  "'m') AND relnamespace = 'signet'::regnamespace AND NOT relispartition"));
    while ((name = strsep(&rest, ",")))
        CU_ASSERT_TRUE(documented(name));
    CU_ASSERT_EQUAL(
        world_count("SELECT count(*) FROM pg_class WHERE relispartition AND relacl IS NOT "
                    "NULL AND relnamespace = 'signet'::regnamespace"),
        0);
    snprintf(
        names, sizeof(names), "%s",
        world_sql("SELECT coalesce(string_agg(DISTINCT p.proname, ','), '-') FROM pg_proc p, "
                  "unnest('{signet_server,signet_signer,signet_status}'::text[]) r WHERE "
                  "p.pronamespace = 'signet'::regnamespace AND has_function_privilege(r, p.oid, "
                  "'EXECUTE')"));
    rest = names;
    while ((name = strsep(&rest, ",")))
        CU_ASSERT_TRUE(documented(name));
    CU_ASSERT_EQUAL(
        world_count("SELECT count(*) FROM pg_class c, unnest('{signet_server,signet_signer,"
                    "signet_status}'::text[]) r WHERE relkind = 'S' AND relnamespace = "
                    "'signet'::regnamespace AND has_sequence_privilege(r, c.oid, "
                    "'USAGE,SELECT,UPDATE')"),
        0);
    CU_ASSERT_EQUAL(
        world_count("SELECT count(*) FROM unnest('{signet_server,signet_signer,"
                    "signet_status}'::text[]) r WHERE has_schema_privilege(r, 'signet', "
                    "'CREATE') OR pg_has_role(r, 'signet_owner', 'MEMBER')"),
        0);
}

/* Functions that act as the owner must not look names up where a caller can put others. */
static void
definers_have_a_fixed_path(void)
{
    CU_ASSERT_TRUE(world_count("SELECT count(*) FROM pg_proc WHERE prosecdef AND pronamespace = "
                               "'signet'::regnamespace") >= 4);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM pg_proc WHERE prosecdef AND pronamespace = "
                                "'signet'::regnamespace AND NOT coalesce(proconfig @> "
                                "'{\"search_path=signet, pg_temp\"}', false)"),
                    0);
}

struct attempt {
    const char *role;
    const char *sql;
};

/* What a hostile program in each seat would try first. */
static const struct attempt attempts[] = {
    {"signet_server", "INSERT INTO signature (serial, issuer, signature) VALUES ('x', 1, 'x')"},
    {"signet_server", "INSERT INTO certificate (serial) VALUES ('x')"},
    {"signet_server", "DELETE FROM certificate"},
    {"signet_server", "UPDATE certificate SET tbs = 'x'"},
    {"signet_server", "INSERT INTO crl_shard (issuer, shard, number) VALUES (1, 9, 9)"},
    {"signet_server", "UPDATE crl_shard SET number = 9"},
    {"signet_server", "UPDATE crl SET der = 'x'"},
    {"signet_server", "INSERT INTO grant_use (grant_key) VALUES ('x')"},
    {"signet_server", "DELETE FROM grant_use"},
    {"signet_server", "UPDATE revocation SET revoked_at = now()"},
    {"signet_server", "DELETE FROM revocation"},
    {"signet_server", "UPDATE audit_event SET actor = 'nobody'"},
    {"signet_server", "DELETE FROM audit_event"},
    {"signet_server", "TRUNCATE audit_event"},
    {"signet_server",
     "INSERT INTO audit_event (id, at, actor, action, object, outcome, rule, "
     "request_id, address, detail, count) OVERRIDING SYSTEM VALUE SELECT i, now(), "
     "'x', 'x', '', 'done', '', '', '', '', 1 FROM generate_series(1, 9) i"},
    {"signet_server", "INSERT INTO policy (version, document, created_by) OVERRIDING SYSTEM VALUE "
                      "VALUES (9223372036854775807, '{}', 'x')"},
    {"signet_server", "INSERT INTO identity (id, name) OVERRIDING SYSTEM VALUE VALUES (9, 'x')"},
    {"signet_server", "UPDATE identity SET roles = 'admin'"},
    {"signet_server", "UPDATE identity SET kind = 'admin'"},
    {"signet_server", "DELETE FROM identity"},
    {"signet_server", "DELETE FROM certificate_use"},
    {"signet_server", "DELETE FROM blocked_key"},
    {"signet_server", "UPDATE enrol_token SET expires_at = now()"},
    {"signet_server", "UPDATE issuer SET state = 'active'"},
    {"signet_server", "UPDATE retention SET audit_days = 1"},
    {"signet_server", "UPDATE policy SET created_by = 'x'"},
    {"signet_server", "ALTER TABLE revocation DISABLE TRIGGER ALL"},
    {"signet_server", "CREATE TABLE signet.mine (x int)"},
    {"signet_server", "SET ROLE signet_signer"},
    {"signet_server", "SET ROLE signet_owner"},
    {"signet_server", "SET session_replication_role = replica"},
    {"signet_signer", "UPDATE identity SET state = 'active'"},
    {"signet_signer", "INSERT INTO revocation (serial) VALUES ('x')"},
    {"signet_signer", "INSERT INTO identity (name) VALUES ('x')"},
    {"signet_signer", "SELECT FROM audit_event"},
    {"signet_signer", "UPDATE signature SET signature = 'x'"},
    {"signet_signer", "UPDATE crl SET number = 1"},
    {"signet_signer", "SELECT partition_remove(1, 1)"},
    {"signet_status", "INSERT INTO revocation (serial) VALUES ('x')"},
    {"signet_status", "SELECT FROM enrol_token"},
    {"signet_status", "SELECT FROM audit_event"},
    {"signet_status", "SELECT purge(now(), 1)"},
};

static void
hostile_programs_are_refused(void)
{
    char conninfo[160];

    for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
        PGconn *conn = PQconnectdb(
            cluster_conninfo(&world.cluster, attempts[i].role, conninfo, sizeof(conninfo)));
        PGresult *result;
        const char *sqlstate;

        PQclear(PQexec(conn, "SET search_path = signet"));
        result = PQexec(conn, attempts[i].sql);
        sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        if (!sqlstate || strcmp(sqlstate, "42501") != 0)
            printf("\n    %s: %s gave %s\n", attempts[i].role, attempts[i].sql,
                   sqlstate ? sqlstate : "success");
        CU_ASSERT_TRUE(sqlstate && strcmp(sqlstate, "42501") == 0);
        PQclear(result);
        PQfinish(conn);
    }
}

int
main(void)
{
    int status;

    world_start();
    status = RUN_SUITE("privileges", TEST(reads_the_matrix), TEST(catalogue_has_what_is_documented),
                       TEST(nothing_else_has_rights), TEST(definers_have_a_fixed_path),
                       TEST(hostile_programs_are_refused));
    world_stop();
    return status;
}
