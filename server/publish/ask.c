#include "publish/ask.h"

#include "publish/target.h"

bool
ask_request_bytes(const struct request *request, struct buffer *out)
{
    if (strcmp(request->method, "POST") == 0)
        return buffer_put(out, request->body.data, request->body.len);
    return target_ocsp_request(request->target, out);
}

static bool
query_of(const struct ocsp_certid *certid, const struct ocsp_issuer *issuer,
         struct ocsp_query *ret_query)
{
    if (certid->hash == 0 || !issuer || !ocsp_issuer_matches(issuer, certid))
        return false;
    if (certid->serial.len == 0 || certid->serial.len > sizeof(ret_query->serial))
        return false;
    *ret_query = (struct ocsp_query){.hash = certid->hash,
                                     .null_parameters = certid->null_parameters,
                                     .serial_len = (uint8_t)certid->serial.len};
    memcpy(ret_query->serial, certid->serial.data, certid->serial.len);
    return true;
}

static struct ask
ask_error(enum ocsp_response_status error)
{
    return (struct ask){.kind = ASK_ERROR, .error = error};
}

void
ask_parse(struct bytes der, const struct ocsp_issuer *issuer, struct ask *ret_ask)
{
    enum ocsp_response_status status = OCSP_MALFORMED_REQUEST;
    struct ocsp_request request = {0};

    if (!ocsp_request_parse(der, &request, &status)) {
        *ret_ask = ask_error(status);
        return;
    }
    *ret_ask = (struct ask){.kind = ASK_SINGLE};
    for (size_t i = 0; i < request.count; i++) {
        if (!query_of(&request.certid[i], issuer, &ret_ask->message.query[i])) {
            *ret_ask = ask_error(OCSP_UNAUTHORIZED);
            return;
        }
    }
    ret_ask->message.count = (uint32_t)request.count;
    if (request.has_nonce && request.nonce.len <= sizeof(ret_ask->message.nonce)) {
        memcpy(ret_ask->message.nonce, request.nonce.data, request.nonce.len);
        ret_ask->message.nonce_len = (uint32_t)request.nonce.len;
    }
    if (request.count > 1 || ret_ask->message.nonce_len > 0)
        ret_ask->kind = ASK_LIVE;
}
