/* POST /v1/identities and PATCH /v1/identities/{name}. */
#include "api/identity_change.h"

#include <stdio.h>

#include "api/handlers.h"
#include "api/json.h"
#include "api/note.h"
#include "api/view.h"
#include "main/server.h"
#include "signet/clock.h"

static const struct json_member create_members[] = {
    {"name", JSON_MEMBER_TEXT, true, 1, LIMIT_NAME_OCTETS},
    {"owner", JSON_MEMBER_TEXT, true, 1, LIMIT_OWNER_OCTETS},
    {"kind", JSON_MEMBER_TEXT, false, 1, 15},
    {"profile", JSON_MEMBER_TEXT, false, 1, LIMIT_PROFILE_OCTETS},
    {"roles", JSON_MEMBER_TEXTS, false, 0, 4},
    {"names", JSON_MEMBER_TEXTS, false, 0, DB_NAMES},
    {NULL, JSON_MEMBER_TEXT, false, 0, 0},
};

static const struct json_member change_members[] = {
    {"state", JSON_MEMBER_TEXT, false, 1, 15},
    {"owner", JSON_MEMBER_TEXT, false, 1, LIMIT_OWNER_OCTETS},
    {"names", JSON_MEMBER_TEXTS, false, 0, DB_NAMES},
    {NULL, JSON_MEMBER_TEXT, false, 0, 0},
};

static const char *const roles[] = {"admin", "revoker", "enroller", "auditor"};

static bool
owner_set(const json_t *body, struct db_identity *identity, struct error *err)
{
    const char *owner = json_text(body, "owner");

    if (!owner)
        return true;
    if (strspn(owner, " \t\r\n") == strlen(owner))
        return error_set(err, ERROR_MEMBER_INVALID, "owner: is blank");
    if (strpbrk(owner, "\t\r\n"))
        return error_set(err, ERROR_MEMBER_INVALID, "owner: has more than one line");
    snprintf(identity->owner, sizeof(identity->owner), "%s", owner);
    return true;
}

static const struct profile *
profile_for(const struct policy *policy, const struct db_identity *identity, struct error *err)
{
    const struct profile *profile = policy_profile(policy, identity->profile);

    if (profile && strcmp(profile->kind, identity->kind) == 0)
        return profile_identity_check(profile, identity->name, err) ? profile : NULL;
    error_set(err, ERROR_PROFILE_UNKNOWN,
              "the policy has no profile %.64s for identities of kind %s", identity->profile,
              identity->kind);
    return NULL;
}

static bool
name_repeats(const struct db_identity *identity, const char *name)
{
    for (size_t i = 0; i < identity->name_count; i++)
        if (strcmp(identity->names[i], name) == 0)
            return true;
    return false;
}

static bool
names_set(const json_t *body, const struct policy *policy, struct db_identity *identity,
          struct error *err)
{
    const json_t *names = json_object_get(body, "names");
    const struct profile *profile = names ? profile_for(policy, identity, err) : NULL;

    if (!names)
        return true;
    if (!profile)
        return false;
    identity->name_count = 0;
    for (size_t i = 0; i < json_array_size(names) && i < DB_NAMES; i++) {
        const char *name = json_string_value(json_array_get(names, i));

        if (!identity_extra_name_check(profile, name, err))
            return false;
        if (name_repeats(identity, name))
            return error_set(err, ERROR_MEMBER_INVALID, "names: %.200s is there twice", name);
        snprintf(identity->names[identity->name_count++], sizeof(identity->names[0]), "%s", name);
    }
    return true;
}

static bool
role_known(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (strcmp(roles[i], name) == 0)
            return true;
    return false;
}

/* In the order of our table, each once. */
static void
roles_put(const json_t *given, struct db_identity *identity)
{
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        for (size_t j = 0; j < json_array_size(given); j++)
            if (strcmp(json_string_value(json_array_get(given, j)), roles[i]) == 0) {
                size_t used = strlen(identity->roles);

                snprintf(identity->roles + used, sizeof(identity->roles) - used, "%s%s",
                         used ? "," : "", roles[i]);
                break;
            }
}

static bool
roles_set(const json_t *body, struct db_identity *identity, struct error *err)
{
    const json_t *given = json_object_get(body, "roles");
    bool admin = strcmp(identity->kind, "admin") == 0;

    if (admin != (json_array_size(given) > 0))
        return error_set(err, ERROR_MEMBER_INVALID,
                         admin ? "roles: an administrator has one role or more"
                               : "roles: only administrators have roles");
    for (size_t i = 0; i < json_array_size(given); i++)
        if (!role_known(json_string_value(json_array_get(given, i))))
            return error_set(err, ERROR_MEMBER_INVALID,
                             "roles: wanted admin, revoker, enroller, auditor");
    roles_put(given, identity);
    return true;
}

bool
identity_make(const json_t *body, const struct policy *policy, int64_t now_s,
              struct db_identity *ret_identity, struct error *err)
{
    struct db_identity identity = {.created_s = now_s, .changed_s = now_s};
    const char *kind = json_text(body, "kind"), *profile = json_text(body, "profile");

    if (kind && strcmp(kind, "workload") != 0 && strcmp(kind, "admin") != 0)
        return error_set(err, ERROR_MEMBER_INVALID, "kind: wanted workload or admin");
    snprintf(identity.kind, sizeof(identity.kind), "%s", kind ? kind : "workload");
    snprintf(identity.name, sizeof(identity.name), "%s", json_text(body, "name"));
    snprintf(identity.state, sizeof(identity.state), "active");
    snprintf(identity.profile, sizeof(identity.profile), "%s", profile ? profile : identity.kind);
    if (!identity_name_check(identity.name, identity.kind, err) ||
        !owner_set(body, &identity, err) || !profile_for(policy, &identity, err) ||
        !roles_set(body, &identity, err) || !names_set(body, policy, &identity, err))
        return false;
    *ret_identity = identity;
    return true;
}

static bool
state_set(const json_t *body, struct db_identity *identity, struct error *err)
{
    const char *state = json_text(body, "state");

    if (!state)
        return true;
    if (strcmp(state, "revoked") == 0)
        return error_set(err, ERROR_MEMBER_INVALID,
                         "state: an identity is revoked by POST /v1/revocations, which revokes its "
                         "certificates, too");
    if (strcmp(state, "active") != 0 && strcmp(state, "suspended") != 0)
        return error_set(err, ERROR_MEMBER_INVALID, "state: wanted active or suspended");
    snprintf(identity->state, sizeof(identity->state), "%s", state);
    return true;
}

bool
identity_apply(const json_t *body, const struct policy *policy, int64_t now_s,
               struct db_identity *identity, struct error *err)
{
    struct db_identity changed = *identity;

    if (json_object_size(body) == 0)
        return error_set(err, ERROR_MEMBER_MISSING, "one of state, owner, names is required");
    if (strcmp(identity->state, "revoked") == 0)
        return error_set(err, ERROR_STATE_CONFLICT, "identity %.200s is revoked for ever",
                         identity->name);
    if (strncmp(identity->name, "signet/", 7) == 0)
        return error_set(err, ERROR_STATE_CONFLICT,
                         "%.200s is the authority's own identity and is changed by its operator",
                         identity->name);
    if (!state_set(body, &changed, err) || !owner_set(body, &changed, err) ||
        !names_set(body, policy, &changed, err))
        return false;
    changed.changed_s = now_s;
    *identity = changed;
    return true;
}

static bool
identity_store(struct db *db, const struct request *request, struct db_identity *identity,
               struct error *err)
{
    bool ok;

    if (!db_begin(db, err))
        return false;
    ok =
        db_identity_insert(db, identity, &identity->id, err) &&
        note_done(db, request, "identity.create", identity->name, err, "%s, owner %.200s, roles %s",
                  identity->kind, identity->owner, *identity->roles ? identity->roles : "none") &&
        db_commit(db, err);
    if (!ok)
        db_rollback(db);
    return ok;
}

static bool
answer(const struct authority_snapshot *authority, const struct db_identity *identity, int status,
       struct response *response, struct error *err)
{
    AUTO_JSON view = view_identity(authority, identity);

    snprintf(response->object, sizeof(response->object), "%.95s", identity->name);
    response->audited = true;
    return view ? json_reply(response, status, view, err) : json_failed(err);
}

bool
handle_identity_create(struct worker *worker, struct request *request, struct response *response,
                       struct error *err)
{
    AUTO_AUTHORITY authority = authority_ref(worker->server->authority);
    AUTO_JSON body = NULL;
    struct db *db = worker_db(worker, err);
    struct db_identity identity;

    return db && json_body(request, create_members, &body, err) &&
           identity_make(body, authority->policy, clock_now_s(), &identity, err) &&
           identity_store(db, request, &identity, err) &&
           answer(authority, &identity, 201, response, err);
}

/* Within the transaction, under the lock that recording waits for. */
static bool
identity_update(struct db *db, const struct request *request,
                const struct authority_snapshot *authority, const json_t *body,
                struct db_identity *identity, struct error *err)
{
    switch (db_identity_lock(db, request->param[0], identity, err)) {
    case DB_FOUND:
        break;
    case DB_MISSING:
        return error_set(err, ERROR_IDENTITY_NOT_FOUND, "there is no identity %.200s",
                         request->param[0]);
    case DB_FAILED:
        return false;
    }
    return identity_apply(body, authority->policy, clock_now_s(), identity, err) &&
           db_identity_update(db, identity, err) &&
           note_done(db, request, "identity.change", identity->name, err,
                     "%s, owner %.200s, %zu further names", identity->state, identity->owner,
                     identity->name_count) &&
           db_commit(db, err);
}

bool
handle_identity_change(struct worker *worker, struct request *request, struct response *response,
                       struct error *err)
{
    AUTO_AUTHORITY authority = authority_ref(worker->server->authority);
    AUTO_JSON body = NULL;
    struct db *db = worker_db(worker, err);
    struct db_identity identity = {.id = 0};

    if (!db || !json_body(request, change_members, &body, err) || !db_begin(db, err))
        return false;
    if (!identity_update(db, request, authority, body, &identity, err)) {
        db_rollback(db);
        return false;
    }
    return answer(authority, &identity, 200, response, err);
}
