#include "signet/csr.h"

#include <stdlib.h>

#include "csr_extension.h"
#include "name.h"
#include "oid.h"
#include "signature_algorithm.h"

enum { CSR_COMMON_NAME_OCTETS = 256, CSR_ATTRIBUTES_MOST = 16 };

struct csr {
    struct public_key *key;
    struct san_list names;
    char common_name[CSR_COMMON_NAME_OCTETS];
    size_t der_len;
    uint8_t der[];
};

/* The parts of a CertificationRequest (RFC 2986 §4), borrowed. */
struct csr_parts {
    struct bytes info; /* header and content: what is signed */
    struct bytes subject;
    struct bytes spki;
    struct reader attributes;
    struct bytes algorithm;
    struct bytes signature;
};

static bool
malformed(struct error *err, const char *rule, const char *what)
{
    return error_refuse(err, ERROR_CSR_MALFORMED, rule, "the certification request %s", what);
}

static bool
csr_split_info(struct csr_parts *parts, struct error *err)
{
    struct reader outer = reader_of(parts->info), info;
    uint64_t version;

    if (!der_enter(&outer, TAG_SEQUENCE, &info) ||
        !der_take_number(&info, TAG_INTEGER, 0, &version))
        return malformed(err, "csr.version", "is not of version 1");
    if (!der_take_whole(&info, TAG_SEQUENCE, &parts->subject))
        return malformed(err, "csr.subject", "has no subject Name");
    if (!der_take_whole(&info, TAG_SEQUENCE, &parts->spki))
        return malformed(err, "csr.key", "has no SubjectPublicKeyInfo");
    /* Attributes are mandatory, yet some clients leave the empty set out */
    parts->attributes = reader_of((struct bytes){0});
    if (!reader_at_end(&info) && !der_enter(&info, TAG_CONTEXT_CONSTRUCTED(0), &parts->attributes))
        return malformed(err, "csr.attributes", "has something other than attributes at its end");
    return reader_at_end(&info) ||
           malformed(err, "csr.attributes", "has something behind its attributes");
}

static bool
csr_split(struct bytes der, struct csr_parts *parts, struct error *err)
{
    struct reader outer = reader_of(der), inside;

    if (der.len > LIMIT_CSR_OCTETS)
        return error_refuse(err, ERROR_CSR_MALFORMED, "csr.size",
                            "the certification request has %zu octets, at most %d", der.len,
                            LIMIT_CSR_OCTETS);
    if (!der_check_as(der, "the certification request", ERROR_CSR_MALFORMED, err))
        return false;
    if (!der_enter(&outer, TAG_SEQUENCE, &inside) ||
        !der_take_whole(&inside, TAG_SEQUENCE, &parts->info) ||
        !der_take_whole(&inside, TAG_SEQUENCE, &parts->algorithm) ||
        !der_take_bits(&inside, &parts->signature) || !reader_at_end(&inside))
        return malformed(err, "csr.syntax", "is not a PKCS#10 CertificationRequest");
    return csr_split_info(parts, err);
}

static bool
csr_read_subject(struct csr *csr, const struct csr_parts *parts, struct error *err)
{
    const char *fault = name_fault(parts->subject);

    if (fault)
        return error_refuse(err, ERROR_CSR_MALFORMED, "csr.subject",
                            "the certification request: %s", fault);
    name_common_name(parts->subject, csr->common_name, sizeof(csr->common_name));
    return true;
}

static bool
csr_verify(const struct csr *csr, const struct csr_parts *parts, struct error *err)
{
    enum signature_algorithm algorithm = signature_algorithm_of_der(parts->algorithm);

    if (!algorithm || !signature_algorithm_fits(algorithm, public_key_type(csr->key)))
        return error_refuse(err, ERROR_CSR_SIGNATURE, "csr.signature.algorithm",
                            "the certification request is signed with an algorithm that is not "
                            "accepted for its %s key",
                            public_key_name(public_key_type(csr->key)));
    if (!public_key_verify(csr->key, algorithm, parts->info, parts->signature, NULL))
        return error_refuse(err, ERROR_CSR_SIGNATURE, "csr.signature.value",
                            "the signature of the certification request does not verify with the "
                            "%s key in it",
                            public_key_name(public_key_type(csr->key)));
    return true;
}

/* Attribute ::= SEQUENCE { type, values SET OF }; challengePassword and strangers are ignored. */
static bool
csr_read_attribute(struct csr *csr, struct reader *attributes, bool *extensions_seen,
                   struct error *err)
{
    struct reader attribute, values, list;
    struct bytes type;

    if (!der_enter(attributes, TAG_SEQUENCE, &attribute) || !der_take(&attribute, TAG_OID, &type) ||
        !der_enter(&attribute, TAG_SET, &values) || !reader_at_end(&attribute))
        return malformed(err, "csr.attributes", "has a malformed attribute");
    if (!bytes_equal(type, (struct bytes)OID_EXTENSION_REQUEST))
        return true;
    if (*extensions_seen)
        return malformed(err, "csr.attributes", "has two extensionRequest attributes");
    *extensions_seen = true;
    if (!der_enter(&values, TAG_SEQUENCE, &list) || !reader_at_end(&values))
        return malformed(err, "csr.attributes", "has an extensionRequest without one Extensions");
    return csr_extensions_read(&list, &csr->names, err);
}

static bool
csr_read_attributes(struct csr *csr, struct csr_parts *parts, struct error *err)
{
    bool extensions_seen = false;

    for (unsigned count = 0; !reader_at_end(&parts->attributes); count++) {
        if (count == CSR_ATTRIBUTES_MOST)
            return malformed(err, "csr.attributes", "has more than 16 attributes");
        if (!csr_read_attribute(csr, &parts->attributes, &extensions_seen, err))
            return false;
    }
    return true;
}

bool
csr_parse(struct bytes der, struct csr **ret_csr, struct error *err)
{
    struct csr_parts parts = {.info = {0}};
    AUTO_CSR csr = malloc(sizeof(*csr) + der.len);

    if (!csr)
        return error_set(err, ERROR_MEMORY, "no memory for a certification request");
    *csr = (struct csr){.der_len = der.len};
    if (der.len)
        memcpy(csr->der, der.data, der.len);
    if (!csr_split(csr_der(csr), &parts, err) || !csr_read_subject(csr, &parts, err) ||
        !public_key_parse(parts.spki, &csr->key, err) || !csr_verify(csr, &parts, err) ||
        !csr_read_attributes(csr, &parts, err))
        return false;
    *ret_csr = steal(&csr);
    return true;
}

void
csr_free(struct csr *csr)
{
    if (!csr)
        return;
    public_key_free(csr->key);
    free(csr);
}

const struct public_key *
csr_key(const struct csr *csr)
{
    return csr->key;
}

const struct san_list *
csr_names(const struct csr *csr)
{
    return &csr->names;
}

const char *
csr_common_name(const struct csr *csr)
{
    return csr->common_name;
}

struct bytes
csr_der(const struct csr *csr)
{
    return bytes_of(csr->der, csr->der_len);
}
