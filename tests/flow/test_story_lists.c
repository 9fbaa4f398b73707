/* What can be looked up: certificates by every filter and page by page, identities, issuers, roots,
 * the audit trail with each refusal in it, and what is published. */
#include "suite.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "flow_csr.h"
#include "flow_ocsp.h"

static struct flow *flow;
static struct party one, two, ended; /* of list/one, list/two; `ended` is revoked and of list/two */

static struct answer
get(const char *path)
{
    return flow_call(flow, &(struct call){.method = "GET", .path = path, .cert = "admin"});
}

/* The entries of a page that have `member` equal to `value`. */
static size_t
entries_with(const struct answer *answer, const char *list, const char *member, const char *value)
{
    const json_t *entries = json_object_get(answer->json, list);
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(entries); i++) {
        const char *text = json_string_value(json_object_get(json_array_get(entries, i), member));

        count += text && strcmp(text, value) == 0;
    }
    return count;
}

static size_t
entries(const struct answer *answer, const char *list)
{
    return json_array_size(json_object_get(answer->json, list));
}

/* --- certificates --- */

static void
check_filter(const char *query, bool has_one, bool has_two, bool has_ended)
{
    char path[512];

    snprintf(path, sizeof(path), "/v1/certificates?limit=500&%s", query);
    if (strncmp(query, "serial=", 7) == 0)
        snprintf(path, sizeof(path), "/v1/certificates?%s", query);
    AUTO_ANSWER answer = get(path);

    if (!flow_expect(&answer, 200, query))
        return;
    if (entries_with(&answer, "certificates", "serial", one.serial) != has_one ||
        entries_with(&answer, "certificates", "serial", two.serial) != has_two ||
        entries_with(&answer, "certificates", "serial", ended.serial) != has_ended) {
        printf("\n    %s: %zu entries are others than wanted\n", query,
               entries(&answer, "certificates"));
        CU_FAIL("filter");
    }
}

static void
certificates_by_every_filter(void)
{
    char query[256], hash[65];

    check_filter("identity=list/one", true, false, false);
    check_filter("identity=list/two", false, true, true);
    check_filter("identity=list", false, false, false);
    check_filter("name=dns:one.example.internal", true, false, false);
    check_filter("name=spiffe://example.internal/list/two", false, false, false);
    check_filter("status=valid", true, true, false);
    check_filter("status=revoked", false, false, true);
    check_filter("status=expired", false, false, false);
    check_filter("status=recorded", false, false, false);
    check_filter("status=revoked&identity=list/two", false, false, true);
    check_filter("expires_from=2026-01-01T00:00:00Z", true, true, true);
    check_filter("expires_to=2026-01-01T00:00:00Z", false, false, false);
    check_filter("issued_from=2026-01-01T00:00:00Z", true, true, true);
    check_filter("issued_from=2126-01-01T00:00:00Z", false, false, false);
    check_filter("issued_to=2126-01-01T00:00:00Z", true, true, true);
    snprintf(query, sizeof(query), "serial=%s", two.serial);
    check_filter(query, false, true, false);
    key_hash(one.key, hash);
    snprintf(query, sizeof(query), "spki_sha256=%s", hash);
    check_filter(query, true, false, false);
    snprintf(query, sizeof(query), "spki_sha256=%s&identity=list/two", hash);
    check_filter(query, false, false, false);
}

static void
uri_names_are_found_as_well(void)
{
    AUTO_ANSWER answer = get("/v1/certificates?name=uri:spiffe://example.internal/list/one");

    CU_ASSERT_TRUE(flow_expect(&answer, 200, "uri name"));
    CU_ASSERT_EQUAL(entries_with(&answer, "certificates", "serial", one.serial), 1);
}

static void
a_revoked_one_says_when_and_why(void)
{
    char path[128];
    AUTO_ANSWER answer = {.status = 0};
    const json_t *revocation;

    snprintf(path, sizeof(path), "/v1/certificates/%s", ended.serial);
    answer = get(path);
    CU_ASSERT_TRUE(flow_expect(&answer, 200, "revoked"));
    CU_ASSERT_STRING_EQUAL(answer_text(&answer, "status"), "revoked");
    revocation = json_object_get(answer.json, "revocation");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(revocation, "reason")), "superseded");
    CU_ASSERT_PTR_NOT_NULL(json_object_get(revocation, "revoked_at"));
}

/* Follows `next` to the end; gives the number of entries and that none came twice. */
static size_t
walk_pages(const char *base, const char *list, const char *key, json_t *seen)
{
    char path[512];
    size_t count = 0;

    snprintf(path, sizeof(path), "%s", base);
    for (int page = 0; page < 1000; page++) {
        AUTO_ANSWER answer = get(path);
        const json_t *rows = json_object_get(answer.json, list);

        if (!flow_expect(&answer, 200, path))
            return 0;
        for (size_t i = 0; i < json_array_size(rows); i++) {
            const json_t *id = json_object_get(json_array_get(rows, i), key);
            char text[256];

            snprintf(text, sizeof(text), "%s%lld", json_is_string(id) ? json_string_value(id) : "",
                     (long long)json_integer_value(id));
            CU_ASSERT_PTR_NULL(json_object_get(seen, text));
            json_object_set_new(seen, text, json_true());
            count++;
        }
        if (!*answer_text(&answer, "next"))
            return count;
        snprintf(path, sizeof(path), "%s&after=%s", base, answer_text(&answer, "next"));
    }
    return 0;
}

static void
pages_have_each_entry_once(void)
{
    static const struct {
        const char *path, *list, *key, *sql;
    } rows[] = {
        {"/v1/certificates?limit=3", "certificates", "serial", "SELECT count(*) FROM certificate"},
        {"/v1/certificates?limit=1&identity=list/pages", "certificates", "serial",
         "SELECT count(*) FROM certificate c JOIN identity i ON i.id = c.identity WHERE i.name = "
         "'list/pages'"},
        {"/v1/identities?limit=2", "identities", "name", "SELECT count(*) FROM identity"},
        {"/v1/identities?limit=1&prefix=list/", "identities", "name",
         "SELECT count(*) FROM identity WHERE name LIKE 'list/%'"},
        {"/v1/audit?limit=7&action=certificate.issue", "events", "id",
         "SELECT count(*) FROM audit_event WHERE action = 'certificate.issue'"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_t *seen = json_object();
        char wanted[32];

        flow_text(flow, wanted, sizeof(wanted), "%s", rows[i].sql);
        CU_ASSERT_EQUAL(walk_pages(rows[i].path, rows[i].list, rows[i].key, seen),
                        strtoul(wanted, NULL, 10));
        json_decref(seen);
    }
}

static void
newest_expiry_comes_first(void)
{
    AUTO_ANSWER answer = get("/v1/certificates?limit=500");
    const json_t *list = json_object_get(answer.json, "certificates");

    CU_ASSERT_TRUE(json_array_size(list) > 5);
    for (size_t i = 1; i < json_array_size(list); i++) {
        const char *before =
            json_string_value(json_object_get(json_array_get(list, i - 1), "not_after"));
        const char *after =
            json_string_value(json_object_get(json_array_get(list, i), "not_after"));

        CU_ASSERT_TRUE(strncmp(before, after, 10) >= 0); /* days */
    }
}

/* --- identities --- */

static void
identities_by_every_filter(void)
{
    static const struct {
        const char *query;
        size_t one, two;
    } rows[] = {
        {"?prefix=list/", 1, 1},
        {"?prefix=list/one", 1, 0},
        {"?owner=tests&prefix=list/", 1, 0},
        {"?owner=team%20two", 0, 1},
        {"?state=active&prefix=list/", 1, 0},
        {"?state=suspended", 0, 1},
        {"?state=revoked", 0, 0},
        {"?owner=nobody", 0, 0},
    };
    AUTO_ANSWER change = flow_call(
        flow,
        &(struct call){"PATCH", "/v1/identities/list/two", .cert = "admin",
                       .text = "{\"owner\": \"team two\", \"state\": \"suspended\", \"names\": "
                               "[\"ip:10.0.0.1\", \"dns:two.example.internal\"]}"});

    CU_ASSERT_TRUE(flow_expect(&change, 200, "change"));
    CU_ASSERT_STRING_EQUAL(answer_text(&change, "owner"), "team two");
    CU_ASSERT_STRING_EQUAL(answer_text(&change, "state"), "suspended");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(change.json, "names")), 2);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char path[256];

        snprintf(path, sizeof(path), "/v1/identities%s", rows[i].query);
        AUTO_ANSWER answer = get(path);

        CU_ASSERT_TRUE(flow_expect(&answer, 200, rows[i].query));
        CU_ASSERT_EQUAL(entries_with(&answer, "identities", "name", "list/one"), rows[i].one);
        CU_ASSERT_EQUAL(entries_with(&answer, "identities", "name", "list/two"), rows[i].two);
    }
}

static void
an_identity_keeps_an_owner(void)
{
    static const char *const bodies[] = {"{\"owner\": \"\"}", "{\"owner\": \"  \"}",
                                         "{\"owner\": null}", "{\"state\": \"revoked\"}",
                                         "{\"state\": \"gone\"}"};

    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        AUTO_ANSWER answer = flow_call(flow, &(struct call){"PATCH", "/v1/identities/list/one",
                                                            .cert = "admin", .text = bodies[i]});

        flow_expect_refused(&answer,
                            &(struct refusal){400, "member-invalid",
                                              strstr(bodies[i], "owner") ? "owner" : "state", NULL},
                            bodies[i]);
    }
    AUTO_ANSWER shown = get("/v1/identities/list/one");
    CU_ASSERT_STRING_EQUAL(answer_text(&shown, "owner"), "tests");
    CU_ASSERT_STRING_EQUAL(answer_text(&shown, "state"), "active");
}

static void
names_of_an_identity_may_be_escaped(void)
{
    AUTO_ANSWER answer = get("/v1/identities/list%2Fone");

    CU_ASSERT_TRUE(flow_expect(&answer, 200, "escaped slash"));
    CU_ASSERT_STRING_EQUAL(answer_text(&answer, "name"), "list/one");
}

/* --- issuers and what is published --- */

static int
pem_count(const char *text)
{
    int count = 0;

    for (; (text = strstr(text, "-----BEGIN CERTIFICATE-----")); text++)
        count++;
    return count;
}

static void
issuers_and_roots(void)
{
    AUTO_ANSWER issuers = flow_call(flow, &(struct call){.method = "GET", .path = "/v1/issuers"});
    AUTO_ANSWER roots = flow_call(flow, &(struct call){.method = "GET", .path = "/v1/roots"});
    AUTO_ANSWER chain =
        flow_call(flow, &(struct call){.method = "GET",
                                       .path = "/v1/issuers",
                                       .accept = "application/pem-certificate-chain"});
    AUTO_ANSWER root =
        flow_call(flow, &(struct call){.method = "GET",
                                       .path = "/v1/roots",
                                       .accept = "application/pem-certificate-chain"});

    CU_ASSERT_EQUAL(entries(&issuers, "issuers"), 2);
    CU_ASSERT_EQUAL(entries_with(&issuers, "issuers", "kind", "issuing"), 1);
    CU_ASSERT_EQUAL(entries(&roots, "roots"), 1);
    CU_ASSERT_EQUAL(entries_with(&roots, "roots", "kind", "root"), 1);
    CU_ASSERT_EQUAL(pem_count(buffer_text(&chain.body)), 2);
    CU_ASSERT_EQUAL(pem_count(buffer_text(&root.body)), 1);
}

static void
published_objects_are_what_they_say(void)
{
    static const struct {
        const char *path, *type;
    } rows[] = {
        {"/crl/issuing-1.crl", "application/pkix-crl"},
        {"/crl/root.crl", "application/pkix-crl"},
        {"/issuers/issuing-1.cer", "application/pkix-cert"},
        {"/roots.pem", "application/pem-certificate-chain"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char url[128], etag[128] = "", control[128] = "", condition[192];

        snprintf(url, sizeof(url), "%s%s", flow_ca(flow)->publish_url, rows[i].path);
        AUTO_ANSWER answer = flow_call(flow, &(struct call){.method = "GET", .path = url});
        AUTO_ANSWER head = flow_call(flow, &(struct call){.method = "HEAD", .path = url});
        CU_ASSERT_TRUE(flow_expect(&answer, 200, rows[i].path));
        CU_ASSERT_TRUE(flow_expect(&head, 200, rows[i].path));
        CU_ASSERT_STRING_EQUAL(answer.content_type, rows[i].type);
        CU_ASSERT_EQUAL(head.body.len, 0);
        CU_ASSERT_TRUE(answer.body.len > 200);
        CU_ASSERT_TRUE(answer_header(&answer, "ETag", etag, sizeof(etag)));
        CU_ASSERT_TRUE(answer_header(&answer, "Cache-Control", control, sizeof(control)));
        CU_ASSERT_PTR_NOT_NULL(strstr(control, "max-age="));
        snprintf(condition, sizeof(condition), "If-None-Match: %s", etag);
        AUTO_ANSWER same =
            flow_call(flow, &(struct call){.method = "GET", .path = url, .header = condition});
        CU_ASSERT_TRUE(flow_expect(&same, 304, rows[i].path));
    }
}

/* --- the audit trail --- */

static void
each_refusal_is_found_by_its_request_id(void)
{
    static const struct {
        const char *path, *body, *rule;
    } rows[] = {
        {"/v1/revocations", "{\"serial\": \"00\"}", "certificate-not-found"},
        {"/v1/revocations", "{\"identity\": \"signet/server\"}", "identity.own"},
        {"/v1/tokens", "{\"identity\": \"signet/ocsp\"}", "token.own"},
        {"/v1/tokens", "{\"colour\": 1}", "member-unknown"},
        {"/v1/identities", "{\"name\": \"list/one\", \"owner\": \"x\"}", "identity-exists"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char id[64] = "", path[128];
        AUTO_ANSWER refused = flow_call(
            flow, &(struct call){"POST", rows[i].path, .cert = "admin", .text = rows[i].body});
        const json_t *event;

        CU_ASSERT_TRUE(answer_header(&refused, "X-Request-Id", id, sizeof(id)));
        snprintf(path, sizeof(path), "/v1/audit?request_id=%s", id);
        AUTO_ANSWER audit = get(path);
        CU_ASSERT_TRUE(flow_expect(&audit, 200, rows[i].body));
        CU_ASSERT_EQUAL(entries(&audit, "events"), 1);
        event = json_array_get(json_object_get(audit.json, "events"), 0);
        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(event, "outcome")), "refused");
        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(event, "rule")), rows[i].rule);
        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(event, "actor")), "admin/alice");
        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(event, "address")), "127.0.0.1");
        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(event, "detail")),
                               answer_text(&refused, "detail"));
    }
}

static void
the_audit_trail_by_every_filter(void)
{
    char path[256];
    static const char *const queries[] = {
        "actor=admin/alice",
        "action=certificate.issue",
        "outcome=done",
        "outcome=refused",
        "rule=identity.own",
        "since=2026-01-01T00:00:00Z",
        "until=2126-01-01T00:00:00Z",
        "actor=admin/alice&action=token.create&outcome=done&since=2026-01-01T00:00:00Z"};
    static const char *const empty[] = {"actor=nobody/here",
                                        "action=nothing",
                                        "object=nothing",
                                        "rule=nothing",
                                        "request_id=nothing",
                                        "since=2126-01-01T00:00:00Z",
                                        "until=2020-01-01T00:00:00Z"};

    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        snprintf(path, sizeof(path), "/v1/audit?%s", queries[i]);
        AUTO_ANSWER answer = get(path);
        CU_ASSERT_TRUE(flow_expect(&answer, 200, queries[i]));
        CU_ASSERT_TRUE(entries(&answer, "events") > 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
        snprintf(path, sizeof(path), "/v1/audit?%s", empty[i]);
        AUTO_ANSWER answer = get(path);
        CU_ASSERT_TRUE(flow_expect(&answer, 200, empty[i]));
        CU_ASSERT_EQUAL(entries(&answer, "events"), 0);
    }
    snprintf(path, sizeof(path), "/v1/audit?object=%s", one.serial);
    AUTO_ANSWER answer = get(path);
    CU_ASSERT_EQUAL(entries_with(&answer, "events", "action", "certificate.issue"), 1);
}

/* Who was nobody is gathered, so that noise cannot fill the trail; but it comes. */
static void
refusals_of_nobody_are_counted_together(void)
{
    long long rows = 0;

    for (int i = 0; i < 25; i++) {
        AUTO_ANSWER answer = flow_call(flow, &(struct call){.method = "GET", .path = "/v1/audit"});

        flow_expect(&answer, 401, "nobody");
    }
    for (int i = 0; i < 400; i++) {
        if (flow_number(flow,
                        "SELECT coalesce(sum(count), 0) FROM audit_event WHERE actor = 'nobody' "
                        "AND action = 'audit.list' AND outcome = 'refused'") >= 25)
            break;
        ca_run(flow_ca(flow), NULL, NULL, "sleep", "0.1", NULL);
    }
    rows = flow_number(flow, "SELECT count(*) FROM audit_event WHERE actor = 'nobody' AND action = "
                             "'audit.list' AND outcome = 'refused'");
    CU_ASSERT_TRUE(rows > 0 && rows < 25);
    CU_ASSERT_EQUAL(flow_number(flow,
                                "SELECT sum(count) FROM audit_event WHERE actor = 'nobody' AND "
                                "action = 'audit.list' AND outcome = 'refused'"),
                    25);
}

static void
make_certificates(void)
{
    flow_identity(flow, "list/one", ", \"names\": [\"dns:one.example.internal\"]");
    flow_enrol(flow, "list/one", &one);
    flow_enrol(flow, "list/two", &two);
    flow_enrol(flow, "list/two", &ended);
    flow_revoke(flow, "serial", ended.serial, "superseded");
    for (int i = 0; i < 7; i++) {
        AUTO_PARTY party = {.key = NULL};

        flow_enrol(flow, "list/pages", &party);
    }
}

int
main(void)
{
    int status;

    flow = flow_start(NULL);
    make_certificates();
    status = RUN_SUITE(
        "story of looking up", TEST(certificates_by_every_filter),
        TEST(uri_names_are_found_as_well), TEST(a_revoked_one_says_when_and_why),
        TEST(pages_have_each_entry_once), TEST(newest_expiry_comes_first),
        TEST(identities_by_every_filter), TEST(an_identity_keeps_an_owner),
        TEST(names_of_an_identity_may_be_escaped), TEST(issuers_and_roots),
        TEST(published_objects_are_what_they_say), TEST(each_refusal_is_found_by_its_request_id),
        TEST(the_audit_trail_by_every_filter), TEST(refusals_of_nobody_are_counted_together));
    party_done(&one);
    party_done(&two);
    party_done(&ended);
    flow_stop(flow);
    return status;
}
