/*
 * A real signer under test: PostgreSQL, SoftHSM, configuration and permits in a folder of its own,
 * and the program of this build in either role on a channel. Included once by a test program.
 */
#ifndef SIGNET_TEST_SIGNER_AUTHORITY_H
#define SIGNET_TEST_SIGNER_AUTHORITY_H

#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sys/wait.h>

#include "cluster.h"
#include "fixture.h"
#include "token_fixture.h"

#include "signet/config.h"
#include "signet/db.h"
#include "signet/crl.h"
#include "signet/frame.h"
#include "signet/keyring.h"
#include "signet/signer_client.h"
#include "signet/spawn.h"

enum { AUTHORITY_CHANNELS = 20, AUTHORITY_FIRST_FD = 40, AUTHORITY_CALL_MS = 10000 };

struct running {
    pid_t pid;
    int fd[AUTHORITY_CHANNELS]; /* the server's ends; -1 when handed to a channel */
    struct signer_channel *channel[AUTHORITY_CHANNELS];
};

struct authority {
    char folder[64];
    char config[96];
    struct cluster cluster;
    struct token_fixture tokens;
    struct test_issuer issuer;
    struct test_spki responder;
    struct db *owner, *server;
    PGconn *root;
    int32_t issuer_id;
    uint32_t counter;
    struct running issuing, status;
    int log_fd; /* what the signers say; shown at the end when a test failed */
};

SHARED struct authority authority;

SHARED void
need(bool ok, const char *what, const struct error *err)
{
    if (ok)
        return;
    fprintf(stderr, "%s failed: %s (%s)\n", what, err ? err->detail : "", err ? err->internal : "");
    cluster_stop(&authority.cluster);
    exit(EXIT_FAILURE);
}

/* The first column of the first row as superuser. */
SHARED const char *
sql(const char *statement)
{
    static char text[4096];
    PGresult *result = PQexec(authority.root, statement);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        printf("\n    %s: %s\n", statement, PQerrorMessage(authority.root));
        CU_FAIL("a statement of the test failed");
    }
    snprintf(text, sizeof(text), "%s",
             status == PGRES_TUPLES_OK && PQntuples(result) ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return text;
}

SHARED long
sql_number(const char *statement)
{
    return strtol(sql(statement), NULL, 10);
}

SHARED struct db *
connect_as(const char *role)
{
    char conninfo[160];
    struct db *db = NULL;
    struct error err = {0};

    cluster_conninfo(&authority.cluster, role, conninfo, sizeof(conninfo));
    need(db_open(conninfo, 10000, &db, &err), conninfo, &err);
    return db;
}

SHARED void
write_text(const char *name, const char *text)
{
    char path[160];
    struct error err = {0};

    snprintf(path, sizeof(path), "%s/%s", authority.folder, name);
    need(file_write_atomic(path, bytes_of_text(text), 0644, (uid_t)-1, (gid_t)-1, &err), path,
         &err);
}

SHARED void
make_key(const char *token, struct test_spki *ret_spki)
{
    char uri[64], key_uri[KEYRING_URI_OCTETS];
    struct keyring_options options = {.module = token_fixture_softhsm(), .uri = uri, .sessions = 2};
    struct error err = {0};
    AUTO_BUFFER spki;

    buffer_init(&spki, LIMIT_SPKI_OCTETS);
    snprintf(uri, sizeof(uri), "pkcs11:token=%s", token);
    need(keyring_generate(&options, bytes_of_text(TOKEN_FIXTURE_PIN), KEY_P256, "key", &spki,
                          key_uri, &err),
         "making a key", &err);
    spki_set(ret_spki, buffer_bytes(&spki));
}

SHARED void
write_config(const char *module)
{
    char role[3][160];
    AUTO_BUFFER text;

    buffer_init(&text, 8192);
    cluster_conninfo(&authority.cluster, "signet_server", role[0], sizeof(role[0]));
    cluster_conninfo(&authority.cluster, "signet_signer", role[1], sizeof(role[1]));
    cluster_conninfo(&authority.cluster, "signet_status", role[2], sizeof(role[2]));
    if (!buffer_printf(&text, "database { server = \"%s\" signer = \"%s\" status = \"%s\" }\n",
                       role[0], role[1], role[2]))
        abort();
    for (int i = 0; i < 2; i++) {
        const char *name = i == 0 ? "issuing" : "status";

        if (!buffer_printf(&text,
                           "token %s {\n  module = \"%s\"\n  uri = \"pkcs11:token=%s;object=key\"\n"
                           "  pin_file = \"/dev/null\"\n"
                           "  environment = {\"SOFTHSM2_CONF=%s/softhsm2.conf\",\n"
                           "    \"SIGNET_SHIM_MODULE=%s\", \"SIGNET_SHIM_CONTROL=%s\",\n"
                           "    \"SIGNET_SHIM_LOG=%s\"}\n"
                           "  sessions = 2\n  permit = \"%s/%s.conf\"\n  state = \"%s/%s\"\n}\n",
                           name, module, name, authority.tokens.folder, token_fixture_softhsm(),
                           authority.tokens.control, authority.tokens.log, authority.folder, name,
                           authority.folder, name))
            abort();
    }
    if (!buffer_printf(
            &text,
            "server {\n  https = {\"127.0.0.1:8443\"}\n  publish = {\"127.0.0.1:8080\"}\n"
            "  tls = \"%s\"\n}\n",
            authority.folder))
        abort();
    write_text("signet.conf", buffer_text(&text));
    snprintf(authority.config, sizeof(authority.config), "%s/signet.conf", authority.folder);
}

SHARED void
write_permits(void)
{
    char hex[2 * LIMIT_DIGEST_OCTETS + 1];
    AUTO_BUFFER issuing;
    AUTO_BUFFER status;

    buffer_init(&issuing, LIMIT_CONFIG_OCTETS);
    buffer_init(&status, LIMIT_CONFIG_OCTETS);
    permit_text(&authority.responder, &issuing);
    write_text("issuing.conf", buffer_text(&issuing));
    hex_encode(bytes_of(authority.responder.hash, LIMIT_DIGEST_OCTETS), hex, sizeof(hex));
    if (!buffer_printf(&status,
                       "issuer_certificate = \"issuing.pem\"\nresponder_spki_sha256 = \"%s\"\n"
                       "max_answer_life_s = 86400\nmax_backdate_s = 300\n",
                       hex))
        abort();
    write_text("status.conf", buffer_text(&status));
}

SHARED int32_t
insert_issuer(const char *name, int32_t parent, struct bytes certificate)
{
    struct db_issuer *issuer = calloc(1, sizeof(*issuer));
    struct error err = {0};
    int32_t id = 0;

    snprintf(issuer->name, sizeof(issuer->name), "%s", name);
    snprintf(issuer->kind, sizeof(issuer->kind), "%s", parent ? "issuing" : "root");
    snprintf(issuer->trust_domain, sizeof(issuer->trust_domain), TEST_TRUST_DOMAIN);
    snprintf(issuer->state, sizeof(issuer->state), "active");
    snprintf(issuer->key_uri, sizeof(issuer->key_uri), "pkcs11:token=%s", name);
    issuer->parent = parent;
    issuer->not_before_s = authority.issuer.not_before_s;
    issuer->not_after_s = authority.issuer.not_after_s;
    memcpy(issuer->certificate, certificate.data, certificate.len);
    issuer->certificate_len = certificate.len;
    need(db_issuer_insert(authority.owner, issuer, &id, &err), "the issuer", &err);
    free(issuer);
    return id;
}

SHARED void
make_folder(const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", authority.folder, name);
    need(mkdir(path, 0700) == 0, path, NULL);
}

/* Everything but the signers. */
SHARED void
authority_make(void)
{
    char conninfo[160];
    struct error err = {0};
    int level, made, removed;

    if (!cluster_available()) {
        printf("PostgreSQL is not installed: skipped\n");
        exit(77);
    }
    test_folder(authority.folder);
    snprintf(authority.issuer.folder, sizeof(authority.issuer.folder), "%s", authority.folder);
    authority.log_fd = open(authority.folder, O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
    need(authority.log_fd >= 0, "the log", NULL);
    make_folder("issuing");
    make_folder("status");
    need(cluster_start(&authority.cluster), "starting PostgreSQL", NULL);
    token_fixture_start(&authority.tokens, "issuing");
    token_fixture_add(&authority.tokens, "status");
    make_key("issuing", &authority.issuer.key);
    make_key("status", &authority.responder);
    issuer_make(&authority.issuer, clock_now_s());
    write_permits();
    write_config(token_fixture_softhsm());
    authority.owner = connect_as("signet_owner");
    need(db_migrate(authority.owner, &level, &err), "migration", &err);
    authority.server = connect_as("signet_server");
    cluster_conninfo(&authority.cluster, "postgres", conninfo, sizeof(conninfo));
    authority.root = PQconnectdb(conninfo);
    need(PQstatus(authority.root) == CONNECTION_OK, conninfo, NULL);
    sql("SET search_path = signet");
    authority.issuer_id =
        insert_issuer("issuing-1", insert_issuer("root", 0, bytes_of("\x30\x00", 2)),
                      buffer_bytes(&authority.issuer.der));
    need(db_partitions_maintain(authority.server, clock_now_s(), 40, 30, &made, &removed, &err),
         "partitions", &err);
}

SHARED int
pin_descriptor(const char *pin)
{
    int fds[2];

    need(pipe2(fds, O_CLOEXEC) == 0 && write(fds[1], pin, strlen(pin)) == (ssize_t)strlen(pin),
         "a pipe for the PIN", NULL);
    close(fds[1]);
    return fds[0];
}

/* Starts signet-signer with this PIN; `extra` may be null. */
SHARED void
signer_start_with(struct running *running, const char *role, const char *pin, const char *extra)
{
    char first[8], channels[24], faults[128];
    const char *argv[] = {
        "signet-signer", "--config",   authority.config, "--role", role, "--pin-fd",
        first,           "--channels", channels,         extra,    NULL};
    struct spawn_fd fds[AUTHORITY_CHANNELS + 2];
    struct spawn spawn = {.path = SIGNET_BIN "/signet-signer", .argv = argv, .fds = fds};
    struct error err = {0};
    int theirs[AUTHORITY_CHANNELS];
    int pin_fd = pin_descriptor(pin);

    snprintf(first, sizeof(first), "%d", AUTHORITY_FIRST_FD);
    snprintf(channels, sizeof(channels), "%d-%d", AUTHORITY_FIRST_FD + 1,
             AUTHORITY_FIRST_FD + AUTHORITY_CHANNELS);
    fds[spawn.fd_count++] = (struct spawn_fd){pin_fd, AUTHORITY_FIRST_FD};
    fds[spawn.fd_count++] = (struct spawn_fd){authority.log_fd, 2};
    for (int i = 0; i < AUTHORITY_CHANNELS; i++) {
        int pair[2];

        need(frame_pair(pair, &err), "a channel", &err);
        running->fd[i] = pair[0];
        theirs[i] = pair[1];
        fds[spawn.fd_count++] = (struct spawn_fd){pair[1], AUTHORITY_FIRST_FD + 1 + i};
    }
    snprintf(faults, sizeof(faults), "SIGNET_FAULT_FILE=%s/faults", authority.folder);
    spawn.env = (const char *const[]){"PATH=/usr/bin:/bin", "LANG=C", "TZ=UTC", faults, NULL};
    need(spawn_start(&spawn, &running->pid, &err), "starting signet-signer", &err);
    close(pin_fd);
    for (int i = 0; i < AUTHORITY_CHANNELS; i++)
        close(theirs[i]);
}

SHARED void
signer_start(struct running *running, const char *role)
{
    signer_start_with(running, role, TOKEN_FIXTURE_PIN, NULL);
}

/* The client's end of channel `i`, which is no raw descriptor from now on. */
SHARED struct signer_channel *
client(struct running *running, int i)
{
    if (!running->channel[i]) {
        running->channel[i] = signer_channel_new(running->fd[i]);
        running->fd[i] = -1;
    }
    return running->channel[i];
}

/* Waits for the end and closes our ends; the exit status, or 128 + signal. */
SHARED int
signer_wait(struct running *running)
{
    int status = 0;

    waitpid(running->pid, &status, 0);
    for (int i = 0; i < AUTHORITY_CHANNELS; i++) {
        if (running->channel[i])
            signer_channel_free(running->channel[i]);
        else if (running->fd[i] >= 0)
            close(running->fd[i]);
    }
    memset(running, 0, sizeof(*running));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

SHARED int
signer_stop(struct running *running)
{
    kill(running->pid, SIGTERM);
    return signer_wait(running);
}

/* What the signers said, on stderr when something failed. A sanitizer's complaint is a failure too.
 */
SHARED int
judge_log(int suite_status)
{
    struct error err = {0};
    AUTO_BUFFER text;

    buffer_init(&text, 64 * 1024 * 1024);
    need(lseek(authority.log_fd, 0, SEEK_SET) == 0 &&
             file_read_fd(authority.log_fd, "the log", &text, &err),
         "reading the log", &err);
    if (strstr(buffer_text(&text), "Sanitizer") || strstr(buffer_text(&text), ": runtime error: "))
        suite_status = EXIT_FAILURE;
    if (suite_status != 0)
        fputs(buffer_text(&text), stderr);
    return suite_status;
}

/* Gives the exit status of the test program. */
SHARED int
authority_end(int suite_status)
{
    int verdict = judge_log(suite_status);

    db_close(authority.owner);
    db_close(authority.server);
    PQfinish(authority.root);
    cluster_stop(&authority.cluster);
    token_fixture_stop(&authority.tokens);
    buffer_done(&authority.issuer.der);
    scratch_remove(authority.folder);
    return verdict;
}

/* --- identities, tokens, requests --- */

SHARED void
identity_make(const char *name, const char *kind, const char *names)
{
    struct db_identity *identity = calloc(1, sizeof(*identity));
    struct error err = {0};
    int64_t id;

    snprintf(identity->name, sizeof(identity->name), "%s", name);
    snprintf(identity->kind, sizeof(identity->kind), "%s", kind);
    snprintf(identity->owner, sizeof(identity->owner), "tests");
    snprintf(identity->state, sizeof(identity->state), "active");
    snprintf(identity->profile, sizeof(identity->profile), "workload");
    if (names)
        snprintf(identity->names[identity->name_count++], sizeof(identity->names[0]), "%s", names);
    need(db_identity_insert(authority.server, identity, &id, &err), name, &err);
    free(identity);
}

SHARED void
fresh_digest(uint8_t digest[LIMIT_DIGEST_OCTETS])
{
    struct error err = {0};

    need(random_bytes(digest, LIMIT_DIGEST_OCTETS, &err), "random octets", &err);
}

SHARED void
token_make(const char *identity, uint8_t hash[LIMIT_DIGEST_OCTETS])
{
    struct db_token token = {.created_s = clock_now_s(), .expires_s = clock_now_s() + 3600};
    struct error err = {0};

    fresh_digest(hash);
    memcpy(token.hash, hash, sizeof(token.hash));
    snprintf(token.identity, sizeof(token.identity), "%s", identity);
    snprintf(token.created_by, sizeof(token.created_by), "admin/test");
    need(db_token_insert(authority.server, &token, &err), "a token", &err);
}

/* A whole request with what it borrows. */
struct test_request {
    struct test_spki key;
    struct test_leaf leaf;
    struct buffer tbs;
    struct issue_request request;
};

/* (Re)builds the TBS after a change of leaf.tbs. */
SHARED bool
request_build(struct test_request *request)
{
    buffer_done(&request->tbs);
    buffer_init(&request->tbs, LIMIT_TBS_OCTETS);
    if (!tbs_cert_build(&request->leaf.tbs, &request->tbs, NULL))
        return false;
    request->request.tbs = buffer_bytes(&request->tbs);
    return true;
}

/* A good one for `identity`, by a fresh one-time token (or the grant of its class). */
SHARED struct test_request *
request_make(const char *identity)
{
    struct test_request *request = calloc(1, sizeof(*request));
    bool responder = strcmp(identity, "signet/ocsp") == 0;
    bool server = strcmp(identity, "signet/server") == 0;

    buffer_init(&request->tbs, LIMIT_TBS_OCTETS);
    if (responder)
        request->key = authority.responder;
    else
        spki_make(&request->key, KEY_P256);
    leaf_make(&request->leaf, &authority.issuer, identity, &request->key, clock_now_s(), responder);
    request->request.grant_kind = responder ? GRANT_RESPONDER : server ? GRANT_SERVER : GRANT_TOKEN;
    if (responder || server)
        fresh_digest(request->request.grant_key);
    else
        token_make(identity, request->request.grant_key);
    fresh_digest(request->request.request_hash);
    snprintf(request->request.identity, sizeof(request->request.identity), "%s", identity);
    snprintf(request->request.profile, sizeof(request->request.profile), "workload");
    snprintf(request->request.requester, sizeof(request->request.requester), "tests");
    snprintf(request->request.request_id, sizeof(request->request.request_id), "req-%u",
             (unsigned)++authority.counter);
    request->request.policy_version = 1;
    need(request_build(request), "a TBS", NULL);
    return request;
}

SHARED void
request_free(struct test_request *request)
{
    buffer_done(&request->tbs);
    free(request);
}

/* The certificate came from the key in the token and stands in the database, octet for octet. */
SHARED void
assert_certificate(const struct issue_reply *reply)
{
    struct db_certificate *row = malloc(sizeof(*row));
    struct certificate cert;
    struct public_key *key = NULL;
    struct error err = {0};

    if (ASSERT_OK(certificate_parse(reply->certificate, &cert, &err), &err) &&
        ASSERT_OK(public_key_parse(spki_bytes(&authority.issuer.key), &key, &err), &err)) {
        ASSERT_OK(public_key_verify(key, cert.tbs.algorithm, cert.tbs_der, cert.signature, &err),
                  &err);
        CU_ASSERT_TRUE(bytes_equal(cert.tbs.serial, reply->serial));
        CU_ASSERT_EQUAL_FATAL(
            db_certificate_get(authority.server, authority.issuer_id, reply->serial, row, &err),
            DB_FOUND);
        CU_ASSERT_TRUE(bytes_equal(bytes_of(row->tbs, row->tbs_len), cert.tbs_der));
        CU_ASSERT_TRUE(bytes_equal(bytes_of(row->signature, row->signature_len), cert.signature));
    }
    public_key_free(key);
    free(row);
}

#endif
