/* POST /v1/revocations. */
#include "api/handlers.h"
#include "api/json.h"
#include "api/note.h"
#include "http/audit.h"
#include "issue/revoke.h"
#include "main/server.h"
#include "signet/clock.h"
#include "signet/der.h"
#include "signet/encode.h"
#include "signet/tbs_cert.h"

#include <stdio.h>
#include <stdlib.h>

/* A PEM block of the longest key, in the longest of its forms. */
enum { SPKI_TEXT_OCTETS = 4 * LIMIT_SPKI_OCTETS };

static const struct json_member members[] = {
    {"serial", JSON_MEMBER_TEXT, false, 2, 2 * LIMIT_SERIAL_OCTETS},
    {"certificate", JSON_MEMBER_TEXT, false, 1, 2 * LIMIT_CERTIFICATE_OCTETS},
    {"spki_sha256", JSON_MEMBER_TEXT, false, 2 * LIMIT_DIGEST_OCTETS, 2 * LIMIT_DIGEST_OCTETS},
    {"spki", JSON_MEMBER_TEXT, false, 1, SPKI_TEXT_OCTETS},
    {"identity", JSON_MEMBER_TEXT, false, 1, LIMIT_NAME_OCTETS},
    {"reason", JSON_MEMBER_TEXT, false, 1, 40},
    {"invalidity_date", JSON_MEMBER_TIME, false, 0, 0},
    {NULL, JSON_MEMBER_TEXT, false, 0, 0},
};

/* Those of RFC 5280 that say something of a leaf; holds can be lifted and are not offered. */
static const int reasons[] = {
    REASON_UNSPECIFIED, REASON_KEY_COMPROMISE,         REASON_AFFILIATION_CHANGED,
    REASON_SUPERSEDED,  REASON_CESSATION_OF_OPERATION, REASON_PRIVILEGE_WITHDRAWN,
};

/* One way to say what is to be revoked. */
struct order {
    struct worker *worker;
    struct db *db;
    const struct request *request;
    const char *value;                  /* of the member that names the object */
    char object[LIMIT_NAME_OCTETS + 1]; /* for audit */
    struct revoke_wish wish;
    struct revoke_means means;
    struct revoked revoked;
};

static void
order_done(struct order *order)
{
    revoked_done(&order->revoked);
}

static bool
may_revoke_all(const struct order *order)
{
    return order->request->caller.kinds & (CALLER_ADMIN | CALLER_REVOKER);
}

static bool
staff_check(const struct order *order, const char *what, struct error *err)
{
    if (may_revoke_all(order))
        return true;
    return error_refuse(err, ERROR_FORBIDDEN, "revocation.own",
                        "a workload may revoke its own certificates, by serial or certificate, not "
                        "by %s",
                        what);
}

/* Audit: one event for what was asked, one for each certificate, so that either is found. */
static bool
note_batch(void *context, struct db *db, const struct revoked *batch, struct error *err)
{
    const struct order *order = context;
    const char *reason = revocation_reason_name(order->wish.reason);
    struct db_audit *events = calloc(batch->count + 1, sizeof(*events));
    bool ok;

    if (!events)
        return json_failed(err);
    for (size_t i = 0; i <= batch->count; i++) {
        struct db_audit *event = &events[i];

        audit_of_request(order->request, NULL, event);
        event->count = 1;
        snprintf(event->action, sizeof(event->action), "revocation.create");
        snprintf(event->outcome, sizeof(event->outcome), "done");
        snprintf(event->object, sizeof(event->object), "%s", order->object);
        snprintf(event->detail, sizeof(event->detail), "%s; %llu revoked, %llu were already",
                 reason, (unsigned long long)batch->fresh, (unsigned long long)batch->already);
        if (i == batch->count)
            break;
        hex_encode(bytes_of(batch->item[i].serial, batch->item[i].serial_len), event->object,
                   sizeof(event->object));
        snprintf(event->detail, sizeof(event->detail), "%s", reason);
    }
    /* By serial the two would be the same. */
    ok = db_audit_insert(
        db, events,
        batch->count == 1 && strcmp(events[0].object, order->object) == 0 ? 1 : batch->count + 1,
        err);
    free(events);
    return ok;
}

static void
row_free(struct db_certificate **row)
{
    free(*row);
}

static bool
revoke_row(struct order *order, enum db_found found, const struct db_certificate *row,
           struct error *err)
{
    if (found == DB_FAILED)
        return false;
    if (found == DB_MISSING)
        return error_set(err, ERROR_CERTIFICATE_NOT_FOUND,
                         "no certificate of this authority is the one named, %s", order->object);
    if (!may_revoke_all(order) &&
        strcmp(row->identity, order->request->caller.certificate->identity) != 0)
        return error_refuse(err, ERROR_FORBIDDEN, "revocation.own",
                            "a workload may revoke certificates of its own identity only");
    return revoke_certificate(&order->means, row, &order->wish, &order->revoked, err);
}

static bool
revoke_by_serial(struct order *order, struct error *err)
{
    CLEANUP(row_free) struct db_certificate *row = calloc(1, sizeof(*row));
    uint8_t serial[LIMIT_SERIAL_OCTETS];
    size_t len = 0;

    if (!row)
        return json_failed(err);
    if (!hex_decode(order->value, serial, sizeof(serial), &len))
        return error_set(err, ERROR_MEMBER_INVALID, "serial: wanted hexadecimal");
    hex_encode(bytes_of(serial, len), order->object, sizeof(order->object));
    return revoke_row(order, db_certificate_get(order->db, 0, bytes_of(serial, len), row, err), row,
                      err);
}

/* Found by the whole TBS, so that a forged certificate with our serial revokes nothing. */
static bool
revoke_by_certificate(struct order *order, struct error *err)
{
    CLEANUP(row_free) struct db_certificate *row = calloc(1, sizeof(*row));
    AUTO_BUFFER der = {.max = LIMIT_CERTIFICATE_OCTETS};
    uint8_t hash[LIMIT_DIGEST_OCTETS];
    struct bytes tbs, serial;

    if (!row)
        return json_failed(err);
    if (!pem_or_der(bytes_of_text(order->value), "CERTIFICATE", ERROR_MEMBER_INVALID, &der, err))
        return error_context(err, "certificate");
    if (!certificate_peek(buffer_bytes(&der), &tbs, &serial, err) ||
        serial.len > LIMIT_SERIAL_OCTETS)
        return error_set(err, ERROR_MEMBER_INVALID, "certificate: cannot be read");
    hex_encode(serial, order->object, sizeof(order->object));
    digest_sha256(tbs, hash);
    return revoke_row(order, db_certificate_by_tbs(order->db, serial, hash, row, err), row, err);
}

static bool
revoke_by_hash(struct order *order, const uint8_t hash[LIMIT_DIGEST_OCTETS], struct error *err)
{
    hex_encode(bytes_of(hash, LIMIT_DIGEST_OCTETS), order->object, sizeof(order->object));
    return revoke_key(&order->means, hash, &order->wish, &order->revoked, err);
}

static bool
revoke_by_spki_hash(struct order *order, struct error *err)
{
    uint8_t hash[LIMIT_DIGEST_OCTETS];
    size_t len = 0;

    if (!staff_check(order, "key", err))
        return false;
    if (!hex_decode(order->value, hash, sizeof(hash), &len) || len != sizeof(hash))
        return error_set(err, ERROR_MEMBER_INVALID, "spki_sha256: wanted 64 hexadecimal digits");
    return revoke_by_hash(order, hash, err);
}

/* The key itself, as whatever tool found it wrote it: one key has one hash. */
static bool
revoke_by_spki(struct order *order, struct error *err)
{
    bool pkcs1 = strncmp(order->value, "-----BEGIN RSA", 14) == 0;
    AUTO_BUFFER der = {.max = 2 * LIMIT_SPKI_OCTETS};
    AUTO_BUFFER spki = {.max = LIMIT_SPKI_OCTETS};
    uint8_t hash[LIMIT_DIGEST_OCTETS];

    if (!staff_check(order, "key", err))
        return false;
    if (!pem_or_der(bytes_of_text(order->value), pkcs1 ? "RSA PUBLIC KEY" : "PUBLIC KEY",
                    ERROR_MEMBER_INVALID, &der, err) ||
        !public_key_canonical(buffer_bytes(&der), &spki, err)) {
        if (err)
            err->kind = ERROR_MEMBER_INVALID;
        return error_context(err, "spki");
    }
    digest_sha256(buffer_bytes(&spki), hash);
    return revoke_by_hash(order, hash, err);
}

static bool
revoke_by_identity(struct order *order, struct error *err)
{
    if (!staff_check(order, "identity", err))
        return false;
    if (strncmp(order->value, "signet/", 7) == 0)
        return error_refuse(err, ERROR_STATE_CONFLICT, "identity.own",
                            "%.100s is the authority's own identity: it would end for ever; revoke "
                            "its certificate by serial, and a new one is made",
                            order->value);
    snprintf(order->object, sizeof(order->object), "%s", order->value);
    return revoke_identity(&order->means, order->value, &order->wish, &order->revoked, err);
}

static const struct {
    const char *member;
    bool (*revoke)(struct order *order, struct error *err);
} ways[] = {
    {"serial", revoke_by_serial},         {"certificate", revoke_by_certificate},
    {"spki_sha256", revoke_by_spki_hash}, {"spki", revoke_by_spki},
    {"identity", revoke_by_identity},
};

static bool
reason_parse(const json_t *body, int *ret_reason, struct error *err)
{
    const char *name = json_text(body, "reason");
    int reason = name ? revocation_reason_of_name(name) : REASON_UNSPECIFIED;

    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        if (reasons[i] == reason) {
            *ret_reason = reason;
            return true;
        }
    return error_set(err, ERROR_MEMBER_INVALID,
                     "reason: %.40s; wanted unspecified, keyCompromise, affiliationChanged, "
                     "superseded, cessationOfOperation or privilegeWithdrawn",
                     name);
}

static bool
wish_parse(const json_t *body, const struct request *request, struct revoke_wish *wish,
           struct error *err)
{
    *wish = (struct revoke_wish){
        .revoked_s = clock_now_s(),
        .invalidity_s = json_time(body, "invalidity_date"),
        .by = request->caller.name,
    };
    if (wish->invalidity_s > wish->revoked_s)
        return error_set(err, ERROR_MEMBER_INVALID, "invalidity_date: lies in the future");
    return reason_parse(body, &wish->reason, err);
}

static bool
order_run(struct order *order, const json_t *body, struct error *err)
{
    size_t chosen = ARRAY_LEN(ways);

    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        const char *value = json_text(body, ways[i].member);

        if (value && chosen != ARRAY_LEN(ways))
            return error_set(err, ERROR_MEMBER_INVALID, "%s: there is %s already, one is wanted",
                             ways[i].member, ways[chosen].member);
        if (!value)
            continue;
        chosen = i;
        order->value = value;
    }
    if (chosen == ARRAY_LEN(ways))
        return error_set(err, ERROR_MEMBER_MISSING,
                         "one of serial, certificate, spki_sha256, spki, identity is required");
    return ways[chosen].revoke(order, err);
}

static json_t *
view_revoked(const struct revoked *revoked)
{
    AUTO_JSON list = json_array();

    for (size_t i = 0; list && i < revoked->count; i++) {
        const struct db_revocation *item = &revoked->item[i];
        const char *reason = revocation_reason_name(item->reason);
        json_t *entry = json_object();

        if (!entry || json_array_append_new(list, entry) != 0 ||
            !json_put_hex(entry, "serial", bytes_of(item->serial, item->serial_len)) ||
            !json_put_time(entry, "revoked_at", item->revoked_s) ||
            !json_put_text(entry, "reason", reason ? reason : "unspecified"))
            return NULL;
    }
    return steal(&list);
}

static bool
answer(const struct revoked *revoked, struct response *response, struct error *err)
{
    AUTO_JSON view = json_object();

    if (!view || !json_put_number(view, "revoked", (int64_t)revoked->fresh) ||
        !json_put_number(view, "already_revoked", (int64_t)revoked->already) ||
        !json_put_new(view, "certificates", view_revoked(revoked)))
        return json_failed(err);
    return json_reply(response, 200, view, err);
}

bool
handle_revocation_create(struct worker *worker, struct request *request, struct response *response,
                         struct error *err)
{
    AUTO_JSON body = NULL;
    CLEANUP(order_done) struct order order = {.worker = worker, .request = request};

    order.db = worker_db(worker, err);
    if (!order.db || !json_body(request, members, &body, err) ||
        !wish_parse(body, request, &order.wish, err) || !revoked_init(&order.revoked, err))
        return false;
    order.means =
        (struct revoke_means){order.db, worker->server, request->deadline_ms, note_batch, &order};
    if (!order_run(&order, body, err))
        return false;
    snprintf(response->object, sizeof(response->object), "%.95s", order.object);
    response->audited = true;
    return answer(&order.revoked, response, err);
}
