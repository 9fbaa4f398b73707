#include "signet/csr.h"

#include "key_file.h"
#include "oid.h"
#include "signature_algorithm.h"
#include "tbs_extension.h"

/* What is asked for: the names alone for a workload, all that `tbs` has for a CA. */
static bool
asks_for(const struct tbs_cert *tbs, const struct tbs_extension *row)
{
    return row->present(tbs) &&
           (tbs->ca || bytes_equal(row->oid, (struct bytes)OID_SUBJECT_ALT_NAME));
}

static void
extension_request_put(struct der_writer *writer, const struct tbs_cert *tbs)
{
    der_open(writer, TAG_SEQUENCE); /* Attribute */
    der_put(writer, TAG_OID, (struct bytes)OID_EXTENSION_REQUEST);
    der_open(writer, TAG_SET);
    der_open(writer, TAG_SEQUENCE); /* Extensions */
    for (size_t i = 0; i < TBS_EXTENSIONS; i++) {
        const struct tbs_extension *row = &tbs_extensions[i];

        if (!asks_for(tbs, row))
            continue;
        der_open_extension(writer, row->oid, row->critical && row->critical(tbs));
        row->put(writer, tbs);
        der_close_extension(writer);
    }
    for (int open = 0; open < 3; open++)
        der_close(writer);
}

/* CertificationRequestInfo (RFC 2986 §4.1). */
static bool
info_build(const struct tbs_cert *tbs, struct buffer *out)
{
    struct der_writer writer;

    der_writer_init(&writer, out);
    der_open(&writer, TAG_SEQUENCE);
    der_put_number(&writer, TAG_INTEGER, 0);
    der_put_raw(&writer, tbs->subject);
    der_put_raw(&writer, tbs->spki);
    der_open(&writer, TAG_CONTEXT_CONSTRUCTED(0));
    if (tbs->ca || tbs->san.count)
        extension_request_put(&writer, tbs);
    der_close(&writer);
    der_close(&writer);
    return der_writer_end(&writer);
}

bool
csr_info_build(const struct tbs_cert *wanted, struct buffer *out, struct error *err)
{
    return info_build(wanted, out) ||
           error_set(err, ERROR_INTERNAL, "the certification request cannot be encoded");
}

bool
csr_build(const char *key_pem, const struct san_list *names, struct buffer *out, struct error *err)
{
    static const uint8_t empty_name[] = {0x30, 0x00}; /* names stand in the extension */
    struct tbs_cert wanted = {
        .subject = bytes_of(empty_name, sizeof(empty_name)), .san_critical = true, .path_len = -1};
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
    wanted.spki = buffer_bytes(&spki);
    if (names)
        wanted.san = *names;
    if (!info_build(&wanted, &info))
        return error_set(err, ERROR_MEMBER_INVALID,
                         "the names asked for cannot be put into a certification request");
    algorithm = public_key_default_signature(public_key_type(key));
    /* A request has the same three parts as a certificate */
    return private_key_sign(pkey, algorithm, buffer_bytes(&info), signature, &len, err) &&
           certificate_assemble(buffer_bytes(&info), algorithm, bytes_of(signature, len), out, err);
}
