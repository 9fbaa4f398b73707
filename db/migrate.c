#include "connection.h"
#include "migration_list.h"

#include <stdio.h>

static bool
schema_present(struct db *db, bool *ret_present, struct error *err)
{
    AUTO_RESULT result = db_run(db, STATEMENT_SCHEMA_PRESENT, NULL, err);
    struct row row;
    bool present;

    if (!result)
        return false;
    row = row_of(result, 0);
    present = row_bool(&row);
    if (!row_ok(&row, err))
        return false;
    *ret_present = present;
    return true;
}

/* The database computes the digest: this library has no cryptography of its own. */
static bool
checksum_of(struct db *db, const char *sql, uint8_t ret_digest[LIMIT_DIGEST_OCTETS],
            struct error *err)
{
    AUTO_PARAMS params = {0};
    AUTO_RESULT result = NULL;
    struct row row;

    params_init(&params);
    param_text(&params, sql);
    result = db_run(db, STATEMENT_SCHEMA_CHECKSUM, &params, err);
    if (!result)
        return false;
    row = row_of(result, 0);
    row_digest(&row, ret_digest, LIMIT_DIGEST_OCTETS);
    return row_ok(&row, err);
}

/* Row `number` of schema_version is the migration of that number, unchanged. */
static bool
applied_check(struct db *db, const PGresult *result, int number, struct error *err)
{
    const struct migration *migration = &migration_list[number];
    uint8_t wanted[LIMIT_DIGEST_OCTETS], found[LIMIT_DIGEST_OCTETS];
    struct row row = row_of(result, number);
    int level = row_int(&row);
    char name[64];

    row_text_cut(&row, name, sizeof(name));
    row_digest(&row, found, sizeof(found));
    if (!row_ok(&row, err) || !checksum_of(db, migration->sql, wanted, err))
        return false;
    if (level == migration->level && memcmp(wanted, found, sizeof(wanted)) == 0)
        return true;
    return error_set(err, ERROR_SCHEMA,
                     "migration %d (%s) of the database is not migration %d (%s) of this program",
                     level, name, migration->level, migration->name);
}

/* How many migrations the database has; each must be known here and unchanged. */
static bool
applied_count(struct db *db, int *ret_count, struct error *err)
{
    AUTO_RESULT result = db_run(db, STATEMENT_SCHEMA_VERSIONS, NULL, err);
    int count;

    if (!result)
        return false;
    count = PQntuples(result);
    if (count > migration_count)
        return error_set(err, ERROR_SCHEMA,
                         "the database has schema level %d, this program knows %d: it is too old",
                         count, migration_count);
    for (int i = 0; i < count; i++)
        if (!applied_check(db, result, i, err))
            return false;
    *ret_count = count;
    return true;
}

bool
db_check_schema(struct db *db, struct error *err)
{
    bool present;
    int count;

    if (!schema_present(db, &present, err))
        return false;
    if (!present)
        return error_set(err, ERROR_SCHEMA, "the database has no schema of Signet yet");
    if (!applied_count(db, &count, err))
        return false;
    if (count != migration_count)
        return error_set(
            err, ERROR_SCHEMA,
            "the database has schema level %d, this program needs %d: run the migration", count,
            migration_count);
    return true;
}

static bool
migration_apply(struct db *db, const struct migration *migration, struct error *err)
{
    AUTO_PARAMS params = {0};

    params_init(&params);
    param_int(&params, migration->level);
    param_text(&params, migration->name);
    param_text(&params, migration->sql);
    if (db_begin(db, err) && db_script(db, migration->sql, err) &&
        db_execute(db, STATEMENT_SCHEMA_INSERT, &params, NULL, err) && db_commit(db, err))
        return true;
    db_rollback(db);
    return error_context(err, "migration %s", migration->name);
}

static bool
migrate_locked(struct db *db, int *ret_level, struct error *err)
{
    static const char first[] =
        "CREATE SCHEMA IF NOT EXISTS signet;"
        "CREATE TABLE IF NOT EXISTS signet.schema_version (level integer PRIMARY KEY,"
        " name text NOT NULL, checksum bytea NOT NULL CHECK (octet_length(checksum) = 32),"
        " applied_at timestamptz NOT NULL DEFAULT clock_timestamp())";
    bool present;
    int count;

    if (!schema_present(db, &present, err) || (!present && !db_script(db, first, err)) ||
        !applied_count(db, &count, err))
        return false;
    for (; count < migration_count; count++)
        if (!migration_apply(db, &migration_list[count], err))
            return false;
    *ret_level = count;
    return true;
}

bool
db_migrate(struct db *db, int *ret_level, struct error *err)
{
    bool done;

    if (!db_execute(db, STATEMENT_MIGRATION_LOCK, NULL, NULL, err))
        return error_context(err, "another migration runs");
    done = migrate_locked(db, ret_level, err);
    return db_execute(db, STATEMENT_MIGRATION_UNLOCK, NULL, NULL, done ? err : NULL) && done;
}

bool
db_create_roles(struct db *db, struct error *err)
{
    return db_script(db, migration_roles, err);
}
