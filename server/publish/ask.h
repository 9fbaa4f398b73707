/* What an OCSP request asks of us: an error, one cacheable answer, or a live one. */
#ifndef SIGNET_PUBLISH_ASK_H
#define SIGNET_PUBLISH_ASK_H

#include "http/http.h"
#include "signet/ocsp.h"

enum ask_kind {
    ASK_ERROR,  /* answer `error` */
    ASK_SINGLE, /* one certificate, no nonce: from the cache */
    ASK_LIVE    /* a nonce or several certificates: signed for this request alone */
};

struct ask {
    enum ask_kind kind;
    enum ocsp_response_status error;
    struct ocsp_request_message message; /* for the status signer; query[0] is the cache key */
};

/* Puts the DER of a GET (from the raw target) or POST into `out`; false when there is none. */
MUST_USE bool ask_request_bytes(const struct request *request, struct buffer *out);
/*
 * Parses the request and matches each CertID to `issuer` (null: none is known yet). What does not
 * parse is malformedRequest; a CertID with another hash or issuer is unauthorized (O-03, O-05).
 */
void ask_parse(struct bytes der, const struct ocsp_issuer *issuer, struct ask *ret_ask);

#endif
