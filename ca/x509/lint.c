#include "name.h"
#include "oid.h"
#include "serial.h"
#include "signature_algorithm.h"
#include "tbs_extension.h"

/* Each rule gives null or what it found; a null key means the SPKI did not parse. */
struct lint {
    const struct tbs_cert *tbs;
    const struct public_key *key;
};

enum { KU_ALLOWED_CA = KU_KEY_CERT_SIGN | KU_CRL_SIGN | KU_DIGITAL_SIGNATURE };

static bool
is_responder(const struct tbs_cert *tbs)
{
    return tbs->extended_key_usage & EKU_OCSP_SIGNING;
}

static bool
is_workload(const struct tbs_cert *tbs)
{
    return !tbs->ca && !is_responder(tbs);
}

static size_t
count_of(const struct san_list *names, enum san_type type)
{
    size_t count = 0;

    for (size_t i = 0; i < names->count; i++)
        count += names->item[i].type == type;
    return count;
}

static const char *
serial_rule(const struct lint *lint)
{
    if (!serial_is_valid(lint->tbs->serial))
        return "the serial is not a positive minimal INTEGER of at most 20 octets";
    return lint->tbs->serial.len < 9 ? "the serial cannot hold 64 random bits" : NULL;
}

static const char *
algorithm_rule(const struct lint *lint)
{
    return signature_algorithm_der(lint->tbs->algorithm).len ? NULL
                                                             : "no known signature algorithm";
}

static const char *
issuer_rule(const struct lint *lint)
{
    return name_is_empty(lint->tbs->issuer) ? "the issuer is empty" : name_fault(lint->tbs->issuer);
}

static const char *
validity_rule(const struct lint *lint)
{
    return lint->tbs->not_after_s >= lint->tbs->not_before_s ? NULL
                                                             : "notAfter is before notBefore";
}

/* RFC 5280 Appendix A.1: upper bounds, in characters there, in octets here, which is narrower. */
static const char *
attribute_fault(const struct name_attribute *attribute)
{
    static const struct {
        struct bytes type;
        size_t most;
    } bounds[] = {{OID_COMMON_NAME, 64},
                  {OID_ORGANIZATION, 64},
                  {OID("\x55\x04\x0B"), 64},
                  {OID("\x55\x04\x07"), 128},
                  {OID("\x55\x04\x08"), 128}};

    if (bytes_equal(attribute->type, (struct bytes)OID_COUNTRY))
        return attribute->tag == TAG_PRINTABLE_STRING && attribute->value.len == 2
                   ? NULL
                   : "a country is a PrintableString of two letters";
    if (attribute->tag != TAG_UTF8_STRING && attribute->tag != TAG_PRINTABLE_STRING)
        return "an attribute of the subject is neither UTF8String nor PrintableString";
    for (size_t i = 0; i < ARRAY_LEN(bounds); i++)
        if (bytes_equal(attribute->type, bounds[i].type) && attribute->value.len > bounds[i].most)
            return "an attribute of the subject is over its upper bound";
    return NULL;
}

static const char *
subject_rule(const struct lint *lint)
{
    const char *fault = name_fault(lint->tbs->subject);
    struct name_attribute attribute;
    struct name_walk walk;

    if (fault || !name_walk_begin(&walk, lint->tbs->subject))
        return fault ? fault : "the subject is malformed";
    while (!fault && !name_walk_at_end(&walk)) {
        if (!name_walk_next(&walk, &attribute))
            return "the subject is malformed";
        fault = attribute_fault(&attribute);
    }
    return fault;
}

static const char *
empty_subject_rule(const struct lint *lint)
{
    bool empty = name_is_empty(lint->tbs->subject);

    if (empty && lint->tbs->san.count == 0)
        return "an empty subject without subjectAltName";
    if (empty && !lint->tbs->san_critical)
        return "an empty subject and a subjectAltName that is not critical";
    return !empty && lint->tbs->san_critical ? "a subject and a critical subjectAltName" : NULL;
}

static const char *
key_id_rule(const struct lint *lint)
{
    const struct tbs_cert *tbs = lint->tbs;
    bool self_issued = bytes_equal(tbs->issuer, tbs->subject);

    if (tbs->subject_key_id.len == 0)
        return "no subjectKeyIdentifier";
    if (tbs->authority_key_id.len == 0)
        return tbs->ca && self_issued ? NULL : "no authorityKeyIdentifier";
    if (self_issued && !bytes_equal(tbs->subject_key_id, tbs->authority_key_id))
        return "self-issued, and the key identifiers differ";
    return NULL;
}

static const char *
basic_constraints_rule(const struct lint *lint)
{
    const struct tbs_cert *tbs = lint->tbs;

    if (!tbs->ca && tbs->path_len >= 0)
        return "a path length without cA";
    if (tbs->ca && !(tbs->key_usage & KU_KEY_CERT_SIGN))
        return "cA without keyCertSign";
    return !tbs->ca && (tbs->key_usage & KU_KEY_CERT_SIGN) ? "keyCertSign without cA" : NULL;
}

static const char *
key_usage_rule(const struct lint *lint)
{
    if (lint->tbs->key_usage == 0)
        return "no key usage";
    return lint->tbs->ca && (lint->tbs->key_usage & ~(unsigned)KU_ALLOWED_CA)
               ? "a key usage that a CA does not have"
               : NULL;
}

static const char *
san_rule(const struct lint *lint)
{
    const struct san_list *names = &lint->tbs->san;

    for (size_t i = 0; i < names->count; i++) {
        if (!san_check(&names->item[i], ERROR_PERMIT, NULL))
            return "a name does not have the form of its type";
        for (size_t j = 0; j < i; j++)
            if (names->item[i].type == names->item[j].type &&
                bytes_equal(names->item[i].value, names->item[j].value))
                return "a name stands there twice";
    }
    return NULL;
}

static const char *
extended_key_usage_rule(const struct lint *lint)
{
    const struct tbs_cert *tbs = lint->tbs;

    if (is_responder(tbs) && tbs->ca)
        return "OCSPSigning in a CA makes it a responder for its own issuer";
    if (is_responder(tbs) && tbs->extended_key_usage != EKU_OCSP_SIGNING)
        return "OCSPSigning beside another purpose";
    return is_responder(tbs) != tbs->ocsp_nocheck ? "OCSPSigning and ocspNoCheck go together"
                                                  : NULL;
}

static bool
is_http(struct bytes url)
{
    static const char scheme[] = "http://";
    size_t len = sizeof(scheme) - 1;

    return url.len > len && memcmp(url.data, scheme, len) == 0;
}

static const char *
crl_url_rule(const struct lint *lint)
{
    struct bytes url = lint->tbs->crl_url;

    return url.len && !is_http(url) ? "the CRL's URL is not http" : NULL;
}

static const char *
access_rule(const struct lint *lint)
{
    const struct tbs_cert *tbs = lint->tbs;
    bool ok = (tbs->ocsp_url.len == 0 || is_http(tbs->ocsp_url)) &&
              (tbs->ca_issuers_url.len == 0 || is_http(tbs->ca_issuers_url));

    return ok ? NULL : "a URL of authorityInfoAccess is not http";
}

/* RFC 9608 §4 and RFC 6960 §4.2.2.2.1: what says "do not ask" names nobody to ask. */
static const char *
no_rev_avail_rule(const struct lint *lint)
{
    const struct tbs_cert *tbs = lint->tbs;
    bool pointers = tbs->crl_url.len || tbs->ocsp_url.len;

    if (tbs->no_rev_avail && (tbs->ca || pointers))
        return "noRevAvail in a CA or beside revocation pointers";
    return tbs->ocsp_nocheck && pointers ? "ocspNoCheck beside revocation pointers" : NULL;
}

static const char *
key_rule(const struct lint *lint)
{
    return lint->key ? NULL : "the public key is not acceptable";
}

static const char *
one_uri_rule(const struct lint *lint)
{
    size_t count = count_of(&lint->tbs->san, SAN_URI);

    if (!is_workload(lint->tbs))
        return count > 1 ? "more than one URI" : NULL;
    return count == 1 ? NULL : "not exactly one URI";
}

static const char *
spiffe_rule(const struct lint *lint)
{
    const struct san_list *names = &lint->tbs->san;

    for (size_t i = 0; is_workload(lint->tbs) && i < names->count; i++)
        if (names->item[i].type == SAN_URI && !spiffe_id_fits(names->item[i].value))
            return "the URI is not a SPIFFE id with a path";
    return NULL;
}

static const char *
leaf_key_usage_rule(const struct lint *lint)
{
    const struct tbs_cert *tbs = lint->tbs;

    if (tbs->ca)
        return NULL;
    if (!(tbs->key_usage & KU_DIGITAL_SIGNATURE) || (tbs->key_usage & KU_CRL_SIGN))
        return "a leaf without digitalSignature or with cRLSign";
    if (lint->key && public_key_type(lint->key) != KEY_RSA &&
        tbs->key_usage != KU_DIGITAL_SIGNATURE)
        return "a key that is not RSA is used for digitalSignature alone";
    return NULL;
}

static const char *
leaf_purpose_rule(const struct lint *lint)
{
    const unsigned both = EKU_SERVER_AUTH | EKU_CLIENT_AUTH;

    return is_workload(lint->tbs) && lint->tbs->extended_key_usage != both
               ? "a leaf without serverAuth and clientAuth"
               : NULL;
}

/* The names are those of the statements about RFC 5280 (C) and X.509-SVIDs (L) that are checked.
 * C-01, C-05 and C-10 hold by the way a TBSCertificate is written, C-06 and C-07 need the issuer.
 */
static const struct {
    const char *name;
    const char *(*fault)(const struct lint *lint);
} rules[] = {
    {"lint.C-02", serial_rule},
    {"lint.C-03", algorithm_rule},
    {"lint.C-04", issuer_rule},
    {"lint.C-06", validity_rule},
    {"lint.C-08", subject_rule},
    {"lint.C-09", empty_subject_rule},
    {"lint.C-11", key_id_rule},
    {"lint.C-12", basic_constraints_rule},
    {"lint.C-13", key_usage_rule},
    {"lint.C-14", san_rule},
    {"lint.C-15", extended_key_usage_rule},
    {"lint.C-16", crl_url_rule},
    {"lint.C-17", access_rule},
    {"lint.N-03", no_rev_avail_rule},
    {"lint.C-19", key_rule},
    {"lint.L-1", one_uri_rule},
    {"lint.L-2", spiffe_rule},
    {"lint.L-5", leaf_key_usage_rule},
    {"lint.L-6", leaf_purpose_rule},
};

bool
tbs_cert_lint(const struct tbs_cert *tbs, struct error *err)
{
    struct public_key *parsed = NULL;
    bool has_key = public_key_parse(tbs->spki, &parsed, NULL);
    AUTO_PUBLIC_KEY key = has_key ? parsed : NULL;
    struct lint lint = {.tbs = tbs, .key = key};
    const char *fault;

    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        fault = rules[i].fault(&lint);
        if (fault)
            return error_refuse(err, ERROR_PERMIT, rules[i].name,
                                "the certificate to be signed: %s", fault);
    }
    return true;
}
