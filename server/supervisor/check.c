#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "listen.h"
#include "restart.h"
#include "signet/db.h"
#include "signet/file.h"
#include "signet/spawn.h"

enum { CHECK_DATABASE_MS = 10000, CHECK_OUTPUT_OCTETS = 8192 };

DEFINE_CLEANUP(struct db *, db_close);

bool
check_ok(struct check *check, const char *format, ...)
{
    va_list args;

    (void)check;
    fputs("ok     ", stdout);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    return true;
}

bool
check_wrong(struct check *check, const char *format, ...)
{
    va_list args;

    check->wrong++;
    fputs("WRONG  ", stdout);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    return false;
}

static void
check_address(struct check *check, const char *kind, const char *address)
{
    struct error err = {0};
    AUTO_FD fd = -1;

    if (listen_open(address, &fd, &err))
        check_ok(check, "address %s %s is free", kind, address);
    else
        check_wrong(check, "address %s: %s (%s)", kind, err.detail, err.internal);
}

static void
check_addresses(struct check *check)
{
    const struct config *config = check->config;

    for (size_t i = 0; i < config->server.https.count; i++)
        check_address(check, "https", config->server.https.item[i]);
    for (size_t i = 0; i < config->server.publish.count; i++)
        check_address(check, "publish", config->server.publish.item[i]);
    check_address(check, "health", config->server.health);
}

/* Each database role and the user that it is known by. */
static const struct {
    const char *role;
    size_t conninfo, user;
} database_roles[] = {
    {"server", offsetof(struct config, database.server), offsetof(struct config, user.server)},
    {"signer", offsetof(struct config, database.signer), offsetof(struct config, user.issuing)},
    {"status", offsetof(struct config, database.status), offsetof(struct config, user.status)},
};

static void
check_database_as_user(struct check *check, const char *role, const char *user)
{
    char self[CONFIG_PATH] = "";
    const char *const argv[] = {"signetd",  "--check-database",  role,
                                "--config", check->config->path, NULL};
    struct spawn spawn = {
        .path = self, .argv = argv, .user = check->separate && user[0] ? user : NULL};
    struct error err = {0};
    AUTO_BUFFER out;
    int status = 0;

    buffer_init(&out, CHECK_OUTPUT_OCTETS);
    if (readlink("/proc/self/exe", self, sizeof(self) - 1) <= 0 ||
        !spawn_run(&spawn, bytes_of(NULL, 0), &out, CHECK_DATABASE_MS, &status, &err)) {
        check_wrong(check, "database (%s): cannot be tried: %s", role, err.detail);
        return;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        check_ok(check, "database (%s) answers with the schema of this program", role);
        return;
    }
    check_wrong(check,
                "database (%s): %s; start PostgreSQL, run the ceremony's migrations, or correct "
                "section database",
                role, out.len ? buffer_text(&out) : "the attempt ended without a word");
}

int
check_database(const struct config *config, const char *role)
{
    for (size_t i = 0; i < ARRAY_LEN(database_roles); i++) {
        CLEANUP(db_close_auto) struct db *db = NULL;
        struct error err = {0};
        const char *conninfo = (const char *)config + database_roles[i].conninfo;

        if (strcmp(role, database_roles[i].role) != 0)
            continue;
        if (db_open(conninfo, CHECK_DATABASE_MS / 2, &db, &err) && db_check_schema(db, &err))
            return 0;
        printf("%s%s%s", err.detail, err.internal[0] ? ": " : "", err.internal);
        return EXIT_PERMANENT;
    }
    printf("there is no database role %s", role);
    return EXIT_PERMANENT;
}

unsigned
check_all(const struct config *config, const char *programs, bool separate)
{
    struct check check = {.config = config, .programs = programs, .separate = separate};

    check_ok(&check, "configuration %s", config->path);
    check_files(&check);
    check_addresses(&check);
    for (size_t i = 0; i < ARRAY_LEN(database_roles); i++)
        check_database_as_user(&check, database_roles[i].role,
                               (const char *)config + database_roles[i].user);
    if (check.wrong)
        printf("%u wrong\n", check.wrong);
    return check.wrong;
}
