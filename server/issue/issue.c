#include "issue/issue.h"

#include <stdio.h>
#include <stdlib.h>

#include "signet/clock.h"
#include "signet/encode.h"
#include "signet/fault.h"

enum {
    ISSUE_SERIAL_TRIES = 3,  /* two equal 128-bit numbers mean a broken generator, not bad luck */
    ISSUE_SIGNER_MS = 10000, /* longest wait for the signer, within the request's deadline */
    ISSUE_HASH_INPUT_OCTETS = LIMIT_CSR_OCTETS + 64
};

void
issued_done(struct issued *issued)
{
    buffer_done(&issued->der);
    *issued = (struct issued){.issuer = 0};
}

bool
identity_active_check(const char *name, const char *state, struct error *err)
{
    if (strcmp(state, "active") == 0)
        return true;
    if (strcmp(state, "suspended") == 0)
        return error_set(err, ERROR_IDENTITY_SUSPENDED, "identity %.200s is suspended", name);
    return error_set(err, ERROR_IDENTITY_REVOKED, "identity %.200s is revoked for ever", name);
}

bool
issue_request_hash(uint32_t ttl_s, struct bytes csr_der, uint8_t ret_hash[LIMIT_DIGEST_OCTETS],
                   struct error *err)
{
    static const char label[] = "signet-request-v1";
    AUTO_BUFFER input = {.max = ISSUE_HASH_INPUT_OCTETS};

    if (!buffer_put(&input, label, sizeof(label) - 1) || !buffer_put_u32(&input, ttl_s) ||
        !buffer_put(&input, csr_der.data, csr_der.len))
        return error_set(err, ERROR_MEMORY, "hash of the request: no memory");
    digest_sha256(buffer_bytes(&input), ret_hash);
    return true;
}

bool
issue_renewal_key(int32_t issuer, struct bytes predecessor, uint32_t attempt,
                  uint8_t ret_key[LIMIT_DIGEST_OCTETS], struct error *err)
{
    static const char label[] = "renewal";
    AUTO_BUFFER input = {.max = ISSUE_HASH_INPUT_OCTETS};

    if (!buffer_put(&input, label, sizeof(label) - 1) ||
        !buffer_put_u32(&input, (uint32_t)issuer) ||
        !buffer_put(&input, predecessor.data, predecessor.len) || !buffer_put_u32(&input, attempt))
        return error_set(err, ERROR_MEMORY, "key of the renewal: no memory");
    digest_sha256(buffer_bytes(&input), ret_key);
    return true;
}

/* Takes over the certificate as it came, so that what is told is what was signed. */
static bool
issued_fill(struct issued *issued, const struct issue_means *means, const struct issue_order *order,
            struct bytes der, struct error *err)
{
    struct certificate certificate;

    buffer_init(&issued->der, LIMIT_CERTIFICATE_OCTETS);
    if (!buffer_put(&issued->der, der.data, der.len))
        return error_set(err, ERROR_MEMORY, "certificate: no memory");
    if (!certificate_parse(buffer_bytes(&issued->der), &certificate, err))
        return error_context(err, "certificate from the signer");
    if (certificate.tbs.serial.len > sizeof(issued->serial))
        return error_set(err, ERROR_INTERNAL, "certificate from the signer: serial too long");
    memcpy(issued->serial, certificate.tbs.serial.data, certificate.tbs.serial.len);
    issued->serial_len = certificate.tbs.serial.len;
    issued->issuer = means->authority->issuing->row.id;
    issued->not_before_s = certificate.tbs.not_before_s;
    issued->not_after_s = certificate.tbs.not_after_s;
    issued->renew_after_s = renew_after(issued->not_before_s, issued->not_after_s);
    snprintf(issued->identity, sizeof(issued->identity), "%s", order->identity->name);
    snprintf(issued->profile, sizeof(issued->profile), "%s", order->identity->profile);
    return true;
}

static void
row_free(struct db_certificate **row)
{
    free(*row);
}

static bool
replay_check(const struct issue_order *order, const struct db_certificate *row, struct error *err)
{
    char serial[2 * LIMIT_SERIAL_OCTETS + 1];

    hex_encode(bytes_of(row->serial, row->serial_len), serial, sizeof(serial));
    if (!bytes_equal_secret(bytes_of(row->request_hash, sizeof(row->request_hash)),
                            bytes_of(order->request_hash, sizeof(order->request_hash))))
        return error_set(err, ERROR_GRANT_USED,
                         "this authorisation gave certificate %s to another request", serial);
    if (row->revoked)
        return error_set(err, ERROR_CERTIFICATE_REVOKED,
                         "this request gave certificate %s, which is revoked since", serial);
    if (row->not_after_s < clock_now_s())
        return error_set(err, ERROR_GRANT_USED,
                         "this request gave certificate %s, which has expired since", serial);
    return true;
}

/* From the row: no call to the signer. */
static bool
replay_fill(const struct issue_means *means, const struct issue_order *order,
            const struct db_certificate *row, struct issued *issued, struct error *err)
{
    const struct authority_issuer *issuer = authority_issuer_by_id(means->authority, row->issuer);
    AUTO_BUFFER der = {.max = LIMIT_CERTIFICATE_OCTETS};

    if (!issuer)
        return error_set(err, ERROR_INTERNAL, "issuer %d of a certificate is not known",
                         (int)row->issuer);
    if (!certificate_assemble(bytes_of(row->tbs, row->tbs_len), issuer->facts.algorithm,
                              bytes_of(row->signature, row->signature_len), &der, err) ||
        !issued_fill(issued, means, order, buffer_bytes(&der), err))
        return false;
    issued->issuer = row->issuer;
    issued->replayed = true;
    snprintf(issued->profile, sizeof(issued->profile), "%s", row->profile);
    return true;
}

/* DB_FOUND: answered from the row. DB_MISSING: to the signer, which also finishes what was recorded
 * and never signed. */
static enum db_found
grant_replay(const struct issue_means *means, const struct issue_order *order,
             struct issued *issued, struct error *err)
{
    CLEANUP(row_free) struct db_certificate *row = calloc(1, sizeof(*row));
    enum db_found found;

    if (!row) {
        error_set(err, ERROR_MEMORY, "certificate: no memory");
        return DB_FAILED;
    }
    found = db_certificate_by_grant(means->db, order->grant_key, row, err);
    if (found != DB_FOUND)
        return found;
    if (!replay_check(order, row, err))
        return DB_FAILED;
    if (row->signature_len == 0)
        return DB_MISSING;
    return replay_fill(means, order, row, issued, err) ? DB_FOUND : DB_FAILED;
}

static bool
key_unblocked_check(struct db *db, const struct public_key *key, struct error *err)
{
    uint8_t hash[LIMIT_DIGEST_OCTETS];

    public_key_spki_hash(key, hash);
    switch (db_blocked_key_get(db, hash, err)) {
    case DB_MISSING:
        return true;
    case DB_FOUND:
        return error_set(err, ERROR_KEY_BLOCKED,
                         "this public key was revoked; make a new key pair and ask again");
    case DB_FAILED:
        break;
    }
    return false;
}

static bool
profile_of(const struct issue_means *means, const struct db_identity *identity,
           const struct profile **ret_profile, struct error *err)
{
    const struct profile *profile = policy_profile(means->authority->policy, identity->profile);

    if (!profile || strcmp(profile->kind, identity->kind) != 0)
        return error_set(err, ERROR_PROFILE_UNKNOWN,
                         "identity %.100s has profile %s, which the policy does not have for its "
                         "kind, %s",
                         identity->name, identity->profile, identity->kind);
    *ret_profile = profile;
    return true;
}

static bool
line_check(const struct issue_order *order, const struct profile *profile, struct error *err)
{
    if (!order->predecessor || order->predecessor->line_seq + 1 < profile->max_line)
        return true;
    return error_refuse(err, ERROR_RENEWAL_LIMIT, "profile.max_line",
                        "%u certificates since the last enrolment with a token, profile %s takes "
                        "%u; enrol again",
                        order->predecessor->line_seq + 1, profile->name, profile->max_line);
}

/* What is decided about; `names` is where the granted names stand. */
static struct decision_input
input_of(const struct issue_means *means, const struct issue_order *order,
         const struct profile *profile, const char *names[DB_NAMES])
{
    for (size_t i = 0; i < order->identity->name_count && i < DB_NAMES; i++)
        names[i] = order->identity->names[i];
    return (struct decision_input){
        .issuer = &means->authority->issuing->facts,
        .profile = profile,
        .identity = order->identity->name,
        .extra_names = names,
        .extra_name_count = order->identity->name_count,
        .key = order->key,
        .asked_names = order->asked_names,
        .asked_common_name = order->asked_common_name,
        .asked_ttl_s = order->asked_ttl_s,
        .now_s = clock_now_s(),
    };
}

/* The bytes to be signed; the policy has the last word over exactly these. */
static bool
tbs_make(const struct decision_input *input, struct buffer *tbs, struct error *err)
{
    struct decision decision;
    struct tbs_cert finished;
    bool built;

    if (!policy_decide(input, &decision, err))
        return false;
    built = tbs_cert_build(&decision.tbs, tbs, err);
    decision_done(&decision);
    return built && tbs_cert_parse(buffer_bytes(tbs), &finished, err) &&
           policy_check(input, &finished, err);
}

static void
message_fill(struct issue_request *message, const struct issue_means *means,
             const struct issue_order *order, struct bytes tbs)
{
    *message = (struct issue_request){
        .grant_kind = order->grant_kind,
        .policy_version = policy_version(means->authority->policy),
        .attempt = order->attempt,
        .tbs = tbs,
    };
    memcpy(message->grant_key, order->grant_key, sizeof(message->grant_key));
    memcpy(message->request_hash, order->request_hash, sizeof(message->request_hash));
    snprintf(message->identity, sizeof(message->identity), "%s", order->identity->name);
    snprintf(message->profile, sizeof(message->profile), "%s", order->identity->profile);
    snprintf(message->requester, sizeof(message->requester), "%s", order->requester);
    snprintf(message->request_id, sizeof(message->request_id), "%s", order->request_id);
    if (order->predecessor)
        message->predecessor = bytes_of(order->predecessor->serial, order->predecessor->serial_len);
}

static bool
signer_wait_ms(int64_t deadline_ms, int *ret_wait_ms, struct error *err)
{
    int64_t left_ms = deadline_ms - clock_monotonic_ms();

    if (left_ms <= 0)
        return error_set(err, ERROR_DEADLINE, "no time was left to ask the signer");
    *ret_wait_ms = (int)(left_ms < ISSUE_SIGNER_MS ? left_ms : ISSUE_SIGNER_MS);
    return true;
}

static bool
signer_ask(const struct issue_means *means, const struct issue_order *order, struct bytes tbs,
           struct issued *issued, struct error *err)
{
    struct issue_request message;
    struct issue_reply reply;
    int64_t began_us = clock_monotonic_us();
    int wait_ms = 0;

    if (FAULT_POINT("server-before-signer"))
        return error_set(err, ERROR_SIGNER_UNAVAILABLE, "fault point");
    if (!signer_wait_ms(means->deadline_ms, &wait_ms, err))
        return false;
    message_fill(&message, means, order, tbs);
    if (!signer_issue(means->channel, &message, wait_ms, &reply, err))
        return false;
    if (FAULT_POINT("server-after-signer"))
        return error_set(err, ERROR_SIGNER_UNAVAILABLE, "fault point");
    issued->replayed = reply.replayed;
    issued->signer_us += clock_monotonic_us() - began_us;
    return issued_fill(issued, means, order, reply.certificate, err);
}

static bool
decide_and_sign(const struct issue_means *means, const struct issue_order *order,
                const struct profile *profile, struct issued *issued, struct error *err)
{
    AUTO_BUFFER tbs = {.max = LIMIT_TBS_OCTETS};
    const char *names[DB_NAMES];
    struct decision_input input = input_of(means, order, profile, names);
    int64_t began_us = clock_monotonic_us();
    bool made = tbs_make(&input, &tbs, err);

    issued->decide_us += clock_monotonic_us() - began_us;
    return made && signer_ask(means, order, buffer_bytes(&tbs), issued, err);
}

static bool
before_decision(const struct issue_means *means, const struct issue_order *order,
                const struct profile **ret_profile, struct error *err)
{
    return profile_of(means, order->identity, ret_profile, err) &&
           line_check(order, *ret_profile, err) && key_unblocked_check(means->db, order->key, err);
}

bool
issue_check(const struct issue_means *means, const struct issue_order *order, struct error *err)
{
    AUTO_BUFFER ignored = {.max = LIMIT_TBS_OCTETS};
    const struct profile *profile = NULL;
    const char *names[DB_NAMES];
    struct decision_input input;

    if (!before_decision(means, order, &profile, err))
        return false;
    input = input_of(means, order, profile, names);
    return tbs_make(&input, &ignored, err);
}

static bool
issue_fresh(const struct issue_means *means, const struct issue_order *order, struct issued *issued,
            struct error *err)
{
    const struct profile *profile = NULL;

    if (!before_decision(means, order, &profile, err))
        return false;
    for (int i = 0; i < ISSUE_SERIAL_TRIES; i++) {
        error_clear(err);
        if (decide_and_sign(means, order, profile, issued, err))
            return true;
        if (err->kind != ERROR_SERIAL_CONFLICT)
            return false;
    }
    return false;
}

bool
issue_certificate(const struct issue_means *means, const struct issue_order *order,
                  struct issued *ret_issued, struct error *err)
{
    AUTO_ISSUED issued = {.issuer = 0};
    enum db_found found;

    if (!identity_active_check(order->identity->name, order->identity->state, err))
        return false;
    found = order->grant_unused ? DB_MISSING : grant_replay(means, order, &issued, err);
    if (found == DB_FAILED || (found == DB_MISSING && !issue_fresh(means, order, &issued, err)))
        return false;
    *ret_issued = issued;
    issued = (struct issued){.issuer = 0};
    return true;
}
