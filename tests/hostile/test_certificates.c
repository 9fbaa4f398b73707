#include "hostile.h"

static void
ask_ca(struct test_request *request)
{
    request->leaf.tbs.ca = true;
    request->leaf.tbs.path_len = 0;
    request->leaf.tbs.key_usage |= KU_KEY_CERT_SIGN;
}

static void
ask_crl_signer(struct test_request *request)
{
    request->leaf.tbs.key_usage |= KU_CRL_SIGN;
}

static void
ask_ocsp_usage(struct test_request *request)
{
    request->leaf.tbs.extended_key_usage = EKU_OCSP_SIGNING;
}

static void
ask_foreign_name(struct test_request *request)
{
    leaf_name(&request->leaf, SAN_DNS, "www.example.org", 15);
}

static void
ask_foreign_trust_domain(struct test_request *request)
{
    request->leaf.tbs.san.item[0].value = bytes_of_text("spiffe://example.org/flow/one");
}

static void
ask_name_of_another(struct test_request *request)
{
    request->leaf.tbs.san.item[0].value =
        bytes_of_text("spiffe://" TEST_TRUST_DOMAIN "/flow/other");
}

static void
ask_longer_life(struct test_request *request)
{
    request->leaf.tbs.not_after_s += 30 * 86400;
    must(serial_new(request->leaf.tbs.not_after_s, request->leaf.serial, NULL), &(struct error){0});
}

static void
ask_backdated(struct test_request *request)
{
    request->leaf.tbs.not_before_s -= 86400;
}

static void
ask_no_crl_url(struct test_request *request)
{
    request->leaf.tbs.crl_url = bytes_of(NULL, 0);
}

static void
ask_foreign_crl_url(struct test_request *request)
{
    request->leaf.tbs.crl_url = bytes_of_text("http://evil.example/crl");
}

static void
ask_foreign_aia(struct test_request *request)
{
    request->leaf.tbs.ocsp_url = bytes_of_text("http://evil.example/ocsp");
}

static void
ask_foreign_ca_issuers(struct test_request *request)
{
    request->leaf.tbs.ca_issuers_url = bytes_of_text("http://evil.example/ca.cer");
}

static void
ask_no_revocation(struct test_request *request)
{
    request->leaf.tbs.no_rev_avail = true;
}

static void
ask_foreign_issuer(struct test_request *request)
{
    request->leaf.tbs.issuer = request->leaf.tbs.subject;
    request->leaf.tbs.authority_key_id = bytes_of(request->key.key_id, 20);
}

static void
ask_small_serial(struct test_request *request)
{
    request->leaf.tbs.serial = bytes_of_text("\x01\x02\x03\x04\x05\x06\x07\x08\x09");
}

static void
ask_ceremony(struct test_request *request)
{
    request->request.grant_kind = GRANT_CEREMONY;
}

static void
ask_token_as_server(struct test_request *request)
{
    request->request.grant_kind = GRANT_SERVER;
}

static void
ask_names_beyond_the_row(struct test_request *request)
{
    leaf_name(&request->leaf, SAN_DNS, "other.example.internal", 22);
}

static void
ask_without_token(struct test_request *request)
{
    fresh_digest(request->request.grant_key);
}

static void
ask_with_token_of_another(struct test_request *request)
{
    token_make("flow/other", request->request.grant_key);
}

static void
ask_suspended(struct test_request *request)
{
    sql("UPDATE identity SET state = 'suspended' WHERE name = 'flow/suspended'");
    (void)request;
}

static void
ask_blocked_key(struct test_request *request)
{
    struct error err = {0};

    must(db_begin(authority.server, &err) &&
             db_blocked_key_insert(authority.server, request->key.hash, 1, "tests", &err) &&
             db_commit(authority.server, &err),
         &err);
}

static void
ask_renewal_of_nothing(struct test_request *request)
{
    static const uint8_t invented[SERIAL_OCTETS] = {0x51, 0x51, 0x3c, 1};

    request->request.grant_kind = GRANT_RENEWAL;
    request->request.predecessor = bytes_of(invented, sizeof(invented));
    guard_renewal_key(authority.issuer_id, request->request.predecessor, 0,
                      request->request.grant_key);
}

static void
ask_renewal_with_any_key(struct test_request *request)
{
    ask_renewal_of_nothing(request);
    fresh_digest(request->request.grant_key);
}

static void
ask_other_responder_key(struct test_request *request)
{
    spki_make(&request->key, KEY_P256);
    request->leaf.tbs.spki = spki_bytes(&request->key);
    request->leaf.tbs.subject_key_id = bytes_of(request->key.key_id, 20);
}

static void
ask_server_name(struct test_request *request)
{
    leaf_name(&request->leaf, SAN_DNS, "ca.example.internal", 19);
}

static const struct {
    const char *what;
    const char *identity;
    void (*change)(struct test_request *request);
    const char *rule;
} attempts[] = {
    {"a CA certificate", "flow/one", ask_ca, "permit.ca"},
    {"a signer of CRLs", "flow/one", ask_crl_signer, "permit.usage"},
    {"an OCSP signer as workload", "flow/one", ask_ocsp_usage, "permit.extended_usage"},
    {"an OCSP signer for its own key", "signet/ocsp", ask_other_responder_key,
     "permit.responder_key"},
    {"a DNS name outside the permit", "flow/one", ask_foreign_name, "permit.names"},
    {"another trust domain", "flow/one", ask_foreign_trust_domain, "permit.uri"},
    {"the name of another identity", "flow/one", ask_name_of_another, "permit.uri"},
    {"a name that the identity does not have", "flow/one", ask_names_beyond_the_row,
     "record.names_beyond"},
    {"a longer life", "flow/one", ask_longer_life, "permit.lifetime"},
    {"a date long past", "flow/one", ask_backdated, "permit.backdate"},
    {"no CRL URL", "flow/one", ask_no_crl_url, "permit.crl_url"},
    {"a foreign CRL URL", "flow/one", ask_foreign_crl_url, "permit.crl_url"},
    {"a foreign AIA", "flow/one", ask_foreign_aia, "permit.ocsp_url"},
    {"a foreign caIssuers", "flow/one", ask_foreign_ca_issuers, "permit.ca_issuers_url"},
    {"noRevAvail", "flow/one", ask_no_revocation, "permit.no_rev_avail"},
    {"an issuer of its own", "flow/one", ask_foreign_issuer, "permit.issuer"},
    {"a serial of its own shape", "flow/one", ask_small_serial, "permit.serial"},
    {"the ceremony's grant", "admin/mallory", ask_ceremony, "permit.grant"},
    {"a token as the server's grant", "flow/one", ask_token_as_server, "permit.grant"},
    {"another name for the server", "signet/server", ask_server_name, "permit.names"},
    {"no token", "flow/one", ask_without_token, "record.token_missing"},
    {"the token of another", "flow/one", ask_with_token_of_another, "record.token_identity"},
    {"a suspended identity", "flow/suspended", ask_suspended, "record.identity_suspended"},
    {"a blocked key", "flow/one", ask_blocked_key, "record.key_blocked"},
    {"a renewal of nothing", "flow/one", ask_renewal_of_nothing, "record.predecessor_missing"},
    {"a renewal with an invented key", "flow/one", ask_renewal_with_any_key, "permit.grant_key"},
};

static void
gets_no_certificate_outside_the_permit(void)
{
    long rows = certificates();

    for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
        struct test_request *request = request_make(attempts[i].identity);
        long before = audits_of(attempts[i].rule);
        struct issue_reply reply;
        struct error err = {0};

        attempts[i].change(request);
        CU_ASSERT_TRUE(request_build(request));
        CU_ASSERT_FALSE(signer_issue(client(&authority.issuing, 0), &request->request,
                                     AUTHORITY_CALL_MS, &reply, &err));
        if (strcmp(err.rule, attempts[i].rule) != 0)
            printf("\n    %s: [%s] %s %s\n", attempts[i].what, error_row(err.kind)->type, err.rule,
                   err.detail);
        CU_ASSERT_STRING_EQUAL(err.rule, attempts[i].rule);
        CU_ASSERT_EQUAL(audits_of(attempts[i].rule), before + 1);
        request_free(request);
    }
    CU_ASSERT_EQUAL(certificates(), rows);
}

/* The TBS is encoded in another way, or is not one at all. */
static void
smuggles_nothing_past_the_parser(void)
{
    long rows = certificates(), before = audits();
    struct issue_reply reply;
    struct error err = {0};

    for (int i = 0; i < 4; i++) {
        struct test_request *request = request_make("flow/one");

        if (i == 0) /* octets after the end */
            CU_ASSERT_TRUE(buffer_put_u8(&request->tbs, 0));
        if (i == 1) /* a digest in place of a TBS */
            request->tbs.len = 32;
        if (i == 2) /* an indefinite length */
            request->tbs.data[1] = 0x80;
        if (i == 3) /* nothing */
            request->tbs.len = 0;
        request->request.tbs = buffer_bytes(&request->tbs);
        CU_ASSERT_FALSE(signer_issue(client(&authority.issuing, 0), &request->request,
                                     AUTHORITY_CALL_MS, &reply, &err));
        CU_ASSERT_TRUE(err.kind == ERROR_PERMIT || err.kind == ERROR_FRAME);
        request_free(request);
    }
    CU_ASSERT_EQUAL(audits(), before + 4);
    CU_ASSERT_EQUAL(certificates(), rows);
}

static void
replays_no_grant(void)
{
    struct test_request *request = request_make("flow/one");
    struct issue_reply reply;
    struct error err = {0};
    long before = audits_of("record.grant_used"), rows;

    ASSERT_OK(signer_issue(client(&authority.issuing, 0), &request->request, AUTHORITY_CALL_MS,
                           &reply, &err),
              &err);
    rows = certificates();
    /* The same grant for another key. */
    spki_make(&request->key, KEY_P256);
    leaf_make(&request->leaf, &authority.issuer, "flow/one", &request->key, clock_now_s(), false);
    fresh_digest(request->request.request_hash);
    CU_ASSERT_TRUE(request_build(request));
    ASSERT_REFUSED(signer_issue(client(&authority.issuing, 0), &request->request, AUTHORITY_CALL_MS,
                                &reply, &err),
                   &err, ERROR_GRANT_USED);
    CU_ASSERT_EQUAL(audits_of("record.grant_used"), before + 1);
    CU_ASSERT_EQUAL(certificates(), rows);
    request_free(request);
}

/* Claiming that it is the same request gives the old certificate, never one for the new key. */
static void
gets_the_old_certificate_for_a_claimed_replay(void)
{
    struct test_request *request = request_make("flow/one");
    struct issue_reply reply;
    struct certificate cert;
    struct test_spki first;
    struct error err = {0};

    first = request->key;
    ASSERT_OK(signer_issue(client(&authority.issuing, 0), &request->request, AUTHORITY_CALL_MS,
                           &reply, &err),
              &err);
    spki_make(&request->key, KEY_P256);
    leaf_make(&request->leaf, &authority.issuer, "flow/one", &request->key, clock_now_s(), false);
    CU_ASSERT_TRUE(request_build(request));
    ASSERT_OK(signer_issue(client(&authority.issuing, 0), &request->request, AUTHORITY_CALL_MS,
                           &reply, &err),
              &err);
    CU_ASSERT_TRUE(reply.replayed);
    ASSERT_OK(certificate_parse(reply.certificate, &cert, &err), &err);
    CU_ASSERT_TRUE(bytes_equal(cert.tbs.spki, spki_bytes(&first)));
    request_free(request);
}

static void
uses_no_serial_twice(void)
{
    struct test_request *first = request_make("flow/one");
    struct test_request *second = request_make("flow/one");
    struct issue_reply reply;
    struct error err = {0};
    long before = audits_of("record.serial_taken"), rows;

    ASSERT_OK(signer_issue(client(&authority.issuing, 0), &first->request, AUTHORITY_CALL_MS,
                           &reply, &err),
              &err);
    rows = certificates();
    memcpy(second->leaf.serial, first->leaf.serial, SERIAL_OCTETS);
    second->leaf.tbs.not_after_s = first->leaf.tbs.not_after_s;
    CU_ASSERT_TRUE(request_build(second));
    ASSERT_REFUSED(signer_issue(client(&authority.issuing, 0), &second->request, AUTHORITY_CALL_MS,
                                &reply, &err),
                   &err, ERROR_SERIAL_CONFLICT);
    CU_ASSERT_EQUAL(audits_of("record.serial_taken"), before + 1);
    CU_ASSERT_EQUAL(certificates(), rows);
    request_free(first);
    request_free(second);
}

int
main(void)
{
    int status;

    hostile_start();
    status = RUN_SUITE("hostile server: certificates", TEST(gets_no_certificate_outside_the_permit),
                       TEST(smuggles_nothing_past_the_parser), TEST(replays_no_grant),
                       TEST(gets_the_old_certificate_for_a_claimed_replay),
                       TEST(uses_no_serial_twice), TEST(leaves_both_signers_running));
    return authority_end(status);
}
