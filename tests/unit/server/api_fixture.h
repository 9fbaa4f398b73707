/*
 * The API without HTTP: a database, issuers with keys in software, and a thread in the signer's
 * seat that records and signs as the signer does. A test calls routes with credentials and looks at
 * the answer and at the rows. Included once by a test program.
 */
#ifndef SIGNET_TEST_API_FIXTURE_H
#define SIGNET_TEST_API_FIXTURE_H

#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/authenticate.h"
#include "api/handlers.h"
#include "cluster.h"
#include "http/audit.h"
#include "issue/authority.h"
#include "main/server.h"
#include "publish/publisher.h"
#include "signet/clock.h"
#include "signet/csr.h"
#include "signet/der.h"
#include "signet/encode.h"
#include "signet/frame.h"
#include "suite.h"

struct software_key {
    EVP_PKEY *pkey;
    struct public_key *key;
    uint8_t key_id[20];
};

struct world {
    struct cluster cluster;
    struct config config;
    struct server server;
    struct worker worker;
    struct db *owner, *signer;
    struct software_key root, issuing;
    int32_t issuer_id;
    int signer_fd;
    pthread_t signer_thread;
    unsigned signer_calls; /* read while no call is in flight */
};

static struct world world;

static inline void
need(bool ok, const char *what, const struct error *err)
{
    if (ok)
        return;
    fprintf(stderr, "%s failed: %s (%s)\n", what, err ? err->detail : "", err ? err->internal : "");
    cluster_stop(&world.cluster);
    exit(EXIT_FAILURE);
}

/* --- issuers --- */

static inline void
key_make(struct software_key *key)
{
    uint8_t *spki = NULL;
    struct error err = {0};
    int len;

    key->pkey = EVP_EC_gen("P-256");
    len = i2d_PUBKEY(key->pkey, &spki);
    need(len > 0 && public_key_parse(bytes_of(spki, (size_t)len), &key->key, &err), "key", &err);
    OPENSSL_free(spki);
    digest_sha1(public_key_bits_octets(key->key), key->key_id);
}

static inline void
key_sign(const struct software_key *key, struct bytes message, struct buffer *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t len = LIMIT_SIGNATURE_OCTETS;
    uint8_t signature[LIMIT_SIGNATURE_OCTETS];

    need(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
             EVP_DigestSign(context, signature, &len, message.data, message.len) == 1 &&
             buffer_put(out, signature, len),
         "signature", NULL);
    EVP_MD_CTX_free(context);
}

static inline void
certificate_sign(const struct software_key *key, const struct tbs_cert *tbs, struct buffer *out)
{
    AUTO_BUFFER der = {.max = LIMIT_TBS_OCTETS};
    AUTO_BUFFER signature = {.max = LIMIT_SIGNATURE_OCTETS};
    struct error err = {0};

    need(tbs_cert_build(tbs, &der, &err), "tbs", &err);
    key_sign(key, buffer_bytes(&der), &signature);
    need(certificate_assemble(buffer_bytes(&der), tbs->algorithm, buffer_bytes(&signature), out,
                              &err),
         "certificate", &err);
}

static inline int32_t
issuer_insert(const char *name, int32_t parent, const struct software_key *key)
{
    struct db_issuer row = {.parent = parent,
                            .not_before_s = clock_now_s() - 3600,
                            .not_after_s = clock_now_s() + 700 * 86400};
    AUTO_BUFFER subject = {.max = 256};
    AUTO_BUFFER issuer = {.max = 256};
    AUTO_BUFFER der = {.max = sizeof(row.certificate)};
    uint8_t serial[SERIAL_OCTETS];
    struct error err = {0};
    struct tbs_cert tbs = {.algorithm = SIGNATURE_ECDSA_SHA256,
                           .ca = true,
                           .path_len = parent ? 0 : -1,
                           .key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN,
                           .not_before_s = row.not_before_s,
                           .not_after_s = row.not_after_s};
    int32_t id = 0;

    need(name_build("Test", "root", &issuer, &err) && name_build("Test", name, &subject, &err) &&
             serial_new(tbs.not_after_s, serial, &err),
         "names", &err);
    tbs.serial = bytes_of(serial, sizeof(serial));
    tbs.issuer = buffer_bytes(&issuer);
    tbs.subject = buffer_bytes(&subject);
    tbs.spki = public_key_spki(key->key);
    tbs.subject_key_id = bytes_of(key->key_id, 20);
    tbs.authority_key_id = bytes_of(world.root.key_id, 20);
    certificate_sign(&world.root, &tbs, &der);
    snprintf(row.name, sizeof(row.name), "%s", name);
    snprintf(row.kind, sizeof(row.kind), "%s", parent ? "issuing" : "root");
    snprintf(row.trust_domain, sizeof(row.trust_domain), "example.internal");
    snprintf(row.state, sizeof(row.state), "active");
    snprintf(row.key_uri, sizeof(row.key_uri), "pkcs11:token=%s", name);
    snprintf(row.crl_url, sizeof(row.crl_url), "http://localhost:8080/crl/%s.crl", name);
    snprintf(row.ocsp_url, sizeof(row.ocsp_url), "http://localhost:8080/ocsp");
    snprintf(row.ca_issuers_url, sizeof(row.ca_issuers_url), "http://localhost:8080/issuers/%s.cer",
             name);
    memcpy(row.certificate, der.data, der.len);
    row.certificate_len = der.len;
    need(db_issuer_insert(world.owner, &row, &id, &err), "issuer", &err);
    return id;
}

/* --- in the signer's seat --- */

/* The names of a TBS as the recorder wants them. */
static inline void
names_of(const struct tbs_cert *tbs, char *names, size_t room)
{
    names[0] = '\0';
    for (size_t i = 0; i < tbs->san.count; i++) {
        size_t used = strlen(names);
        char text[LIMIT_NAME_OCTETS + 64];

        need(san_text(&tbs->san.item[i], text, sizeof(text)), "name", NULL);
        snprintf(names + used, room - used, "%s%s", used ? "\n" : "", text);
    }
}

static const enum error_kind refusal_of[] = {
    [RECORD_GRANT_USED] = ERROR_GRANT_USED,
    [RECORD_IDENTITY_MISSING] = ERROR_IDENTITY_NOT_FOUND,
    [RECORD_IDENTITY_SUSPENDED] = ERROR_IDENTITY_SUSPENDED,
    [RECORD_IDENTITY_REVOKED] = ERROR_IDENTITY_REVOKED,
    [RECORD_NAME_MISMATCH] = ERROR_PERMIT,
    [RECORD_NAMES_BEYOND] = ERROR_PERMIT,
    [RECORD_KEY_BLOCKED] = ERROR_KEY_BLOCKED,
    [RECORD_TOKEN_MISSING] = ERROR_TOKEN_UNKNOWN,
    [RECORD_TOKEN_EXPIRED] = ERROR_TOKEN_EXPIRED,
    [RECORD_TOKEN_IDENTITY] = ERROR_PERMIT,
    [RECORD_PREDECESSOR_MISSING] = ERROR_PERMIT,
    [RECORD_PREDECESSOR_REVOKED] = ERROR_CERTIFICATE_REVOKED,
    [RECORD_PREDECESSOR_EXPIRED] = ERROR_CERTIFICATE_EXPIRED,
    [RECORD_PREDECESSOR_IDENTITY] = ERROR_PERMIT,
    [RECORD_LINE_LIMIT] = ERROR_RENEWAL_LIMIT,
    [RECORD_ATTEMPT] = ERROR_GRANT_USED,
    [RECORD_SERIAL_TAKEN] = ERROR_SERIAL_CONFLICT,
};

/* Records and signs; false with the refusal in *err. */
static inline bool
seat_issue(const struct issue_request *request, struct buffer *certificate, struct error *err)
{
    AUTO_BUFFER signature = {.max = LIMIT_SIGNATURE_OCTETS};
    struct tbs_cert tbs;
    char names[4096];
    struct record record = {.issuer = world.issuer_id,
                            .grant_kind = (uint8_t)request->grant_kind,
                            .grant_key = request->grant_key,
                            .request_hash = request->request_hash,
                            .identity = request->identity,
                            .identity_kind =
                                strncmp(request->identity, "admin/", 6) == 0 ? "admin" : "workload",
                            .own_name = request->identity,
                            .profile = request->profile,
                            .policy_version = request->policy_version,
                            .requester = request->requester,
                            .request_id = request->request_id,
                            .predecessor = request->predecessor,
                            .attempt = request->attempt,
                            .line_limit = 1000,
                            .names = names,
                            .tbs = request->tbs};
    struct stored_signature stored = {.issuer = world.issuer_id};

    if (!tbs_cert_parse(request->tbs, &tbs, err) || !tbs_cert_lint(&tbs, err))
        return false;
    names_of(&tbs, names, sizeof(names));
    record.serial = tbs.serial;
    record.not_before_s = tbs.not_before_s;
    record.not_after_s = tbs.not_after_s;
    digest_sha256(tbs.spki, record.spki_hash);
    if (!db_record(world.signer, &record, 1, NULL, 0, err))
        return false;
    if (record.verdict != RECORD_DONE)
        return error_set(err, refusal_of[record.verdict], "recorder: %d", (int)record.verdict);
    key_sign(&world.issuing, request->tbs, &signature);
    stored.serial = record.serial;
    stored.signature = buffer_bytes(&signature);
    return db_store_signatures(world.signer, &stored, 1, err) &&
           certificate_assemble(request->tbs, tbs.algorithm, buffer_bytes(&signature), certificate,
                                err);
}

/* What the seat permits: as the ceremony would write it, without profiles of its own class. */
static inline void
seat_permit(uint32_t id)
{
    static const struct {
        uint32_t line;
        const char *section, *name, *value;
    } rows[] = {
        {3, "", "key_types", "P-256"},
        {4, "", "max_backdate_s", "300"},
        {7, "class workload", "max_life_s", "604800"},
        {8, "class workload", "max_line", "1000"},
        {9, "class workload", "dns_suffixes", "example.internal"},
        {10, "class workload", "ip_ranges", "127.0.0.0/8"},
        {13, "class admin", "max_life_s", "2592000"},
        {14, "class admin", "max_line", "100"},
    };
    struct permit_facts facts = {.path = "/etc/signet/permits/issuing.conf"};
    AUTO_BUFFER body = {.max = LIMIT_FRAME_OCTETS};
    struct error ignored = {0};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        need(permit_facts_add(&facts, rows[i].line, rows[i].section, rows[i].name, rows[i].value),
             "fact", NULL);
    need(permit_facts_put(&body, &facts) &&
             frame_send(world.signer_fd, FRAME_PERMITTED, id, buffer_bytes(&body), &ignored),
         "permit", &ignored);
    permit_facts_done(&facts);
}

static inline void
seat_answer(const struct frame *frame)
{
    AUTO_BUFFER certificate = {.max = LIMIT_CERTIFICATE_OCTETS};
    AUTO_BUFFER body = {.max = LIMIT_FRAME_OCTETS};
    struct issue_request request;
    struct issue_reply reply = {.replayed = false};
    struct error err = {0}, ignored = {0};
    enum frame_kind kind = FRAME_ISSUED;
    struct certificate parsed;

    world.signer_calls++;
    if (issue_request_get(frame->body, &request, &err) &&
        seat_issue(&request, &certificate, &err) &&
        certificate_parse(buffer_bytes(&certificate), &parsed, &err)) {
        reply.serial = parsed.tbs.serial;
        reply.certificate = buffer_bytes(&certificate);
        need(issue_reply_put(&body, &reply), "reply", NULL);
    } else {
        kind = FRAME_REFUSED;
        need(error_put(&body, &err), "refusal", NULL);
    }
    need(frame_send(world.signer_fd, kind, frame->id, buffer_bytes(&body), &ignored), "frame",
         &ignored);
}

static inline void *
seat_run(void *context)
{
    AUTO_BUFFER in = {.max = LIMIT_FRAME_OCTETS};
    struct frame frame;
    struct error err = {0};

    while (frame_receive(world.signer_fd, -1, &in, &frame, &err) == FRAME_OK)
        if (frame.kind == FRAME_PERMIT)
            seat_permit(frame.id);
        else
            seat_answer(&frame);
    return context;
}

/* --- world --- */

static const char world_policy[] =
    "{\"profiles\": {"
    "\"workload\": {\"kind\": \"workload\", \"default_ttl_s\": 86400, \"max_ttl_s\": 604800,"
    " \"backdate_s\": 60, \"key_types\": [\"P-256\"], \"max_line\": 1000,"
    " \"dns_suffixes\": [\"example.internal\"], \"ip_ranges\": [\"127.0.0.0/8\"]},"
    "\"short\": {\"kind\": \"workload\", \"default_ttl_s\": 3600, \"max_ttl_s\": 3600,"
    " \"backdate_s\": 60, \"key_types\": [\"P-256\"], \"max_line\": 2},"
    "\"admin\": {\"kind\": \"admin\", \"default_ttl_s\": 86400, \"max_ttl_s\": 2592000,"
    " \"backdate_s\": 60, \"key_types\": [\"P-256\"], \"max_line\": 100}}}";

static inline struct db *
world_connect(const char *role)
{
    char conninfo[160];
    struct db *db = NULL;
    struct error err = {0};

    cluster_conninfo(&world.cluster, role, conninfo, sizeof(conninfo));
    need(db_open(conninfo, 10000, &db, &err), conninfo, &err);
    return db;
}

static inline void
world_database(void)
{
    struct error err = {0};
    uint64_t version;
    int level, made, removed;
    struct db *server;

    if (!cluster_available()) {
        printf("PostgreSQL is not installed: skipped\n");
        exit(77);
    }
    need(cluster_start(&world.cluster), "starting PostgreSQL", NULL);
    world.owner = world_connect("signet_owner");
    need(db_migrate(world.owner, &level, &err), "migration", &err);
    world.signer = world_connect("signet_signer");
    server = world_connect("signet_server");
    need(db_partitions_maintain(server, clock_now_s(), 35, 30, &made, &removed, &err) &&
             db_policy_insert(server, world_policy, "test", &version, &err),
         "partitions and policy", &err);
    db_close(server);
    key_make(&world.root);
    key_make(&world.issuing);
    world.issuer_id =
        issuer_insert("issuing-1", issuer_insert("root", 0, &world.root), &world.issuing);
}

static inline void
world_start(void)
{
    struct error err = {0};
    int fds[2];
    struct db *db;

    world_database();
    cluster_conninfo(&world.cluster, "signet_server", world.config.database.server,
                     sizeof(world.config.database.server));
    world.server.config = &world.config;
    world.worker.server = &world.server;
    need(frame_pair(fds, &err), "frame pair", &err);
    world.signer_fd = fds[0];
    world.worker.issuing = signer_channel_new(fds[1]);
    need(pthread_create(&world.signer_thread, NULL, seat_run, NULL) == 0, "thread", NULL);
    db = worker_db(&world.worker, &err);
    need(db && authority_new(&world.server.authority, &err) &&
             authority_load(world.server.authority, db, &err) &&
             audit_new(&world.server.audit, &err) &&
             publisher_new(&world.server, &world.server.publisher, &err),
         "server", &err);
}

static inline void
world_stop(void)
{
    signer_channel_free(world.worker.issuing);
    pthread_join(world.signer_thread, NULL);
    publisher_free(world.server.publisher);
    audit_free(world.server.audit);
    authority_free(world.server.authority);
    db_close(world.worker.db);
    db_close(world.owner);
    db_close(world.signer);
    public_key_free(world.root.key);
    public_key_free(world.issuing.key);
    EVP_PKEY_free(world.root.pkey);
    EVP_PKEY_free(world.issuing.pkey);
    cluster_stop(&world.cluster);
}

/* --- calls --- */

struct answer {
    int status; /* 0: refused */
    struct error refusal;
    json_t *body;
    char text[16384];
};

static inline void
answer_done(struct answer *answer)
{
    json_decref(answer->body);
    answer->body = NULL;
}
#define AUTO_ANSWER CLEANUP(answer_done) struct answer

static inline const char *
answer_text(const struct answer *answer, const char *name)
{
    const char *text = json_string_value(json_object_get(answer->body, name));

    return text ? text : "";
}

struct call {
    const char *label;        /* of the route */
    const char *token;        /* null: none */
    struct bytes certificate; /* DER; empty: none */
    const char *body, *param, *accept;
    struct http_pair query;
};

static inline bool
route_run(const struct route *route, struct request *request, struct response *response,
          struct error *err)
{
    if (!authenticate(&world.worker, request, err))
        return false;
    if (!(request->caller.kinds & route->callers))
        return error_set(err, ERROR_FORBIDDEN, "route");
    return route->handler(&world.worker, request, response, err);
}

static inline void
call(const struct call *call, struct answer *answer)
{
    struct request request = {.content_type = "application/json",
                              .accept = call->accept,
                              .body = bytes_of_text(call->body),
                              .param = {call->param},
                              .client_certificate = call->certificate,
                              .deadline_ms = clock_monotonic_ms() + 20000,
                              .id = "testrequest",
                              .peer_text = "127.0.0.1"};
    struct response response = {.body = {.max = 1024 * 1024}};
    char authorization[128];
    const struct route *route = api_routes;

    memset(answer, 0, sizeof(*answer));
    if (call->token) {
        snprintf(authorization, sizeof(authorization), "Bearer %s", call->token);
        request.authorization = authorization;
    }
    if (call->query.name)
        request.query[request.query_count++] = call->query;
    while (route->method && strcmp(route->label, call->label) != 0)
        route++;
    CU_ASSERT_PTR_NOT_NULL_FATAL(route->method);
    if (route_run(route, &request, &response, &answer->refusal)) {
        answer->status = response.status ? response.status : 200;
        snprintf(answer->text, sizeof(answer->text), "%s", buffer_text(&response.body));
        answer->body = json_loads(answer->text, 0, NULL);
    }
    caller_done(&request.caller);
    buffer_done(&response.body);
    buffer_done(&response.text);
}

static inline void
expect(const struct answer *answer, int status, const char *file, int line)
{
    if (answer->status != status)
        printf("\n    %s:%d: status %d, wanted %d: [%s] %s (%s)\n", file, line, answer->status,
               status, error_row(answer->refusal.kind)->type, answer->refusal.detail,
               answer->refusal.internal);
    CU_assertImplementation(answer->status == status, (unsigned)line, "status", file, "", CU_FALSE);
}
#define EXPECT_STATUS(answer, wanted) expect((answer), (wanted), __FILE__, __LINE__)
#define EXPECT_REFUSED(answer, kind)                                                               \
    ASSERT_REFUSED((answer)->status != 0, &(answer)->refusal, (kind))

#include "api_people.h"

#endif
