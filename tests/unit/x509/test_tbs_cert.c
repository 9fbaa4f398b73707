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

/* --- parse and build are each other's inverse
 * ------------------------------------------------------ */

static void
goes_round(const struct tbs_cert *tbs)
{
    AUTO_BUFFER first = {.max = TEST_ROOM};
    AUTO_BUFFER second = {.max = TEST_ROOM};
    struct tbs_cert parsed;
    struct error err;

    if (ASSERT_OK(tbs_cert_build(tbs, &first, &err), &err) &&
        ASSERT_OK(tbs_cert_parse(buffer_bytes(&first), &parsed, &err), &err) &&
        ASSERT_OK(tbs_cert_build(&parsed, &second, &err), &err))
        CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
}

static void
parse_and_build_are_inverse(void)
{
    AUTO_KEY key = key_make("P-256");
    struct tbs_cert tbs = leaf_tbs(key_spki(&key));
    struct tbs_cert ca = ca_tbs(key_spki(&key));

    goes_round(&tbs);
    goes_round(&ca);
    ca.path_len = -1;
    goes_round(&ca);
    ca.path_len = 100;
    goes_round(&ca);
    for (unsigned usage = 1; usage < 1u << 9; usage++) {
        tbs.key_usage = usage;
        goes_round(&tbs);
    }
    tbs.key_usage = KU_DIGITAL_SIGNATURE;
    for (unsigned purposes = 0; purposes < 8; purposes++) {
        tbs.extended_key_usage = purposes;
        goes_round(&tbs);
    }
    tbs.ocsp_nocheck = tbs.no_rev_avail = true;
    goes_round(&tbs);
    tbs.ocsp_url = bytes_of(NULL, 0);
    goes_round(&tbs);
    tbs.ca_issuers_url = tbs.crl_url = bytes_of(NULL, 0);
    tbs.subject_key_id = tbs.authority_key_id = bytes_of(NULL, 0);
    goes_round(&tbs);
    tbs.san_critical = false;
    goes_round(&tbs);
    tbs.san.count = 0;
    goes_round(&tbs);
    tbs.san.count = LIMIT_NAMES;
    for (size_t i = 0; i < LIMIT_NAMES; i++)
        tbs.san.item[i] = (struct san){SAN_DNS, bytes_of_text("some-name.example.internal")};
    goes_round(&tbs);
}

static void
parse_yields_what_was_built(void)
{
    AUTO_KEY key = key_make("P-256");
    struct tbs_cert tbs = leaf_tbs(key_spki(&key)), parsed;
    AUTO_BUFFER der = {.max = TEST_ROOM};
    struct error err;

    ASSERT_OK(tbs_cert_build(&tbs, &der, &err), &err);
    if (!ASSERT_OK(tbs_cert_parse(buffer_bytes(&der), &parsed, &err), &err))
        return;
    CU_ASSERT_TRUE(bytes_equal(parsed.serial, tbs.serial));
    CU_ASSERT_EQUAL(parsed.algorithm, tbs.algorithm);
    CU_ASSERT_TRUE(bytes_equal(parsed.issuer, tbs.issuer));
    CU_ASSERT_TRUE(bytes_equal(parsed.subject, tbs.subject));
    CU_ASSERT_EQUAL(parsed.not_before_s, tbs.not_before_s);
    CU_ASSERT_EQUAL(parsed.not_after_s, tbs.not_after_s);
    CU_ASSERT_TRUE(bytes_equal(parsed.spki, tbs.spki));
    CU_ASSERT_EQUAL(parsed.san.count, 3);
    CU_ASSERT_TRUE(parsed.san_critical);
    CU_ASSERT_FALSE(parsed.ca);
    CU_ASSERT_EQUAL(parsed.path_len, -1);
    CU_ASSERT_EQUAL(parsed.key_usage, tbs.key_usage);
    CU_ASSERT_EQUAL(parsed.extended_key_usage, tbs.extended_key_usage);
    CU_ASSERT_TRUE(bytes_equal(parsed.crl_url, tbs.crl_url));
    CU_ASSERT_TRUE(bytes_equal(parsed.ocsp_url, tbs.ocsp_url));
    CU_ASSERT_TRUE(bytes_equal(parsed.ca_issuers_url, tbs.ca_issuers_url));
    CU_ASSERT_FALSE(parsed.ocsp_nocheck || parsed.no_rev_avail);
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

/* Changes one field or extension of a good leaf and asks for the rule that must refuse it. */
struct spoiled {
    const char *rule;
    int field;     /* or -1 */
    int extension; /* or -1; the number of extensions appends */
    const char *hex;
};

static void
parse_refuses(const struct spoiled *row)
{
    AUTO_KEY key = key_make("P-256");
    struct tbs_cert tbs = leaf_tbs(key_spki(&key)), parsed = {.path_len = 77};
    AUTO_BUFFER good = {.max = TEST_ROOM};
    AUTO_BUFFER bad = {.max = TEST_ROOM};
    struct tbs_pieces pieces;
    uint8_t room[512];
    struct error err;

    ASSERT_OK(tbs_cert_build(&tbs, &good, &err), &err);
    pieces = tbs_split(buffer_bytes(&good));
    CU_ASSERT_EQUAL_FATAL(pieces.fields, 7);
    CU_ASSERT_EQUAL_FATAL(pieces.extensions, 8);
    if (row->field >= 0)
        pieces.field[row->field] = octets(row->hex, room, sizeof(room));
    if (row->extension >= 0)
        pieces.extension[row->extension] = octets(row->hex, room, sizeof(room));
    if (row->extension == 8)
        pieces.extensions = 9;
    tbs_join(&pieces, &bad);
    if (!ASSERT_REFUSED(tbs_cert_parse(buffer_bytes(&bad), &parsed, &err), &err, ERROR_PERMIT) ||
        strcmp(err.rule, row->rule) != 0)
        printf("    at %s %d %d %s: %s %s\n", row->rule, row->field, row->extension, row->hex,
               err.rule, err.detail);
    CU_ASSERT_STRING_EQUAL(err.rule, row->rule);
    CU_ASSERT_EQUAL(parsed.path_len, 77);
}

static void
parse_refuses_changed_fields(void)
{
    static const struct spoiled rows[] = {
        {"tbs.version", 0, -1, "a003020101"},
        {"tbs.version", 0, -1, "a003020100"},
        {"tbs.version", 0, -1, ""},
        {"tbs.serial", 1, -1, "020100"},
        {"tbs.serial", 1, -1, "0201ff"},
        {"der.syntax", 1, -1, "02020001"},
        {"tbs.serial", 1, -1, "0215111111111111111111111111111111111111111111"},
        {"tbs.algorithm", 2, -1, "300d06092a864886f70d0101050500"}, /* RSA with SHA-1 */
        {"tbs.algorithm", 2, -1, "300c06082a8648ce3d0403020500"},   /* ECDSA with NULL */
        {"tbs.algorithm", 2, -1, "300b06092a864886f70d01010b"},     /* RSA without NULL */
        {"tbs.issuer", 3, -1, "30023100"},
        {"tbs.issuer", 3, -1, "300e310c300a06035504030c03610062"},
        {"tbs.issuer", 3, -1,
         "300b31093007060355040"
         "30c00"},
        {"tbs.issuer", 3, -1, "300c310a30080603550403130140"}, /* @ is not printable */
        {"tbs.validity", 4, -1, "3000"},
        {"tbs.validity", 4, -1,
         "3022180f32303236313132363030303030305a180f32303236313132373030303030305a"},
        {"tbs.validity", 4, -1, "301e170d3236313133313030303030305a170d3236313132373030303030305a"},
        {"tbs.validity", 4, -1, "301e170d3236313132363234303030305a170d3236313132373030303030305a"},
        {"tbs.validity", 4, -1, "301e170d3236313132363030303036305a170d3236313132373030303030305a"},
        {"tbs.validity", 4, -1, "301c170b323631313236303030305a170d3236313132373030303030305a"},
        {"tbs.validity", 4, -1,
         "30221711323631313236303030303030"
         "2b30303030"
         "170d3236313132373030303030305a"},
        {"tbs.subject", 5, -1, "0400"},
        {"tbs.spki", 6, -1, "3000"},
        {"tbs.spki", 6, -1, "30050500030100"},
        {"tbs.extension.syntax", 6, -1, ""}, /* the extensions stand where the key should */
    };

    for (size_t i = 0; i + 1 < ARRAY_LEN(rows); i++)
        parse_refuses(&rows[i]);
}

static void
parse_refuses_changed_extensions(void)
{
    static const struct spoiled rows[] = {
        /* basicConstraints */
        {"tbs.extension.critical", -1, 0,
         "3009"
         "0603551d13"
         "04023000"},
        {"tbs.extension.value", -1, 0,
         "300f"
         "0603551d13"
         "0101ff"
         "04053003010100"},
        {"tbs.extension.value", -1, 0,
         "300f"
         "0603551d13"
         "0101ff"
         "04053003020100"},
        {"tbs.extension.value", -1, 0,
         "300c"
         "0603551d13"
         "0101ff"
         "04020500"},
        {"tbs.extension.value", -1, 0,
         "300e"
         "0603551d13"
         "0101ff"
         "040430000500"},
        {"tbs.extension.syntax", -1, 0,
         "300c"
         "0603551d13"
         "010100"
         "04023000"},
        {"tbs.extension.missing", -1, 0, ""},
        /* keyUsage: zero bits, trailing zero bits, too many, not critical, missing */
        {"tbs.extension.value", -1, 1,
         "300d"
         "0603551d0f"
         "0101ff"
         "0403030100"},
        {"tbs.extension.value", -1, 1,
         "300e"
         "0603551d0f"
         "0101ff"
         "040403020000"},
        {"tbs.extension.value", -1, 1,
         "300e"
         "0603551d0f"
         "0101ff"
         "040403020080"},
        {"tbs.extension.value", -1, 1,
         "300f"
         "0603551d0f"
         "0101ff"
         "04050303078000"},
        {"tbs.extension.value", -1, 1,
         "300f"
         "0603551d0f"
         "0101ff"
         "04050303068040"},
        {"tbs.extension.critical", -1, 1,
         "300b"
         "0603551d0f"
         "040403020780"},
        {"tbs.extension.missing", -1, 1, ""},
        /* extKeyUsage: any, none, twice, order, critical */
        {"tbs.extension.value", -1, 2,
         "300f"
         "0603551d25"
         "040830060604551d2500"},
        {"tbs.extension.value", -1, 2,
         "3009"
         "0603551d25"
         "04023000"},
        {"tbs.extension.value", -1, 2,
         "301d"
         "0603551d25"
         "0416301406082b0601050507030106082b06010505070301"},
        {"tbs.extension.value", -1, 2,
         "301d"
         "0603551d25"
         "0416301406082b0601050507030206082b06010505070301"},
        {"tbs.extension.critical", -1, 2,
         "3016"
         "0603551d25"
         "0101ff"
         "040c300a06082b06010505070301"},
        /* subjectAltName: empty, directoryName, otherName, NUL, wildcard, high octet, long address
         */
        {"tbs.extension.value", -1, 3,
         "3009"
         "0603551d11"
         "04023000"},
        {"tbs.extension.value", -1, 3,
         "300d"
         "0603551d11"
         "04063004a4023000"},
        {"tbs.extension.value", -1, 3,
         "300f"
         "0603551d11"
         "0408300682"
         "0461006261"},
        {"tbs.extension.value", -1, 3,
         "300e"
         "0603551d11"
         "0407300582032a2e61"},
        {"tbs.extension.value", -1, 3,
         "300c"
         "0603551d11"
         "040530038201e9"},
        {"tbs.extension.value", -1, 3,
         "3010"
         "0603551d11"
         "04093007"
         "87050102030405"},
        {"tbs.extension.value", -1, 3,
         "300b"
         "0603551d11"
         "040430028200"},
        /* key identifiers */
        {"tbs.extension.value", -1, 4,
         "3009"
         "0603551d0e"
         "04020400"},
        {"tbs.extension.critical", -1, 4,
         "300d"
         "0603551d0e"
         "0101ff"
         "0403040101"},
        {"tbs.extension.value", -1, 5,
         "3009"
         "0603551d23"
         "04023000"},
        {"tbs.extension.value", -1, 5,
         "300f"
         "0603551d23"
         "040830068001018101"
         "01"},
        /* cRLDistributionPoints: none, empty point, two points */
        {"tbs.extension.value", -1, 6,
         "3009"
         "0603551d1f"
         "04023000"},
        {"tbs.extension.value", -1, 6,
         "300b"
         "0603551d1f"
         "040430023000"},
        {"tbs.extension.value", -1, 6,
         "301d"
         "0603551d1f"
         "04163014"
         "3008a006a0048602613a"
         "3008a006a0048602613a"},
        /* authorityInfoAccess: empty, unknown method, OCSP twice */
        {"tbs.extension.value", -1, 7,
         "300e"
         "06082b06010505070101"
         "04023000"},
        {"tbs.extension.value", -1, 7,
         "301f"
         "06082b06010505070101"
         "041330113"
         "00f06082b06010505073003"
         "8603613a62"},
        {"tbs.extension.value", -1, 7,
         "3030"
         "06082b06010505070101"
         "04243022"
         "300f06082b060105050730018603613a62"
         "300f06082b060105050730018603613a62"},
        /* at the end: unknown, critical or not; a known one twice; one that belongs further up */
        {"tbs.extension.unknown", -1, 8,
         "3008"
         "06032a0304"
         "040100"},
        {"tbs.extension.unknown", -1, 8,
         "300b"
         "06032a0304"
         "0101ff"
         "040100"},
        {"tbs.extension.unknown", -1, 8,
         "3009"
         "0603551d1e"
         "04023000"}, /* nameConstraints */
        {"tbs.extension.unknown", -1, 8,
         "3009"
         "0603551d20"
         "04023000"}, /* policies */
        {"tbs.extension.order", -1, 8,
         "300c"
         "0603551d13"
         "0101ff"
         "04023000"},
        {"tbs.extension.order", -1, 8,
         "3010"
         "06082b06010505070101"
         "040430020500"},
        {"tbs.extension.value", -1, 8,
         "300f"
         "06092b0601050507300105"
         "04020400"},
        {"tbs.extension.critical", -1, 8,
         "300c"
         "0603551d38"
         "0101ff"
         "04020500"},
        {"tbs.extension.syntax", -1, 8, "3000"},
        {"tbs.extension.syntax", -1, 8, "0500"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        parse_refuses(&rows[i]);
}

static void
parse_refuses_what_surrounds(void)
{
    AUTO_KEY key = key_make("P-256");
    struct tbs_cert tbs = leaf_tbs(key_spki(&key)), parsed;
    AUTO_BUFFER der = {.max = TEST_ROOM};
    struct error err;

    ASSERT_OK(tbs_cert_build(&tbs, &der, &err), &err);
    for (size_t len = 0; len < der.len; len++)
        ASSERT_REFUSED(tbs_cert_parse(bytes_of(der.data, len), &parsed, &err), &err, ERROR_PERMIT);
    CU_ASSERT_TRUE_FATAL(buffer_put_u8(&der, 0));
    ASSERT_REFUSED(tbs_cert_parse(buffer_bytes(&der), &parsed, &err), &err, ERROR_PERMIT);
    CU_ASSERT_STRING_EQUAL(err.rule, "der.trailing");
}

/* Any single octet changed: refused, or parsed into something that builds the same bytes. */
static void
no_octet_escapes_the_parser(void)
{
    AUTO_KEY key = key_make("P-256");
    struct tbs_cert tbs = leaf_tbs(key_spki(&key)), parsed;
    AUTO_BUFFER der = {.max = TEST_ROOM};
    bool holds = true;
    struct error err;

    ASSERT_OK(tbs_cert_build(&tbs, &der, &err), &err);
    for (size_t i = 0; i < der.len; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            AUTO_BUFFER again = {.max = TEST_ROOM};
            der.data[i] ^= (uint8_t)(1u << bit);
            if (tbs_cert_parse(buffer_bytes(&der), &parsed, &err))
                holds = holds && tbs_cert_build(&parsed, &again, &err) &&
                        bytes_equal(buffer_bytes(&der), buffer_bytes(&again));
            der.data[i] ^= (uint8_t)(1u << bit);
        }
    CU_ASSERT_TRUE(holds);
}

int
main(void)
{
    return RUN_SUITE("tbs_cert", TEST(leaf_is_what_openssl_reads),
                     TEST(ca_and_responder_are_what_openssl_reads),
                     TEST(every_algorithm_is_what_openssl_verifies),
                     TEST(parse_and_build_are_inverse), TEST(parse_yields_what_was_built),
                     TEST(times_change_form_at_2050), TEST(the_calendar_is_the_c_librarys),
                     TEST(build_refuses_what_cannot_be_encoded), TEST(build_stays_in_its_buffer),
                     TEST(parse_refuses_changed_fields), TEST(parse_refuses_changed_extensions),
                     TEST(parse_refuses_what_surrounds), TEST(no_octet_escapes_the_parser));
}
