#include "internal.h"

#include <stdio.h>
#include <strings.h>

static const uint8_t empty_name[] = {0x30, 0x00};
static const char responder_common_name[] = "Signet OCSP responder";

static bool
is_responder(const struct decision_input *input)
{
    return strcmp(input->profile->kind, "responder") == 0;
}

static bool
key_check(const struct decision_input *input, struct error *err)
{
    enum key_type type = public_key_type(input->key);

    if (input->profile->key_types & 1U << type)
        return true;
    return error_refuse(err, ERROR_CSR_KEY, "profile.key_types",
                        "the key is %s, which profile %s does not take", public_key_name(type),
                        input->profile->name);
}

static bool
lifetime_check(const struct decision_input *input, int64_t *ret_not_before_s,
               int64_t *ret_not_after_s, struct error *err)
{
    const struct profile *profile = input->profile;
    int64_t ttl_s = input->asked_ttl_s ? input->asked_ttl_s : profile->default_ttl_s;
    int64_t backdated_s = input->now_s - profile->backdate_s;
    int64_t not_before_s =
        backdated_s < input->issuer->not_before_s ? input->issuer->not_before_s : backdated_s;
    int64_t most_s = input->issuer->not_after_s - not_before_s + 1;

    if (ttl_s <= profile->backdate_s || ttl_s > profile->max_ttl_s)
        return error_refuse(err, ERROR_LIFETIME, "profile.max_ttl_s",
                            "ttl_s is %lld, profile %s takes %lld to %lld", (long long)ttl_s,
                            profile->name, (long long)profile->backdate_s + 1,
                            (long long)profile->max_ttl_s);
    if (ttl_s > most_s)
        return error_refuse(err, ERROR_LIFETIME, "C-07",
                            "ttl_s is %lld, which ends after the issuer; %lld at most",
                            (long long)ttl_s, (long long)(most_s > 0 ? most_s : 0));
    *ret_not_before_s = not_before_s;
    *ret_not_after_s = not_before_s + ttl_s - 1;
    return true;
}

static bool
text_is(struct bytes value, const char *text)
{
    return bytes_equal(value, bytes_of_text(text));
}

/* DNS names compare without regard to case; nothing in them is a pattern. */
static bool
dns_is(struct bytes value, const char *name)
{
    return value.len == strlen(name) && strncasecmp((const char *)value.data, name, value.len) == 0;
}

static bool
extra_name_is(const char *granted, const struct san *asked, struct error *err)
{
    uint8_t storage[16];
    struct san san;

    if (!san_parse_text(granted, storage, &san, err) || san.type != asked->type)
        return false;
    if (san.type == SAN_DNS)
        return dns_is(asked->value, granted + 4);
    return bytes_equal(san.value, asked->value);
}

static bool
name_granted(const struct decision_input *input, const char *spiffe_id, const struct san *asked)
{
    struct error ignored = {.kind = ERROR_NONE};

    if (asked->type == SAN_URI)
        return text_is(asked->value, spiffe_id);
    for (size_t i = 0; i < input->extra_name_count; i++)
        if (extra_name_is(input->extra_names[i], asked, &ignored))
            return true;
    return false;
}

/* A common name is only another way to ask for a name; none is put into a leaf. */
static bool
common_name_granted(const struct decision_input *input, const char *spiffe_id)
{
    const char *asked = input->asked_common_name;

    if (!asked || !*asked || strcmp(asked, input->identity) == 0 || strcmp(asked, spiffe_id) == 0)
        return true;
    for (size_t i = 0; i < input->extra_name_count; i++) {
        const char *granted = input->extra_names[i];

        if (strncmp(granted, "dns:", 4) == 0 && strcasecmp(granted + 4, asked) == 0)
            return true;
        if (strncmp(granted, "ip:", 3) == 0 && strcmp(granted + 3, asked) == 0)
            return true;
    }
    return false;
}

static bool
asked_names_check(const struct decision_input *input, const char *spiffe_id, struct error *err)
{
    for (size_t i = 0; input->asked_names && i < input->asked_names->count; i++) {
        char text[LIMIT_NAME_OCTETS + 8] = "a name that cannot be shown";
        const struct san *asked = &input->asked_names->item[i];

        if (name_granted(input, spiffe_id, asked))
            continue;
        if (!san_text(asked, text, sizeof(text)))
            snprintf(text, sizeof(text), "subject alternative name %zu", i + 1);
        return error_refuse(err, ERROR_NAME_NOT_GRANTED, "csr.names",
                            "the request asks for %.200s, which identity %.60s does not have", text,
                            input->identity);
    }
    if (!common_name_granted(input, spiffe_id))
        return error_refuse(err, ERROR_NAME_NOT_GRANTED, "csr.common_name",
                            "the request asks for commonName %.64s, which is no name of identity "
                            "%.60s",
                            input->asked_common_name, input->identity);
    return true;
}

/* On the final values: what stands on the identity row was right under the policy of its day. */
static bool
granted_names_check(const struct decision_input *input, struct error *err)
{
    if (!identity_name_check(input->identity, input->profile->kind, err) ||
        !profile_identity_check(input->profile, input->identity, err))
        return false;
    if (input->extra_name_count > POLICY_NAMES)
        return error_refuse(
            err, ERROR_NAME_NOT_GRANTED, "identity.names",
            "identity %.60s has %zu further names, at most %d go into a certificate",
            input->identity, input->extra_name_count, POLICY_NAMES);
    for (size_t i = 0; i < input->extra_name_count; i++)
        if (!identity_extra_name_check(input->profile, input->extra_names[i], err))
            return error_context(err, "identity %.60s", input->identity);
    return true;
}

static bool
names_fill(const struct decision_input *input, struct decision *decision, struct error *err)
{
    struct san_list *san = &decision->tbs.san;

    san->item[san->count++] =
        (struct san){.type = SAN_URI, .value = bytes_of_text(decision->spiffe_id)};
    for (size_t i = 0; i < input->extra_name_count; i++) {
        if (!san_parse_text(input->extra_names[i], decision->ip[i], &san->item[san->count], err))
            return false;
        san->count++;
    }
    decision->tbs.san_critical = true; /* the subject is empty (C-09) */
    decision->tbs.subject = bytes_of(empty_name, sizeof(empty_name));
    return true;
}

static bool
leaf_fill(const struct decision_input *input, struct decision *decision, struct error *err)
{
    struct tbs_cert *tbs = &decision->tbs;

    tbs->extended_key_usage = EKU_SERVER_AUTH | EKU_CLIENT_AUTH; /* both (L-6) */
    tbs->crl_url = bytes_of_text(input->issuer->crl_url);
    tbs->ocsp_url = bytes_of_text(input->issuer->ocsp_url);
    tbs->ca_issuers_url = bytes_of_text(input->issuer->ca_issuers_url);
    return names_fill(input, decision, err);
}

/* A responder's status is never asked (O-11): no names, no pointers, nocheck. */
static bool
responder_fill(struct decision *decision, struct error *err)
{
    buffer_init(&decision->subject, LIMIT_NAME_OCTETS);
    if (!name_build(NULL, responder_common_name, &decision->subject, err))
        return false;
    decision->tbs.subject = buffer_bytes(&decision->subject);
    decision->tbs.extended_key_usage = EKU_OCSP_SIGNING;
    decision->tbs.ocsp_nocheck = true;
    return true;
}

static bool
common_fill(const struct decision_input *input, struct decision *decision, struct error *err)
{
    struct tbs_cert *tbs = &decision->tbs;

    if (!serial_new(tbs->not_after_s, decision->serial, err))
        return false;
    digest_sha1(public_key_bits_octets(input->key), decision->key_id);
    tbs->serial = bytes_of(decision->serial, sizeof(decision->serial));
    tbs->algorithm = input->issuer->algorithm;
    tbs->issuer = input->issuer->name;
    tbs->spki = public_key_spki(input->key);
    tbs->path_len = -1;
    tbs->key_usage = KU_DIGITAL_SIGNATURE;
    tbs->subject_key_id = bytes_of(decision->key_id, sizeof(decision->key_id));
    tbs->authority_key_id = input->issuer->key_id;
    decision->renew_after_s = renew_after(tbs->not_before_s, tbs->not_after_s);
    return true;
}

static bool
spiffe_id_make(const struct decision_input *input, char *ret_id, size_t room, struct error *err)
{
    int len =
        snprintf(ret_id, room, "spiffe://%s/%s", input->issuer->trust_domain, input->identity);

    if (len < 0 || (size_t)len >= room)
        return error_refuse(err, ERROR_NAME_NOT_GRANTED, "ID-4",
                            "the SPIFFE id of this identity is over %d characters",
                            LIMIT_SPIFFE_ID_OCTETS);
    return true;
}

static bool
decision_fill(const struct decision_input *input, struct decision *decision, struct error *err)
{
    return common_fill(input, decision, err) &&
           (is_responder(input) ? responder_fill(decision, err)
                                : leaf_fill(input, decision, err)) &&
           tbs_cert_lint(&decision->tbs, err);
}

bool
policy_decide(const struct decision_input *input, struct decision *ret_decision, struct error *err)
{
    char spiffe_id[LIMIT_SPIFFE_ID_OCTETS + 1];
    int64_t not_before_s = 0, not_after_s = 0;

    if (!spiffe_id_make(input, spiffe_id, sizeof(spiffe_id), err) ||
        !granted_names_check(input, err) || !asked_names_check(input, spiffe_id, err) ||
        !key_check(input, err) || !lifetime_check(input, &not_before_s, &not_after_s, err))
        return false;
    *ret_decision =
        (struct decision){.tbs = {.not_before_s = not_before_s, .not_after_s = not_after_s}};
    memcpy(ret_decision->spiffe_id, spiffe_id, strlen(spiffe_id) + 1);
    if (decision_fill(input, ret_decision, err))
        return true;
    decision_done(ret_decision);
    return false;
}

void
decision_done(struct decision *decision)
{
    buffer_done(&decision->subject);
    *decision = (struct decision){.renew_after_s = 0};
}
