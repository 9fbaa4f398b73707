/* POST /v1/policy and /v1/policy/check: a document is judged as a whole before it is stored. */
#include "api/handlers.h"
#include "api/json.h"
#include "api/note.h"
#include "api/policy_view.h"
#include "main/server.h"
#include "signet/clock.h"
#include "signet/policy.h"

#include <stdio.h>

enum { POLICY_SIGNER_MS = 5000 };

static const struct json_member check_members[] = {
    {"document", JSON_MEMBER_TEXT, true, 1, LIMIT_POLICY_OCTETS},
    {NULL, JSON_MEMBER_TEXT, false, 0, 0},
};

static const struct json_member apply_members[] = {
    {"document", JSON_MEMBER_TEXT, false, 1, LIMIT_POLICY_OCTETS},
    {"from_version", JSON_MEMBER_INTEGER, false, 1, INT64_MAX},
    {"expected_version", JSON_MEMBER_INTEGER, true, 1, INT64_MAX},
    {NULL, JSON_MEMBER_TEXT, false, 0, 0},
};

/* What is asked for: a document, or that of an older version. */
struct wanted {
    const char *document;
    uint64_t from_version; /* 0: the document came with the request */
    uint64_t expected_version;
    struct buffer stored;
};

static void
wanted_done(struct wanted *wanted)
{
    buffer_done(&wanted->stored);
}

DEFINE_CLEANUP(struct policy *, policy_free);

struct use_check {
    const struct policy *policy;
    struct error *err;
    bool refused;
};

static bool
use_check(void *context, const struct db_profile_use *use)
{
    struct use_check *check = context;
    const struct profile *profile = policy_profile(check->policy, use->profile);

    if (profile && strcmp(profile->kind, use->kind) == 0)
        return true;
    check->refused = true;
    return error_refuse(check->err, ERROR_POLICY_IN_USE, "policy.profile_in_use",
                        "%lld identities of kind %s have profile %s, which the document does not "
                        "give that kind; one is %.100s",
                        (long long)use->count, use->kind, use->profile, use->example);
}

/* Without its profile an identity gets no certificate: for signet/server the authority would end.
 */
static bool
uses_check(struct db *db, const struct policy *policy, struct error *err)
{
    struct use_check check = {.policy = policy, .err = err};

    return db_profile_uses(db, use_check, &check, err);
}

/* By the permit that the signer goes by now: what it refuses later helps nobody. */
static bool
permit_check(struct worker *worker, const struct request *request, const struct policy *policy,
             const char *document, struct error *err)
{
    CLEANUP(permit_facts_done) struct permit_facts facts = {.count = 0};
    int64_t left_ms = request->deadline_ms - clock_monotonic_ms();

    if (left_ms <= 0)
        return error_set(err, ERROR_DEADLINE, "no time was left to ask the signer for its permit");
    return signer_permit(worker->issuing,
                         (int)(left_ms < POLICY_SIGNER_MS ? left_ms : POLICY_SIGNER_MS), &facts,
                         err) &&
           policy_permit_check(policy, document, &facts, err);
}

static bool
judge(struct worker *worker, const struct request *request, struct db *db, const char *document,
      size_t *ret_profiles, struct error *err)
{
    CLEANUP(policy_free_auto) struct policy *policy = NULL;

    if (!policy_parse(document, 0, &policy, err) || !uses_check(db, policy, err) ||
        !permit_check(worker, request, policy, document, err))
        return false;
    *ret_profiles = policy_profile_count(policy);
    return true;
}

bool
handle_policy_check(struct worker *worker, struct request *request, struct response *response,
                    struct error *err)
{
    AUTO_JSON body = NULL;
    AUTO_JSON view = json_object();
    struct db *db = worker_db(worker, err);
    size_t profiles = 0;

    if (!db || !json_body(request, check_members, &body, err) ||
        !judge(worker, request, db, json_text(body, "document"), &profiles, err))
        return false;
    if (!view || !json_put_number(view, "profiles", (int64_t)profiles))
        return json_failed(err);
    response->audited = true; /* nothing was changed */
    return json_reply(response, 200, view, err);
}

static bool
wanted_fill(struct db *db, const json_t *body, struct wanted *wanted, struct error *err)
{
    struct db_policy policy;

    wanted->document = json_text(body, "document");
    wanted->from_version = (uint64_t)json_number(body, "from_version");
    wanted->expected_version = (uint64_t)json_number(body, "expected_version");
    if (!wanted->document == !wanted->from_version)
        return error_set(err, ERROR_MEMBER_MISSING, "one of document and from_version is required");
    if (wanted->document)
        return true;
    buffer_init(&wanted->stored, LIMIT_POLICY_OCTETS + 1);
    if (!policy_load(db, wanted->from_version, &policy, &wanted->stored, err))
        return false;
    wanted->document = buffer_text(&wanted->stored);
    return true;
}

/* The version after the expected one has this very text and is the caller's: it is this request,
 * whose answer was lost. */
static bool
is_repeated(const struct wanted *wanted, const struct request *request,
            const struct db_policy *newest, struct buffer *document)
{
    return newest->version == wanted->expected_version + 1 &&
           strcmp(newest->created_by, request->caller.name) == 0 &&
           strcmp(buffer_text(document), wanted->document) == 0;
}

static bool
policy_add(struct db *db, const struct request *request, const struct wanted *wanted,
           size_t profiles, struct db_policy *ret_policy, struct error *err)
{
    AUTO_BUFFER ignored = {.max = LIMIT_POLICY_OCTETS + 1};
    char object[32], origin[48] = "a new document";
    uint64_t version = 0;

    if (!db_policy_insert(db, wanted->document, request->caller.name, &version, err))
        return false;
    snprintf(object, sizeof(object), "%llu", (unsigned long long)version);
    if (wanted->from_version)
        snprintf(origin, sizeof(origin), "the document of version %llu",
                 (unsigned long long)wanted->from_version);
    return note_done(db, request, "policy.apply", object, err,
                     "after version %llu: %s, %zu profiles",
                     (unsigned long long)wanted->expected_version, origin, profiles) &&
           policy_load(db, version, ret_policy, &ignored, err);
}

/* Within the transaction: nobody else adds a version between the look and the insert. */
static bool
policy_put(struct db *db, const struct request *request, const struct wanted *wanted,
           size_t profiles, struct db_policy *ret_policy, struct error *err)
{
    AUTO_BUFFER document = {.max = LIMIT_POLICY_OCTETS + 1};
    struct db_policy newest;

    if (!db_policy_lock(db, err) || !policy_load(db, 0, &newest, &document, err))
        return false;
    if (is_repeated(wanted, request, &newest, &document)) {
        *ret_policy = newest;
        return true;
    }
    if (newest.version != wanted->expected_version)
        return error_set(
            err, ERROR_POLICY_CHANGED,
            "the policy in force is version %llu by %.100s, expected was %llu; look at "
            "it and apply again",
            (unsigned long long)newest.version, newest.created_by,
            (unsigned long long)wanted->expected_version);
    return policy_add(db, request, wanted, profiles, ret_policy, err);
}

static bool
policy_apply(struct worker *worker, const struct request *request, struct db *db,
             const struct wanted *wanted, struct db_policy *ret_policy, struct error *err)
{
    size_t profiles = 0;

    if (!judge(worker, request, db, wanted->document, &profiles, err) || !db_begin(db, err))
        return false;
    if (policy_put(db, request, wanted, profiles, ret_policy, err) && db_commit(db, err))
        return true;
    db_rollback(db);
    return false;
}

bool
handle_policy_apply(struct worker *worker, struct request *request, struct response *response,
                    struct error *err)
{
    CLEANUP(wanted_done) struct wanted wanted = {.document = NULL};
    AUTO_JSON body = NULL;
    AUTO_JSON view = NULL;
    struct db *db = worker_db(worker, err);
    struct db_policy policy = {.version = 0};

    if (!db || !json_body(request, apply_members, &body, err) ||
        !wanted_fill(db, body, &wanted, err) ||
        !policy_apply(worker, request, db, &wanted, &policy, err))
        return false;
    snprintf(response->object, sizeof(response->object), "%llu",
             (unsigned long long)policy.version);
    response->audited = true;
    view = view_policy(&policy);
    return view ? json_reply(response, 200, view, err) : json_failed(err);
}
