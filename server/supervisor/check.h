/*
 * signetd --check: the configuration against the world, as far as that is cheap and changes
 * nothing. Each finding is one line on stdout, "ok ..." or "wrong ...: what to do".
 */
#ifndef SIGNET_CHECK_H
#define SIGNET_CHECK_H

#include "signet/config.h"

/* Gives the number of things that are wrong. */
unsigned check_all(const struct config *config, const char *programs, bool separate);

/*
 * What `--check` starts as the role's own user, since the database knows it by that: connects and
 * compares the schema. Roles: "server", "signer", "status". Gives the exit status.
 */
int check_database(const struct config *config, const char *role);

/* One line of the report; used by the parts of the check. */
struct check {
    const struct config *config;
    const char *programs;
    bool separate;
    unsigned wrong;
};
/* Always true. */
bool check_ok(struct check *check, const char *format, ...) PRINTF_LIKE(2, 3);
/* Always false. */
bool check_wrong(struct check *check, const char *format, ...) PRINTF_LIKE(2, 3);

/* Files, folders, modes and owners (check_files.c). */
void check_files(struct check *check);

#endif
