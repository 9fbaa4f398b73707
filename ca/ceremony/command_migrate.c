/* Brings the database of an authority to the level of these programs. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "signet/config.h"
#include "signet/db.h"

enum { MIGRATE_TIMEOUT_MS = 600000 }; /* an index on a large table takes its time */

static bool
migrate_as_owner(const struct config *config, int *ret_level, struct error *err)
{
    char conninfo[CONFIG_TEXT + 32];
    struct db *db = NULL;
    bool ok;

    /* Of two users in one conninfo libpq takes the last. */
    snprintf(conninfo, sizeof(conninfo), "%s user=signet_owner", config->database.server);
    if (!db_open(conninfo, MIGRATE_TIMEOUT_MS, &db, err))
        return error_context(err, "database as signet_owner");
    ok = db_migrate(db, ret_level, err);
    db_close(db);
    return ok;
}

static bool
migrate(char **arguments, struct error *err)
{
    struct command_option options[] = {{"config", NULL}};
    struct config *config;
    int level = 0;
    bool ok;

    if (!command_options(arguments, options, ARRAY_LEN(options), ARRAY_LEN(options), err))
        return false;
    config = calloc(1, sizeof(*config));
    if (!config)
        return error_set(err, ERROR_MEMORY, "no memory for the configuration");
    ok = config_load(options[0].value, config, err) && migrate_as_owner(config, &level, err);
    free(config);
    if (ok)
        printf("database at level %d\n", level);
    return ok;
}

int
command_migrate(char **arguments)
{
    struct error err = {0};

    return migrate(arguments, &err) ? EXIT_DONE : command_fail(&err);
}
