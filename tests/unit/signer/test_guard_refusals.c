#include "guard_world.h"

static void
ca_true(struct attempt *attempt)
{
    TBS.ca = true;
    TBS.path_len = 0;
    TBS.key_usage |= KU_KEY_CERT_SIGN;
}
static void
ca_bit_alone(struct attempt *attempt)
{
    TBS.ca = true;
}
static void
cert_sign(struct attempt *attempt)
{
    TBS.key_usage |= KU_KEY_CERT_SIGN;
}
static void
crl_sign(struct attempt *attempt)
{
    TBS.key_usage |= KU_CRL_SIGN;
}
static void
key_encipherment(struct attempt *attempt)
{
    TBS.key_usage |= KU_KEY_ENCIPHERMENT;
}
static void
ocsp_usage(struct attempt *attempt)
{
    TBS.extended_key_usage = EKU_OCSP_SIGNING;
}
static void
ocsp_usage_added(struct attempt *attempt)
{
    TBS.extended_key_usage |= EKU_OCSP_SIGNING;
}
static void
server_usage_alone(struct attempt *attempt)
{
    TBS.extended_key_usage = EKU_SERVER_AUTH;
}
static void
no_extended_usage(struct attempt *attempt)
{
    TBS.extended_key_usage = 0;
}
static void
longer_life(struct attempt *attempt)
{
    TBS.not_after_s = TBS.not_before_s + 604800;
    if (!serial_new(TBS.not_after_s, attempt->leaf.serial, NULL))
        abort();
}
static void
past_issuer(struct attempt *attempt)
{
    attempt->world->permit->issuer.tbs.not_after_s = NOW + 3600;
}
static void
before_issuer(struct attempt *attempt)
{
    attempt->world->permit->issuer.tbs.not_before_s = NOW;
}
static void
backdated(struct attempt *attempt)
{
    TBS.not_before_s = NOW - 301;
}
static void
not_yet(struct attempt *attempt)
{
    TBS.not_before_s = NOW + 61;
}
static void
no_crl_url(struct attempt *attempt)
{
    TBS.crl_url = bytes_of(NULL, 0);
}
static void
foreign_crl_url(struct attempt *attempt)
{
    TBS.crl_url = bytes_of_text("http://127.0.0.1:8080/crl/issuing-2.crl");
}
static void
foreign_ocsp_url(struct attempt *attempt)
{
    TBS.ocsp_url = bytes_of_text("http://evil.example/ocsp");
}
static void
no_ocsp_url(struct attempt *attempt)
{
    TBS.ocsp_url = bytes_of(NULL, 0);
}
static void
foreign_ca_issuers(struct attempt *attempt)
{
    TBS.ca_issuers_url = bytes_of_text("http://evil.example/issuer.cer");
}
static void
no_ca_issuers(struct attempt *attempt)
{
    TBS.ca_issuers_url = bytes_of(NULL, 0);
}
static void
foreign_issuer(struct attempt *attempt)
{
    static uint8_t other[128];

    memcpy(other, TBS.issuer.data, TBS.issuer.len);
    other[TBS.issuer.len - 1] ^= 1;
    TBS.issuer = bytes_of(other, TBS.issuer.len);
}
static void
foreign_aki(struct attempt *attempt)
{
    TBS.authority_key_id = bytes_of(attempt->world->other.key_id, 20);
}
static void
no_aki(struct attempt *attempt)
{
    TBS.authority_key_id = bytes_of(NULL, 0);
}
static void
foreign_ski(struct attempt *attempt)
{
    TBS.subject_key_id = bytes_of(attempt->world->other.key_id, 20);
}
static void
p384_key(struct attempt *attempt)
{
    TBS.spki = spki_bytes(&attempt->world->p384);
    TBS.subject_key_id = bytes_of(attempt->world->p384.key_id, 20);
}
static void
issuing_key(struct attempt *attempt)
{
    TBS.spki = spki_bytes(&attempt->world->issuer.key);
    TBS.subject_key_id = bytes_of(attempt->world->issuer.key.key_id, 20);
}
static void
point_off_curve(struct attempt *attempt)
{
    static uint8_t spki[LIMIT_SPKI_OCTETS];

    memcpy(spki, TBS.spki.data, TBS.spki.len);
    spki[TBS.spki.len - 1] ^= 1;
    TBS.spki = bytes_of(spki, TBS.spki.len);
}
static void
other_algorithm(struct attempt *attempt)
{
    TBS.algorithm = SIGNATURE_ECDSA_SHA384;
}
static void
other_class_serial(struct attempt *attempt)
{
    attempt->leaf.serial[0] = 0x52;
}
static void
other_day_serial(struct attempt *attempt)
{
    attempt->leaf.serial[2] ^= 1;
}
static void
short_serial(struct attempt *attempt)
{
    TBS.serial.len = 18;
}
static void
some_subject(struct attempt *attempt)
{
    TBS.subject = TBS.issuer;
    TBS.san_critical = false;
}
static void
no_uri(struct attempt *attempt)
{
    TBS.san.item[0] = (struct san){SAN_DNS, bytes_of_text("api.example.internal")};
}
static void
two_uris(struct attempt *attempt)
{
    static const char other[] = "spiffe://" TEST_TRUST_DOMAIN "/payments/db";

    leaf_name(&attempt->leaf, SAN_URI, other, sizeof(other) - 1);
}
static void
other_trust_domain(struct attempt *attempt)
{
    TBS.san.item[0].value = bytes_of_text("spiffe://example.external/" IDENTITY);
}
static void
other_identity(struct attempt *attempt)
{
    TBS.san.item[0].value = bytes_of_text("spiffe://" TEST_TRUST_DOMAIN "/payments/db");
}
static void
uri_with_tail(struct attempt *attempt)
{
    TBS.san.item[0].value = bytes_of_text("spiffe://" TEST_TRUST_DOMAIN "/" IDENTITY "/more");
}
static void
foreign_dns(struct attempt *attempt)
{
    leaf_name(&attempt->leaf, SAN_DNS, "api.example.org", 15);
}
static void
dns_without_dot(struct attempt *attempt)
{
    leaf_name(&attempt->leaf, SAN_DNS, "evilexample.internal", 20);
}
static void
wildcard(struct attempt *attempt)
{
    leaf_name(&attempt->leaf, SAN_DNS, "*.example.internal", 18);
}
static void
upper_case_dns(struct attempt *attempt)
{
    leaf_name(&attempt->leaf, SAN_DNS, "API.example.internal", 20);
}
static void
nul_in_dns(struct attempt *attempt)
{
    leaf_name(&attempt->leaf, SAN_DNS, "a.example.org\0.example.internal", 31);
}
static void
empty_label(struct attempt *attempt)
{
    leaf_name(&attempt->leaf, SAN_DNS, "a..example.internal", 19);
}
static void
foreign_address(struct attempt *attempt)
{
    leaf_name(&attempt->leaf, SAN_IP, "\x0a\x00\x00\x01", 4);
}
static void
foreign_v6_address(struct attempt *attempt)
{
    leaf_name(&attempt->leaf, SAN_IP, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
}
static void
email(struct attempt *attempt)
{
    leaf_name(&attempt->leaf, SAN_EMAIL, "a@example.internal", 18);
}
static void
nocheck(struct attempt *attempt)
{
    TBS.ocsp_nocheck = true;
}
static void
no_rev_avail(struct attempt *attempt)
{
    TBS.no_rev_avail = true;
}
static void
trailing_octet(struct attempt *attempt)
{
    if (!tbs_cert_build(&TBS, &attempt->tbs, NULL) || !buffer_put_u8(&attempt->tbs, 0))
        abort();
}
static void
cut_short(struct attempt *attempt)
{
    if (!tbs_cert_build(&TBS, &attempt->tbs, NULL))
        abort();
    attempt->tbs.len -= 1;
}
static void
digest_only(struct attempt *attempt)
{
    uint8_t *digest = buffer_extend(&attempt->tbs, 32);

    if (!digest)
        abort();
    memset(digest, 0x30, 32);
}
static void
kept_name(struct attempt *attempt)
{
    snprintf(attempt->request.identity, sizeof(attempt->request.identity), "signet/ca");
}
static void
climbing_name(struct attempt *attempt)
{
    snprintf(attempt->request.identity, sizeof(attempt->request.identity), "payments/../api");
}
static void
binary_text(struct attempt *attempt)
{
    snprintf(attempt->request.requester, sizeof(attempt->request.requester), "a\xff");
}
static void
admin_frame(struct attempt *attempt)
{
    snprintf(attempt->request.identity, sizeof(attempt->request.identity), "admin/alice");
}
static void
server_grant(struct attempt *attempt)
{
    attempt->request.grant_kind = GRANT_SERVER;
}
static void
responder_grant(struct attempt *attempt)
{
    attempt->request.grant_kind = GRANT_RESPONDER;
}
static void
ceremony_grant(struct attempt *attempt)
{
    attempt->request.grant_kind = GRANT_CEREMONY;
}
static void
unknown_grant(struct attempt *attempt)
{
    attempt->request.grant_kind = (enum grant_kind)9;
}
static void
predecessor_of_token(struct attempt *attempt)
{
    attempt->request.predecessor = bytes_of_text("123");
}
static void
renewal_key_invented(struct attempt *attempt)
{
    attempt->request.grant_kind = GRANT_RENEWAL;
    attempt->request.predecessor = bytes_of_text("1234567890123456789");
}
static void
renewal_without_predecessor(struct attempt *attempt)
{
    attempt->request.grant_kind = GRANT_RENEWAL;
}
static void
token_grant(struct attempt *attempt)
{
    attempt->request.grant_kind = GRANT_TOKEN;
}
static void
own_responder_key(struct attempt *attempt)
{
    TBS.spki = spki_bytes(&attempt->world->key);
    TBS.subject_key_id = bytes_of(attempt->world->key.key_id, 20);
}
static void
responder_subject(struct attempt *attempt)
{
    TBS.subject = TBS.issuer;
}
static void
responder_without_nocheck(struct attempt *attempt)
{
    TBS.ocsp_nocheck = false;
}
static void
responder_with_aia(struct attempt *attempt)
{
    TBS.ocsp_url = bytes_of_text(TEST_OCSP_URL);
}
static void
localhost(struct attempt *attempt)
{
    leaf_name(&attempt->leaf, SAN_DNS, "localhost", 9);
}
static void
below_localhost(struct attempt *attempt)
{
    leaf_name(&attempt->leaf, SAN_DNS, "a.localhost", 11);
}
static void
other_loopback(struct attempt *attempt)
{
    leaf_name(&attempt->leaf, SAN_IP, "\x7f\x00\x00\x02", 4);
}
static void
admin_key(struct attempt *attempt)
{
    (void)attempt;
    attempt->world->permit->class[CLASS_ADMIN].present = false;
}

static const struct hostile {
    const char *what;
    const char *identity;
    change_function *change;
    const char *rule;
} hostiles[] = {
    {"CA certificate", IDENTITY, ca_true, "permit.ca"},
    {"cA without usage", IDENTITY, ca_bit_alone, "permit.ca"},
    {"keyCertSign", IDENTITY, cert_sign, "permit.usage"},
    {"cRLSign", IDENTITY, crl_sign, "permit.usage"},
    {"keyEncipherment", IDENTITY, key_encipherment, "permit.usage"},
    {"OCSP usage", IDENTITY, ocsp_usage, "permit.extended_usage"},
    {"OCSP usage added", IDENTITY, ocsp_usage_added, "permit.extended_usage"},
    {"serverAuth alone", IDENTITY, server_usage_alone, "permit.extended_usage"},
    {"no extended usage", IDENTITY, no_extended_usage, "permit.extended_usage"},
    {"a second too long", IDENTITY, longer_life, "permit.lifetime"},
    {"past the issuer's end", IDENTITY, past_issuer, "permit.issuer_end"},
    {"before the issuer's begin", IDENTITY, before_issuer, "permit.issuer_end"},
    {"back-dated", IDENTITY, backdated, "permit.backdate"},
    {"in the future", IDENTITY, not_yet, "permit.backdate"},
    {"no CRL URL", IDENTITY, no_crl_url, "permit.crl_url"},
    {"foreign CRL URL", IDENTITY, foreign_crl_url, "permit.crl_url"},
    {"foreign OCSP URL", IDENTITY, foreign_ocsp_url, "permit.ocsp_url"},
    {"no OCSP URL", IDENTITY, no_ocsp_url, "permit.ocsp_url"},
    {"foreign caIssuers", IDENTITY, foreign_ca_issuers, "permit.ca_issuers_url"},
    {"no caIssuers", IDENTITY, no_ca_issuers, "permit.ca_issuers_url"},
    {"foreign issuer", IDENTITY, foreign_issuer, "permit.issuer"},
    {"foreign AKI", IDENTITY, foreign_aki, "permit.aki"},
    {"no AKI", IDENTITY, no_aki, "permit.aki"},
    {"foreign SKI", IDENTITY, foreign_ski, "permit.ski"},
    {"P-384 key", IDENTITY, p384_key, "permit.key"},
    {"the issuing key", IDENTITY, issuing_key, "permit.key"},
    {"point off its curve", IDENTITY, point_off_curve, "permit.key"},
    {"other algorithm", IDENTITY, other_algorithm, "permit.algorithm"},
    {"serial of another shape", IDENTITY, other_class_serial, "permit.serial"},
    {"serial of another day", IDENTITY, other_day_serial, "permit.serial"},
    {"short serial", IDENTITY, short_serial, "permit.serial"},
    {"a subject", IDENTITY, some_subject, "permit.subject"},
    {"no URI", IDENTITY, no_uri, "permit.uri"},
    {"two URIs", IDENTITY, two_uris, "permit.uri"},
    {"other trust domain", IDENTITY, other_trust_domain, "permit.uri"},
    {"other identity", IDENTITY, other_identity, "permit.uri"},
    {"longer path", IDENTITY, uri_with_tail, "permit.uri"},
    {"DNS outside the suffix", IDENTITY, foreign_dns, "permit.names"},
    {"suffix without its dot", IDENTITY, dns_without_dot, "permit.names"},
    {"address outside the ranges", IDENTITY, foreign_address, "permit.names"},
    {"IPv6 outside the ranges", IDENTITY, foreign_v6_address, "permit.names"},
    {"noRevAvail", IDENTITY, no_rev_avail, "permit.no_rev_avail"},
    {"ocsp-nocheck", IDENTITY, nocheck, "permit.nocheck"},
    {"name kept for the authority", IDENTITY, kept_name, "permit.identity"},
    {"climbing name", IDENTITY, climbing_name, "permit.identity"},
    {"octets that are no text", IDENTITY, binary_text, "permit.text"},
    {"administrator in the frame, workload in the TBS", IDENTITY, admin_frame, "permit.uri"},
    {"server's grant for a workload", IDENTITY, server_grant, "permit.grant"},
    {"responder's grant for a workload", IDENTITY, responder_grant, "permit.grant"},
    {"ceremony's grant for a workload", IDENTITY, ceremony_grant, "permit.grant"},
    {"ceremony's grant without ceremony", "admin/alice", ceremony_grant, "permit.grant"},
    {"unknown grant", IDENTITY, unknown_grant, "permit.grant"},
    {"token with a predecessor", IDENTITY, predecessor_of_token, "permit.grant_key"},
    {"invented renewal key", IDENTITY, renewal_key_invented, "permit.grant_key"},
    {"renewal of nothing", IDENTITY, renewal_without_predecessor, "permit.grant_key"},
    {"class not in the permit", "admin/alice", admin_key, "permit.class"},
    {"administrator with a DNS name", "admin/alice", localhost, "permit.names"},
    {"server by token", "signet/server", token_grant, "permit.grant"},
    {"server below its name", "signet/server", below_localhost, "permit.names"},
    {"server with another address", "signet/server", other_loopback, "permit.names"},
    {"responder by token", "signet/ocsp", token_grant, "permit.grant"},
    {"responder for another key", "signet/ocsp", own_responder_key, "permit.responder_key"},
    {"responder with another subject", "signet/ocsp", responder_subject, "permit.subject"},
    {"responder without nocheck", "signet/ocsp", responder_without_nocheck, "permit.nocheck"},
    {"responder with AIA", "signet/ocsp", responder_with_aia, "permit.ocsp_url"},
    {"responder with a name", "signet/ocsp", localhost, "permit.names"},
};

/* These may end in the parser already, which names its own rules. */
static const struct hostile malformed[] = {
    {"trailing octet", IDENTITY, trailing_octet, "der.trailing"},
    {"cut short", IDENTITY, cut_short, "der.syntax"},
    {"a digest in place of a TBS", IDENTITY, digest_only, "der.syntax"},
    {"wildcard", IDENTITY, wildcard, NULL},
    {"upper case DNS", IDENTITY, upper_case_dns, NULL},
    {"NUL in a DNS name", IDENTITY, nul_in_dns, NULL},
    {"empty label", IDENTITY, empty_label, NULL},
    {"email", IDENTITY, email, NULL},
};

static void
refuses_each_hostile_certificate(void)
{
    CU_ASSERT_TRUE(ARRAY_LEN(hostiles) >= 40);
    for (size_t i = 0; i < ARRAY_LEN(hostiles); i++) {
        struct world *world = world_make();
        struct attempt *attempt = malloc(sizeof(*attempt));
        struct error err = {0};

        attempt_make(attempt, world, hostiles[i].identity);
        hostiles[i].change(attempt);
        ASSERT_REFUSED(attempt_check(attempt, &err), &err, ERROR_PERMIT);
        if (strcmp(err.rule, hostiles[i].rule) != 0)
            printf("\n    %s: %s, wanted %s (%s)\n", hostiles[i].what, err.rule, hostiles[i].rule,
                   err.detail);
        CU_ASSERT_STRING_EQUAL(err.rule, hostiles[i].rule);
        CU_ASSERT_NOT_EQUAL(err.detail[0], '\0');
        free(attempt);
        world_free(world);
    }
}

/* The builder may refuse to write the name at all; then there is nothing to smuggle it in with. */
static void
refuses_malformed_ones(void)
{
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
        struct world *world = world_make();
        struct attempt *attempt = malloc(sizeof(*attempt));
        struct error err = {0};

        attempt_make(attempt, world, malformed[i].identity);
        malformed[i].change(attempt);
        if (attempt->tbs.len == 0 && !tbs_cert_build(&attempt->leaf.tbs, &attempt->tbs, &err)) {
            CU_ASSERT_PTR_NULL(malformed[i].rule);
        } else {
            ASSERT_REFUSED(attempt_check(attempt, &err), &err, ERROR_PERMIT);
            if (malformed[i].rule)
                CU_ASSERT_STRING_EQUAL(err.rule, malformed[i].rule);
        }
        CU_ASSERT_NOT_EQUAL(err.kind, ERROR_NONE);
        buffer_done(&attempt->tbs);
        free(attempt);
        world_free(world);
    }
}

int
main(void)
{
    return RUN_SUITE("refusals of the guard", TEST(refuses_each_hostile_certificate),
                     TEST(refuses_malformed_ones));
}
