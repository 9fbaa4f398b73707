#include "responder.h"

#include <stdlib.h>

#include "signet/log.h"

/* A responder that nears its end is looked for more often, so that its successor is found in time.
 */
enum { RESPONDER_NEAR_S = 300, RESPONDER_NEAR_REFRESH_S = 2 };

static bool
is_time(const struct responder *responder, int64_t now_s)
{
    int64_t age_s = now_s - responder->read_s;
    bool near = !responder->present || responder->not_after_s - now_s < RESPONDER_NEAR_S;

    return responder->read_s == 0 || age_s < 0 ||
           age_s >= (near ? RESPONDER_NEAR_REFRESH_S : RESPONDER_REFRESH_S);
}

/* What relying parties will ask of it (O-11), asked before we sign with it. */
static bool
check(const struct signer *signer, struct bytes der, struct certificate *cert, struct error *err)
{
    const struct permit *permit = signer->permit;

    if (!certificate_parse(der, cert, err) ||
        !public_key_verify(permit->issuer_key, cert->tbs.algorithm, cert->tbs_der, cert->signature,
                           err))
        return false;
    if (!bytes_equal(cert->tbs.spki, public_key_spki(signer->key)) || cert->tbs.ca ||
        cert->tbs.extended_key_usage != EKU_OCSP_SIGNING || !cert->tbs.ocsp_nocheck ||
        !bytes_equal(cert->tbs.issuer, permit->issuer.tbs.subject))
        return error_set(err, ERROR_PERMIT, "the certificate is not one of our OCSP responder");
    return true;
}

static bool
adopt(struct responder *responder, const struct signer *signer, const struct db_certificate *row,
      struct error *err)
{
    struct bytes tbs_der = bytes_of(row->tbs, row->tbs_len);
    struct bytes signature = bytes_of(row->signature, row->signature_len);
    struct certificate cert;
    struct tbs_cert tbs;
    AUTO_BUFFER der;

    buffer_init(&der, RESPONDER_OCTETS);
    if (!tbs_cert_parse(tbs_der, &tbs, err) ||
        !certificate_assemble(tbs_der, tbs.algorithm, signature, &der, err) ||
        !check(signer, buffer_bytes(&der), &cert, err))
        return false;
    memcpy(responder->certificate, der.data, der.len);
    responder->certificate_len = der.len;
    responder->not_before_s = cert.tbs.not_before_s;
    responder->not_after_s = cert.tbs.not_after_s;
    responder->present = true;
    return true;
}

bool
responder_refresh(struct responder *responder, struct signer *signer, struct db *db, int64_t now_s,
                  struct error *err)
{
    struct db_certificate *row;
    struct error why;
    enum db_found found;

    if (!is_time(responder, now_s))
        return true;
    row = calloc(1, sizeof(*row));
    if (!row)
        return error_set(err, ERROR_MEMORY, "no memory for a certificate row");
    responder->read_s = now_s;
    found = db_certificate_newest(db, "responder", signer->permit->responder_spki_sha256, now_s,
                                  row, err);
    if (found != DB_FOUND || row->issuer != signer->issuer_id)
        responder->present = false;
    else if (!adopt(responder, signer, row, &why)) {
        responder->present = false;
        log_error("the responder's certificate cannot be used", &why, NULL);
    }
    free(row);
    return found != DB_FAILED;
}
