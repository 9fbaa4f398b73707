#include "fixture.h"

#include <openssl/x509v3.h>
/* OpenSSL gives the same words to the bits of the first octet; ours number the bits */
#undef KU_DIGITAL_SIGNATURE
#undef KU_KEY_CERT_SIGN
#undef KU_CRL_SIGN

/* Whole certificate with a signature of its own issuer key, parsed by OpenSSL. Gives. */
static X509 *
witness(const struct tbs_cert *tbs, const struct test_key *issuer)
{
    AUTO_BUFFER der = {.max = TEST_ROOM};
    AUTO_BUFFER whole = {.max = TEST_ROOM};
    unsigned char *again = NULL;
    const unsigned char *at;
    uint8_t room[1024];
    struct error err;
    X509 *x509;
    int len;

    if (!ASSERT_OK(tbs_cert_build(tbs, &der, &err), &err) ||
        !ASSERT_OK(certificate_assemble(buffer_bytes(&der), tbs->algorithm,
                                        key_sign(issuer, buffer_bytes(&der), room), &whole, &err),
                   &err))
        return NULL;
    at = whole.data;
    x509 = d2i_X509(NULL, &at, (long)whole.len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x509);
    CU_ASSERT_PTR_EQUAL(at, whole.data + whole.len);
    CU_ASSERT_EQUAL(X509_verify(x509, issuer->pkey), 1);
    /* decode every part afresh and encode: the same bytes, so nothing was BER */
    CU_ASSERT_EQUAL(X509_check_purpose(x509, -1, -1), 1);
    len = i2d_re_X509_tbs(x509, &again);
    CU_ASSERT_TRUE(bytes_equal(bytes_of(again, (size_t)len), buffer_bytes(&der)));
    OPENSSL_free(again);
    return x509;
}

static void
leaf_is_what_openssl_reads(void)
{
    AUTO_KEY key = key_make("P-256");
    struct tbs_cert tbs = leaf_tbs(key_spki(&key));
    X509 *x509 = witness(&tbs, &key);
    GENERAL_NAMES *names;
    int critical = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(x509);
    CU_ASSERT_EQUAL(X509_get_version(x509), 2); /* C-01 */
    CU_ASSERT_EQUAL(X509_get_extension_flags(x509) & EXFLAG_CA, 0);
    CU_ASSERT_EQUAL(X509_get_extension_flags(x509) & (EXFLAG_INVALID | EXFLAG_CRITICAL), 0);
    CU_ASSERT_EQUAL(X509_get_key_usage(x509), 0x80);
    CU_ASSERT_EQUAL(X509_get_extended_key_usage(x509), XKU_SSL_SERVER | XKU_SSL_CLIENT);
    CU_ASSERT_EQUAL(X509_check_host(x509, "api.example.internal", 0, 0, NULL), 1);
    CU_ASSERT_EQUAL(X509_check_ip_asc(x509, "127.1.2.3", 0), 1);
    names = X509_get_ext_d2i(x509, NID_subject_alt_name, &critical, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(names);
    CU_ASSERT_EQUAL(critical, 1); /* C-09 */
    CU_ASSERT_EQUAL(sk_GENERAL_NAME_num(names), 3);
    CU_ASSERT_EQUAL(sk_GENERAL_NAME_value(names, 0)->type, GEN_URI);
    GENERAL_NAMES_free(names);
    X509_free(x509);
}

static void
ca_and_responder_are_what_openssl_reads(void)
{
    AUTO_KEY key = key_make("P-384");
    AUTO_BUFFER subject = {.max = 256};
    struct tbs_cert tbs = ca_tbs(key_spki(&key));
    struct error err;
    X509 *x509;

    tbs.algorithm = SIGNATURE_ECDSA_SHA384;
    x509 = witness(&tbs, &key);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x509);
    CU_ASSERT_EQUAL(X509_check_ca(x509), 1);
    CU_ASSERT_EQUAL(X509_get_pathlen(x509), 0);
    CU_ASSERT_EQUAL(X509_get_key_usage(x509), 0x06); /* keyCertSign, cRLSign */
    X509_free(x509);
    tbs = leaf_tbs(key_spki(&key));
    tbs.algorithm = SIGNATURE_ECDSA_SHA384;
    ASSERT_OK(name_build(NULL, "Signet OCSP responder", &subject, &err), &err);
    tbs.subject = buffer_bytes(&subject);
    tbs.san.count = 0;
    tbs.san_critical = false;
    tbs.extended_key_usage = EKU_OCSP_SIGNING;
    tbs.ocsp_nocheck = true;
    tbs.crl_url = tbs.ocsp_url = tbs.ca_issuers_url = bytes_of(NULL, 0);
    x509 = witness(&tbs, &key);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x509);
    CU_ASSERT_EQUAL(X509_get_extended_key_usage(x509), XKU_OCSP_SIGN);
    CU_ASSERT_TRUE(X509_get_ext_by_NID(x509, NID_id_pkix_OCSP_noCheck, -1) >= 0);
    X509_free(x509);
}

static void
every_algorithm_is_what_openssl_verifies(void)
{
    static const char *const kinds[] = {"P-256", "P-384", "RSA", "ED25519"};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        AUTO_KEY key = key_make(kinds[i]);
        struct tbs_cert tbs = leaf_tbs(key_spki(&key));
        tbs.algorithm = key.algorithm;
        X509 *x509 = witness(&tbs, &key);
        CU_ASSERT_PTR_NOT_NULL(x509);
        X509_free(x509);
    }
}

/* C-05 and the calendar: written as OpenSSL writes it, read back the same. */
static void
times_change_form_at_2050(void)
{
    static const struct {
        int64_t time_s;
        const char *text;
    } rows[] = {
        {2524607999, "491231235959Z"},
        {2524608000, "20500101000000Z"},
        {0, "700101000000Z"},
        {-631152000, "500101000000Z"},
        {-631152001, "19491231235959Z"},
        {951782400, "000229000000Z"},
        {4107542400, "21000301000000Z"},
        {253402300799, "99991231235959Z"},
        {1709164800, "240229000000Z"},
        {-62135596800, "00010101000000Z"},
    };
    AUTO_KEY key = key_make("P-256");
    struct tbs_cert tbs = leaf_tbs(key_spki(&key)), parsed;
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_BUFFER der = {.max = TEST_ROOM};
        size_t len = strlen(rows[i].text);
        tbs.not_after_s = rows[i].time_s;
        ASSERT_OK(tbs_cert_build(&tbs, &der, &err), &err);
        CU_ASSERT_PTR_NOT_NULL(memmem(der.data, der.len, rows[i].text, len));
        if (ASSERT_OK(tbs_cert_parse(buffer_bytes(&der), &parsed, &err), &err))
            CU_ASSERT_EQUAL(parsed.not_after_s, rows[i].time_s);
    }
    tbs.not_after_s = 253402300800;
    AUTO_BUFFER none = {.max = TEST_ROOM};
    ASSERT_REFUSED(tbs_cert_build(&tbs, &none, &err), &err, ERROR_INTERNAL);
}

/* Every day of four centuries against the C library. */
static void
the_calendar_is_the_c_librarys(void)
{
    AUTO_KEY key = key_make("P-256");
    struct tbs_cert tbs = leaf_tbs(key_spki(&key)), parsed;
    bool same = true;
    struct error err;

    for (int64_t day = -7305; day < 7305 * 20 && same; day += 1) {
        AUTO_BUFFER der = {.max = TEST_ROOM};
        struct tm tm;
        char text[32];
        time_t when = (time_t)(day * 86400 + 12345);
        if (day % 9 && day % 365 > 3)
            continue;
        tbs.not_before_s = when;
        gmtime_r(&when, &tm);
        strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
        same = tbs_cert_build(&tbs, &der, &err) && memmem(der.data, der.len, text + 2, 13) &&
               tbs_cert_parse(buffer_bytes(&der), &parsed, &err) && parsed.not_before_s == when;
    }
    CU_ASSERT_TRUE(same);
}

/* --- refusals
 * --------------------------------------------------------------------------------------- */

static void
build_refuses(void (*spoil)(struct tbs_cert *tbs))
{
    AUTO_KEY key = key_make("P-256");
    struct tbs_cert tbs = leaf_tbs(key_spki(&key));
    AUTO_BUFFER out = {.max = TEST_ROOM};
    struct error err;

    CU_ASSERT_TRUE_FATAL(buffer_put_u8(&out, 7));
    spoil(&tbs);
    ASSERT_REFUSED(tbs_cert_build(&tbs, &out, &err), &err, ERROR_INTERNAL);
    CU_ASSERT_EQUAL(out.len, 1); /* what stood there stays, nothing is added */
}

#define SPOIL(name, ...)                                                                           \
    static void name(struct tbs_cert *tbs)                                                         \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
    }                                                                                              \
    struct name##_defined

SPOIL(spoil_serial_empty, tbs->serial.len = 0);
SPOIL(spoil_serial_zero, tbs->serial = bytes_of("\0", 1));
SPOIL(spoil_serial_negative, tbs->serial = bytes_of("\x80\x01", 2));
SPOIL(spoil_serial_padded, tbs->serial = bytes_of("\0\x01", 2));
SPOIL(spoil_serial_long, tbs->serial = bytes_of("123456789012345678901", 21));
SPOIL(spoil_algorithm, tbs->algorithm = (enum signature_algorithm)0);
SPOIL(spoil_issuer, tbs->issuer.len--);
SPOIL(spoil_subject, tbs->subject.len = 0);
SPOIL(spoil_spki, tbs->spki.len = 0);
SPOIL(spoil_key_usage, tbs->key_usage = 0);
SPOIL(spoil_key_usage_high, tbs->key_usage |= 1u << 9);
SPOIL(spoil_purpose, tbs->extended_key_usage |= 1u << 3);
SPOIL(spoil_san_count, tbs->san.count = LIMIT_NAMES + 1);
SPOIL(spoil_san, tbs->san.item[1].value = bytes_of("a\0b", 3));
SPOIL(spoil_san_ip, tbs->san.item[2].value.len = 3);
SPOIL(spoil_crl_url, tbs->crl_url = bytes_of_text("no url"));
SPOIL(spoil_ocsp_url, tbs->ocsp_url = bytes_of_text("/ocsp"));
SPOIL(spoil_time, tbs->not_before_s = INT64_MIN);

static void
build_refuses_what_cannot_be_encoded(void)
{
    static void (*const spoils[])(struct tbs_cert * tbs) = {
        spoil_serial_empty, spoil_serial_zero, spoil_serial_negative, spoil_serial_padded,
        spoil_serial_long,  spoil_algorithm,   spoil_issuer,          spoil_subject,
        spoil_spki,         spoil_key_usage,   spoil_key_usage_high,  spoil_purpose,
        spoil_san_count,    spoil_san,         spoil_san_ip,          spoil_crl_url,
        spoil_ocsp_url,     spoil_time};

    for (size_t i = 0; i < ARRAY_LEN(spoils); i++)
        build_refuses(spoils[i]);
}

static void
build_stays_in_its_buffer(void)
{
    AUTO_KEY key = key_make("P-256");
    struct tbs_cert tbs = leaf_tbs(key_spki(&key));
    AUTO_BUFFER whole = {.max = TEST_ROOM};
    struct error err;

    ASSERT_OK(tbs_cert_build(&tbs, &whole, &err), &err);
    for (size_t most = 0; most < whole.len; most += 17) {
        AUTO_BUFFER out = {.max = most};
        ASSERT_REFUSED(tbs_cert_build(&tbs, &out, &err), &err, ERROR_INTERNAL);
        CU_ASSERT_EQUAL(out.len, 0);
    }
}

int
main(void)
{
    return RUN_SUITE("tbs_cert_build", TEST(leaf_is_what_openssl_reads),
                     TEST(ca_and_responder_are_what_openssl_reads),
                     TEST(every_algorithm_is_what_openssl_verifies),
                     TEST(times_change_form_at_2050), TEST(the_calendar_is_the_c_librarys),
                     TEST(build_refuses_what_cannot_be_encoded), TEST(build_stays_in_its_buffer));
}
