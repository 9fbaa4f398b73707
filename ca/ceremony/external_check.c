/* Whether the certificates that came back from an external root make the authority that was meant.
 */
#include <stdio.h>

#include "ceremony.h"
#include "signet/clock.h"
#include "signet/public_key.h"

enum { EXTERNAL_LEAST_S = 30 * CEREMONY_DAY_S }; /* as long as an administrator's certificate */

struct import {
    const struct ceremony *ceremony;
    const struct tbs_cert *issuing, *root;
    const struct certificate *issuing_cert, *root_cert;
};

#define REFUSE(...) error_refuse(err, ERROR_CONFIG, rule, __VA_ARGS__)

static bool
check_key(const struct import *in, const char *rule, struct error *err)
{
    if (bytes_equal(in->issuing->spki, public_key_spki(in->ceremony->key[KEY_OF_ISSUING].key)))
        return true;
    return REFUSE("the first certificate is not for the key of the request");
}

static bool
check_name(const struct import *in, const char *rule, struct error *err)
{
    char found[256], wanted[256];
    AUTO_BUFFER name;

    buffer_init(&name, 2 * LIMIT_NAME_OCTETS);
    if (!ceremony_issuing_name(in->ceremony->options.trust_domain, &name, err))
        return false;
    if (bytes_equal(in->issuing->subject, buffer_bytes(&name)))
        return true;
    name_text(in->issuing->subject, found, sizeof(found));
    name_text(buffer_bytes(&name), wanted, sizeof(wanted));
    return REFUSE("the issuing certificate's name is \"%s\", wanted the request's, byte for byte: "
                  "\"%s\"",
                  found, wanted);
}

static bool
check_ca(const struct import *in, const char *rule, struct error *err)
{
    if (in->issuing->ca && in->root->ca)
        return true;
    return REFUSE("the %s certificate is not that of a CA (basicConstraints)",
                  in->issuing->ca ? "root's" : "issuing");
}

static bool
check_path_length(const struct import *in, const char *rule, struct error *err)
{
    if (in->issuing->path_len != 0)
        return REFUSE("the issuing certificate's path length must be 0: it issues no CA "
                      "certificates");
    if (in->root->path_len == 0)
        return REFUSE("the root's path length is 0: it cannot have a CA below it");
    return true;
}

static bool
check_usage(const struct import *in, const char *rule, struct error *err)
{
    const unsigned needed = KU_KEY_CERT_SIGN | KU_CRL_SIGN;

    if ((in->issuing->key_usage & needed) != needed)
        return REFUSE("the issuing certificate's key usage lacks keyCertSign or cRLSign");
    if (!(in->root->key_usage & KU_KEY_CERT_SIGN))
        return REFUSE("the root's key usage lacks keyCertSign");
    if (in->issuing->extended_key_usage)
        return REFUSE("the issuing certificate has an extended key usage, which would limit every "
                      "certificate below it");
    return true;
}

static bool
check_key_id(const struct import *in, const char *rule, struct error *err)
{
    if (in->issuing->subject_key_id.len == 0)
        return REFUSE("the issuing certificate has no subject key identifier");
    if (in->issuing->authority_key_id.len && in->root->subject_key_id.len &&
        !bytes_equal(in->issuing->authority_key_id, in->root->subject_key_id))
        return REFUSE("the issuing certificate's authority key identifier is not that of the root");
    return true;
}

static bool
check_trust_domain(const struct import *in, const char *rule, struct error *err)
{
    char wanted[OPTION_PATH + 16];

    snprintf(wanted, sizeof(wanted), "spiffe://%s", in->ceremony->options.trust_domain);
    for (size_t i = 0; i < in->issuing->san.count; i++)
        if (in->issuing->san.item[i].type == SAN_URI &&
            !bytes_equal(in->issuing->san.item[i].value, bytes_of_text(wanted)))
            return REFUSE("the issuing certificate names another trust domain, wanted %s", wanted);
    return true;
}

static bool
check_dates(const struct import *in, const char *rule, struct error *err)
{
    char end[CLOCK_TEXT_OCTETS];
    int64_t now_s = in->ceremony->now_s;

    clock_text(in->issuing->not_after_s, end);
    if (in->issuing->not_before_s > now_s || in->root->not_before_s > now_s)
        return REFUSE("a certificate is not yet valid");
    if (in->issuing->not_after_s < now_s + EXTERNAL_LEAST_S)
        return REFUSE("the issuing certificate ends at %s, wanted at least %d days from now", end,
                      EXTERNAL_LEAST_S / CEREMONY_DAY_S);
    if (in->issuing->not_after_s > in->root->not_after_s)
        return REFUSE("the issuing certificate ends at %s, after its root", end);
    return true;
}

static bool
verifies(const struct certificate *certificate, const struct public_key *key)
{
    return public_key_verify(key, certificate->tbs.algorithm, certificate->tbs_der,
                             certificate->signature, NULL);
}

static bool
check_chain(const struct import *in, const char *rule, struct error *err)
{
    const struct public_key *root = in->ceremony->key[KEY_OF_ROOT].key;

    if (!bytes_equal(in->root->issuer, in->root->subject) || !verifies(in->root_cert, root))
        return REFUSE("the second certificate is not a root: it is not signed by itself");
    if (!bytes_equal(in->issuing->issuer, in->root->subject))
        return REFUSE("the issuing certificate's issuer is not the name of the root");
    if (!verifies(in->issuing_cert, root))
        return REFUSE("the issuing certificate is not signed by the root");
    return true;
}

static const struct {
    const char *rule;
    bool (*check)(const struct import *in, const char *rule, struct error *err);
} checks[] = {
    {"root_cert.key", check_key},
    {"root_cert.name", check_name},
    {"root_cert.ca", check_ca},
    {"root_cert.path_length", check_path_length},
    {"root_cert.usage", check_usage},
    {"root_cert.key_id", check_key_id},
    {"root_cert.trust_domain", check_trust_domain},
    {"root_cert.dates", check_dates},
    {"root_cert.chain", check_chain},
};

bool
external_check(const struct ceremony *ceremony, const struct certificate *issuing,
               const struct certificate *root, struct error *err)
{
    const struct import in = {ceremony, &issuing->tbs, &root->tbs, issuing, root};

    for (size_t i = 0; i < ARRAY_LEN(checks); i++)
        if (!checks[i].check(&in, checks[i].rule, err))
            return error_context(err, "%s", ceremony->options.root_cert);
    return true;
}
