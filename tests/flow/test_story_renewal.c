/* Renewal: keys, lost answers, what an unused successor is worth, and the two limits. */
#include "suite.h"

#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "flow_csr.h"
#include "flow_ocsp.h"
#include "signet/limits.h"

static struct flow *flow;

static struct answer
renew(const struct party *party, const char *body)
{
    return flow_call(
        flow, &(struct call){"POST", "/v1/certificates/renew", .cert = party->file, .text = body});
}

static long long
certificates_of(const char *identity)
{
    return flow_number(flow,
                       "SELECT count(*) FROM certificate c JOIN identity i ON i.id = c.identity "
                       "WHERE i.name = '%s'",
                       identity);
}

static long long
reason_of(const char *serial)
{
    return flow_number(
        flow, "SELECT coalesce(min(reason), -1) FROM revocation WHERE serial = '\\x%s'", serial);
}

/* First use is what a server learns by being called. */
static void
use(const struct party *party)
{
    AUTO_ANSWER answer =
        flow_call(flow, &(struct call){"GET", "/v1/certificates", .cert = party->file});

    flow_expect(&answer, 200, "use");
}

static void
same_key_and_new_key(void)
{
    AUTO_PARTY first = {.key = NULL};
    AUTO_PARTY second = {.key = NULL};
    AUTO_PARTY third = {.key = NULL};
    char path[128];
    AUTO_ANSWER shown = {.status = 0};

    flow_enrol(flow, "renew/keys", &first);
    CU_ASSERT_EQUAL_FATAL(flow_renew(flow, &first, first.key, &second), 201);
    CU_ASSERT_STRING_NOT_EQUAL(first.serial, second.serial);
    CU_ASSERT_EQUAL_FATAL(flow_renew(flow, &second, NULL, &third), 201);
    snprintf(path, sizeof(path), "/v1/certificates/%s", third.serial);
    shown = flow_call(flow, &(struct call){"GET", path, .cert = third.file});
    CU_ASSERT_TRUE(flow_expect(&shown, 200, "successor"));
    CU_ASSERT_STRING_EQUAL(answer_text(&shown, "grant"), "renewal");
    CU_ASSERT_STRING_EQUAL(answer_text(&shown, "predecessor"), second.serial);
    CU_ASSERT_STRING_EQUAL(answer_text(&shown, "identity"), "renew/keys");
    /* The older ones stay good until they end. */
    CU_ASSERT_EQUAL(reason_of(first.serial), -1);
    CU_ASSERT_EQUAL(reason_of(second.serial), -1);
    CU_ASSERT_EQUAL(certificates_of("renew/keys"), 3);
}

static void
names_are_those_of_the_identity_today(void)
{
    AUTO_PARTY first = {.key = NULL};
    AUTO_PARTY second = {.key = NULL};
    char names[256];
    AUTO_ANSWER changed = {.status = 0};

    flow_identity(flow, "renew/names", ", \"names\": [\"dns:old.example.internal\"]");
    flow_enrol(flow, "renew/names", &first);
    changed =
        flow_call(flow, &(struct call){"PATCH", "/v1/identities/renew/names", .cert = "admin",
                                       .text = "{\"names\": [\"dns:new.example.internal\"]}"});
    flow_expect(&changed, 200, "names");
    CU_ASSERT_EQUAL_FATAL(flow_renew(flow, &first, first.key, &second), 201);
    flow_text(flow, names, sizeof(names),
              "SELECT array_to_string(names, ' ') FROM certificate WHERE "
              "serial = '\\x%s'",
              second.serial);
    CU_ASSERT_PTR_NOT_NULL(strstr(names, "new.example.internal"));
    CU_ASSERT_PTR_NULL(strstr(names, "old.example.internal"));
}

static void
a_repeated_request_gets_the_same_certificate(void)
{
    AUTO_PARTY party = {.key = NULL};
    AUTO_KEY key = key_make();
    AUTO_BUFFER body = {.max = 0};
    AUTO_ANSWER first = {.status = 0};
    AUTO_ANSWER pem = {.status = 0};

    flow_enrol(flow, "renew/again", &party);
    csr_plain_body(key, "", &body);
    first = renew(&party, buffer_text(&body));
    CU_ASSERT_TRUE_FATAL(flow_expect(&first, 201, "renewal"));
    for (int i = 0; i < 3; i++) {
        AUTO_ANSWER again = renew(&party, buffer_text(&body));

        CU_ASSERT_TRUE(flow_expect(&again, 200, "the same renewal"));
        CU_ASSERT_TRUE(json_equal(first.json, again.json));
    }
    pem = flow_call(flow, &(struct call){"POST", "/v1/certificates/renew", .cert = party.file,
                                         .accept = "application/pem-certificate-chain",
                                         .text = buffer_text(&body)});
    CU_ASSERT_TRUE(flow_expect(&pem, 200, "the same renewal as PEM"));
    CU_ASSERT_EQUAL(strncmp(buffer_text(&pem.body), answer_text(&first, "certificate"),
                            strlen(answer_text(&first, "certificate"))),
                    0);
    CU_ASSERT_EQUAL(certificates_of("renew/again"), 2);
}

/* The host lost answer and key: it asks with another key, and the first successor dies. */
static void
a_lost_answer_strands_nobody(void)
{
    AUTO_PARTY party = {.key = NULL};
    AUTO_PARTY lost = {.key = NULL};
    AUTO_PARTY found = {.key = NULL};
    struct ocsp_said said;

    flow_enrol(flow, "renew/lost", &party);
    CU_ASSERT_EQUAL_FATAL(flow_renew(flow, &party, NULL, &lost), 201);
    CU_ASSERT_EQUAL_FATAL(flow_renew(flow, &party, NULL, &found), 201);
    CU_ASSERT_STRING_NOT_EQUAL(lost.serial, found.serial);
    CU_ASSERT_EQUAL(reason_of(lost.serial), OCSP_REVOKED_STATUS_SUPERSEDED);
    CU_ASSERT_EQUAL(reason_of(found.serial), -1);
    CU_ASSERT_TRUE(ocsp_wait_revoked(flow, lost.serial, 5000) >= 0);
    ocsp_ask(flow, found.serial, &said);
    CU_ASSERT_EQUAL(said.status, V_OCSP_CERTSTATUS_GOOD);
    use(&found);
}

/* The request that was replaced does not come back to life. */
static void
a_replaced_request_is_refused(void)
{
    AUTO_PARTY party = {.key = NULL};
    AUTO_PARTY lost = {.key = NULL};
    AUTO_PARTY found = {.key = NULL};

    flow_enrol(flow, "renew/replaced", &party);
    CU_ASSERT_EQUAL_FATAL(flow_renew(flow, &party, NULL, &lost), 201);
    CU_ASSERT_EQUAL_FATAL(flow_renew(flow, &party, NULL, &found), 201);
    flow_refused(flow,
                 &(struct call){"POST", "/v1/certificates/renew", .cert = party.file,
                                .text = buffer_text(&lost.csr)},
                 &(struct refusal){403, "certificate-revoked", lost.serial, NULL}, "replaced");
    flow_refused(flow, &(struct call){"GET", "/v1/certificates", .cert = lost.file},
                 &(struct refusal){403, "certificate-revoked", lost.serial, NULL},
                 "the replaced one calls");
}

/* A request that is refused leaves the successor alone. */
static void
a_refused_request_replaces_nothing(void)
{
    AUTO_PARTY party = {.key = NULL};
    AUTO_PARTY next = {.key = NULL};
    AUTO_KEY key = key_make();
    AUTO_BUFFER long_life = {.max = 0};
    AUTO_BUFFER names = {.max = 0};
    AUTO_BUFFER pem = {.max = 0};

    flow_enrol(flow, "renew/refused", &party);
    CU_ASSERT_EQUAL_FATAL(flow_renew(flow, &party, NULL, &next), 201);
    csr_plain_body(key, ", \"ttl_s\": 604801", &long_life);
    flow_refused(flow,
                 &(struct call){"POST", "/v1/certificates/renew", .cert = party.file,
                                .text = buffer_text(&long_life)},
                 &(struct refusal){403, "lifetime", "ttl_s", NULL}, "too long a life");
    csr_pem_make(&(struct csr_wish){.key = key, .common_name = "other"}, &pem);
    csr_body(buffer_text(&pem), "", &names);
    flow_refused(flow,
                 &(struct call){"POST", "/v1/certificates/renew", .cert = party.file,
                                .text = buffer_text(&names)},
                 &(struct refusal){403, "name-not-granted", "other", NULL}, "another name");
    CU_ASSERT_EQUAL(reason_of(next.serial), -1);
    use(&next);
}

static void
a_used_successor_ends_the_line_of_its_predecessor(void)
{
    AUTO_PARTY party = {.key = NULL};
    AUTO_PARTY next = {.key = NULL};
    AUTO_KEY key = key_make();
    AUTO_BUFFER body = {.max = 0};

    flow_enrol(flow, "renew/used", &party);
    CU_ASSERT_EQUAL_FATAL(flow_renew(flow, &party, NULL, &next), 201);
    use(&next);
    csr_plain_body(key, "", &body);
    flow_refused(flow,
                 &(struct call){"POST", "/v1/certificates/renew", .cert = party.file,
                                .text = buffer_text(&body)},
                 &(struct refusal){409, "grant-used", next.serial, NULL}, "predecessor");
    CU_ASSERT_EQUAL(reason_of(next.serial), -1);
}

static void
attempts_are_capped_and_the_last_one_stays(void)
{
    AUTO_PARTY party = {.key = NULL};
    AUTO_PARTY last = {.key = NULL};
    AUTO_KEY key = key_make();
    AUTO_BUFFER body = {.max = 0};
    AUTO_ANSWER again = {.status = 0};

    flow_enrol(flow, "renew/attempts", &party);
    for (int i = 0; i < LIMIT_RENEWAL_ATTEMPTS; i++) {
        party_done(&last);
        CU_ASSERT_EQUAL_FATAL(flow_renew(flow, &party, NULL, &last), 201);
    }
    csr_plain_body(key, "", &body);
    flow_refused(flow,
                 &(struct call){"POST", "/v1/certificates/renew", .cert = party.file,
                                .text = buffer_text(&body)},
                 &(struct refusal){403, "renewal-limit", "successors", "renewal.attempts"},
                 "one attempt too many");
    CU_ASSERT_EQUAL(reason_of(last.serial), -1);
    CU_ASSERT_EQUAL(certificates_of("renew/attempts"), 1 + LIMIT_RENEWAL_ATTEMPTS);
    CU_ASSERT_EQUAL(flow_number(flow, "SELECT count(*) FROM revocation r JOIN certificate c USING "
                                      "(serial, issuer) JOIN identity i ON i.id = c.identity WHERE "
                                      "i.name = 'renew/attempts' AND r.reason = 4"),
                    LIMIT_RENEWAL_ATTEMPTS - 1);
    again = renew(&party, buffer_text(&last.csr));
    flow_expect(&again, 200, "the last request again");
    use(&last);
}

static void
the_line_since_the_last_enrolment_is_capped(void)
{
    AUTO_PARTY first = {.key = NULL};
    AUTO_PARTY second = {.key = NULL};
    AUTO_PARTY third = {.key = NULL};
    AUTO_PARTY anew = {.key = NULL};
    AUTO_PARTY renewed = {.key = NULL};
    AUTO_KEY key = key_make();
    AUTO_BUFFER body = {.max = 0};

    flow_policy(flow, "profiles,workload,max_line", "3");
    flow_enrol(flow, "renew/line", &first);
    CU_ASSERT_EQUAL_FATAL(flow_renew(flow, &first, NULL, &second), 201);
    CU_ASSERT_EQUAL_FATAL(flow_renew(flow, &second, NULL, &third), 201);
    csr_plain_body(key, "", &body);
    flow_refused(flow,
                 &(struct call){"POST", "/v1/certificates/renew", .cert = third.file,
                                .text = buffer_text(&body)},
                 &(struct refusal){403, "renewal-limit", "enrol again", "profile.max_line"},
                 "the fourth of the line");
    /* A full authentication begins a new line. */
    flow_enrol(flow, "renew/line", &anew);
    CU_ASSERT_EQUAL(flow_renew(flow, &anew, NULL, &renewed), 201);
}

static void
administrators_renew_as_well(void)
{
    AUTO_PARTY auditor = {.key = NULL};
    AUTO_PARTY next = {.key = NULL};

    flow_staff(flow, "admin/renewer", "[\"auditor\"]", &auditor);
    CU_ASSERT_EQUAL(flow_renew(flow, &auditor, NULL, &next), 201);
    use(&next);
}

int
main(void)
{
    int status;

    flow = flow_start(NULL);
    status = RUN_SUITE(
        "story of renewals", TEST(same_key_and_new_key),
        TEST(names_are_those_of_the_identity_today),
        TEST(a_repeated_request_gets_the_same_certificate), TEST(a_lost_answer_strands_nobody),
        TEST(a_replaced_request_is_refused), TEST(a_refused_request_replaces_nothing),
        TEST(a_used_successor_ends_the_line_of_its_predecessor),
        TEST(attempts_are_capped_and_the_last_one_stays), TEST(administrators_renew_as_well),
        TEST(the_line_since_the_last_enrolment_is_capped));
    flow_stop(flow);
    return status;
}
