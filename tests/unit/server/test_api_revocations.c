#include "api_fixture.h"

static struct holder admin, revoker, auditor, enroller;

static void
staff_make(void)
{
    identity_make_row("admin/alice", "admin", "admin", NULL);
    identity_make_row("admin/rita", "admin", "revoker", NULL);
    identity_make_row("admin/otto", "admin", "auditor", NULL);
    identity_make_row("admin/eve", "admin", "enroller", NULL);
    enrol("admin/alice", &admin);
    enrol("admin/rita", &revoker);
    enrol("admin/otto", &auditor);
    enrol("admin/eve", &enroller);
}

static void
host_make(const char *identity, struct holder *holder)
{
    identity_make_row(identity, "workload", "", NULL);
    enrol(identity, holder);
}

static void
revoke(const struct holder *caller, const char *member, const char *value, const char *reason,
       struct answer *answer)
{
    char body[LIMIT_CERTIFICATE_OCTETS];

    snprintf(body, sizeof(body), "{\"%s\": \"%s\", \"reason\": \"%s\"}", member, value, reason);
    post("revocation.create", caller, body, answer);
}

static long long
number_of(const struct answer *answer, const char *name)
{
    json_t *value = json_object_get(answer->body, name);

    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static const char *
reason_of(const struct answer *answer)
{
    json_t *first = json_array_get(json_object_get(answer->body, "certificates"), 0);
    const char *text = json_string_value(json_object_get(first, "reason"));

    return text ? text : "";
}

static void
by_serial_twice_and_rising(void)
{
    struct holder host;
    AUTO_ANSWER first;
    AUTO_ANSWER second;
    AUTO_ANSWER third;
    AUTO_ANSWER fourth;
    AUTO_ANSWER after;

    host_make("revoke/serial", &host);
    revoke(&revoker, "serial", host.serial, "superseded", &first);
    EXPECT_STATUS(&first, 200);
    CU_ASSERT_EQUAL(number_of(&first, "revoked"), 1);
    CU_ASSERT_EQUAL(number_of(&first, "already_revoked"), 0);
    revoke(&revoker, "serial", host.serial, "cessationOfOperation", &second);
    EXPECT_STATUS(&second, 200);
    CU_ASSERT_EQUAL(number_of(&second, "revoked"), 0);
    CU_ASSERT_EQUAL(number_of(&second, "already_revoked"), 1);
    CU_ASSERT_STRING_EQUAL(reason_of(&second), "superseded");
    revoke(&admin, "serial", host.serial, "keyCompromise", &third);
    CU_ASSERT_STRING_EQUAL(reason_of(&third), "keyCompromise");
    revoke(&admin, "serial", host.serial, "superseded", &fourth);
    CU_ASSERT_STRING_EQUAL(reason_of(&fourth), "keyCompromise");
    CU_ASSERT_TRUE(audited("revocation.create", host.serial) >= 2);
    show(&host, host.serial, &after);
    EXPECT_REFUSED(&after, ERROR_CERTIFICATE_REVOKED);
}

static void
a_workload_revokes_its_own_only(void)
{
    struct holder mine, theirs;
    AUTO_ANSWER other;
    AUTO_ANSWER by_identity;
    AUTO_ANSWER own;

    host_make("revoke/mine", &mine);
    host_make("revoke/theirs", &theirs);
    revoke(&mine, "serial", theirs.serial, "keyCompromise", &other);
    EXPECT_REFUSED(&other, ERROR_FORBIDDEN);
    revoke(&mine, "identity", "revoke/mine", "keyCompromise", &by_identity);
    EXPECT_REFUSED(&by_identity, ERROR_FORBIDDEN);
    revoke(&mine, "serial", mine.serial, "keyCompromise", &own);
    EXPECT_STATUS(&own, 200);
}

static void
callers_without_the_right(void)
{
    const struct holder *callers[] = {&auditor, &enroller};
    struct holder host;

    host_make("revoke/right", &host);
    for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
        AUTO_ANSWER answer;

        revoke(callers[i], "serial", host.serial, "superseded", &answer);
        EXPECT_REFUSED(&answer, ERROR_FORBIDDEN);
    }
}

static void
bad_requests(void)
{
    static const struct {
        const char *body;
        enum error_kind refused;
    } cases[] = {
        {"{}", ERROR_MEMBER_MISSING},
        {"{\"reason\": \"superseded\"}", ERROR_MEMBER_MISSING},
        {"{\"serial\": \"51\", \"identity\": \"x\"}", ERROR_MEMBER_INVALID},
        {"{\"serial\": \"xyz1\"}", ERROR_MEMBER_INVALID},
        {"{\"serial\": \"515151\"}", ERROR_CERTIFICATE_NOT_FOUND},
        {"{\"serial\": \"515151\", \"reason\": \"badWeather\"}", ERROR_MEMBER_INVALID},
        {"{\"serial\": \"515151\", \"reason\": \"certificateHold\"}", ERROR_MEMBER_INVALID},
        {"{\"serial\": \"515151\", \"reason\": \"removeFromCRL\"}", ERROR_MEMBER_INVALID},
        {"{\"serial\": \"515151\", \"reason\": 1}", ERROR_MEMBER_INVALID},
        {"{\"serial\": \"515151\", \"invalidity_date\": \"2099-01-01T00:00:00Z\"}",
         ERROR_MEMBER_INVALID},
        {"{\"certificate\": \"nonsense\"}", ERROR_MEMBER_INVALID},
        {"{\"spki_sha256\": \"00\"}", ERROR_MEMBER_INVALID},
        {"{\"spki\": \"nonsense\"}", ERROR_MEMBER_INVALID},
        {"{\"spki\": \"MAA=\"}", ERROR_MEMBER_INVALID},
        {"{\"spki\": \"MCowBQYDK2VuAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}",
         ERROR_MEMBER_INVALID}, /* X25519 */
        {"{\"identity\": \"no/body\"}", ERROR_IDENTITY_NOT_FOUND},
        {"{\"identity\": \"signet/ocsp\"}", ERROR_STATE_CONFLICT},
        {"{\"serial\": \"515151\", \"force\": true}", ERROR_MEMBER_UNKNOWN},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_ANSWER answer;

        post("revocation.create", &admin, cases[i].body, &answer);
        if (!EXPECT_REFUSED(&answer, cases[i].refused))
            printf("    %s\n", cases[i].body);
    }
}

/* An identity revoked neither renews nor uses its tokens, and never comes back. */
static void
by_identity_for_ever(void)
{
    struct holder first, second;
    char token[64], body[4096];
    AUTO_ANSWER revoked;
    AUTO_ANSWER renewed;
    AUTO_ANSWER enrolled;
    AUTO_ANSWER resumed;
    AUTO_ANSWER again;

    host_make("revoke/identity", &first);
    enrol("revoke/identity", &second);
    token_put("revoke/identity", 3600, token);
    revoke(&admin, "identity", "revoke/identity", "cessationOfOperation", &revoked);
    EXPECT_STATUS(&revoked, 200);
    CU_ASSERT_EQUAL(number_of(&revoked, "revoked"), 2);
    CU_ASSERT_EQUAL(audited("revocation.create", "revoke/identity"), 1);
    CU_ASSERT_EQUAL(audited("revocation.create", second.serial), 1);
    csr_body(NULL, "", body, sizeof(body));
    renew(&first, body, &renewed);
    EXPECT_REFUSED(&renewed, ERROR_CERTIFICATE_REVOKED);
    call(&(struct call){.label = "certificate.issue", .token = token, .body = body}, &enrolled);
    EXPECT_REFUSED(&enrolled, ERROR_IDENTITY_REVOKED);
    call(&(struct call){.label = "identity.change",
                        .certificate = holder_bytes(&admin),
                        .param = "revoke/identity",
                        .body = "{\"state\": \"active\"}"},
         &resumed);
    EXPECT_REFUSED(&resumed, ERROR_STATE_CONFLICT);
    revoke(&admin, "identity", "revoke/identity", "cessationOfOperation", &again);
    EXPECT_STATUS(&again, 200);
    CU_ASSERT_EQUAL(number_of(&again, "revoked"), 0);
}

/* The key is refused in every later request, whoever sends it. */
static void
by_key_blocks_it(void)
{
    struct holder host;
    char token[64], other_token[64], body[4096];
    AUTO_ANSWER issued;
    AUTO_ANSWER shown;
    AUTO_ANSWER revoked;
    AUTO_ANSWER blocked;

    identity_make_row("revoke/key", "workload", "", NULL);
    identity_make_row("revoke/other-key", "workload", "", NULL);
    token_put("revoke/key", 3600, token);
    token_put("revoke/other-key", 3600, other_token);
    csr_body(NULL, "", body, sizeof(body));
    call(&(struct call){.label = "certificate.issue", .token = token, .body = body}, &issued);
    EXPECT_STATUS(&issued, 201);
    holder_take(&host, &issued);
    show(&admin, host.serial, &shown);
    revoke(&admin, "spki_sha256", answer_text(&shown, "spki_sha256"), "keyCompromise", &revoked);
    EXPECT_STATUS(&revoked, 200);
    CU_ASSERT_EQUAL(number_of(&revoked, "revoked"), 1);
    call(&(struct call){.label = "certificate.issue", .token = other_token, .body = body},
         &blocked);
    EXPECT_REFUSED(&blocked, ERROR_KEY_BLOCKED);
}

/* A point can be written in three ways; it is one key. */
static void
by_a_compressed_point_too(void)
{
    struct holder host;
    struct bytes spki, point;
    uint8_t der[59] = {0x30, 0x39, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48,
                       0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
                       0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x22, 0x00};
    struct certificate certificate;
    AUTO_BUFFER text = {.max = 256};
    struct error err = {0};
    AUTO_ANSWER revoked;

    host_make("revoke/compressed", &host);
    need(certificate_parse(holder_bytes(&host), &certificate, &err), "parse", &err);
    spki = certificate.tbs.spki;
    point = bytes_of(spki.data + spki.len - 64, 64);
    der[26] = point.data[63] & 1 ? 0x03 : 0x02;
    memcpy(der + 27, point.data, 32);
    need(base64_encode(bytes_of(der, sizeof(der)), &text), "base64", NULL);
    revoke(&admin, "spki", buffer_text(&text), "keyCompromise", &revoked);
    EXPECT_STATUS(&revoked, 200);
    CU_ASSERT_EQUAL(number_of(&revoked, "revoked"), 1);
}

/* One of our serials in a certificate of another hand. */
static void
forge(const struct holder *like, const struct software_key *key, bool same_tbs,
      struct holder *forged)
{
    AUTO_BUFFER der = {.max = LIMIT_CERTIFICATE_OCTETS};
    AUTO_BUFFER signature = {.max = LIMIT_SIGNATURE_OCTETS};
    struct certificate ours;
    struct error err = {0};

    need(certificate_parse(holder_bytes(like), &ours, &err), "parse", &err);
    ours.tbs.spki = public_key_spki(key->key);
    if (same_tbs) {
        key_sign(key, ours.tbs_der, &signature);
        need(certificate_assemble(ours.tbs_der, ours.tbs.algorithm, buffer_bytes(&signature), &der,
                                  &err),
             "assemble", &err);
    } else {
        certificate_sign(key, &ours.tbs, &der);
    }
    *forged = *like;
    memcpy(forged->der, der.data, der.len);
    forged->len = der.len;
}

static void
forged_certificates_are_unknown(void)
{
    struct software_key thief;
    struct holder host, forged;
    char pem[LIMIT_CERTIFICATE_OCTETS];
    AUTO_BUFFER text = {.max = LIMIT_CERTIFICATE_OCTETS};
    AUTO_ANSWER own_tbs;
    AUTO_ANSWER our_tbs;
    AUTO_ANSWER rooted;
    AUTO_ANSWER revoked;
    AUTO_ANSWER alive;

    host_make("revoke/forged", &host);
    key_make(&thief);
    forge(&host, &thief, false, &forged);
    show(&forged, host.serial, &own_tbs);
    EXPECT_REFUSED(&own_tbs, ERROR_CERTIFICATE_UNKNOWN);
    /* A forged one revokes nothing, either. */
    need(base64_encode(holder_bytes(&forged), &text), "base64", NULL);
    snprintf(pem, sizeof(pem), "%s", buffer_text(&text));
    revoke(&admin, "certificate", pem, "keyCompromise", &revoked);
    EXPECT_REFUSED(&revoked, ERROR_CERTIFICATE_NOT_FOUND);
    forge(&host, &thief, true, &forged);
    show(&forged, host.serial, &our_tbs);
    EXPECT_REFUSED(&our_tbs, ERROR_CERTIFICATE_UNKNOWN);
    /* Not even a second signature of our own key, which we did not store. */
    forge(&host, &world.issuing, true, &forged);
    show(&forged, host.serial, &rooted);
    EXPECT_REFUSED(&rooted, ERROR_CERTIFICATE_UNKNOWN);
    show(&host, host.serial, &alive);
    EXPECT_STATUS(&alive, 200);
    EVP_PKEY_free(thief.pkey);
    public_key_free(thief.key);
}

static void
by_certificate(void)
{
    struct holder host;
    AUTO_BUFFER text = {.max = LIMIT_CERTIFICATE_OCTETS};
    AUTO_ANSWER answer;

    host_make("revoke/certificate", &host);
    need(base64_encode(holder_bytes(&host), &text), "base64", NULL);
    revoke(&host, "certificate", buffer_text(&text), "unspecified", &answer);
    EXPECT_STATUS(&answer, 200);
    CU_ASSERT_EQUAL(number_of(&answer, "revoked"), 1);
    CU_ASSERT_STRING_EQUAL(reason_of(&answer), "unspecified");
}

int
main(void)
{
    int status;

    world_start();
    status = RUN_SUITE("revocations", TEST(staff_make), TEST(by_serial_twice_and_rising),
                       TEST(a_workload_revokes_its_own_only), TEST(callers_without_the_right),
                       TEST(bad_requests), TEST(by_identity_for_ever), TEST(by_key_blocks_it),
                       TEST(by_a_compressed_point_too), TEST(forged_certificates_are_unknown),
                       TEST(by_certificate));
    world_stop();
    return status;
}
