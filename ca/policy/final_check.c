/* The policy over the finished certificate: each rule looks at what stands there, not at how it
 * came about, so that a mistake in deciding or building does not become a certificate. */
#include "internal.h"

#include <stdio.h>

struct final {
    const struct decision_input *input;
    const struct tbs_cert *tbs;
    bool responder;
};

typedef bool final_rule(const struct final *final, const char *rule, struct error *err);

#define REFUSE(...) error_refuse(err, ERROR_INTERNAL, rule, __VA_ARGS__)

static bool
check_lifetime(const struct final *final, const char *rule, struct error *err)
{
    int64_t life_s = final->tbs->not_after_s - final->tbs->not_before_s + 1;

    if (life_s >= 1 && life_s <= final->input->profile->max_ttl_s)
        return true;
    return REFUSE("the life is %lld s, profile %s has %lld at most", (long long)life_s,
                  final->input->profile->name, (long long) final->input->profile->max_ttl_s);
}

static bool
check_backdate(const struct final *final, const char *rule, struct error *err)
{
    int64_t back_s = final->input->now_s - final->tbs->not_before_s;

    if (back_s <= final->input->profile->backdate_s)
        return true;
    return REFUSE("notBefore is %lld s ago, profile %s has %lld at most", (long long)back_s,
                  final->input->profile->name, (long long) final->input->profile->backdate_s);
}

static bool
check_issuer(const struct final *final, const char *rule, struct error *err)
{
    const struct issuer_facts *issuer = final->input->issuer;

    if (bytes_equal(final->tbs->issuer, issuer->name) &&
        bytes_equal(final->tbs->authority_key_id, issuer->key_id) &&
        final->tbs->algorithm == issuer->algorithm &&
        final->tbs->not_after_s <= issuer->not_after_s)
        return true;
    return REFUSE("name, key identifier, algorithm or end are not those of the issuer");
}

static bool
check_key(const struct final *final, const char *rule, struct error *err)
{
    if (bytes_equal(final->tbs->spki, public_key_spki(final->input->key)) &&
        final->input->profile->key_types & 1U << public_key_type(final->input->key))
        return true;
    return REFUSE("the key is not that of the request, or of a type that profile %s does not take",
                  final->input->profile->name);
}

static bool
check_usage(const struct final *final, const char *rule, struct error *err)
{
    unsigned wanted = final->responder ? EKU_OCSP_SIGNING : EKU_SERVER_AUTH | EKU_CLIENT_AUTH;

    if (!final->tbs->ca && final->tbs->path_len == -1 &&
        final->tbs->key_usage == KU_DIGITAL_SIGNATURE && final->tbs->extended_key_usage == wanted)
        return true;
    return REFUSE("basicConstraints or usages are not those of an identity of kind %s",
                  final->input->profile->kind);
}

static bool
check_subject(const struct final *final, const char *rule, struct error *err)
{
    static const uint8_t empty[] = {0x30, 0x00};
    bool is_empty = bytes_equal(final->tbs->subject, bytes_of(empty, sizeof(empty)));

    if (is_empty != final->responder && final->tbs->san_critical == is_empty)
        return true;
    return REFUSE("the subject is not that of an identity of kind %s", final->input->profile->kind);
}

/* Granted to the identity, and still within the profile. */
static bool
name_stands(const struct final *final, const struct san *san)
{
    const struct decision_input *input = final->input;
    struct error ignored = {.kind = ERROR_NONE};
    char text[LIMIT_NAME_OCTETS + 8];

    if (!san_text(san, text, sizeof(text)) ||
        !identity_extra_name_check(input->profile, text, &ignored))
        return false;
    for (size_t i = 0; i < input->extra_name_count; i++)
        if (strcmp(input->extra_names[i], text) == 0)
            return true;
    return false;
}

static bool
check_names(const struct final *final, const char *rule, struct error *err)
{
    const struct san_list *names = &final->tbs->san;
    char id[LIMIT_SPIFFE_ID_OCTETS + 1];
    size_t ids = 0;

    if (final->responder)
        return names->count == 0 || REFUSE("a responder has no names");
    snprintf(id, sizeof(id), "spiffe://%s/%s", final->input->issuer->trust_domain,
             final->input->identity);
    for (size_t i = 0; i < names->count; i++) {
        const struct san *san = &names->item[i];

        if (san->type == SAN_URI && bytes_equal(san->value, bytes_of_text(id)))
            ids++;
        else if (!name_stands(final, san))
            return REFUSE("name %zu is none of identity %.100s or not of profile %s", i + 1,
                          final->input->identity, final->input->profile->name);
    }
    if (ids == 1 && names->count == 1 + final->input->extra_name_count)
        return true;
    return REFUSE("there are %zu names and %zu SPIFFE ids, wanted %zu and 1 (L-1)", names->count,
                  ids, 1 + final->input->extra_name_count);
}

static bool
check_pointers(const struct final *final, const char *rule, struct error *err)
{
    const struct issuer_facts *issuer = final->input->issuer;
    const struct {
        struct bytes found;
        const char *wanted;
    } pointers[] = {
        {final->tbs->crl_url, final->responder ? "" : issuer->crl_url},
        {final->tbs->ocsp_url, final->responder ? "" : issuer->ocsp_url},
        {final->tbs->ca_issuers_url, final->responder ? "" : issuer->ca_issuers_url},
    };

    for (size_t i = 0; i < ARRAY_LEN(pointers); i++)
        if (!bytes_equal(pointers[i].found, bytes_of_text(pointers[i].wanted)))
            return REFUSE("a pointer is not \"%.200s\"", pointers[i].wanted);
    return true;
}

static bool
check_status(const struct final *final, const char *rule, struct error *err)
{
    if (final->tbs->ocsp_nocheck == final->responder && !final->tbs->no_rev_avail)
        return true;
    return REFUSE("nocheck belongs to responders alone, and noRevAvail to no profile");
}

static const struct {
    const char *rule;
    final_rule *check;
} rules[] = {
    {"final.lifetime", check_lifetime}, {"final.backdate", check_backdate},
    {"final.issuer", check_issuer},     {"final.key", check_key},
    {"final.usage", check_usage},       {"final.subject", check_subject},
    {"final.names", check_names},       {"final.pointers", check_pointers},
    {"final.status", check_status},
};

bool
policy_check(const struct decision_input *input, const struct tbs_cert *tbs, struct error *err)
{
    const struct final final = {
        .input = input, .tbs = tbs, .responder = strcmp(input->profile->kind, "responder") == 0};

    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (!rules[i].check(&final, rules[i].rule, err))
            return false;
    return tbs_cert_lint(tbs, err);
}
