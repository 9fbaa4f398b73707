/* POST /v1/tokens. */
#include "api/authenticate.h"
#include "api/handlers.h"
#include "api/json.h"
#include "api/note.h"
#include "issue/authority.h"
#include "issue/issue.h"
#include "main/server.h"
#include "signet/clock.h"
#include "signet/encode.h"

#include <stdio.h>

enum { TOKEN_DEFAULT_S = 3600, TOKEN_MOST_S = 30 * 86400, TOKEN_SECRET_OCTETS = 32 };

static const struct json_member members[] = {
    {"identity", JSON_MEMBER_TEXT, true, 1, LIMIT_NAME_OCTETS},
    {"ttl_s", JSON_MEMBER_INTEGER, false, 1, TOKEN_MOST_S},
    {NULL, JSON_MEMBER_TEXT, false, 0, 0},
};

/* The profile says who brings workloads in. */
static bool
role_check(const struct policy *policy, const struct db_identity *identity,
           const struct caller *caller, struct error *err)
{
    const struct profile *profile = policy_profile(policy, identity->profile);
    unsigned roles = (caller->kinds & CALLER_ADMIN ? TOKEN_ROLE_ADMIN : 0U) |
                     (caller->kinds & CALLER_ENROLLER ? TOKEN_ROLE_ENROLLER : 0U);

    if (!profile || strcmp(profile->kind, identity->kind) != 0)
        return error_set(err, ERROR_PROFILE_UNKNOWN,
                         "the policy has no profile %.64s for identities of kind %s",
                         identity->profile, identity->kind);
    if (!profile_identity_check(profile, identity->name, err))
        return false;
    return (roles & profile->token_roles) ||
           error_refuse(err, ERROR_FORBIDDEN, "profile.token_roles",
                        "the caller's roles make no tokens for profile %s", profile->name);
}

static bool
identity_check(struct db *db, const struct policy *policy, const struct caller *caller,
               const char *name, struct error *err)
{
    struct db_identity identity;

    switch (db_identity_get(db, name, &identity, err)) {
    case DB_FOUND:
        break;
    case DB_MISSING:
        return error_set(err, ERROR_IDENTITY_NOT_FOUND, "there is no identity %.200s", name);
    case DB_FAILED:
        return false;
    }
    if (strcmp(identity.kind, "admin") == 0 && !(caller->kinds & CALLER_ADMIN))
        return error_refuse(err, ERROR_FORBIDDEN, "token.admin",
                            "only an administrator makes tokens for an administrator");
    if (strcmp(identity.kind, "admin") != 0 && strcmp(identity.kind, "workload") != 0)
        return error_refuse(err, ERROR_FORBIDDEN, "token.own",
                            "%.200s is the authority's own identity and has no tokens", name);
    return role_check(policy, &identity, caller, err) &&
           identity_active_check(identity.name, identity.state, err);
}

static bool
token_make(struct buffer *text, struct db_token *token, struct error *err)
{
    uint8_t secret[TOKEN_SECRET_OCTETS];
    bool ok;

    if (!random_bytes(secret, sizeof(secret), err))
        return false;
    ok = buffer_put(text, "sgt_", 4) && base64url_encode(bytes_of(secret, sizeof(secret)), text) &&
         buffer_text(text);
    bytes_wipe(secret, sizeof(secret));
    if (!ok)
        return json_failed(err);
    digest_sha256(buffer_bytes(text), token->hash);
    return true;
}

static bool
token_store(struct db *db, const struct request *request, const struct db_token *token,
            struct error *err)
{
    char shown[9];
    bool ok;

    hex_encode(bytes_of(token->hash, 4), shown, sizeof(shown));
    if (!db_begin(db, err))
        return false;
    ok = db_token_insert(db, token, err) &&
         note_done(db, request, "token.create", token->identity, err, "token:%s for %lld s", shown,
                   (long long)(token->expires_s - token->created_s)) &&
         db_commit(db, err);
    if (!ok)
        db_rollback(db);
    return ok;
}

static bool
answer(struct buffer *text, const struct db_token *token, struct response *response,
       struct error *err)
{
    AUTO_JSON view = json_object();

    if (!view || !json_put_text(view, "token", buffer_text(text)) ||
        !json_put_text(view, "identity", token->identity) ||
        !json_put_time(view, "expires_at", token->expires_s))
        return json_failed(err);
    return response_header(response, "Cache-Control", "no-store", err) &&
           json_reply(response, 201, view, err);
}

bool
handle_token_create(struct worker *worker, struct request *request, struct response *response,
                    struct error *err)
{
    AUTO_AUTHORITY authority = authority_ref(worker->server->authority);
    AUTO_JSON body = NULL;
    AUTO_BUFFER text = {.max = 128};
    struct db_token token = {.created_s = clock_now_s()};
    struct db *db = worker_db(worker, err);
    int64_t ttl_s;

    if (!db || !json_body(request, members, &body, err) ||
        !identity_check(db, authority->policy, &request->caller, json_text(body, "identity"), err))
        return false;
    ttl_s = json_number(body, "ttl_s");
    token.expires_s = token.created_s + (ttl_s ? ttl_s : TOKEN_DEFAULT_S);
    snprintf(token.identity, sizeof(token.identity), "%s", json_text(body, "identity"));
    snprintf(token.created_by, sizeof(token.created_by), "%s", request->caller.name);
    snprintf(response->object, sizeof(response->object), "%.95s", token.identity);
    response->audited = true;
    return token_make(&text, &token, err) && token_store(db, request, &token, err) &&
           answer(&text, &token, response, err);
}
