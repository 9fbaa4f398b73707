/*
 * Every route with every kind of caller: exactly the documented answer. The handlers' own refusals
 * come behind, so a caller that is let in shows it by whatever the handler says to a request that
 * is right in form.
 */
#include "suite.h"

#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "flow_csr.h"

enum caller { NOBODY, TOKEN, WORKLOAD, OTHER, ADMIN, REVOKER, ENROLLER, AUDITOR, CALLERS };

static const char *const caller_names[CALLERS] = {"nobody", "token",   "workload", "other workload",
                                                  "admin",  "revoker", "enroller", "auditor"};

/* What comes back: a status, and for a refusal its type. */
struct wanted {
    int status;
    const char *type;
};

#define UNKNOWN                                                                                    \
    {                                                                                              \
        401, "unauthenticated"                                                                     \
    }
#define NEVER                                                                                      \
    {                                                                                              \
        403, "forbidden"                                                                           \
    }
#define OWN                                                                                        \
    {                                                                                              \
        409, "state-conflict"                                                                      \
    } /* the authority's own identities */
#define OK200                                                                                      \
    {                                                                                              \
        200, NULL                                                                                  \
    }
#define MADE                                                                                       \
    {                                                                                              \
        201, NULL                                                                                  \
    }

enum body {
    NONE,
    CSR,
    REVOKE_OWN,
    REVOKE_IDENTITY,
    REVOKE_KEY,
    MAKE_TOKEN,
    MAKE_ADMIN_TOKEN,
    MAKE_AUTHORITY_TOKEN,
    MAKE_IDENTITY,
    MAKE_ADMIN,
    CHANGE_IDENTITY,
    CHECK_POLICY,
    APPLY_POLICY
};

/* A path that ends with / or = goes on with the serial of the workload's certificate. */
static const struct row {
    const char *method, *path;
    enum body body;
    struct wanted wanted[CALLERS];
} rows[] = {
    {"POST", "/v1/certificates", CSR, {UNKNOWN, MADE, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER}},
    {"POST", "/v1/certificates/renew", CSR, {UNKNOWN, NEVER, MADE, MADE, MADE, MADE, MADE, MADE}},
    {"GET", "/v1/certificates", NONE, {UNKNOWN, NEVER, OK200, OK200, OK200, OK200, NEVER, OK200}},
    {"GET", "/v1/certificates/", NONE, {UNKNOWN, NEVER, OK200, NEVER, OK200, OK200, NEVER, OK200}},
    {"GET",
     "/v1/certificates?identity=roles/workload",
     NONE,
     {UNKNOWN, NEVER, OK200, NEVER, OK200, OK200, NEVER, OK200}},
    {"GET",
     "/v1/certificates?serial=",
     NONE,
     {UNKNOWN, NEVER, OK200, NEVER, OK200, OK200, NEVER, OK200}},
    {"POST",
     "/v1/revocations",
     REVOKE_OWN,
     {UNKNOWN, NEVER, OK200, NEVER, OK200, OK200, NEVER, NEVER}},
    {"POST",
     "/v1/revocations",
     REVOKE_IDENTITY,
     {UNKNOWN, NEVER, NEVER, NEVER, OK200, OK200, NEVER, NEVER}},
    {"POST",
     "/v1/revocations",
     REVOKE_KEY,
     {UNKNOWN, NEVER, NEVER, NEVER, OK200, OK200, NEVER, NEVER}},
    {"POST",
     "/v1/tokens",
     MAKE_AUTHORITY_TOKEN,
     {UNKNOWN, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER}},
    {"POST", "/v1/tokens", MAKE_TOKEN, {UNKNOWN, NEVER, NEVER, NEVER, MADE, NEVER, MADE, NEVER}},
    {"POST",
     "/v1/tokens",
     MAKE_ADMIN_TOKEN,
     {UNKNOWN, NEVER, NEVER, NEVER, MADE, NEVER, NEVER, NEVER}},
    {"GET", "/v1/identities", NONE, {UNKNOWN, NEVER, NEVER, NEVER, OK200, NEVER, OK200, OK200}},
    {"POST",
     "/v1/identities",
     MAKE_IDENTITY,
     {UNKNOWN, NEVER, NEVER, NEVER, MADE, NEVER, NEVER, NEVER}},
    {"POST",
     "/v1/identities",
     MAKE_ADMIN,
     {UNKNOWN, NEVER, NEVER, NEVER, MADE, NEVER, NEVER, NEVER}},
    {"GET",
     "/v1/identities/admin/boss",
     NONE,
     {UNKNOWN, NEVER, NEVER, NEVER, OK200, NEVER, OK200, OK200}},
    {"PATCH",
     "/v1/identities/admin/auditor",
     CHANGE_IDENTITY,
     {UNKNOWN, NEVER, NEVER, NEVER, OK200, NEVER, NEVER, NEVER}},
    {"PATCH",
     "/v1/identities/signet/server",
     CHANGE_IDENTITY,
     {UNKNOWN, NEVER, NEVER, NEVER, OWN, NEVER, NEVER, NEVER}},
    {"GET",
     "/v1/identities/roles/workload",
     NONE,
     {UNKNOWN, NEVER, NEVER, NEVER, OK200, NEVER, OK200, OK200}},
    {"PATCH",
     "/v1/identities/roles/workload",
     CHANGE_IDENTITY,
     {UNKNOWN, NEVER, NEVER, NEVER, OK200, NEVER, NEVER, NEVER}},
    {"GET", "/v1/issuers", NONE, {OK200, OK200, OK200, OK200, OK200, OK200, OK200, OK200}},
    {"GET", "/v1/roots", NONE, {OK200, OK200, OK200, OK200, OK200, OK200, OK200, OK200}},
    {"GET", "/v1/audit", NONE, {UNKNOWN, NEVER, NEVER, NEVER, OK200, NEVER, NEVER, OK200}},
    {"GET", "/v1/policy", NONE, {UNKNOWN, NEVER, NEVER, NEVER, OK200, OK200, OK200, OK200}},
    {"GET",
     "/v1/policy?version=1",
     NONE,
     {UNKNOWN, NEVER, NEVER, NEVER, OK200, OK200, OK200, OK200}},
    {"GET",
     "/v1/policy/versions",
     NONE,
     {UNKNOWN, NEVER, NEVER, NEVER, OK200, OK200, OK200, OK200}},
    {"POST",
     "/v1/policy/check",
     CHECK_POLICY,
     {UNKNOWN, NEVER, NEVER, NEVER, OK200, NEVER, NEVER, OK200}},
    {"POST",
     "/v1/policy",
     APPLY_POLICY,
     {UNKNOWN, NEVER, NEVER, NEVER, OK200, NEVER, NEVER, NEVER}},
};

static struct flow *flow;
static struct party parties[CALLERS]; /* of those with certificates */
static struct party victim;           /* another certificate of the workload's identity */

/* The document in force as a JSON text. */
static bool
put_policy(struct buffer *body)
{
    char document[16384];

    flow_text(flow, document, sizeof(document),
              "SELECT to_json(document::text)::text FROM policy ORDER BY version DESC LIMIT 1");
    return buffer_printf(body, "{\"document\": %s}", document);
}

/* Bodies that are always the same. */
static const char *const plain_bodies[] = {
    [REVOKE_IDENTITY] = "{\"identity\": \"roles/condemned\"}",
    [REVOKE_KEY] = "{\"spki_sha256\": "
                   "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"}",
    [MAKE_TOKEN] = "{\"identity\": \"roles/workload\"}",
    [MAKE_ADMIN_TOKEN] = "{\"identity\": \"admin/auditor\"}",
    [MAKE_AUTHORITY_TOKEN] = "{\"identity\": \"signet/server\"}",
    [CHANGE_IDENTITY] = "{\"owner\": \"somebody else\"}",
};

static bool
put_new_identity(enum body kind, struct buffer *body)
{
    static unsigned number;

    if (kind == MAKE_IDENTITY)
        return buffer_printf(body, "{\"name\": \"roles/made-%u\", \"owner\": \"tests\"}", number++);
    return buffer_printf(body,
                         "{\"name\": \"admin/made-%u\", \"owner\": \"tests\", \"kind\": \"admin\", "
                         "\"roles\": [\"admin\"]}",
                         number++);
}

static void
fill_body(enum body kind, struct buffer *body)
{
    AUTO_KEY key = kind == CSR ? key_make() : NULL;
    bool ok = true;

    buffer_init(body, 65536);
    if ((size_t)kind < ARRAY_LEN(plain_bodies) && plain_bodies[kind])
        ok = buffer_put(body, plain_bodies[kind], strlen(plain_bodies[kind]));
    else if (kind == CSR)
        csr_plain_body(key, "", body);
    else if (kind == REVOKE_OWN)
        ok = buffer_printf(body, "{\"serial\": \"%s\"}", victim.serial);
    else if (kind == MAKE_IDENTITY || kind == MAKE_ADMIN)
        ok = put_new_identity(kind, body);
    else if (kind == CHECK_POLICY)
        ok = put_policy(body);
    else if (kind == APPLY_POLICY)
        ok = buffer_printf(body, "{\"from_version\": 1, \"expected_version\": %lld}",
                           flow_number(flow, "SELECT max(version) FROM policy"));
    CU_ASSERT_TRUE_FATAL(ok);
}

static void
ask(const struct row *row, enum caller caller)
{
    char path[256], what[256], token[CA_TOKEN_TEXT] = "";
    const struct wanted *wanted = &row->wanted[caller];
    const struct refusal refusal = {wanted->status, wanted->type, "", NULL};
    struct call call = {.method = row->method, .path = path};
    AUTO_BUFFER body = {.max = 0};
    AUTO_ANSWER answer = {.status = 0};

    snprintf(path, sizeof(path), "%s%s", row->path,
             strchr("/=", row->path[strlen(row->path) - 1]) ? parties[WORKLOAD].serial : "");
    snprintf(what, sizeof(what), "%s %s by %s", row->method, row->path, caller_names[caller]);
    fill_body(row->body, &body);
    call.text = row->body == NONE ? NULL : buffer_text(&body);
    if (caller == TOKEN) {
        flow_token(flow, "roles/token", 0, token);
        call.token = token;
    } else if (caller != NOBODY) {
        call.cert = parties[caller].file;
    }
    if (wanted->type) {
        flow_refused(flow, &call, &refusal, what);
        return;
    }
    answer = flow_call(flow, &call);
    flow_expect(&answer, wanted->status, what);
}

static void
each_route_by_each_caller(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (int caller = 0; caller < CALLERS; caller++)
            ask(&rows[i], (enum caller)caller);
}

static bool
lists(const char *cert, const char *serial)
{
    bool found = false;
    AUTO_ANSWER answer = flow_call(flow, &(struct call){"GET", "/v1/certificates", .cert = cert});
    const json_t *list = json_object_get(answer.json, "certificates");

    for (size_t i = 0; i < json_array_size(list); i++)
        found =
            found || strcmp(json_string_value(json_object_get(json_array_get(list, i), "serial")),
                            serial) == 0;
    return found;
}

static void
a_workload_lists_its_own_alone(void)
{
    CU_ASSERT_TRUE(lists(parties[WORKLOAD].file, parties[WORKLOAD].serial));
    CU_ASSERT_FALSE(lists(parties[WORKLOAD].file, parties[OTHER].serial));
    CU_ASSERT_FALSE(lists(parties[OTHER].file, parties[WORKLOAD].serial));
    CU_ASSERT_TRUE(lists(parties[AUDITOR].file, parties[WORKLOAD].serial));
    CU_ASSERT_TRUE(lists(parties[AUDITOR].file, parties[OTHER].serial));
}

/* Two credentials: the sum of both, and a bad one is not forgiven for the good one's sake. */
static void
a_bad_credential_beside_a_good_one_is_refused(void)
{
    static const char stranger[] = "sgt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    flow_refused(flow, &(struct call){"GET", "/v1/identities", .cert = "admin", .token = stranger},
                 &(struct refusal){401, "token-unknown", "token", NULL}, "unknown token beside");
    flow_refused(flow, &(struct call){"GET", "/v1/roots", .token = stranger},
                 &(struct refusal){401, "token-unknown", "token", NULL}, "public route, bad token");
}

/* A role that was taken away with the identity's state ends at the next request, not the next day.
 */
static void
a_suspended_administrator_is_refused_at_once(void)
{
    AUTO_ANSWER before =
        flow_call(flow, &(struct call){"GET", "/v1/audit", .cert = parties[AUDITOR].file});
    AUTO_ANSWER change =
        flow_call(flow, &(struct call){"PATCH", "/v1/identities/admin/auditor", .cert = "admin",
                                       .text = "{\"state\": \"suspended\"}"});

    flow_expect(&before, 200, "before");
    flow_expect(&change, 200, "suspend");
    flow_refused(flow, &(struct call){"GET", "/v1/audit", .cert = parties[AUDITOR].file},
                 &(struct refusal){403, "identity-suspended", "admin/auditor", NULL}, "after");
}

static void
make_parties(void)
{
    flow_enrol(flow, "roles/workload", &parties[WORKLOAD]);
    flow_enrol(flow, "roles/workload", &victim);
    flow_enrol(flow, "roles/other", &parties[OTHER]);
    flow_identity(flow, "roles/condemned", "");
    flow_staff(flow, "admin/boss", "[\"admin\"]", &parties[ADMIN]);
    flow_staff(flow, "admin/revoker", "[\"revoker\"]", &parties[REVOKER]);
    flow_staff(flow, "admin/enroller", "[\"enroller\"]", &parties[ENROLLER]);
    flow_staff(flow, "admin/auditor", "[\"auditor\"]", &parties[AUDITOR]);
}

int
main(void)
{
    int status;

    flow = flow_start(NULL);
    make_parties();
    status = RUN_SUITE("callers and routes", TEST(each_route_by_each_caller),
                       TEST(a_workload_lists_its_own_alone),
                       TEST(a_bad_credential_beside_a_good_one_is_refused),
                       TEST(a_suspended_administrator_is_refused_at_once));
    for (int caller = 0; caller < CALLERS; caller++)
        party_done(&parties[caller]);
    party_done(&victim);
    flow_stop(flow);
    return status;
}
