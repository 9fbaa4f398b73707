/*
 * The hostile server: this program sits where signet-server sits. It has the server's channels to
 * real signers of both roles and the server's role in the database, and tries to get what it must
 * not have. Every refusal must name its rule and stand in the audit trail; what the database itself
 * refuses for want of a right stands in PostgreSQL's log, since such a transaction cannot write.
 */
#include "authority.h"

#include "signet/ocsp.h"

static long
audits(void)
{
    return sql_number("SELECT coalesce(sum(count), 0) FROM audit_event"
                      " WHERE action = 'signer.refuse' AND outcome = 'refused'");
}

static long
audits_of(const char *rule)
{
    char statement[256];

    snprintf(statement, sizeof(statement),
             "SELECT count(*) FROM audit_event WHERE action = 'signer.refuse'"
             " AND outcome = 'refused' AND rule = '%s'",
             rule);
    return sql_number(statement);
}

static long
certificates(void)
{
    return sql_number("SELECT count(*) FROM certificate");
}

/* --- certificates it must not get --- */

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

/* --- one grant, one serial --- */

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

/* --- revocation --- */

static void
issue_one(uint8_t serial[SERIAL_OCTETS])
{
    struct test_request *request = request_make("flow/one");
    struct issue_reply reply;
    struct error err = {0};

    ASSERT_OK(signer_issue(client(&authority.issuing, 0), &request->request, AUTHORITY_CALL_MS,
                           &reply, &err),
              &err);
    memcpy(serial, request->leaf.serial, SERIAL_OCTETS);
    request_free(request);
}

static void
revoke_at(const uint8_t serial[SERIAL_OCTETS], int64_t time_s, int reason, bool *ret_new)
{
    struct db_revocation revocation = {.issuer = authority.issuer_id,
                                       .serial_len = SERIAL_OCTETS,
                                       .revoked_s = time_s,
                                       .not_after_s = clock_now_s() + 86400,
                                       .reason = reason,
                                       .by = "mallory"};
    struct db_revocation standing;
    struct error err = {0};

    memcpy(revocation.serial, serial, SERIAL_OCTETS);
    ASSERT_OK(db_revocation_insert(authority.server, &revocation, &standing, ret_new, &err), &err);
}

/* What OpenSSL reads in the answer. */
static void
response_text(struct bytes response, struct buffer *out)
{
    char path[128];
    const char *argv[] = {"openssl", "ocsp", "-respin", path, "-noverify", "-resp_text", NULL};
    struct spawn spawn = {.path = "/usr/bin/openssl", .argv = argv};
    struct error err = {0};
    int status = -1;

    snprintf(path, sizeof(path), "%s/answer.der", authority.folder);
    ASSERT_OK(file_write_atomic(path, response, 0644, (uid_t)-1, (gid_t)-1, &err), &err);
    ASSERT_OK(spawn_run(&spawn, bytes_of(NULL, 0), out, 10000, &status, &err), &err);
    CU_ASSERT_EQUAL(status, 0);
}

static void
gets_no_good_answer_for_a_revoked_serial(void)
{
    struct ocsp_request_message ask = {.count = 1};
    struct ocsp_reply reply;
    struct error err = {0};
    uint8_t serial[SERIAL_OCTETS];
    bool is_new;
    AUTO_BUFFER text;

    buffer_init(&text, 64 * 1024);
    issue_one(serial);
    revoke_at(serial, clock_now_s(), REASON_KEY_COMPROMISE, &is_new);
    CU_ASSERT_TRUE(is_new);
    ask.query[0].hash = CERTID_SHA1;
    ask.query[0].serial_len = SERIAL_OCTETS;
    memcpy(ask.query[0].serial, serial, SERIAL_OCTETS);
    for (int i = 0; i < 20; i++) {
        if (!ASSERT_OK(
                signer_ocsp(client(&authority.status, 0), &ask, AUTHORITY_CALL_MS, &reply, &err),
                &err))
            return;
        CU_ASSERT_EQUAL(reply.worst, OCSP_REVOKED);
    }
    response_text(reply.response, &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&text), "Cert Status: revoked"));
    CU_ASSERT_PTR_NULL(strstr(buffer_text(&text), "Cert Status: good"));
}

/* Neither a later nor an earlier time nor a milder reason takes the place of the first. */
static void
changes_no_first_revocation(void)
{
    static const char *const what = "SELECT extract(epoch FROM revoked_at)::bigint || ' ' || reason"
                                    " FROM revocation ORDER BY changed_at DESC LIMIT 1";
    int64_t first_s = clock_now_s() - 100;
    uint8_t serial[SERIAL_OCTETS];
    char standing[64];
    bool is_new;
    long before = sql_number("SELECT count(*) FROM audit_event"
                             " WHERE rule = 'revocation.first_stands'");

    issue_one(serial);
    revoke_at(serial, first_s, REASON_KEY_COMPROMISE, &is_new);
    snprintf(standing, sizeof(standing), "%s", sql(what));
    revoke_at(serial, first_s + 3600, REASON_KEY_COMPROMISE, &is_new);
    CU_ASSERT_FALSE(is_new);
    revoke_at(serial, first_s - 3600, REASON_KEY_COMPROMISE, &is_new);
    CU_ASSERT_FALSE(is_new);
    revoke_at(serial, first_s, REASON_SUPERSEDED, &is_new);
    CU_ASSERT_FALSE(is_new);
    CU_ASSERT_STRING_EQUAL(sql(what), standing);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM audit_event"
                               " WHERE rule = 'revocation.first_stands'"),
                    before + 3);
}

/* The list is made from the rows: the frame has no say in its content. */
static void
gets_no_list_without_a_revoked_serial(void)
{
    struct crl_request ask = {.shard = 1};
    struct crl_reply reply;
    struct error err = {0};
    long before = audits_of("permit.shard");
    long revoked = sql_number("SELECT count(*) FROM revocation");

    ASSERT_REFUSED(
        signer_build_crl(client(&authority.issuing, 0), &ask, AUTHORITY_CALL_MS, &reply, &err),
        &err, ERROR_PERMIT);
    CU_ASSERT_EQUAL(audits_of("permit.shard"), before + 1);
    ask.shard = 0;
    ASSERT_OK(
        signer_build_crl(client(&authority.issuing, 0), &ask, AUTHORITY_CALL_MS, &reply, &err),
        &err);
    CU_ASSERT_EQUAL(reply.entries, revoked);
    CU_ASSERT_TRUE(revoked >= 2);
}

/* A list that lost an entry is not signed, even when somebody above all roles took the row away. */
static void
gets_no_list_that_lost_an_entry(void)
{
    struct crl_request ask = {0};
    struct crl_reply reply;
    struct error err = {0};
    long before = audits_of("crl.loss");

    sql("CREATE TABLE kept AS SELECT * FROM revocation");
    sql("DELETE FROM revocation");
    ASSERT_REFUSED(
        signer_build_crl(client(&authority.issuing, 0), &ask, AUTHORITY_CALL_MS, &reply, &err),
        &err, ERROR_PERMIT);
    CU_ASSERT_STRING_EQUAL(err.rule, "crl.loss");
    CU_ASSERT_EQUAL(audits_of("crl.loss"), before + 1);
    sql("ALTER TABLE revocation DISABLE TRIGGER USER");
    sql("INSERT INTO revocation SELECT * FROM kept");
    sql("ALTER TABLE revocation ENABLE TRIGGER USER");
    sql("DROP TABLE kept");
    ASSERT_OK(
        signer_build_crl(client(&authority.issuing, 0), &ask, AUTHORITY_CALL_MS, &reply, &err),
        &err);
}

/* --- the database behind the signer's back --- */

static const char *const writes[] = {
    "INSERT INTO certificate SELECT * FROM certificate LIMIT 1",
    "UPDATE certificate SET tbs = '\\x00'",
    "DELETE FROM certificate",
    "INSERT INTO signature SELECT * FROM signature LIMIT 1",
    "UPDATE signature SET signature = '\\x00'",
    "DELETE FROM signature",
    "INSERT INTO grant_use SELECT * FROM grant_use LIMIT 1",
    "DELETE FROM grant_use",
    "INSERT INTO crl SELECT * FROM crl LIMIT 1",
    "UPDATE crl SET der = '\\x00'",
    "DELETE FROM crl",
    "UPDATE crl_shard SET number = 0",
    "UPDATE audit_event SET outcome = 'done'",
    "DELETE FROM audit_event",
    "TRUNCATE audit_event",
    "UPDATE revocation SET revoked_at = now()",
    "UPDATE revocation SET reason = 0",
    "DELETE FROM revocation",
    "UPDATE enrol_token SET expires_at = now() + interval '1 year'",
    "DELETE FROM blocked_key",
    "INSERT INTO issuer (name) VALUES ('x')",
    "UPDATE issuer SET state = 'active'",
    "DROP TABLE certificate",
    "ALTER TABLE revocation DISABLE TRIGGER ALL",
    "SET SESSION AUTHORIZATION signet_signer",
    "SET ROLE signet_owner",
};

static bool
log_holds(const char *text)
{
    char path[128];
    struct error err = {0};
    AUTO_BUFFER content;

    buffer_init(&content, 4 * 1024 * 1024);
    snprintf(path, sizeof(path), "%s/log", authority.cluster.folder);
    return ASSERT_OK(file_read(path, &content, &err), &err) &&
           strstr(buffer_text(&content), text) != NULL;
}

static void
writes_nothing_of_the_signers(void)
{
    char conninfo[160];
    PGconn *server = PQconnectdb(
        cluster_conninfo(&authority.cluster, "signet_server", conninfo, sizeof(conninfo)));

    CU_ASSERT_EQUAL_FATAL(PQstatus(server), CONNECTION_OK);
    PQclear(PQexec(server, "SET search_path = signet"));
    for (size_t i = 0; i < ARRAY_LEN(writes); i++) {
        PGresult *result = PQexec(server, writes[i]);
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

        /* insufficient_privilege */
        if (!state || strcmp(state, "42501") != 0)
            printf("\n    %s: %s\n", writes[i], state ? PQresultErrorMessage(result) : "accepted");
        CU_ASSERT_TRUE(state && strcmp(state, "42501") == 0);
        PQclear(result);
        CU_ASSERT_TRUE(log_holds(writes[i]));
    }
    PQfinish(server);
}

/* It may add to the audit trail, but not in the name of another role. */
static void
forges_no_audit_rows(void)
{
    char conninfo[160];
    PGconn *server = PQconnectdb(
        cluster_conninfo(&authority.cluster, "signet_server", conninfo, sizeof(conninfo)));

    CU_ASSERT_EQUAL_FATAL(PQstatus(server), CONNECTION_OK);
    PQclear(PQexec(server, "SET search_path = signet"));
    PQclear(PQexec(server,
                   "INSERT INTO audit_event (at, actor, action, object, outcome, rule, request_id,"
                   " address, detail, count, written_by) VALUES (now(), 'forged', 'forged', '',"
                   " 'done', '', '', '', '', 1, 'signet_signer')"));
    PQfinish(server);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM audit_event WHERE actor = 'forged'"
                               " AND written_by <> 'signet_server'"),
                    0);
}

/* --- frames --- */

static void
is_alive(struct running *running)
{
    struct probe_reply reply;
    struct error err = {0};

    ASSERT_OK(signer_probe(client(running, 0), AUTHORITY_CALL_MS, &reply, &err), &err);
}

static void
raw(int fd, const void *data, size_t len)
{
    CU_ASSERT_EQUAL(send(fd, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void
refused_with_frame_error(int fd)
{
    struct frame frame;
    struct error refusal, err = {0};
    AUTO_BUFFER in;

    buffer_init(&in, LIMIT_FRAME_OCTETS);
    CU_ASSERT_EQUAL_FATAL(frame_receive(fd, AUTHORITY_CALL_MS, &in, &frame, &err), FRAME_OK);
    CU_ASSERT_EQUAL(frame.kind, FRAME_REFUSED);
    if (ASSERT_OK(error_get(frame.body, &refusal, &err), &err))
        CU_ASSERT_EQUAL(refusal.kind, ERROR_FRAME);
}

static void
breaks_no_signer_with_frames(struct running *running)
{
    static const uint8_t wrong_version[] = {9, 1, 0, 0, 0, 0, 0, 1};
    static const uint8_t reserved[] = {1, 1, 0, 1, 0, 0, 0, 1};
    static const uint8_t unknown[] = {1, 77, 0, 0, 0, 0, 0, 1};
    static const uint8_t issued[] = {1, 2, 0, 0, 0, 0, 0, 1};
    static const uint8_t channels[] = {1, 10, 0, 0, 0, 0, 0, 1};
    static const uint8_t empty_issue[] = {1, 1, 0, 0, 0, 0, 0, 1};
    static const uint8_t empty_ocsp[] = {1, 5, 0, 0, 0, 0, 0, 1};
    static const uint8_t fat_probe[] = {1, 7, 0, 0, 0, 0, 0, 1, 1};
    static const struct bytes frames[] = {
        {wrong_version, 8}, {reserved, 8},   {unknown, 8},   {issued, 8},  {channels, 8},
        {empty_issue, 8},   {empty_ocsp, 8}, {fat_probe, 9}, {unknown, 3},
    };
    uint8_t *huge = calloc(1, LIMIT_FRAME_OCTETS);
    long before = audits();

    for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
        raw(running->fd[2], frames[i].data, frames[i].len);
        refused_with_frame_error(running->fd[2]);
    }
    memcpy(huge, empty_issue, 8);
    raw(running->fd[2], huge, LIMIT_FRAME_OCTETS);
    refused_with_frame_error(running->fd[2]);
    free(huge);
    CU_ASSERT_EQUAL(audits(), before + (long)ARRAY_LEN(frames) + 1);
    /* An empty message looks like the end, and that channel ends. */
    CU_ASSERT_EQUAL(send(running->fd[3], "", 0, MSG_NOSIGNAL), 0);
    is_alive(running);
}

static void
breaks_no_issuing_signer(void)
{
    breaks_no_signer_with_frames(&authority.issuing);
}

static void
breaks_no_status_signer(void)
{
    breaks_no_signer_with_frames(&authority.status);
}

static void
survives_random_frames(void)
{
    struct running *both[] = {&authority.issuing, &authority.status};
    struct error err = {0};

    for (size_t which = 0; which < 2; which++)
        for (int i = 0; i < 600; i++) {
            uint8_t octets[256] = {1, 0, 0, 0, 0, 0, 0, 1};
            struct frame frame;
            AUTO_BUFFER in;

            buffer_init(&in, LIMIT_FRAME_OCTETS);
            must(random_bytes(octets + 8, sizeof(octets) - 8, &err), &err);
            octets[1] = (uint8_t)(i % 12);
            raw(both[which]->fd[4], octets, 8 + (size_t)octets[8] % 240);
            CU_ASSERT_EQUAL_FATAL(
                frame_receive(both[which]->fd[4], AUTHORITY_CALL_MS, &in, &frame, &err), FRAME_OK);
            CU_ASSERT_TRUE(frame.kind == FRAME_REFUSED || frame.kind == FRAME_PROBED);
        }
    is_alive(&authority.issuing);
    is_alive(&authority.status);
}

enum { FLOOD = 3000 };

/* One channel floods and never reads; another gets its certificates all the same, and the audit
 * trail does not grow without bound. */
static void
starves_nobody(void)
{
    static const uint8_t unknown[] = {1, 77, 0, 0, 0, 0, 0, 1};
    long rows = sql_number("SELECT count(*) FROM audit_event");
    int fd = authority.issuing.fd[5];
    int sent = 0;

    for (int i = 0; i < FLOOD; i++)
        sent += send(fd, unknown, sizeof(unknown), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(unknown);
    CU_ASSERT_TRUE(sent > 100);
    for (int i = 0; i < 5; i++) {
        struct test_request *request = request_make("flow/one");
        struct issue_reply reply;
        struct error err = {0};

        if (ASSERT_OK(
                signer_issue(client(&authority.issuing, 0), &request->request, 3000, &reply, &err),
                &err))
            assert_certificate(&reply);
        request_free(request);
    }
    CU_ASSERT_TRUE(sql_number("SELECT count(*) FROM audit_event") < rows + 400);
}

static void
leaves_both_signers_running(void)
{
    uint8_t serial[SERIAL_OCTETS];

    issue_one(serial);
    is_alive(&authority.status);
    CU_ASSERT_EQUAL(signer_stop(&authority.issuing), 0);
    CU_ASSERT_EQUAL(signer_stop(&authority.status), 0);
}

/* The responder's certificate, as the ceremony gets it. */
static void
make_responder(void)
{
    struct test_request *request = request_make("signet/ocsp");
    struct issue_reply reply;
    struct error err = {0};

    need(signer_issue(client(&authority.issuing, 1), &request->request, AUTHORITY_CALL_MS, &reply,
                      &err),
         "the responder's certificate", &err);
    request_free(request);
}

int
main(void)
{
    int status;

    authority_make();
    identity_make("flow/one", "workload", NULL);
    identity_make("flow/other", "workload", NULL);
    identity_make("flow/suspended", "workload", NULL);
    identity_make("admin/mallory", "admin", NULL);
    identity_make("signet/ocsp", "responder", NULL);
    identity_make("signet/server", "server", "dns:localhost");
    signer_start(&authority.issuing, "issuing");
    make_responder();
    signer_start(&authority.status, "status");
    status = RUN_SUITE(
        "hostile server", TEST(gets_no_certificate_outside_the_permit),
        TEST(smuggles_nothing_past_the_parser), TEST(replays_no_grant),
        TEST(gets_the_old_certificate_for_a_claimed_replay), TEST(uses_no_serial_twice),
        TEST(gets_no_good_answer_for_a_revoked_serial), TEST(changes_no_first_revocation),
        TEST(gets_no_list_without_a_revoked_serial), TEST(gets_no_list_that_lost_an_entry),
        TEST(writes_nothing_of_the_signers), TEST(forges_no_audit_rows),
        TEST(breaks_no_issuing_signer), TEST(breaks_no_status_signer), TEST(survives_random_frames),
        TEST(starves_nobody), TEST(leaves_both_signers_running));
    return authority_end(status);
}
