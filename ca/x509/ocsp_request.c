#include "signet/ocsp.h"

#include "certid.h"
#include "oid.h"

enum { OCSP_EXTENSIONS_MOST = 16 };

/* AlgorithmIdentifier: NULL parameters or none for the hashes that are known, anything for others.
 */
static bool
hash_get(struct reader *reader, struct ocsp_certid *certid)
{
    struct reader inside;
    struct bytes oid, null;

    if (!der_enter(reader, TAG_SEQUENCE, &inside) || !der_take(&inside, TAG_OID, &oid))
        return false;
    certid->hash = certid_hash_of_oid(oid);
    if (!certid->hash)
        return true;
    certid->null_parameters = der_next_is(&inside, TAG_NULL);
    if (certid->null_parameters && (!der_take(&inside, TAG_NULL, &null) || null.len))
        return false;
    return reader_at_end(&inside);
}

static bool
certid_get(struct reader *reader, struct ocsp_certid *ret_certid)
{
    struct reader inside;
    size_t octets;

    if (!der_enter(reader, TAG_SEQUENCE, &inside) || !hash_get(&inside, ret_certid) ||
        !der_take(&inside, TAG_OCTET_STRING, &ret_certid->issuer_name_hash) ||
        !der_take(&inside, TAG_OCTET_STRING, &ret_certid->issuer_key_hash) ||
        !der_take(&inside, TAG_INTEGER, &ret_certid->serial) || !reader_at_end(&inside))
        return false;
    if (!der_integer_minimal(ret_certid->serial) || ret_certid->serial.len > LIMIT_SERIAL_OCTETS)
        return false;
    octets = certid_hash_octets(ret_certid->hash);
    return octets == 0 || (ret_certid->issuer_name_hash.len == octets &&
                           ret_certid->issuer_key_hash.len == octets);
}

/* RFC 9654 §2.1 (O-12): an OCTET STRING of 1 to 128 octets inside extnValue's OCTET STRING. */
static bool
nonce_get(struct bytes value, struct ocsp_request *request)
{
    struct reader reader = reader_of(value);

    if (request->has_nonce || !der_take(&reader, TAG_OCTET_STRING, &request->nonce) ||
        !reader_at_end(&reader))
        return false;
    request->has_nonce = true;
    return request->nonce.len >= 1 && request->nonce.len <= LIMIT_OCSP_NONCE_OCTETS;
}

/* Extensions that nobody here knows are ignored, unless they are critical (O-13). Null `request`:
 * those of a single Request, among which none is known. */
static bool
extensions_get(struct reader *reader, uint8_t tag, struct ocsp_request *request)
{
    struct reader tagged, list;
    struct der_extension extension;

    if (!der_enter(reader, tag, &tagged) || !der_enter(&tagged, TAG_SEQUENCE, &list) ||
        !reader_at_end(&tagged) || reader_at_end(&list))
        return false;
    for (unsigned count = 0; !reader_at_end(&list); count++) {
        if (count == OCSP_EXTENSIONS_MOST || !der_take_extension(&list, &extension))
            return false;
        if (request && bytes_equal(extension.oid, (struct bytes)OID_OCSP_NONCE)) {
            if (!nonce_get(extension.value, request))
                return false;
        } else if (extension.critical) {
            return false;
        }
    }
    return true;
}

static bool
request_list_get(struct reader *reader, struct ocsp_request *request)
{
    struct reader list, one;

    if (!der_enter(reader, TAG_SEQUENCE, &list) || reader_at_end(&list))
        return false;
    while (!reader_at_end(&list)) {
        if (request->count == LIMIT_OCSP_REQUESTS || !der_enter(&list, TAG_SEQUENCE, &one) ||
            !certid_get(&one, &request->certid[request->count]))
            return false;
        if (!reader_at_end(&one) && !extensions_get(&one, TAG_CONTEXT_CONSTRUCTED(0), NULL))
            return false;
        if (!reader_at_end(&one))
            return false;
        request->count++;
    }
    return true;
}

/* TBSRequest; version is DEFAULT v1 and so absent, requestorName is not looked at (O-14). */
static bool
tbs_request_get(struct reader *reader, struct ocsp_request *request)
{
    struct reader tbs;
    struct bytes requestor;

    if (!der_enter(reader, TAG_SEQUENCE, &tbs))
        return false;
    if (der_next_is(&tbs, TAG_CONTEXT_CONSTRUCTED(1)) &&
        !der_take(&tbs, TAG_CONTEXT_CONSTRUCTED(1), &requestor))
        return false;
    if (!request_list_get(&tbs, request))
        return false;
    if (!reader_at_end(&tbs) && !extensions_get(&tbs, TAG_CONTEXT_CONSTRUCTED(2), request))
        return false;
    return reader_at_end(&tbs);
}

static bool
whole_request_get(struct bytes der, struct ocsp_request *request)
{
    struct reader outer = reader_of(der), inside;
    struct bytes signature;

    if (der.len > LIMIT_OCSP_REQUEST_OCTETS || !der_check(der, "the OCSP request", NULL))
        return false;
    if (!der_enter(&outer, TAG_SEQUENCE, &inside) || !tbs_request_get(&inside, request))
        return false;
    if (der_next_is(&inside, TAG_CONTEXT_CONSTRUCTED(0)) &&
        !der_take(&inside, TAG_CONTEXT_CONSTRUCTED(0), &signature))
        return false;
    return reader_at_end(&inside);
}

bool
ocsp_request_parse(struct bytes der, struct ocsp_request *ret_request,
                   enum ocsp_response_status *ret_status)
{
    struct ocsp_request request = {.count = 0};

    if (!whole_request_get(der, &request)) {
        *ret_status = OCSP_MALFORMED_REQUEST;
        return false;
    }
    *ret_request = request;
    return true;
}

bool
ocsp_request_build(const struct ocsp_request *request, struct buffer *out)
{
    struct der_writer writer;

    if (request->count == 0 || request->count > LIMIT_OCSP_REQUESTS)
        return false;
    der_writer_init(&writer, out);
    der_open(&writer, TAG_SEQUENCE);
    der_open(&writer, TAG_SEQUENCE);
    der_open(&writer, TAG_SEQUENCE);
    for (size_t i = 0; i < request->count; i++) {
        der_open(&writer, TAG_SEQUENCE);
        certid_put(&writer, &request->certid[i]);
        der_close(&writer);
    }
    der_close(&writer);
    if (request->has_nonce)
        ocsp_nonce_put(&writer, 2, request->nonce);
    der_close(&writer);
    der_close(&writer);
    return der_writer_end(&writer);
}
