/*
 * A property: whatever is decided passes the check of the finished certificate, and whatever of it
 * is changed afterwards does not. The inputs are drawn from a seeded generator, so that a failure
 * comes again.
 */
#include "suite.h"

#include <stdio.h>

#include "signet/policy.h"

enum { NOW = 1790000000, ROUNDS = 400 };

static const uint8_t issuer_name[] = {0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06,
                                      0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 'I'};
static const uint8_t other_name[] = {0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06,
                                     0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 'J'};
static const uint8_t empty_name[] = {0x30, 0x00};
static const uint8_t key_id[20] = {1, 2, 3}, other_key_id[20] = {1, 2, 4};
static const uint8_t foreign_ip[4] = {127, 0, 0, 99};

static const struct issuer_facts issuer = {
    .name = {issuer_name, sizeof(issuer_name)},
    .key_id = {key_id, sizeof(key_id)},
    .algorithm = SIGNATURE_ECDSA_SHA256,
    .not_after_s = NOW + 1000000,
    .trust_domain = "example.internal",
    .crl_url = "http://localhost:8080/crl/issuing-1.crl",
    .ocsp_url = "http://localhost:8080/ocsp",
    .ca_issuers_url = "http://localhost:8080/issuers/issuing-1.cer",
};

static const char *const dns_pool[] = {"dns:example.internal", "dns:a.example.internal",
                                       "dns:b.c.example.internal", "dns:elsewhere.net"};
static const char *const ip_pool[] = {"ip:127.0.0.1", "ip:127.255.0.3", "ip:fd00::1",
                                      "ip:10.0.0.1"};

static struct public_key *keys[2]; /* the subject's, another's */

static uint32_t state = 20261122;

static uint32_t
draw(uint32_t below)
{
    state = state * 1664525U + 1013904223U;
    return (state >> 8) % below;
}

static void
keys_make(void)
{
    static const enum key_type types[] = {KEY_P256, KEY_P256};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        static const struct san_list none;
        AUTO_BUFFER private_key = {.max = 8192};
        AUTO_BUFFER der = {.max = LIMIT_CSR_OCTETS};
        AUTO_CSR csr = NULL;
        struct error err = {0};

        CU_ASSERT_TRUE_FATAL(
            ASSERT_OK(private_key_generate(types[i], &private_key, &err), &err) &&
            ASSERT_OK(csr_build(buffer_text(&private_key), &none, &der, &err), &err) &&
            ASSERT_OK(csr_parse(buffer_bytes(&der), &csr, &err), &err) &&
            ASSERT_OK(public_key_parse(public_key_spki(csr_key(csr)), &keys[i], &err), &err));
    }
}

static struct profile
profile_draw(void)
{
    struct profile profile = {
        .name = "drawn",
        .kind = "workload",
        .max_ttl_s = 120 + draw(2000000),
        .backdate_s = draw(100),
        .key_types = 1U << KEY_P256 | draw(2) << KEY_ED25519,
        .dns_suffix_count = draw(2),
        .dns_suffixes = {"example.internal"},
        .ip_range_count = draw(3),
        .ip_ranges = {"127.0.0.0/8", "fd00::/8"},
    };

    profile.default_ttl_s = 101 + draw((uint32_t)profile.max_ttl_s - 101);
    if (draw(8) == 0)
        snprintf(profile.kind, sizeof(profile.kind), "responder");
    return profile;
}

static size_t
names_draw(const char *names[POLICY_NAMES])
{
    size_t count = 0;

    for (size_t i = 0; i < ARRAY_LEN(dns_pool); i++)
        if (draw(4) == 0)
            names[count++] = dns_pool[i];
    for (size_t i = 0; i < ARRAY_LEN(ip_pool); i++)
        if (draw(4) == 0)
            names[count++] = ip_pool[i];
    return count;
}

/* --- what must not pass; each false when it does not apply --- */

struct mutant {
    const struct decision_input *input;
    struct tbs_cert tbs;
    bool responder;
};

static bool
longer(struct mutant *mutant)
{
    mutant->tbs.not_after_s = mutant->tbs.not_before_s + mutant->input->profile->max_ttl_s;
    return true;
}

static bool
backwards(struct mutant *mutant)
{
    mutant->tbs.not_after_s = mutant->tbs.not_before_s - 1;
    return true;
}

static bool
past_the_issuer(struct mutant *mutant)
{
    mutant->tbs.not_after_s = issuer.not_after_s + 1;
    return true;
}

static bool
further_back(struct mutant *mutant)
{
    mutant->tbs.not_before_s = NOW - mutant->input->profile->backdate_s - 1;
    return true;
}

static bool
another_issuer(struct mutant *mutant)
{
    mutant->tbs.issuer = bytes_of(other_name, sizeof(other_name));
    return true;
}

static bool
another_issuer_key(struct mutant *mutant)
{
    mutant->tbs.authority_key_id = bytes_of(other_key_id, sizeof(other_key_id));
    return true;
}

static bool
another_algorithm(struct mutant *mutant)
{
    mutant->tbs.algorithm = SIGNATURE_ECDSA_SHA384;
    return true;
}

static bool
another_key(struct mutant *mutant)
{
    mutant->tbs.spki = public_key_spki(keys[1]);
    return true;
}

static bool
a_ca(struct mutant *mutant)
{
    mutant->tbs.ca = true;
    return true;
}

static bool
more_usage(struct mutant *mutant)
{
    mutant->tbs.key_usage |= KU_KEY_CERT_SIGN;
    return true;
}

static bool
other_purpose(struct mutant *mutant)
{
    mutant->tbs.extended_key_usage ^= EKU_OCSP_SIGNING;
    return true;
}

static bool
other_subject(struct mutant *mutant)
{
    mutant->tbs.subject = mutant->responder ? bytes_of(empty_name, sizeof(empty_name))
                                            : bytes_of(other_name, sizeof(other_name));
    return true;
}

static bool
name_add(struct mutant *mutant, enum san_type type, struct bytes value)
{
    mutant->tbs.san.item[mutant->tbs.san.count++] = (struct san){type, value};
    return true;
}

static bool
foreign_dns(struct mutant *mutant)
{
    return name_add(mutant, SAN_DNS, bytes_of_text("other.example.internal"));
}

static bool
foreign_address(struct mutant *mutant)
{
    return name_add(mutant, SAN_IP, bytes_of(foreign_ip, sizeof(foreign_ip)));
}

static bool
foreign_uri(struct mutant *mutant)
{
    return name_add(mutant, SAN_URI, bytes_of_text("spiffe://example.internal/admin/root"));
}

static bool
mail(struct mutant *mutant)
{
    return name_add(mutant, SAN_EMAIL, bytes_of_text("a@example.internal"));
}

static bool
name_twice(struct mutant *mutant)
{
    return !mutant->responder &&
           name_add(mutant, mutant->tbs.san.item[0].type, mutant->tbs.san.item[0].value);
}

static bool
name_gone(struct mutant *mutant)
{
    return !mutant->responder && mutant->tbs.san.count-- > 0;
}

static bool
no_crl(struct mutant *mutant)
{
    mutant->tbs.crl_url = bytes_of(NULL, 0);
    return !mutant->responder;
}

static bool
foreign_ocsp(struct mutant *mutant)
{
    mutant->tbs.ocsp_url = bytes_of_text("http://attacker.net/ocsp");
    return true;
}

static bool
foreign_aia(struct mutant *mutant)
{
    mutant->tbs.ca_issuers_url = bytes_of_text("http://attacker.net/ca");
    return true;
}

static bool
nocheck(struct mutant *mutant)
{
    mutant->tbs.ocsp_nocheck = !mutant->tbs.ocsp_nocheck;
    return true;
}

static bool
no_rev_avail(struct mutant *mutant)
{
    mutant->tbs.no_rev_avail = true;
    return true;
}

static const struct {
    const char *what, *rule;
    bool (*mutate)(struct mutant *mutant);
} mutations[] = {
    {"longer than the profile", "final.lifetime", longer},
    {"ends before it begins", "final.lifetime", backwards},
    {"ends after the issuer", "", past_the_issuer},
    {"too far back", "", further_back},
    {"another issuer", "final.issuer", another_issuer},
    {"another issuer key", "final.issuer", another_issuer_key},
    {"another algorithm", "final.issuer", another_algorithm},
    {"another key", "final.key", another_key},
    {"a CA", "final.usage", a_ca},
    {"more usage", "final.usage", more_usage},
    {"another purpose", "final.usage", other_purpose},
    {"another subject", "final.subject", other_subject},
    {"a DNS name more", "final.names", foreign_dns},
    {"an address more", "final.names", foreign_address},
    {"a URI more", "final.names", foreign_uri},
    {"an e-mail address", "final.names", mail},
    {"a name twice", "final.names", name_twice},
    {"a name less", "final.names", name_gone},
    {"no CRL pointer", "final.pointers", no_crl},
    {"foreign OCSP", "final.pointers", foreign_ocsp},
    {"foreign AIA", "final.pointers", foreign_aia},
    {"nocheck", "final.status", nocheck},
    {"noRevAvail", "final.status", no_rev_avail},
};

static void
mutants_check(const struct decision_input *input, const struct tbs_cert *tbs)
{
    for (size_t i = 0; i < ARRAY_LEN(mutations); i++) {
        struct mutant mutant = {.input = input,
                                .tbs = *tbs,
                                .responder = strcmp(input->profile->kind, "responder") == 0};
        struct error err = {0};

        if (!mutations[i].mutate(&mutant))
            continue;
        if (!ASSERT_REFUSED(policy_check(input, &mutant.tbs, &err), &err, ERROR_INTERNAL))
            printf("\n    %s passed", mutations[i].what);
        else if (mutations[i].rule[0])
            CU_ASSERT_STRING_EQUAL(err.rule, mutations[i].rule);
    }
}

/* True when it was granted. */
static bool
round_run(void)
{
    const char *names[POLICY_NAMES];
    const struct profile profile = profile_draw();
    bool responder = strcmp(profile.kind, "responder") == 0;
    const struct decision_input input = {
        .issuer = &issuer,
        .profile = &profile,
        .identity = responder ? "signet/ocsp" : "payments/api",
        .extra_names = names,
        .extra_name_count = responder ? 0 : names_draw(names),
        .key = keys[0],
        .asked_common_name = "",
        .asked_ttl_s = draw(2) ? draw(3000000) : 0,
        .now_s = NOW,
    };
    AUTO_BUFFER der = {.max = LIMIT_TBS_OCTETS};
    struct decision decision;
    struct tbs_cert tbs;
    struct error err = {0};

    if (!policy_decide(&input, &decision, &err))
        return false;
    if (ASSERT_OK(tbs_cert_build(&decision.tbs, &der, &err), &err) &&
        ASSERT_OK(tbs_cert_parse(buffer_bytes(&der), &tbs, &err), &err) &&
        ASSERT_OK(policy_check(&input, &tbs, &err), &err))
        mutants_check(&input, &tbs);
    decision_done(&decision);
    return true;
}

static void
what_is_decided_passes_and_nothing_else(void)
{
    unsigned granted = 0;

    for (int i = 0; i < ROUNDS; i++)
        granted += round_run();
    /* The draws reach both ends. */
    CU_ASSERT_TRUE(granted > ROUNDS / 20);
    CU_ASSERT_TRUE(granted < ROUNDS - ROUNDS / 20);
}

/* A profile that was narrowed after the identity got its names: the names do not get out. */
static void
the_profile_of_today_counts(void)
{
    static const char *const names[] = {"dns:a.example.internal"};
    struct profile profile = {.name = "p",
                              .kind = "workload",
                              .default_ttl_s = 3600,
                              .max_ttl_s = 3600,
                              .key_types = 1U << KEY_P256,
                              .dns_suffix_count = 1,
                              .dns_suffixes = {"example.internal"}};
    const struct decision_input input = {.issuer = &issuer,
                                         .profile = &profile,
                                         .identity = "payments/api",
                                         .extra_names = names,
                                         .extra_name_count = 1,
                                         .key = keys[0],
                                         .asked_common_name = "",
                                         .now_s = NOW};
    struct decision decision;
    struct error err = {0};

    CU_ASSERT_TRUE_FATAL(ASSERT_OK(policy_decide(&input, &decision, &err), &err));
    ASSERT_OK(policy_check(&input, &decision.tbs, &err), &err);
    profile.dns_suffix_count = 0;
    ASSERT_REFUSED(policy_check(&input, &decision.tbs, &err), &err, ERROR_INTERNAL);
    CU_ASSERT_STRING_EQUAL(err.rule, "final.names");
    profile.dns_suffix_count = 1;
    profile.key_types = 1U << KEY_P384;
    ASSERT_REFUSED(policy_check(&input, &decision.tbs, &err), &err, ERROR_INTERNAL);
    CU_ASSERT_STRING_EQUAL(err.rule, "final.key");
    decision_done(&decision);
}

static void
keys_free(void)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        public_key_free(keys[i]);
}

int
main(void)
{
    return RUN_SUITE("final check", TEST(keys_make), TEST(what_is_decided_passes_and_nothing_else),
                     TEST(the_profile_of_today_counts), TEST(keys_free));
}
