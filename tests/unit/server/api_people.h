/* People and hosts of api_fixture.h: identities, tokens, certificates that they hold, and what the
 * rows say of them. */
#ifndef SIGNET_TEST_API_PEOPLE_H
#define SIGNET_TEST_API_PEOPLE_H

#include "api_fixture.h"

struct holder { /* of a certificate */
    uint8_t der[LIMIT_CERTIFICATE_OCTETS];
    size_t len;
    char serial[2 * LIMIT_SERIAL_OCTETS + 1];
};

static inline struct bytes
holder_bytes(const struct holder *holder)
{
    return bytes_of(holder->der, holder->len);
}

static inline void
holder_take(struct holder *holder, const struct answer *answer)
{
    const char *pem = answer_text(answer, "certificate");
    AUTO_BUFFER der = {.max = LIMIT_CERTIFICATE_OCTETS};
    struct error err = {0};

    memset(holder, 0, sizeof(*holder));
    if (!ASSERT_OK(pem_or_der(bytes_of_text(pem), "CERTIFICATE", ERROR_INTERNAL, &der, &err), &err))
        return;
    memcpy(holder->der, der.data, der.len);
    holder->len = der.len;
    snprintf(holder->serial, sizeof(holder->serial), "%s", answer_text(answer, "serial"));
}

/* A request body with a fresh key; `more` is put behind the CSR. */
static inline void
csr_body(const char *dns, const char *more, char *body, size_t room)
{
    struct san_list names = {.count = dns ? 1 : 0,
                             .item = {{SAN_DNS, bytes_of_text(dns ? dns : "")}}};
    AUTO_BUFFER key = {.max = 4096};
    AUTO_BUFFER der = {.max = LIMIT_CSR_OCTETS};
    AUTO_BUFFER text = {.max = LIMIT_CSR_OCTETS * 2};
    struct error err = {0};

    need(private_key_generate(KEY_P256, &key, &err) &&
             csr_build(buffer_text(&key), &names, &der, &err) &&
             base64_encode(buffer_bytes(&der), &text),
         "CSR", &err);
    snprintf(body, room, "{\"csr\": \"%s\"%s}", buffer_text(&text), more);
}

static inline void
identity_make_row(const char *name, const char *kind, const char *roles, const char *profile)
{
    struct db_identity row = {.created_s = clock_now_s(), .changed_s = clock_now_s()};
    struct error err = {0};
    int64_t id;

    snprintf(row.name, sizeof(row.name), "%s", name);
    snprintf(row.kind, sizeof(row.kind), "%s", kind);
    snprintf(row.owner, sizeof(row.owner), "tests");
    snprintf(row.state, sizeof(row.state), "active");
    snprintf(row.profile, sizeof(row.profile), "%s", profile ? profile : kind);
    snprintf(row.roles, sizeof(row.roles), "%s", roles);
    if (strcmp(kind, "workload") == 0 && !profile) {
        row.name_count = 1;
        snprintf(row.names[0], sizeof(row.names[0]), "dns:host.example.internal");
    }
    need(db_identity_insert(world.worker.db, &row, &id, &err), name, &err);
}

/* A token straight into the table. */
static inline void
token_put(const char *identity, int64_t life_s, char token[64])
{
    struct db_token row = {.created_s = clock_now_s() - 7200, .expires_s = clock_now_s() + life_s};
    AUTO_BUFFER text = {.max = 64};
    uint8_t secret[32];
    struct error err = {0};

    need(random_bytes(secret, sizeof(secret), &err) && buffer_put(&text, "sgt_", 4) &&
             base64url_encode(bytes_of(secret, sizeof(secret)), &text),
         "token", &err);
    snprintf(token, 64, "%s", buffer_text(&text));
    digest_sha256(bytes_of_text(token), row.hash);
    snprintf(row.identity, sizeof(row.identity), "%s", identity);
    snprintf(row.created_by, sizeof(row.created_by), "test");
    need(db_token_insert(world.worker.db, &row, &err), "token", &err);
}

static inline void
enrol(const char *identity, struct holder *holder)
{
    char token[64], body[4096];
    AUTO_ANSWER answer;

    token_put(identity, 3600, token);
    csr_body(NULL, "", body, sizeof(body));
    call(&(struct call){.label = "certificate.issue", .token = token, .body = body}, &answer);
    EXPECT_STATUS(&answer, 201);
    holder_take(holder, &answer);
}

static inline void
renew(const struct holder *holder, const char *body, struct answer *answer)
{
    call(&(struct call){.label = "certificate.renew",
                        .certificate = holder_bytes(holder),
                        .body = body},
         answer);
}

static inline void
show(const struct holder *caller, const char *serial, struct answer *answer)
{
    call(&(struct call){.label = "certificate.get",
                        .certificate = holder_bytes(caller),
                        .param = serial},
         answer);
}

/* Posts `body` as the holder of this certificate. */
static inline void
post(const char *label, const struct holder *caller, const char *body, struct answer *answer)
{
    call(&(struct call){.label = label, .certificate = holder_bytes(caller), .body = body}, answer);
}

static inline bool
count_row(void *context, const struct db_certificate *row)
{
    (void)row;
    ++*(long *)context;
    return true;
}

/* Certificates on record of one identity (null: of all). */
static inline long
certificates_of(const char *identity)
{
    const struct db_certificate_filter filter = {
        .identity = identity, .now_s = clock_now_s(), .limit = 1000};
    struct error err = {0};
    long count = 0;

    ASSERT_OK(db_certificate_list(world.worker.db, &filter, count_row, &count, &err), &err);
    return count;
}

static inline bool
count_event(void *context, const struct db_audit *event)
{
    (void)event;
    ++*(long *)context;
    return true;
}

static inline long
audited(const char *action, const char *object)
{
    const struct db_audit_filter filter = {.action = action, .object = object, .limit = 1000};
    struct error err = {0};
    long count = 0;

    ASSERT_OK(db_audit_list(world.worker.db, &filter, count_event, &count, &err), &err);
    return count;
}

#endif
