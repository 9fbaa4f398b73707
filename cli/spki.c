#include "spki.h"

#include "signet/csr.h"
#include "signet/der.h"
#include "signet/file.h"

enum { SPKI_FILE_OCTETS = 256 * 1024 };

static bool
of_certificate(struct bytes der, uint8_t digest[LIMIT_DIGEST_OCTETS], struct error *err)
{
    struct certificate certificate;

    if (!certificate_parse(der, &certificate, err))
        return false;
    digest_sha256(certificate.tbs.spki, digest);
    return true;
}

static bool
of_request(struct bytes der, uint8_t digest[LIMIT_DIGEST_OCTETS], struct error *err)
{
    AUTO_CSR csr = NULL;

    if (!csr_parse(der, &csr, err))
        return false;
    public_key_spki_hash(csr_key(csr), digest);
    return true;
}

/* In any of its forms, weak or not: what is blocked is the form that certificates have. */
static bool
of_public_key(struct bytes der, uint8_t digest[LIMIT_DIGEST_OCTETS], struct error *err)
{
    AUTO_BUFFER spki = {.max = LIMIT_SPKI_OCTETS};

    if (!public_key_canonical(der, &spki, err))
        return false;
    digest_sha256(buffer_bytes(&spki), digest);
    return true;
}

/* By way of a request that the key signs: nothing else of the library reads private keys. */
static bool
of_private_key(struct bytes der, uint8_t digest[LIMIT_DIGEST_OCTETS], struct error *err)
{
    AUTO_BUFFER pem = {.max = SPKI_FILE_OCTETS};
    AUTO_BUFFER request = {.max = LIMIT_CSR_OCTETS};
    struct san_list none = {0};

    if (!pem_encode(der, "PRIVATE KEY", &pem))
        return error_set(err, ERROR_MEMORY, "no memory for a key");
    return csr_build(buffer_text(&pem), &none, &request, err) &&
           of_request(buffer_bytes(&request), digest, err);
}

static const struct {
    const char *label;
    bool (*digest)(struct bytes der, uint8_t digest[LIMIT_DIGEST_OCTETS], struct error *err);
} holders[] = {
    {"CERTIFICATE", of_certificate}, {"CERTIFICATE REQUEST", of_request},
    {"PUBLIC KEY", of_public_key},   {"RSA PUBLIC KEY", of_public_key},
    {"PRIVATE KEY", of_private_key},
};

bool
spki_digest_of_file(const char *path, uint8_t ret_digest[LIMIT_DIGEST_OCTETS], struct error *err)
{
    AUTO_BUFFER pem = {.max = SPKI_FILE_OCTETS};

    if (!file_read(path, &pem, err))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(holders); i++) {
        struct reader reader = reader_of(buffer_bytes(&pem));
        AUTO_BUFFER der = {.max = SPKI_FILE_OCTETS};

        if (!pem_next(&reader, holders[i].label, &der))
            continue;
        if (holders[i].digest(buffer_bytes(&der), ret_digest, err))
            return true;
        err->kind = ERROR_FILE_ACCESS;
        return error_context(err, "%s", path);
    }
    return error_set(err, ERROR_FILE_ACCESS, "%s holds no certificate, request or key in PEM",
                     path);
}
