#include "signet/csr.h"

#include "key_file.h"
#include "oid.h"
#include "signature_algorithm.h"
#include "tbs_extension.h"

static void
extension_request_put(struct der_writer *writer, const struct san_list *names)
{
    der_open(writer, TAG_SEQUENCE); /* Attribute */
    der_put(writer, TAG_OID, (struct bytes)OID_EXTENSION_REQUEST);
    der_open(writer, TAG_SET);
    der_open(writer, TAG_SEQUENCE); /* Extensions */
    der_open_extension(writer, (struct bytes)OID_SUBJECT_ALT_NAME, true);
    general_names_put(writer, names);
    der_close_extension(writer);
    for (int open = 0; open < 3; open++)
        der_close(writer);
}

/* CertificationRequestInfo (RFC 2986 §4.1) with an empty subject: names stand in the extension. */
static bool
info_build(struct bytes spki, const struct san_list *names, struct buffer *out)
{
    struct der_writer writer;

    der_writer_init(&writer, out);
    der_open(&writer, TAG_SEQUENCE);
    der_put_number(&writer, TAG_INTEGER, 0);
    der_put(&writer, TAG_SEQUENCE, (struct bytes){0});
    der_put_raw(&writer, spki);
    der_open(&writer, TAG_CONTEXT_CONSTRUCTED(0));
    if (names && names->count)
        extension_request_put(&writer, names);
    der_close(&writer);
    der_close(&writer);
    return der_writer_end(&writer);
}

bool
csr_build(const char *key_pem, const struct san_list *names, struct buffer *out, struct error *err)
{
    AUTO_BUFFER spki = {.max = LIMIT_SPKI_OCTETS};
    AUTO_BUFFER info = {.max = LIMIT_CSR_OCTETS};
    uint8_t signature[LIMIT_SIGNATURE_OCTETS];
    AUTO_PUBLIC_KEY key = NULL;
    AUTO_EVP_PKEY pkey = NULL;
    enum signature_algorithm algorithm;
    size_t len;

    if (!private_key_load(key_pem, &pkey, err) || !private_key_spki(pkey, &spki, err) ||
        !public_key_parse(buffer_bytes(&spki), &key, err))
        return false;
    if (!info_build(buffer_bytes(&spki), names, &info))
        return error_set(err, ERROR_MEMBER_INVALID,
                         "the names asked for cannot be put into a certification request");
    algorithm = public_key_default_signature(public_key_type(key));
    /* A request has the same three parts as a certificate */
    return private_key_sign(pkey, algorithm, buffer_bytes(&info), signature, &len, err) &&
           certificate_assemble(buffer_bytes(&info), algorithm, bytes_of(signature, len), out, err);
}
