#include "signet/tbs_cert.h"

#include "der_write.h"
#include "signature_algorithm.h"

static bool
refuse(struct error *err, const char *what)
{
    return error_refuse(err, ERROR_PERMIT, "certificate.syntax", "the certificate %s", what);
}

bool
certificate_parse(struct bytes der, struct certificate *ret, struct error *err)
{
    struct reader outer = reader_of(der), reader;
    struct certificate certificate = {.der = der};
    struct bytes algorithm;
    struct error why;

    if (der.len > LIMIT_CERTIFICATE_OCTETS)
        return refuse(err, "has too many octets");
    if (!der_enter(&outer, TAG_SEQUENCE, &reader) || !reader_at_end(&outer) ||
        !der_take_whole(&reader, TAG_SEQUENCE, &certificate.tbs_der) ||
        !der_take_whole(&reader, TAG_SEQUENCE, &algorithm) ||
        !der_take_bits(&reader, &certificate.signature) || !reader_at_end(&reader))
        return refuse(err, "is not a DER Certificate");
    if (!tbs_cert_parse(certificate.tbs_der, &certificate.tbs, &why) &&
        !tbs_cert_parse_foreign_ca(certificate.tbs_der, &certificate.tbs, NULL)) {
        if (err)
            *err = why;
        return false;
    }
    if (!bytes_equal(algorithm, signature_algorithm_der(certificate.tbs.algorithm)))
        return refuse(err, "names two different signature algorithms (C-03)");
    *ret = certificate;
    return true;
}

bool
certificate_assemble(struct bytes tbs, enum signature_algorithm algorithm, struct bytes signature,
                     struct buffer *out, struct error *err)
{
    struct bytes algorithm_der = signature_algorithm_der(algorithm);
    struct der_writer writer;

    if (tbs.len == 0 || algorithm_der.len == 0 || signature.len == 0)
        return error_set(err, ERROR_INTERNAL,
                         "a certificate lacks its TBS, algorithm or signature");
    der_writer_init(&writer, out);
    der_open(&writer, TAG_SEQUENCE);
    der_put_raw(&writer, tbs);
    der_put_raw(&writer, algorithm_der);
    der_put_bits(&writer, signature);
    der_close(&writer);
    if (!der_writer_end(&writer))
        return error_set(err, ERROR_MEMORY, "no room for a certificate");
    return true;
}

bool
certificate_peek(struct bytes der, struct bytes *ret_tbs, struct bytes *ret_serial,
                 struct error *err)
{
    struct reader outer = reader_of(der), reader, inside;
    struct bytes tbs, serial, version;

    if (!der_enter(&outer, TAG_SEQUENCE, &reader) || !reader_at_end(&outer) ||
        !der_take_whole(&reader, TAG_SEQUENCE, &tbs))
        return error_set(err, ERROR_CERTIFICATE_UNKNOWN, "the certificate is not DER");
    outer = reader_of(tbs);
    if (!der_enter(&outer, TAG_SEQUENCE, &inside))
        return error_set(err, ERROR_CERTIFICATE_UNKNOWN, "the certificate is not DER");
    if (der_next_is(&inside, TAG_CONTEXT_CONSTRUCTED(0)) &&
        !der_take(&inside, TAG_CONTEXT_CONSTRUCTED(0), &version))
        return error_set(err, ERROR_CERTIFICATE_UNKNOWN, "the certificate is not DER");
    if (!der_take(&inside, TAG_INTEGER, &serial) || !der_integer_minimal(serial))
        return error_set(err, ERROR_CERTIFICATE_UNKNOWN, "the certificate has no serial number");
    *ret_tbs = tbs;
    *ret_serial = serial;
    return true;
}
