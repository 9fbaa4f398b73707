#include "certid.h"

#include "oid.h"

static const struct {
    enum certid_hash hash;
    struct bytes oid;
    size_t octets;
} hash_rows[] = {{CERTID_SHA1, OID_SHA1, 20}, {CERTID_SHA256, OID_SHA256, 32}};

size_t
certid_hash_octets(enum certid_hash hash)
{
    for (size_t i = 0; i < ARRAY_LEN(hash_rows); i++)
        if (hash_rows[i].hash == hash)
            return hash_rows[i].octets;
    return 0;
}

enum certid_hash
certid_hash_of_oid(struct bytes oid)
{
    for (size_t i = 0; i < ARRAY_LEN(hash_rows); i++)
        if (bytes_equal(hash_rows[i].oid, oid))
            return hash_rows[i].hash;
    return (enum certid_hash)0;
}

void
certid_put(struct der_writer *writer, const struct ocsp_certid *certid)
{
    size_t octets = certid_hash_octets(certid->hash);

    if (octets == 0 || certid->issuer_name_hash.len != octets ||
        certid->issuer_key_hash.len != octets || !der_integer_minimal(certid->serial))
        writer->failed = true;
    der_open(writer, TAG_SEQUENCE);
    der_open(writer, TAG_SEQUENCE);
    for (size_t i = 0; i < ARRAY_LEN(hash_rows); i++)
        if (hash_rows[i].hash == certid->hash)
            der_put(writer, TAG_OID, hash_rows[i].oid);
    if (certid->null_parameters)
        der_put(writer, TAG_NULL, (struct bytes){0});
    der_close(writer);
    der_put(writer, TAG_OCTET_STRING, certid->issuer_name_hash);
    der_put(writer, TAG_OCTET_STRING, certid->issuer_key_hash);
    der_put(writer, TAG_INTEGER, certid->serial);
    der_close(writer);
}

void
ocsp_nonce_put(struct der_writer *writer, unsigned field, struct bytes nonce)
{
    der_open(writer, (uint8_t)TAG_CONTEXT_CONSTRUCTED(field));
    der_open(writer, TAG_SEQUENCE);
    der_open_extension(writer, (struct bytes)OID_OCSP_NONCE, false);
    der_put(writer, TAG_OCTET_STRING, nonce);
    der_close_extension(writer);
    der_close(writer);
    der_close(writer);
}
