#include "fixture.h"

struct spoil {
    const char *rule;
    void (*apply)(struct tbs_cert *tbs);
};

static struct bytes
text(const char *value)
{
    return bytes_of_text(value);
}

static void
check(struct tbs_cert tbs, const struct spoil *spoil)
{
    struct error err = {.kind = ERROR_NONE};

    ASSERT_OK(tbs_cert_lint(&tbs, &err), &err);
    spoil->apply(&tbs);
    ASSERT_REFUSED(tbs_cert_lint(&tbs, &err), &err, ERROR_PERMIT);
    if (strcmp(err.rule, spoil->rule) != 0)
        printf("    wanted %s, got %s: %s\n", spoil->rule, err.rule, err.detail);
    CU_ASSERT_STRING_EQUAL(err.rule, spoil->rule);
}

#define SPOIL(name, ...)                                                                           \
    static void name(struct tbs_cert *tbs)                                                         \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
    }                                                                                              \
    struct spoil_##name##_defined

/* --- leaves
 * ----------------------------------------------------------------------------------------- */

static const uint8_t country_three[] = {0x30, 0x0E, 0x31, 0x0C, 0x30, 0x0A, 0x06, 0x03,
                                        0x55, 0x04, 0x06, 0x13, 0x03, 'D',  'E',  'U'};
static const uint8_t country_utf8[] = {0x30, 0x0D, 0x31, 0x0B, 0x30, 0x09, 0x06, 0x03,
                                       0x55, 0x04, 0x06, 0x0C, 0x02, 'D',  'E'};
static const uint8_t ia5_name[] = {0x30, 0x0D, 0x31, 0x0B, 0x30, 0x09, 0x06, 0x03,
                                   0x55, 0x04, 0x03, 0x16, 0x02, 'a',  'b'};
static const uint8_t empty_rdn[] = {0x30, 0x02, 0x31, 0x00};
static const uint8_t some_subject[] = {0x30, 0x0D, 0x31, 0x0B, 0x30, 0x09, 0x06, 0x03,
                                       0x55, 0x04, 0x03, 0x0C, 0x02, 'a',  'b'};

SPOIL(serial_zero, tbs->serial = bytes_of("\0", 1));
SPOIL(serial_short, tbs->serial.len = 8);
SPOIL(serial_long, tbs->serial = bytes_of("123456789012345678901", 21));
SPOIL(no_algorithm, tbs->algorithm = (enum signature_algorithm)0);
SPOIL(issuer_empty, tbs->issuer = bytes_of(empty_name, 2));
SPOIL(issuer_broken, tbs->issuer.len -= 1);
SPOIL(dates_crossed, tbs->not_after_s = tbs->not_before_s - 1);
SPOIL(subject_country_three, tbs->subject = bytes_of(country_three, sizeof(country_three)));
SPOIL(subject_country_utf8, tbs->subject = bytes_of(country_utf8, sizeof(country_utf8)));
SPOIL(subject_ia5, tbs->subject = bytes_of(ia5_name, sizeof(ia5_name)));
SPOIL(subject_empty_rdn, tbs->subject = bytes_of(empty_rdn, sizeof(empty_rdn)));
SPOIL(san_missing, tbs->san.count = 0);
SPOIL(san_not_critical, tbs->san_critical = false);
SPOIL(san_critical_with_subject, tbs->subject = bytes_of(some_subject, sizeof(some_subject)));
SPOIL(no_subject_key_id, tbs->subject_key_id.len = 0);
SPOIL(no_authority_key_id, tbs->authority_key_id.len = 0);
SPOIL(path_len_in_leaf, tbs->path_len = 0);
SPOIL(cert_sign_in_leaf, tbs->key_usage |= KU_KEY_CERT_SIGN);
SPOIL(no_key_usage, tbs->key_usage = 0);
SPOIL(wildcard, tbs->san.item[1].value = text("*.example.internal"));
SPOIL(san_twice, tbs->san.item[2] = tbs->san.item[1]);
SPOIL(address_of_five, tbs->san.item[2].value = text("12345"));
SPOIL(responder_and_server, tbs->extended_key_usage |= EKU_OCSP_SIGNING);
SPOIL(nocheck_without_purpose, tbs->ocsp_nocheck = true);
SPOIL(crl_https, tbs->crl_url = text("https://a/b"));
SPOIL(crl_ldap, tbs->crl_url = text("ldap://a/b"));
SPOIL(ocsp_https, tbs->ocsp_url = text("https://a/b"));
SPOIL(issuers_file, tbs->ca_issuers_url = text("file:///a"));
SPOIL(no_rev_avail, tbs->no_rev_avail = true);
SPOIL(key_broken, tbs->spki.len -= 1);
SPOIL(two_uris, tbs->san.item[1] = (struct san){.type = SAN_URI, .value = text("urn:x:y")});
SPOIL(no_uri, tbs->san.item[0] = (struct san){.type = SAN_DNS, .value = text("b.example")});
SPOIL(root_path, tbs->san.item[0].value = text("spiffe://example.internal"));
SPOIL(https_uri, tbs->san.item[0].value = text("https://example.internal/a"));
SPOIL(no_digital_signature, tbs->key_usage = KU_KEY_ENCIPHERMENT);
SPOIL(encipherment_on_ec, tbs->key_usage |= KU_KEY_ENCIPHERMENT);
SPOIL(crl_sign_in_leaf, tbs->key_usage |= KU_CRL_SIGN);
SPOIL(client_only, tbs->extended_key_usage = EKU_CLIENT_AUTH);
SPOIL(no_purpose, tbs->extended_key_usage = 0);

static void
leaves(void)
{
    static const struct spoil spoils[] = {
        {"lint.C-02", serial_zero},
        {"lint.C-02", serial_short},
        {"lint.C-02", serial_long},
        {"lint.C-03", no_algorithm},
        {"lint.C-04", issuer_empty},
        {"lint.C-04", issuer_broken},
        {"lint.C-06", dates_crossed},
        {"lint.C-08", subject_country_three},
        {"lint.C-08", subject_country_utf8},
        {"lint.C-08", subject_ia5},
        {"lint.C-08", subject_empty_rdn},
        {"lint.C-09", san_missing},
        {"lint.C-09", san_not_critical},
        {"lint.C-09", san_critical_with_subject},
        {"lint.C-11", no_subject_key_id},
        {"lint.C-11", no_authority_key_id},
        {"lint.C-12", path_len_in_leaf},
        {"lint.C-12", cert_sign_in_leaf},
        {"lint.C-13", no_key_usage},
        {"lint.C-14", wildcard},
        {"lint.C-14", san_twice},
        {"lint.C-14", address_of_five},
        {"lint.C-15", responder_and_server},
        {"lint.C-15", nocheck_without_purpose},
        {"lint.C-16", crl_https},
        {"lint.C-16", crl_ldap},
        {"lint.C-17", ocsp_https},
        {"lint.C-17", issuers_file},
        {"lint.N-03", no_rev_avail},
        {"lint.C-19", key_broken},
        {"lint.L-1", two_uris},
        {"lint.L-1", no_uri},
        {"lint.L-2", root_path},
        {"lint.L-2", https_uri},
        {"lint.L-5", no_digital_signature},
        {"lint.L-5", encipherment_on_ec},
        {"lint.L-5", crl_sign_in_leaf},
        {"lint.L-6", client_only},
        {"lint.L-6", no_purpose},
    };
    AUTO_KEY key = key_make("P-256");

    for (size_t i = 0; i < ARRAY_LEN(spoils); i++)
        check(leaf_tbs(key_spki(&key)), &spoils[i]);
}

/* --- CA certificates
 * ---------------------------------------------------------------------------------- */

SPOIL(ca_without_cert_sign, tbs->key_usage = KU_CRL_SIGN);
SPOIL(ca_with_encipherment, tbs->key_usage |= KU_KEY_ENCIPHERMENT);
SPOIL(ca_as_responder, tbs->extended_key_usage = EKU_OCSP_SIGNING);
SPOIL(ca_no_rev_avail, tbs->no_rev_avail = true);
SPOIL(ca_empty_subject, tbs->subject = bytes_of(empty_name, 2));
SPOIL(ca_other_key_id, tbs->authority_key_id = text("another"));
SPOIL(ca_no_key_id, tbs->subject_key_id.len = 0);
SPOIL(ca_two_uris, tbs->san = (struct san_list){.count = 2,
                                                .item[0] = {SAN_URI, text("spiffe://a")},
                                                .item[1] = {SAN_URI, text("spiffe://b")}});

static void
authorities(void)
{
    static const struct spoil spoils[] = {
        {"lint.C-12", ca_without_cert_sign}, {"lint.C-13", ca_with_encipherment},
        {"lint.C-15", ca_as_responder},      {"lint.N-03", ca_no_rev_avail},
        {"lint.C-09", ca_empty_subject},     {"lint.C-11", ca_other_key_id},
        {"lint.C-11", ca_no_key_id},         {"lint.L-1", ca_two_uris},
    };
    AUTO_KEY key = key_make("P-256");

    for (size_t i = 0; i < ARRAY_LEN(spoils); i++)
        check(ca_tbs(key_spki(&key)), &spoils[i]);
}

static void
good_ones_pass(void)
{
    AUTO_KEY key = key_make("P-256");
    AUTO_KEY rsa = key_make("RSA");
    struct tbs_cert tbs = ca_tbs(key_spki(&key));
    struct error err;

    tbs.authority_key_id = bytes_of(NULL, 0); /* a root may leave it out */
    ASSERT_OK(tbs_cert_lint(&tbs, &err), &err);
    tbs.san.count = 1; /* CA-2 */
    tbs.san.item[0] = (struct san){SAN_URI, text("spiffe://example.internal")};
    ASSERT_OK(tbs_cert_lint(&tbs, &err), &err);
    tbs = leaf_tbs(key_spki(&rsa));
    tbs.key_usage |= KU_KEY_ENCIPHERMENT; /* L-5: sensible for RSA alone */
    ASSERT_OK(tbs_cert_lint(&tbs, &err), &err);
    tbs = leaf_tbs(key_spki(&key));
    tbs.no_rev_avail = true;
    tbs.crl_url = tbs.ocsp_url = bytes_of(NULL, 0);
    ASSERT_OK(tbs_cert_lint(&tbs, &err), &err);
    tbs = leaf_tbs(key_spki(&key)); /* the responder of the design */
    tbs.subject = bytes_of(some_subject, sizeof(some_subject));
    tbs.san.count = 0;
    tbs.san_critical = false;
    tbs.extended_key_usage = EKU_OCSP_SIGNING;
    tbs.ocsp_nocheck = true;
    tbs.crl_url = tbs.ocsp_url = tbs.ca_issuers_url = bytes_of(NULL, 0);
    ASSERT_OK(tbs_cert_lint(&tbs, &err), &err);
    tbs.ocsp_url = text("http://a/b"); /* O-11 */
    ASSERT_REFUSED(tbs_cert_lint(&tbs, &err), &err, ERROR_PERMIT);
}

int
main(void)
{
    return RUN_SUITE("lint", TEST(leaves), TEST(authorities), TEST(good_ones_pass));
}
