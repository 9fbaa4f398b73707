/* The jobs that keep the authority's own certificates alive: the OCSP responder's and the one of
 * this server's TLS. */
#include "jobs/work.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/view.h"
#include "http/request_id.h"
#include "issue/issue.h"
#include "publish/publisher.h"
#include "signet/clock.h"
#include "signet/csr.h"
#include "signet/der.h"
#include "signet/encode.h"
#include "signet/file.h"
#include "signet/log.h"
#include "tls/front.h"

#define OWN_REQUESTER "signet/jobs"
#define RESPONDER_IDENTITY "signet/ocsp"
#define SERVER_IDENTITY "signet/server"

enum { PEM_FILE_OCTETS = 128 * 1024 };

static bool
own_note(struct jobs *jobs, const struct issued *issued, const char *request_id, struct error *err)
{
    struct db_audit event = {.at_us = clock_now_us(), .outcome = "done", .count = 1};

    snprintf(event.actor, sizeof(event.actor), "%s", OWN_REQUESTER);
    snprintf(event.action, sizeof(event.action), "certificate.issue");
    hex_encode(bytes_of(issued->serial, issued->serial_len), event.object, sizeof(event.object));
    snprintf(event.request_id, sizeof(event.request_id), "%s", request_id);
    snprintf(event.detail, sizeof(event.detail), "identity %s, profile %s", issued->identity,
             issued->profile);
    return db_audit_insert(jobs->db, &event, 1, err);
}

static bool
own_identity(struct db *db, const char *name, struct db_identity *ret_identity, struct error *err)
{
    switch (db_identity_get(db, name, ret_identity, err)) {
    case DB_FOUND:
        return true;
    case DB_MISSING:
        return error_set(err, ERROR_CONFIG,
                         "the database has no identity %s; the ceremony makes it", name);
    case DB_FAILED:
        break;
    }
    return false;
}

bool
job_issue_own(struct jobs *jobs, enum grant_kind kind, const char *identity,
              const struct public_key *key, struct issued *ret_issued, struct error *err)
{
    AUTO_AUTHORITY authority = authority_ref(jobs->server->authority);
    struct issue_means means = {jobs->db, jobs->issuing, authority,
                                clock_monotonic_ms() + JOBS_SIGNER_MS};
    struct db_identity row;
    char request_id[LIMIT_REQUEST_ID_OCTETS + 1];
    struct issue_order order = {
        .grant_kind = kind,
        .identity = &row,
        .key = key,
        .requester = OWN_REQUESTER,
        .request_id = request_id,
    };

    return request_id_new(request_id, err) && own_identity(jobs->db, identity, &row, err) &&
           random_bytes(order.grant_key, sizeof(order.grant_key), err) &&
           random_bytes(order.request_hash, sizeof(order.request_hash), err) &&
           issue_certificate(&means, &order, ret_issued, err) &&
           own_note(jobs, ret_issued, request_id, err);
}

static void
own_log(const char *message, const struct issued *issued)
{
    char serial[2 * LIMIT_SERIAL_OCTETS + 1], end[CLOCK_TEXT_OCTETS];

    hex_encode(bytes_of(issued->serial, issued->serial_len), serial, sizeof(serial));
    clock_text(issued->not_after_s, end);
    log_event(LOG_LEVEL_NOTICE, message, LOG_TEXT("serial", serial), LOG_TEXT("not_after", end));
}

/* --- OCSP responder --- */

struct newest {
    bool found;
    int64_t not_before_s, not_after_s;
    struct public_key *key;
};

static void
newest_done(struct newest *newest)
{
    public_key_free(newest->key);
}

static bool
newest_take(void *context, const struct db_certificate *row)
{
    struct newest *newest = context;
    struct tbs_cert tbs;

    if (newest->found || !tbs_cert_parse(bytes_of(row->tbs, row->tbs_len), &tbs, NULL) ||
        !public_key_parse(tbs.spki, &newest->key, NULL))
        return true;
    newest->found = true;
    newest->not_before_s = row->not_before_s;
    newest->not_after_s = row->not_after_s;
    return true;
}

/* The one that ends last; `status` null: whatever became of it. */
static bool
newest_find(struct jobs *jobs, const char *status, struct newest *newest, struct error *err)
{
    const struct db_certificate_filter filter = {
        .identity = RESPONDER_IDENTITY,
        .status = status,
        .now_s = clock_now_s(),
        .limit = 1,
    };

    return db_certificate_list(jobs->db, &filter, newest_take, newest, err);
}

bool
job_responder_look(struct jobs *jobs, struct error *err)
{
    CLEANUP(newest_done) struct newest newest = {.found = false};

    if (!newest_find(jobs, "valid", &newest, err))
        return false;
    jobs->schedule.responder = (struct schedule_life){newest.not_before_s, newest.not_after_s};
    return true;
}

/* The key stays that of the token, so it is read from the certificate before. */
static bool
responder_renew(struct jobs *jobs, struct error *err)
{
    CLEANUP(newest_done) struct newest newest = {.found = false};
    AUTO_ISSUED issued = {.issuer = 0};

    /* Another node may have done it while this one waited. */
    if (!job_responder_look(jobs, err) || !newest_find(jobs, NULL, &newest, err))
        return false;
    if (!schedule_due(&jobs->schedule, JOB_RESPONDER, clock_now_s(), INT64_MAX))
        return true;
    if (!newest.found)
        return error_set(err, ERROR_CONFIG,
                         "there is no OCSP responder certificate to renew; the ceremony makes the "
                         "first");
    if (!job_issue_own(jobs, GRANT_RESPONDER, RESPONDER_IDENTITY, newest.key, &issued, err))
        return false;
    jobs->schedule.responder = (struct schedule_life){issued.not_before_s, issued.not_after_s};
    publisher_forget_all(jobs->server->publisher);
    own_log("OCSP responder certificate renewed", &issued);
    return true;
}

bool
job_responder(struct jobs *jobs, struct error *err)
{
    return job_locked(jobs, JOB_RESPONDER, responder_renew, err);
}

/* --- TLS of this server --- */

static bool
tls_path(const struct jobs *jobs, char *path, size_t room, struct error *err)
{
    int len = snprintf(path, room, "%s/server.pem", jobs->server->config->server.tls);

    if (len < 0 || (size_t)len >= room)
        return error_set(err, ERROR_CONFIG, "the path of the TLS folder is too long");
    return true;
}

static void
tls_note(struct jobs *jobs, int64_t not_before_s, int64_t not_after_s)
{
    jobs->schedule.tls = (struct schedule_life){not_before_s, not_after_s};
    pthread_mutex_lock(&jobs->lock);
    jobs->state.tls_end_s = not_after_s;
    pthread_mutex_unlock(&jobs->lock);
}

bool
job_tls_look(struct jobs *jobs, struct error *err)
{
    AUTO_BUFFER file = {.max = PEM_FILE_OCTETS};
    AUTO_BUFFER leaf = {.max = LIMIT_CERTIFICATE_OCTETS};
    struct certificate certificate;
    struct reader text;
    char path[CONFIG_PATH + 16];

    if (!tls_path(jobs, path, sizeof(path), err) || !file_read(path, &file, err))
        return false;
    text = reader_of(buffer_bytes(&file));
    if (!pem_next(&text, "CERTIFICATE", &leaf) ||
        !certificate_parse(buffer_bytes(&leaf), &certificate, err))
        return error_set(err, ERROR_FILE_ACCESS, "%.200s: holds no certificate of ours", path);
    tls_note(jobs, certificate.tbs.not_before_s, certificate.tbs.not_after_s);
    return true;
}

/* A fresh key, parsed through a request of its own. */
static bool
tls_key(struct buffer *key_pem, struct csr **ret_csr, struct error *err)
{
    static const struct san_list no_names;
    AUTO_BUFFER der = {.max = LIMIT_CSR_OCTETS};

    return private_key_generate(KEY_P256, key_pem, err) && buffer_text(key_pem) &&
           csr_build(buffer_text(key_pem), &no_names, &der, err) &&
           csr_parse(buffer_bytes(&der), ret_csr, err);
}

static bool
tls_store(struct jobs *jobs, const struct issued *issued, const struct buffer *key_pem,
          struct error *err)
{
    AUTO_AUTHORITY authority = authority_ref(jobs->server->authority);
    AUTO_BUFFER chain = {.max = PEM_FILE_OCTETS};
    AUTO_BUFFER file = {.max = PEM_FILE_OCTETS};
    char path[CONFIG_PATH + 16];

    if (!tls_path(jobs, path, sizeof(path), err) ||
        !view_pem_chain(authority, issued->issuer, buffer_bytes(&issued->der), &chain, err))
        return false;
    if (!buffer_put(&file, key_pem->data, key_pem->len) ||
        !buffer_put(&file, chain.data, chain.len))
        return error_set(err, ERROR_MEMORY, "TLS certificate: no memory");
    return file_write_atomic(path, buffer_bytes(&file), 0600, (uid_t)-1, (gid_t)-1, err) &&
           tls_front_set_certificate(jobs->server->front, buffer_bytes(&chain),
                                     buffer_bytes(key_pem), err);
}

bool
job_tls(struct jobs *jobs, struct error *err)
{
    AUTO_BUFFER key_pem = {.max = 4096};
    AUTO_CSR csr = NULL;
    AUTO_ISSUED issued = {.issuer = 0};

    if (!tls_key(&key_pem, &csr, err) ||
        !job_issue_own(jobs, GRANT_SERVER, SERVER_IDENTITY, csr_key(csr), &issued, err) ||
        !tls_store(jobs, &issued, &key_pem, err))
        return false;
    tls_note(jobs, issued.not_before_s, issued.not_after_s);
    own_log("TLS certificate of this server renewed", &issued);
    return true;
}
