#include "guard_rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The clocks of two hosts may differ by this much before "not yet valid" becomes a refusal. */
enum { FUTURE_S = 60 };

static bool
check_class(const struct guard_input *in, const char *rule, struct error *err)
{
    if (in->found->class->present)
        return true;
    return REFUSE("the permit has no class %s", permit_class_name(in->found->kind));
}

static bool
check_algorithm(const struct guard_input *in, const char *rule, struct error *err)
{
    if (in->tbs->algorithm == in->permit->algorithm)
        return true;
    return REFUSE("the signature algorithm is not the permitted one");
}

static bool
check_issuer(const struct guard_input *in, const char *rule, struct error *err)
{
    if (bytes_equal(in->tbs->issuer, in->permit->issuer.tbs.subject))
        return true;
    return REFUSE("the issuer is not the subject of our certificate, byte for byte");
}

static bool
check_aki(const struct guard_input *in, const char *rule, struct error *err)
{
    if (bytes_equal(in->tbs->authority_key_id, in->permit->issuer.tbs.subject_key_id))
        return true;
    return REFUSE("the authority key identifier is not that of our key");
}

static bool
check_ca(const struct guard_input *in, const char *rule, struct error *err)
{
    if (!in->tbs->ca && in->tbs->path_len == -1)
        return true;
    return REFUSE("basicConstraints ask for a CA certificate");
}

static bool
check_key(const struct guard_input *in, const char *rule, struct error *err)
{
    AUTO_PUBLIC_KEY key = NULL;
    struct error why;

    if (!public_key_parse(in->tbs->spki, &key, &why))
        return REFUSE("the subject's key is refused (%s): %s", why.rule, why.detail);
    /* The responder's key is pinned by its hash: its type is that of our own OCSP key */
    if (in->found->kind != CLASS_RESPONDER && !(in->permit->key_types & 1U << public_key_type(key)))
        return REFUSE("the permit does not allow keys of type %s",
                      public_key_name(public_key_type(key)));
    if (bytes_equal(in->tbs->spki, in->permit->issuer.tbs.spki))
        return REFUSE("the subject's key is the issuing key itself");
    return true;
}

static bool
check_ski(const struct guard_input *in, const char *rule, struct error *err)
{
    AUTO_PUBLIC_KEY key = NULL;
    uint8_t digest[20];

    if (!public_key_parse(in->tbs->spki, &key, err))
        return false;
    digest_sha1(public_key_bits_octets(key), digest);
    if (bytes_equal(in->tbs->subject_key_id, bytes_of(digest, sizeof(digest))))
        return true;
    return REFUSE("the subject key identifier is not the SHA-1 of the key");
}

static bool
check_backdate(const struct guard_input *in, const char *rule, struct error *err)
{
    int64_t back_s = in->now_s - in->tbs->not_before_s;

    if (back_s <= in->permit->max_backdate_s && back_s >= -FUTURE_S)
        return true;
    return REFUSE("notBefore is %lld s before the signer's clock, permitted are %d to %lld",
                  (long long)back_s, -FUTURE_S, (long long)in->permit->max_backdate_s);
}

static bool
check_lifetime(const struct guard_input *in, const char *rule, struct error *err)
{
    /* Both ends belong to the life (C-06). */
    int64_t life_s = in->tbs->not_after_s - in->tbs->not_before_s + 1;

    if (life_s >= 1 && life_s <= in->found->class->max_life_s)
        return true;
    return REFUSE("the life is %lld s, class %s permits %lld", (long long)life_s,
                  permit_class_name(in->found->kind), (long long)in->found->class->max_life_s);
}

static bool
check_issuer_end(const struct guard_input *in, const char *rule, struct error *err)
{
    const struct tbs_cert *issuer = &in->permit->issuer.tbs;

    if (in->tbs->not_after_s <= issuer->not_after_s &&
        in->tbs->not_before_s >= issuer->not_before_s)
        return true;
    return REFUSE("the life is not within that of the issuer's certificate");
}

static bool
check_serial(const struct guard_input *in, const char *rule, struct error *err)
{
    if (serial_fits(in->tbs->serial, in->tbs->not_after_s))
        return true;
    return REFUSE("the serial number has not the shape of ours or names another day");
}

static bool
check_usage(const struct guard_input *in, const char *rule, struct error *err)
{
    if (in->tbs->key_usage == KU_DIGITAL_SIGNATURE)
        return true;
    return REFUSE("keyUsage is %#x, permitted is digitalSignature alone", in->tbs->key_usage);
}

static bool
check_extended_usage(const struct guard_input *in, const char *rule, struct error *err)
{
    unsigned wanted =
        in->found->kind == CLASS_RESPONDER ? EKU_OCSP_SIGNING : EKU_SERVER_AUTH | EKU_CLIENT_AUTH;

    if (in->tbs->extended_key_usage == wanted)
        return true;
    return REFUSE("extendedKeyUsage is not exactly that of class %s",
                  permit_class_name(in->found->kind));
}

static bool
check_empty_subject(const struct guard_input *in, const char *rule, struct error *err)
{
    static const uint8_t empty[] = {0x30, 0x00};

    if (bytes_equal(in->tbs->subject, bytes_of(empty, sizeof(empty))))
        return true;
    return REFUSE("the subject is not empty");
}

static bool
check_responder_subject(const struct guard_input *in, const char *rule, struct error *err)
{
    AUTO_BUFFER name;

    buffer_init(&name, LIMIT_NAME_OCTETS);
    if (!name_build(NULL, "Signet OCSP responder", &name, err))
        return false;
    if (bytes_equal(in->tbs->subject, buffer_bytes(&name)))
        return true;
    return REFUSE("the subject is not CN=Signet OCSP responder");
}

static bool
check_url(struct bytes url, const char *wanted, const char *rule, struct error *err)
{
    if (bytes_equal(url, bytes_of_text(wanted)))
        return true;
    if (url.len == 0)
        return REFUSE("the URL is missing, wanted is %s", wanted);
    if (wanted[0] == '\0')
        return REFUSE("there is a URL where none is permitted");
    return REFUSE("the URL is not %s", wanted);
}

static bool
check_crl_url(const struct guard_input *in, const char *rule, struct error *err)
{
    bool none = in->found->kind == CLASS_RESPONDER;

    return check_url(in->tbs->crl_url, none ? "" : in->permit->crl_url, rule, err);
}

static bool
check_ocsp_url(const struct guard_input *in, const char *rule, struct error *err)
{
    bool none = in->found->kind == CLASS_RESPONDER;

    return check_url(in->tbs->ocsp_url, none ? "" : in->permit->ocsp_url, rule, err);
}

static bool
check_ca_issuers_url(const struct guard_input *in, const char *rule, struct error *err)
{
    bool none = in->found->kind == CLASS_RESPONDER;

    return check_url(in->tbs->ca_issuers_url, none ? "" : in->permit->ca_issuers_url, rule, err);
}

static bool
check_nocheck(const struct guard_input *in, const char *rule, struct error *err)
{
    if (in->tbs->ocsp_nocheck == (in->found->kind == CLASS_RESPONDER))
        return true;
    return REFUSE("id-pkix-ocsp-nocheck belongs into responder certificates and into no other");
}

static bool
check_no_rev_avail(const struct guard_input *in, const char *rule, struct error *err)
{
    if (!in->tbs->no_rev_avail)
        return true;
    return REFUSE("noRevAvail is not permitted");
}

static bool
check_responder_key(const struct guard_input *in, const char *rule, struct error *err)
{
    if (memcmp(in->found->spki_hash, in->found->class->spki_sha256, LIMIT_DIGEST_OCTETS) == 0)
        return true;
    return REFUSE("the key is not the OCSP key that the permit names");
}

/* The closed table. A certificate that every rule of its class lets pass is signed. */
static const struct {
    const char *rule;
    unsigned classes;
    guard_rule *check;
} rules[] = {
    {"permit.class", OF_ALL, check_class},
    {"permit.grant", OF_ALL, guard_check_grant},
    {"permit.grant_key", OF_ALL, guard_check_grant_key},
    {"permit.algorithm", OF_ALL, check_algorithm},
    {"permit.issuer", OF_ALL, check_issuer},
    {"permit.ca", OF_ALL, check_ca},
    {"permit.usage", OF_ALL, check_usage},
    {"permit.extended_usage", OF_ALL, check_extended_usage},
    {"permit.aki", OF_ALL, check_aki},
    {"permit.key", OF_ALL, check_key},
    {"permit.responder_key", OF_RESPONDER, check_responder_key},
    {"permit.ski", OF_ALL, check_ski},
    {"permit.backdate", OF_ALL, check_backdate},
    {"permit.lifetime", OF_ALL, check_lifetime},
    {"permit.issuer_end", OF_ALL, check_issuer_end},
    {"permit.serial", OF_ALL, check_serial},
    {"permit.subject", OF_LEAF, check_empty_subject},
    {"permit.subject", OF_RESPONDER, check_responder_subject},
    {"permit.uri", OF_LEAF, guard_check_uri},
    {"permit.names", OF_LEAF, guard_check_names},
    {"permit.names", OF_RESPONDER, guard_check_no_names},
    {"permit.crl_url", OF_ALL, check_crl_url},
    {"permit.ocsp_url", OF_ALL, check_ocsp_url},
    {"permit.ca_issuers_url", OF_ALL, check_ca_issuers_url},
    {"permit.nocheck", OF_ALL, check_nocheck},
    {"permit.no_rev_avail", OF_ALL, check_no_rev_avail},
};

/* What cannot be said by struct tbs_cert cannot be signed: the bytes must come back the same. */
static bool
check_rebuild(const struct tbs_cert *tbs, struct bytes der, struct error *err)
{
    struct error why;
    AUTO_BUFFER again;

    buffer_init(&again, LIMIT_TBS_OCTETS);
    if (!tbs_cert_build(tbs, &again, &why))
        return error_refuse(err, ERROR_PERMIT, "permit.encoding", "the TBS cannot be rebuilt: %s",
                            why.detail);
    if (!bytes_equal(buffer_bytes(&again), der))
        return error_refuse(err, ERROR_PERMIT, "permit.encoding",
                            "the TBS is not encoded as the signer would encode it");
    return true;
}

static bool
collect_names(struct guarded *found, struct error *err)
{
    size_t used = 0;

    for (size_t i = 0; i < found->tbs.san.count; i++) {
        size_t room = sizeof(found->names) - used;

        if (room < 2 || !san_text(&found->tbs.san.item[i], found->names + used, room - 1))
            return error_refuse(err, ERROR_PERMIT, "permit.names", "a name cannot be written");
        used += strlen(found->names + used);
        if (i + 1 < found->tbs.san.count)
            found->names[used++] = '\n';
        found->names[used] = '\0';
    }
    return true;
}

/* Every rule whose class fits; `grants` also those about the frame's grant. */
static bool
check_rules(const struct guard_input *in, bool grants, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        bool about_grant =
            rules[i].check == guard_check_grant || rules[i].check == guard_check_grant_key;

        if (!(rules[i].classes & 1U << in->found->kind) || (about_grant && !grants))
            continue;
        if (!rules[i].check(in, rules[i].rule, err))
            return false;
    }
    return true;
}

static bool
check(const struct guard *guard, const struct issue_request *request, int64_t now_s, bool grants,
      struct guarded *found, struct error *err)
{
    const struct guard_input in = {.guard = guard,
                                   .request = request,
                                   .permit = guard->permit,
                                   .found = found,
                                   .tbs = &found->tbs,
                                   .now_s = now_s};

    memset(found, 0, offsetof(struct guarded, names) + 1);
    if (request->tbs.len > LIMIT_TBS_OCTETS)
        return error_refuse(err, ERROR_PERMIT, "permit.size", "the TBS has %zu octets",
                            request->tbs.len);
    if (!guard_check_text(&in, "permit.text", err) ||
        !guard_check_identity_text(&in, "permit.identity", err) ||
        !guard_pick_class(request->identity, &found->kind, err))
        return false;
    found->class = &guard->permit->class[found->kind];
    if (!tbs_cert_parse(request->tbs, &found->tbs, err) ||
        !check_rebuild(&found->tbs, request->tbs, err))
        return false;
    digest_sha256(found->tbs.spki, found->spki_hash);
    if (found->kind != CLASS_RESPONDER)
        snprintf(found->own_name, sizeof(found->own_name), "%s", request->identity);
    return check_rules(&in, grants, err) && tbs_cert_lint(&found->tbs, err) &&
           collect_names(found, err);
}

bool
guard_check(const struct guard *guard, const struct issue_request *request, int64_t now_s,
            struct guarded *ret_guarded, struct error *err)
{
    return check(guard, request, now_s, true, ret_guarded, err);
}

bool
guard_check_recorded(const struct guard *guard, const char *identity, struct bytes tbs,
                     int64_t recorded_s, struct guarded *ret_guarded, struct error *err)
{
    struct issue_request request = {.tbs = tbs};

    snprintf(request.identity, sizeof(request.identity), "%s", identity);
    return check(guard, &request, recorded_s, false, ret_guarded, err);
}
