/* The SQL of db/migrations and db/roles.sql, made into C by embed.cmake. */
#ifndef SIGNET_MIGRATION_LIST_H
#define SIGNET_MIGRATION_LIST_H

struct migration {
    int level;
    const char *name; /* file name without its ending */
    const char *sql;
};

extern const struct migration migration_list[]; /* in order, level 1 first */
extern const int migration_count;
extern const char migration_roles[];

#endif
