#include "api_fixture.h"

static void
a_token_gives_one_certificate(void)
{
    char token[64], body[4096];
    AUTO_ANSWER first;
    AUTO_ANSWER again;
    AUTO_ANSWER other;
    struct holder holder;
    unsigned calls;

    identity_make_row("enrol/one", "workload", "", NULL);
    token_put("enrol/one", 3600, token);
    csr_body("host.example.internal", ", \"ttl_s\": 7200", body, sizeof(body));
    call(&(struct call){.label = "certificate.issue", .token = token, .body = body}, &first);
    EXPECT_STATUS(&first, 201);
    holder_take(&holder, &first);
    CU_ASSERT_STRING_EQUAL(answer_text(&first, "identity"), "enrol/one");
    CU_ASSERT_STRING_EQUAL(answer_text(&first, "spiffe_id"), "spiffe://example.internal/enrol/one");
    CU_ASSERT_STRING_EQUAL(answer_text(&first, "issuer"), "issuing-1");
    CU_ASSERT_STRING_EQUAL(answer_text(&first, "profile"), "workload");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(first.body, "chain")), 1);
    CU_ASSERT_EQUAL(audited("certificate.issue", holder.serial), 1);
    calls = world.signer_calls;
    call(&(struct call){.label = "certificate.issue", .token = token, .body = body}, &again);
    EXPECT_STATUS(&again, 200);
    CU_ASSERT_STRING_EQUAL(first.text, again.text);
    CU_ASSERT_EQUAL(world.signer_calls, calls);
    csr_body(NULL, "", body, sizeof(body));
    call(&(struct call){.label = "certificate.issue", .token = token, .body = body}, &other);
    EXPECT_REFUSED(&other, ERROR_GRANT_USED);
    CU_ASSERT_EQUAL(certificates_of("enrol/one"), 1);
}

static void
the_chain_alone_as_pem(void)
{
    char token[64], body[4096];
    AUTO_ANSWER answer;
    AUTO_BUFFER der = {.max = LIMIT_CERTIFICATE_OCTETS};
    struct reader text;
    size_t blocks = 0;

    identity_make_row("enrol/pem", "workload", "", NULL);
    token_put("enrol/pem", 3600, token);
    csr_body(NULL, "", body, sizeof(body));
    call(&(struct call){.label = "certificate.issue",
                        .token = token,
                        .body = body,
                        .accept = "application/pem-certificate-chain"},
         &answer);
    EXPECT_STATUS(&answer, 201);
    text = reader_of(bytes_of_text(answer.text));
    while (pem_next(&text, "CERTIFICATE", &der)) {
        blocks++;
        buffer_clear(&der);
    }
    CU_ASSERT_EQUAL(blocks, 2);
}

/* Nothing of these leaves a row. */
static void
bad_requests(void)
{
    static const struct {
        const char *dns, *more;
        enum error_kind refused;
    } cases[] = {
        {"other.example.internal", "", ERROR_NAME_NOT_GRANTED},
        {"host.example.internal.evil.com", "", ERROR_NAME_NOT_GRANTED},
        {NULL, ", \"ttl_s\": 0", ERROR_MEMBER_INVALID},
        {NULL, ", \"ttl_s\": -1", ERROR_MEMBER_INVALID},
        {NULL, ", \"ttl_s\": \"60\"", ERROR_MEMBER_INVALID},
        {NULL, ", \"ttl_s\": 604801", ERROR_LIFETIME},
        {NULL, ", \"ttl_s\": 60", ERROR_LIFETIME},
        {NULL, ", \"names\": []", ERROR_MEMBER_UNKNOWN},
        {NULL, ", \"csr\": \"x\"", ERROR_JSON_SYNTAX},
    };
    char token[64], body[4096];

    identity_make_row("enrol/bad", "workload", "", NULL);
    token_put("enrol/bad", 3600, token);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_ANSWER answer;

        csr_body(cases[i].dns, cases[i].more, body, sizeof(body));
        call(&(struct call){.label = "certificate.issue", .token = token, .body = body}, &answer);
        EXPECT_REFUSED(&answer, cases[i].refused);
    }
    CU_ASSERT_EQUAL(certificates_of("enrol/bad"), 0);
}

static void
bad_csrs(void)
{
    static const char *const bodies[] = {
        "{\"csr\": \"x\"}",
        "{\"csr\": \"MAA=\"}",
        "{\"csr\": \"-----BEGIN CERTIFICATE REQUEST-----\\n-----END CERTIFICATE REQUEST-----\\n\"}",
        "{\"csr\": \"-----BEGIN CERTIFICATE-----\\nMAA=\\n-----END CERTIFICATE-----\\n\"}",
    };
    char token[64];

    identity_make_row("enrol/csr", "workload", "", NULL);
    token_put("enrol/csr", 3600, token);
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        AUTO_ANSWER answer;

        call(&(struct call){.label = "certificate.issue", .token = token, .body = bodies[i]},
             &answer);
        EXPECT_REFUSED(&answer, ERROR_CSR_MALFORMED);
    }
    CU_ASSERT_EQUAL(certificates_of("enrol/csr"), 0);
}

static void
bad_tokens(void)
{
    static const char unknown[] = "sgt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    char expired[64], suspended[64], body[4096];
    struct db_identity row;
    AUTO_ANSWER first;
    AUTO_ANSWER second;
    AUTO_ANSWER third;
    struct error err = {0};

    identity_make_row("enrol/token", "workload", "", NULL);
    token_put("enrol/token", -1, expired);
    token_put("enrol/token", 3600, suspended);
    csr_body(NULL, "", body, sizeof(body));
    call(&(struct call){.label = "certificate.issue", .token = unknown, .body = body}, &first);
    EXPECT_REFUSED(&first, ERROR_TOKEN_UNKNOWN);
    call(&(struct call){.label = "certificate.issue", .token = expired, .body = body}, &second);
    EXPECT_REFUSED(&second, ERROR_TOKEN_EXPIRED);
    CU_ASSERT_EQUAL_FATAL(db_identity_get(world.worker.db, "enrol/token", &row, &err), DB_FOUND);
    snprintf(row.state, sizeof(row.state), "suspended");
    ASSERT_OK(db_identity_update(world.worker.db, &row, &err), &err);
    call(&(struct call){.label = "certificate.issue", .token = suspended, .body = body}, &third);
    EXPECT_REFUSED(&third, ERROR_IDENTITY_SUSPENDED);
    CU_ASSERT_EQUAL(certificates_of("enrol/token"), 0);
}

static void
renewal_keeps_the_names_and_is_idempotent(void)
{
    struct holder holder;
    char body[4096];
    AUTO_ANSWER first;
    AUTO_ANSWER again;
    AUTO_ANSWER names;

    identity_make_row("enrol/renew", "workload", "", NULL);
    enrol("enrol/renew", &holder);
    csr_body(NULL, "", body, sizeof(body));
    renew(&holder, body, &first);
    EXPECT_STATUS(&first, 201);
    CU_ASSERT_STRING_EQUAL(answer_text(&first, "identity"), "enrol/renew");
    renew(&holder, body, &again);
    EXPECT_STATUS(&again, 200);
    CU_ASSERT_STRING_EQUAL(first.text, again.text);
    csr_body("more.example.internal", "", body, sizeof(body));
    renew(&holder, body, &names);
    EXPECT_REFUSED(&names, ERROR_NAME_NOT_GRANTED);
}

/* A lost answer: the host comes with another key, until it used what it got. */
static void
an_unused_successor_is_replaced(void)
{
    struct holder holder, lost, kept;
    char body[4096];
    AUTO_ANSWER first;
    AUTO_ANSWER second;
    AUTO_ANSWER shown;
    AUTO_ANSWER third;
    AUTO_ANSWER dead;

    identity_make_row("enrol/lost", "workload", "", NULL);
    enrol("enrol/lost", &holder);
    csr_body(NULL, "", body, sizeof(body));
    renew(&holder, body, &first);
    EXPECT_STATUS(&first, 201);
    holder_take(&lost, &first);
    csr_body(NULL, "", body, sizeof(body));
    renew(&holder, body, &second);
    EXPECT_STATUS(&second, 201);
    holder_take(&kept, &second);
    CU_ASSERT_STRING_NOT_EQUAL(lost.serial, kept.serial);
    CU_ASSERT_EQUAL(audited("revocation.create", lost.serial), 1);
    show(&lost, lost.serial, &dead);
    EXPECT_REFUSED(&dead, ERROR_CERTIFICATE_REVOKED);
    show(&kept, kept.serial, &shown);
    EXPECT_STATUS(&shown, 200);
    CU_ASSERT_STRING_EQUAL(answer_text(&shown, "predecessor"), holder.serial);
    csr_body(NULL, "", body, sizeof(body));
    renew(&holder, body, &third);
    EXPECT_REFUSED(&third, ERROR_GRANT_USED);
}

static void
attempts_and_lines_end(void)
{
    struct holder holder, next;
    char body[4096];
    AUTO_ANSWER line;

    identity_make_row("enrol/ends", "workload", "", "short");
    enrol("enrol/ends", &holder);
    for (int i = 0; i <= LIMIT_RENEWAL_ATTEMPTS; i++) {
        AUTO_ANSWER answer;

        csr_body(NULL, "", body, sizeof(body));
        renew(&holder, body, &answer);
        if (i == LIMIT_RENEWAL_ATTEMPTS) {
            EXPECT_REFUSED(&answer, ERROR_RENEWAL_LIMIT);
        } else {
            EXPECT_STATUS(&answer, 201);
            holder_take(&next, &answer);
        }
    }
    /* The last successor lives; it is the second on its line, and the profile takes two. */
    csr_body(NULL, "", body, sizeof(body));
    renew(&next, body, &line);
    EXPECT_REFUSED(&line, ERROR_RENEWAL_LIMIT);
    CU_ASSERT_STRING_EQUAL(line.refusal.rule, "profile.max_line");
}

int
main(void)
{
    int status;

    world_start();
    status = RUN_SUITE("enrol", TEST(a_token_gives_one_certificate), TEST(the_chain_alone_as_pem),
                       TEST(bad_requests), TEST(bad_csrs), TEST(bad_tokens),
                       TEST(renewal_keeps_the_names_and_is_idempotent),
                       TEST(an_unused_successor_is_replaced), TEST(attempts_and_lines_end));
    world_stop();
    return status;
}
