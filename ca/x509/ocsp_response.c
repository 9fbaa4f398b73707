#include "signet/ocsp.h"

#include "certid.h"
#include "oid.h"
#include "signature_algorithm.h"

struct bytes
ocsp_error_response(enum ocsp_response_status status)
{
    static const struct {
        enum ocsp_response_status status;
        uint8_t der[5];
    } rows[] = {
        {OCSP_INTERNAL_ERROR, {0x30, 0x03, 0x0A, 0x01, OCSP_INTERNAL_ERROR}},
        {OCSP_MALFORMED_REQUEST, {0x30, 0x03, 0x0A, 0x01, OCSP_MALFORMED_REQUEST}},
        {OCSP_TRY_LATER, {0x30, 0x03, 0x0A, 0x01, OCSP_TRY_LATER}},
        {OCSP_UNAUTHORIZED, {0x30, 0x03, 0x0A, 0x01, OCSP_UNAUTHORIZED}},
    };
    size_t found = 0; /* what has no row is an error of ours */

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].status == status)
            found = i;
    return bytes_of(rows[found].der, sizeof(rows[found].der));
}

void
ocsp_issuer_init(struct ocsp_issuer *issuer, struct bytes name, struct bytes key_bits)
{
    digest_sha1(name, issuer->name_sha1);
    digest_sha1(key_bits, issuer->key_sha1);
    digest_sha256(name, issuer->name_sha256);
    digest_sha256(key_bits, issuer->key_sha256);
}

/* The CertID of a serial under this issuer by this hash; no hash when it is not known. */
static struct ocsp_certid
issuer_certid(const struct ocsp_issuer *issuer, enum certid_hash hash)
{
    struct ocsp_certid certid = {.hash = hash};
    size_t octets = certid_hash_octets(hash);
    bool sha1 = hash == CERTID_SHA1;

    certid.issuer_name_hash = bytes_of(sha1 ? issuer->name_sha1 : issuer->name_sha256, octets);
    certid.issuer_key_hash = bytes_of(sha1 ? issuer->key_sha1 : issuer->key_sha256, octets);
    return certid;
}

bool
ocsp_issuer_matches(const struct ocsp_issuer *issuer, const struct ocsp_certid *certid)
{
    struct ocsp_certid own = issuer_certid(issuer, certid->hash);

    return certid_hash_octets(certid->hash) != 0 &&
           bytes_equal(own.issuer_name_hash, certid->issuer_name_hash) &&
           bytes_equal(own.issuer_key_hash, certid->issuer_key_hash);
}

static const char *
single_fault(const struct ocsp_response *response, const struct ocsp_single *single)
{
    if (single->query.serial_len > LIMIT_SERIAL_OCTETS)
        return "a serial of more than 20 octets";
    if (single->status != OCSP_GOOD && single->status != OCSP_REVOKED &&
        single->status != OCSP_UNKNOWN)
        return "a status that does not exist";
    if (single->status != OCSP_REVOKED)
        return NULL;
    if (!revocation_reason_name(single->reason))
        return "a reason that does not exist";
    return single->revoked_s > response->produced_at_s ? "a revocation in the future" : NULL;
}

static bool
response_check(const struct ocsp_response *response, struct error *err)
{
    const char *fault;

    if (response->count == 0 || response->count > LIMIT_OCSP_REQUESTS)
        return error_set(err, ERROR_INTERNAL,
                         "an OCSP response for %zu certificates, wanted 1 to %d", response->count,
                         LIMIT_OCSP_REQUESTS);
    if (response->produced_at_s < response->this_update_s ||
        response->next_update_s <= response->this_update_s)
        return error_set(err, ERROR_INTERNAL,
                         "an OCSP response whose times are out of order (O-08)");
    if (response->nonce.len > LIMIT_OCSP_NONCE_OCTETS)
        return error_set(err, ERROR_INTERNAL, "an OCSP nonce of %zu octets, at most %d",
                         response->nonce.len, LIMIT_OCSP_NONCE_OCTETS);
    for (size_t i = 0; i < response->count; i++) {
        fault = single_fault(response, &response->single[i]);
        if (fault)
            return error_set(err, ERROR_INTERNAL, "an OCSP response with %s", fault);
    }
    return true;
}

/* CertStatus: good and unknown are NULL, implicitly tagged; revoked carries RevokedInfo. */
static void
status_put(struct der_writer *writer, const struct ocsp_single *single)
{
    if (single->status != OCSP_REVOKED) {
        der_put(writer, TAG_CONTEXT(single->status), (struct bytes){0});
        return;
    }
    der_open(writer, TAG_CONTEXT_CONSTRUCTED(OCSP_REVOKED));
    der_put_generalized_time(writer, single->revoked_s);
    if (single->reason != REASON_UNSPECIFIED) {
        der_open(writer, TAG_CONTEXT_CONSTRUCTED(0));
        der_put_number(writer, TAG_ENUMERATED, (uint64_t)single->reason);
        der_close(writer);
    }
    der_close(writer);
}

static void
single_put(struct der_writer *writer, const struct ocsp_response *response,
           const struct ocsp_single *single)
{
    struct ocsp_certid certid = issuer_certid(response->issuer, single->query.hash);

    certid.null_parameters = single->query.null_parameters;
    certid.serial = bytes_of(single->query.serial, single->query.serial_len);
    der_open(writer, TAG_SEQUENCE);
    certid_put(writer, &certid);
    status_put(writer, single);
    der_put_generalized_time(writer, response->this_update_s);
    der_open(writer, TAG_CONTEXT_CONSTRUCTED(0));
    der_put_generalized_time(writer, response->next_update_s);
    der_close(writer);
    der_close(writer);
}

bool
ocsp_response_data_build(const struct ocsp_response *response, struct buffer *out,
                         struct error *err)
{
    struct der_writer writer;

    if (!response_check(response, err))
        return false;
    der_writer_init(&writer, out);
    der_open(&writer, TAG_SEQUENCE);
    der_open(&writer, TAG_CONTEXT_CONSTRUCTED(2)); /* byKey (O-07) */
    der_put(&writer, TAG_OCTET_STRING,
            bytes_of(response->responder_key_sha1, sizeof(response->responder_key_sha1)));
    der_close(&writer);
    der_put_generalized_time(&writer, response->produced_at_s);
    der_open(&writer, TAG_SEQUENCE);
    for (size_t i = 0; i < response->count; i++)
        single_put(&writer, response, &response->single[i]);
    der_close(&writer);
    if (response->nonce.len)
        ocsp_nonce_put(&writer, 1, response->nonce);
    der_close(&writer);
    if (!der_writer_end(&writer))
        return error_set(err, ERROR_INTERNAL,
                         "an OCSP response of %zu answers does not fit or cannot be encoded",
                         response->count);
    return true;
}

/* OCSPResponse around a BasicOCSPResponse (RFC 6960 §4.2.1). */
bool
ocsp_response_assemble(struct bytes response_data, enum signature_algorithm algorithm,
                       struct bytes signature, struct bytes responder_certificate,
                       struct buffer *out, struct error *err)
{
    struct bytes algorithm_der = signature_algorithm_der(algorithm);
    struct der_writer writer;

    if (response_data.len == 0 || algorithm_der.len == 0 || signature.len == 0)
        return error_set(err, ERROR_INTERNAL,
                         "an OCSP response lacks data, algorithm or signature");
    der_writer_init(&writer, out);
    der_open(&writer, TAG_SEQUENCE);
    der_put_number(&writer, TAG_ENUMERATED, OCSP_SUCCESSFUL);
    der_open(&writer, TAG_CONTEXT_CONSTRUCTED(0));
    der_open(&writer, TAG_SEQUENCE);
    der_put(&writer, TAG_OID, (struct bytes)OID_OCSP_BASIC);
    der_open(&writer, TAG_OCTET_STRING);
    der_open(&writer, TAG_SEQUENCE);
    der_put_raw(&writer, response_data);
    der_put_raw(&writer, algorithm_der);
    der_put_bits(&writer, signature);
    if (responder_certificate.len) {
        der_open(&writer, TAG_CONTEXT_CONSTRUCTED(0));
        der_open(&writer, TAG_SEQUENCE);
        der_put_raw(&writer, responder_certificate);
        der_close(&writer);
        der_close(&writer);
    }
    for (int open = 0; open < 5; open++)
        der_close(&writer);
    if (!der_writer_end(&writer))
        return error_set(err, ERROR_MEMORY, "no room for an OCSP response");
    return true;
}
