#include "world.h"

static struct db_identity
fresh(const char *name)
{
    struct db_identity identity = {.created_s = 1700000000, .changed_s = 1700000001};

    snprintf(identity.name, sizeof(identity.name), "%s", name);
    snprintf(identity.kind, sizeof(identity.kind), "workload");
    snprintf(identity.owner, sizeof(identity.owner), "team-a");
    snprintf(identity.state, sizeof(identity.state), "active");
    snprintf(identity.profile, sizeof(identity.profile), "workload");
    return identity;
}

static void
comes_back_as_it_was(void)
{
    struct db_identity identity = fresh("admin/alice"), found;
    struct error err = {0};
    int64_t id;

    snprintf(identity.kind, sizeof(identity.kind), "admin");
    snprintf(identity.roles, sizeof(identity.roles), "admin,auditor");
    identity.name_count = 2;
    snprintf(identity.names[0], sizeof(identity.names[0]), "dns:a.example.internal");
    snprintf(identity.names[1], sizeof(identity.names[1]), "ip:::1");
    ASSERT_OK(db_identity_insert(world.server, &identity, &id, &err), &err);
    CU_ASSERT_EQUAL(db_identity_get(world.signer, "admin/alice", &found, &err), DB_FOUND);
    CU_ASSERT_EQUAL(found.id, id);
    CU_ASSERT_STRING_EQUAL(found.kind, identity.kind);
    CU_ASSERT_STRING_EQUAL(found.owner, identity.owner);
    CU_ASSERT_STRING_EQUAL(found.state, identity.state);
    CU_ASSERT_STRING_EQUAL(found.profile, identity.profile);
    CU_ASSERT_STRING_EQUAL(found.roles, identity.roles);
    CU_ASSERT_EQUAL(found.name_count, 2);
    CU_ASSERT_STRING_EQUAL(found.names[0], identity.names[0]);
    CU_ASSERT_STRING_EQUAL(found.names[1], identity.names[1]);
    CU_ASSERT_EQUAL(found.created_s, identity.created_s);
    CU_ASSERT_EQUAL(found.changed_s, identity.changed_s);
    CU_ASSERT_EQUAL(db_identity_get(world.signer, "admin/bob", &found, &err), DB_MISSING);
    ASSERT_REFUSED(db_identity_insert(world.server, &identity, &id, &err), &err,
                   ERROR_IDENTITY_EXISTS);
}

struct bad {
    const char *name, *kind, *owner, *state, *roles;
};

static const struct bad bads[] = {
    {"", "workload", "o", "active", ""},         {"w/1", "robot", "o", "active", ""},
    {"w/2", "workload", "", "active", ""},       {"w/3", "workload", "  ", "active", ""},
    {"w/4", "workload", "o", "happy", ""},       {"w/5", "workload", "o", "active", "admin"},
    {"admin/x", "workload", "o", "active", ""},  {"w/6", "admin", "o", "active", "admin"},
    {"admin/y", "admin", "o", "active", "king"}, {"signet/x", "workload", "o", "active", ""},
    {"w/7", "server", "o", "active", ""},
};

static void
refuses_what_cannot_be(void)
{
    struct error err = {0};
    int64_t id = -1;

    for (size_t i = 0; i < ARRAY_LEN(bads); i++) {
        struct db_identity identity = fresh(bads[i].name);

        snprintf(identity.kind, sizeof(identity.kind), "%s", bads[i].kind);
        snprintf(identity.owner, sizeof(identity.owner), "%s", bads[i].owner);
        snprintf(identity.state, sizeof(identity.state), "%s", bads[i].state);
        snprintf(identity.roles, sizeof(identity.roles), "%s", bads[i].roles);
        ASSERT_REFUSED(db_identity_insert(world.server, &identity, &id, &err), &err,
                       ERROR_DATABASE);
        CU_ASSERT_STRING_EQUAL(err.sqlstate, "23514");
    }
    CU_ASSERT_EQUAL(id, -1);
}

static bool
set_state(struct db_identity *identity, const char *state, struct error *err)
{
    snprintf(identity->state, sizeof(identity->state), "%s", state);
    return db_identity_update(world.server, identity, err);
}

static void
revoked_is_final(void)
{
    struct db_identity identity = fresh("state/api");
    struct error err = {0};

    ASSERT_OK(db_identity_insert(world.server, &identity, &identity.id, &err), &err);
    ASSERT_OK(set_state(&identity, "suspended", &err), &err);
    ASSERT_OK(set_state(&identity, "active", &err), &err);
    ASSERT_OK(set_state(&identity, "revoked", &err), &err);
    ASSERT_OK(set_state(&identity, "revoked", &err), &err);
    ASSERT_REFUSED(set_state(&identity, "active", &err), &err, ERROR_STATE_CONFLICT);
    ASSERT_REFUSED(set_state(&identity, "suspended", &err), &err, ERROR_STATE_CONFLICT);
    identity.id = 999999;
    ASSERT_REFUSED(set_state(&identity, "active", &err), &err, ERROR_IDENTITY_NOT_FOUND);
}

static void
lock_holds_others_off(void)
{
    struct db_identity identity;
    struct db *other = world_connect("signet_server");
    struct error err = {0};

    world_identity("locked/api");
    ASSERT_OK(db_begin(world.server, &err), &err);
    CU_ASSERT_EQUAL(db_identity_lock(world.server, "locked/api", &identity, &err), DB_FOUND);
    CU_ASSERT_EQUAL(db_identity_lock(world.server, "locked/none", &identity, &err), DB_MISSING);
    CU_ASSERT_EQUAL(db_identity_get(other, "locked/api", &identity, &err), DB_FOUND);
    CU_ASSERT_EQUAL(db_identity_lock(other, "locked/api", &identity, &err), DB_FAILED);
    CU_ASSERT_EQUAL(err.kind, ERROR_DATABASE_UNAVAILABLE);
    db_rollback(world.server);
    db_close(other);
}

struct names {
    char text[512];
    int stop_after;
};

static bool
add_name(void *context, const struct db_identity *identity)
{
    struct names *names = context;
    size_t used = strlen(names->text);

    snprintf(names->text + used, sizeof(names->text) - used, "%s ", identity->name);
    return names->stop_after == 0 || --names->stop_after > 0;
}

static void
lists_by_filter_and_page(void)
{
    struct error err = {0};
    struct names names = {.stop_after = 0};
    struct db_identity identity;

    for (char c = 'a'; c <= 'e'; c++) {
        char name[] = "list/x-api";

        name[5] = c;
        identity = fresh(name);
        snprintf(identity.owner, sizeof(identity.owner), "%s", c < 'c' ? "team-l" : "team-m");
        snprintf(identity.state, sizeof(identity.state), "%s", c == 'd' ? "suspended" : "active");
        ASSERT_OK(db_identity_insert(world.server, &identity, &identity.id, &err), &err);
    }
    ASSERT_OK(db_identity_list(world.server,
                               &(struct db_identity_filter){.prefix = "list/", .limit = 2},
                               add_name, &names, &err),
              &err);
    CU_ASSERT_STRING_EQUAL(names.text, "list/a-api list/b-api ");
    names = (struct names){.stop_after = 0};
    ASSERT_OK(db_identity_list(world.server,
                               &(struct db_identity_filter){
                                   .prefix = "list/", .after = "list/b-api", .limit = 100000},
                               add_name, &names, &err),
              &err);
    CU_ASSERT_STRING_EQUAL(names.text, "list/c-api list/d-api list/e-api ");
    names = (struct names){.stop_after = 0};
    ASSERT_OK(db_identity_list(world.server,
                               &(struct db_identity_filter){
                                   .owner = "team-m", .state = "suspended", .limit = 10},
                               add_name, &names, &err),
              &err);
    CU_ASSERT_STRING_EQUAL(names.text, "list/d-api ");
    names = (struct names){.stop_after = 1};
    CU_ASSERT_FALSE(db_identity_list(world.server, &(struct db_identity_filter){.limit = 10},
                                     add_name, &names, &err));
    names = (struct names){.stop_after = 0};
    ASSERT_OK(db_identity_list(world.server,
                               &(struct db_identity_filter){.prefix = "l%' OR true --", .limit = 9},
                               add_name, &names, &err),
              &err);
    CU_ASSERT_STRING_EQUAL(names.text, "");
}

static void
tokens_name_an_identity(void)
{
    struct db_token token = {.created_s = 1700000000, .expires_s = 1700003600}, found;
    struct error err = {0};

    world_identity("token/api");
    world_digest(token.hash);
    snprintf(token.identity, sizeof(token.identity), "token/none");
    snprintf(token.created_by, sizeof(token.created_by), "admin/alice");
    ASSERT_REFUSED(db_token_insert(world.server, &token, &err), &err, ERROR_IDENTITY_NOT_FOUND);
    CU_ASSERT_EQUAL(db_token_get(world.server, token.hash, &found, &err), DB_MISSING);
    snprintf(token.identity, sizeof(token.identity), "token/api");
    ASSERT_OK(db_token_insert(world.server, &token, &err), &err);
    CU_ASSERT_EQUAL(db_token_get(world.server, token.hash, &found, &err), DB_FOUND);
    CU_ASSERT_STRING_EQUAL(found.identity, "token/api");
    CU_ASSERT_STRING_EQUAL(found.created_by, "admin/alice");
    CU_ASSERT_EQUAL(found.expires_s, token.expires_s);
    ASSERT_REFUSED(db_token_insert(world.server, &token, &err), &err, ERROR_DATABASE);
    world_digest(token.hash);
    token.expires_s = token.created_s;
    ASSERT_REFUSED(db_token_insert(world.server, &token, &err), &err, ERROR_DATABASE);
}

static void
issuers_in_order(void)
{
    struct db_issuer issuers[4];
    struct error err = {0};
    size_t count;

    ASSERT_OK(db_issuer_list(world.server, issuers, 4, &count, &err), &err);
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_STRING_EQUAL(issuers[0].name, "root");
    CU_ASSERT_EQUAL(issuers[0].parent, 0);
    CU_ASSERT_STRING_EQUAL(issuers[1].kind, "issuing");
    CU_ASSERT_EQUAL(issuers[1].parent, issuers[0].id);
    CU_ASSERT_EQUAL(issuers[1].certificate_len, 2);
    ASSERT_OK(db_issuer_list(world.status, issuers, 1, &count, &err), &err);
    CU_ASSERT_EQUAL(count, 1);
    ASSERT_REFUSED(db_issuer_insert(world.server, &issuers[0], &issuers[0].id, &err), &err,
                   ERROR_DATABASE);
}

static void
job_locks_exclude(void)
{
    struct db *other = world_connect("signet_server");
    struct error err = {.kind = ERROR_INTERNAL};

    ASSERT_OK(db_job_lock(world.server, "purge", &err), &err);
    CU_ASSERT_FALSE(db_job_lock(other, "purge", &err));
    CU_ASSERT_EQUAL(err.kind, ERROR_NONE);
    ASSERT_OK(db_job_lock(other, "crl", &err), &err);
    db_job_unlock(world.server, "purge");
    ASSERT_OK(db_job_lock(other, "purge", &err), &err);
    db_close(other);
}

int
main(void)
{
    int status;

    world_start();
    status = RUN_SUITE("identity", TEST(comes_back_as_it_was), TEST(refuses_what_cannot_be),
                       TEST(revoked_is_final), TEST(lock_holds_others_off),
                       TEST(lists_by_filter_and_page), TEST(tokens_name_an_identity),
                       TEST(issuers_in_order), TEST(job_locks_exclude));
    world_stop();
    return status;
}
