#include "api/authenticate.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "issue/authority.h"
#include "issue/issue.h"
#include "main/server.h"
#include "signet/clock.h"
#include "signet/encode.h"

static const char bearer[] = "Bearer ";
static const char token_prefix[] = "sgt_";
enum { TOKEN_SECRET_CHARACTERS = 43, TOKEN_SECRET_OCTETS = 32 };

static const struct {
    const char *role;
    unsigned kind;
} roles_of_callers[] = {
    {"admin", CALLER_ADMIN},
    {"revoker", CALLER_REVOKER},
    {"enroller", CALLER_ENROLLER},
    {"auditor", CALLER_AUDITOR},
};

static unsigned
role_kind(const char *role, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(roles_of_callers); i++)
        if (strlen(roles_of_callers[i].role) == len &&
            memcmp(roles_of_callers[i].role, role, len) == 0)
            return roles_of_callers[i].kind;
    return 0;
}

unsigned
caller_kinds(const char *identity_kind, const char *roles)
{
    unsigned kinds = 0;

    if (strcmp(identity_kind, "workload") == 0)
        return CALLER_WORKLOAD;
    if (strcmp(identity_kind, "admin") != 0)
        return 0;
    while (*roles) {
        size_t len = strcspn(roles, ",");

        kinds |= role_kind(roles, len);
        roles += len;
        roles += *roles == ',';
    }
    return kinds;
}

void
caller_done(struct caller *caller)
{
    free(caller->certificate);
    *caller = (struct caller){.kinds = 0};
}

bool
bearer_token_hash(const char *authorization, uint8_t ret_hash[LIMIT_DIGEST_OCTETS],
                  struct error *err)
{
    AUTO_BUFFER secret = {.max = TOKEN_SECRET_OCTETS};
    const char *token;

    if (strncasecmp(authorization, bearer, sizeof(bearer) - 1) != 0)
        return error_set(err, ERROR_UNAUTHENTICATED,
                         "the Authorization field has another scheme than Bearer");
    token = authorization + sizeof(bearer) - 1;
    token += strspn(token, " ");
    if (strncmp(token, token_prefix, sizeof(token_prefix) - 1) != 0 ||
        strlen(token) != sizeof(token_prefix) - 1 + TOKEN_SECRET_CHARACTERS ||
        !base64url_decode(bytes_of_text(token + sizeof(token_prefix) - 1), &secret))
        return error_set(err, ERROR_TOKEN_UNKNOWN,
                         "this is no enrolment token; one begins with %s and has %d characters "
                         "more",
                         token_prefix, TOKEN_SECRET_CHARACTERS);
    digest_sha256(bytes_of_text(token), ret_hash);
    return true;
}

static bool
token_authenticate(struct db *db, struct request *request, struct caller *caller, struct error *err)
{
    size_t used = strlen(caller->name);
    char shown[9];

    if (!bearer_token_hash(request->authorization, caller->token_hash, err))
        return false;
    switch (db_token_get(db, caller->token_hash, &caller->token, err)) {
    case DB_FOUND:
        break;
    case DB_MISSING:
        return error_set(err, ERROR_TOKEN_UNKNOWN,
                         "no such token was made, it ended long ago, or who made it is out of "
                         "service");
    case DB_FAILED:
        return false;
    }
    if (clock_now_s() >= caller->token.expires_s)
        return error_set(err, ERROR_TOKEN_EXPIRED, "ask for a new enrolment token");
    hex_encode(bytes_of(caller->token_hash, 4), shown, sizeof(shown));
    snprintf(caller->name + used, sizeof(caller->name) - used, "%stoken:%s", used ? "+" : "",
             shown);
    caller->kinds |= CALLER_TOKEN;
    return true;
}

/* Not only the TBS: the whole certificate must be the one that we signed and stored. */
static bool
whole_certificate_check(const struct authority_snapshot *authority, struct bytes shown,
                        const struct db_certificate *row, struct error *err)
{
    const struct authority_issuer *issuer = authority_issuer_by_id(authority, row->issuer);
    AUTO_BUFFER ours = {.max = LIMIT_CERTIFICATE_OCTETS};

    if (!issuer || strcmp(issuer->row.state, "compromised") == 0)
        return error_set(err, ERROR_CERTIFICATE_UNKNOWN,
                         "the issuer of the client certificate is not trusted any more");
    if (row->signature_len == 0)
        return error_set(err, ERROR_CERTIFICATE_UNKNOWN,
                         "the client certificate was recorded and never issued");
    if (!certificate_assemble(bytes_of(row->tbs, row->tbs_len), issuer->facts.algorithm,
                              bytes_of(row->signature, row->signature_len), &ours, err))
        return false;
    if (!bytes_equal(buffer_bytes(&ours), shown))
        return error_set(err, ERROR_CERTIFICATE_UNKNOWN,
                         "the signature of the client certificate is not ours");
    return true;
}

static bool
alive_check(const struct db_certificate *row, struct error *err)
{
    char serial[2 * LIMIT_SERIAL_OCTETS + 1], time[CLOCK_TEXT_OCTETS];
    int64_t now_s = clock_now_s();

    hex_encode(bytes_of(row->serial, row->serial_len), serial, sizeof(serial));
    if (row->revoked)
        return error_set(err, ERROR_CERTIFICATE_REVOKED, "client certificate %s is revoked",
                         serial);
    clock_text(now_s < row->not_before_s ? row->not_before_s : row->not_after_s, time);
    if (now_s < row->not_before_s)
        return error_set(err, ERROR_CERTIFICATE_EXPIRED,
                         "client certificate %s is not valid before %s", serial, time);
    if (now_s > row->not_after_s)
        return error_set(err, ERROR_CERTIFICATE_EXPIRED, "client certificate %s ended at %s",
                         serial, time);
    return identity_active_check(row->identity, row->identity_state, err);
}

/* Our row of exactly these to-be-signed bytes. */
static bool
row_find(struct db *db, struct bytes shown, struct db_certificate *row, struct error *err)
{
    struct bytes tbs, serial;
    uint8_t hash[LIMIT_DIGEST_OCTETS];
    char text[2 * LIMIT_SERIAL_OCTETS + 1];

    if (!certificate_peek(shown, &tbs, &serial, err) || serial.len > LIMIT_SERIAL_OCTETS)
        return error_set(err, ERROR_CERTIFICATE_UNKNOWN, "the client certificate cannot be read");
    digest_sha256(tbs, hash);
    switch (db_certificate_by_tbs(db, serial, hash, row, err)) {
    case DB_FOUND:
        return true;
    case DB_MISSING:
        hex_encode(serial, text, sizeof(text));
        return error_set(err, ERROR_CERTIFICATE_UNKNOWN,
                         "client certificate %s: none of this authority has that content", text);
    case DB_FAILED:
        break;
    }
    return false;
}

static bool
certificate_authenticate(struct worker *worker, struct db *db, struct request *request,
                         struct caller *caller, struct error *err)
{
    AUTO_AUTHORITY authority = authority_ref(worker->server->authority);
    struct db_certificate *row = calloc(1, sizeof(*row));
    unsigned kinds;

    caller->certificate = row;
    if (!row)
        return error_set(err, ERROR_MEMORY, "client certificate: no memory");
    if (!row_find(db, request->client_certificate, row, err) ||
        !whole_certificate_check(authority, request->client_certificate, row, err) ||
        !alive_check(row, err))
        return false;
    kinds = caller_kinds(row->identity_kind, row->identity_roles);
    if (!kinds)
        return error_set(err, ERROR_FORBIDDEN, "identity %.200s, a %s, may not call", row->identity,
                         row->identity_kind);
    snprintf(caller->name, sizeof(caller->name), "%s", row->identity);
    caller->kinds |= kinds;
    return row->used ||
           db_certificate_used(db, row->issuer, bytes_of(row->serial, row->serial_len), err);
}

static bool
credentials_check(struct worker *worker, struct request *request, struct caller *caller,
                  struct error *err)
{
    struct db *db = worker_db(worker, err);

    if (!db)
        return false;
    if (request->client_certificate.len &&
        !certificate_authenticate(worker, db, request, caller, err))
        return false;
    return !request->authorization || token_authenticate(db, request, caller, err);
}

bool
authenticate(struct worker *worker, struct request *request, struct error *err)
{
    struct caller caller = {.kinds = 0};

    request->caller = (struct caller){.kinds = CALLER_NOBODY, .name = "nobody"};
    if (!request->client_certificate.len && !request->authorization)
        return true;
    if (!credentials_check(worker, request, &caller, err)) {
        caller_done(&caller);
        return false;
    }
    request->caller = caller;
    return true;
}
