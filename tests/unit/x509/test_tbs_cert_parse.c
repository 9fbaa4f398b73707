#include "fixture.h"

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

static const struct spoiled spoiled_fields[] = {
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
    {"tbs.issuer", 3, -1, "300b3109300706035504030c00"},
    {"tbs.issuer", 3, -1, "300c310a30080603550403130140"}, /* @ is not printable */
    {"tbs.validity", 4, -1, "3000"},
    {"tbs.validity", 4, -1,
     "3022180f32303236313132363030303030305a180f32303236313132373030303030305a"},
    {"tbs.validity", 4, -1, "301e170d3236313133313030303030305a170d3236313132373030303030305a"},
    {"tbs.validity", 4, -1, "301e170d3236313132363234303030305a170d3236313132373030303030305a"},
    {"tbs.validity", 4, -1, "301e170d3236313132363030303036305a170d3236313132373030303030305a"},
    {"tbs.validity", 4, -1, "301c170b323631313236303030305a170d3236313132373030303030305a"},
    {"tbs.validity", 4, -1,
     "302217113236313132363030303030302b30303030170d3236313132373030303030305a"},
    {"tbs.subject", 5, -1, "0400"},
    {"tbs.spki", 6, -1, "3000"},
    {"tbs.spki", 6, -1, "30050500030100"},
};

static void
parse_refuses_changed_fields(void)
{

    for (size_t i = 0; i < ARRAY_LEN(spoiled_fields); i++)
        parse_refuses(&spoiled_fields[i]);
}

static const struct spoiled spoiled_extensions[] = {
    /* basicConstraints */
    {"tbs.extension.critical", -1, 0, "30090603551d1304023000"},
    {"tbs.extension.value", -1, 0, "300f0603551d130101ff04053003010100"},
    {"tbs.extension.value", -1, 0, "300f0603551d130101ff04053003020100"},
    {"tbs.extension.value", -1, 0, "300c0603551d130101ff04020500"},
    {"tbs.extension.value", -1, 0, "300e0603551d130101ff040430000500"},
    {"tbs.extension.syntax", -1, 0, "300c0603551d1301010004023000"},
    {"tbs.extension.missing", -1, 0, ""},
    /* keyUsage: zero bits, trailing zero bits, too many, not critical, missing */
    {"tbs.extension.value", -1, 1, "300d0603551d0f0101ff0403030100"},
    {"tbs.extension.value", -1, 1, "300e0603551d0f0101ff040403020000"},
    {"tbs.extension.value", -1, 1, "300e0603551d0f0101ff040403020080"},
    {"tbs.extension.value", -1, 1, "300f0603551d0f0101ff04050303078000"},
    {"tbs.extension.value", -1, 1, "300f0603551d0f0101ff04050303068040"},
    {"tbs.extension.critical", -1, 1, "300b0603551d0f040403020780"},
    {"tbs.extension.missing", -1, 1, ""},
    /* extKeyUsage: any, none, twice, order, critical */
    {"tbs.extension.value", -1, 2, "300f0603551d25040830060604551d2500"},
    {"tbs.extension.value", -1, 2, "30090603551d2504023000"},
    {"tbs.extension.value", -1, 2,
     "301d0603551d250416301406082b0601050507030106082b06010505070301"},
    {"tbs.extension.value", -1, 2,
     "301d0603551d250416301406082b0601050507030206082b06010505070301"},
    {"tbs.extension.critical", -1, 2, "30160603551d250101ff040c300a06082b06010505070301"},
    /* subjectAltName: empty, directoryName, otherName, NUL, wildcard, high octet, long address
     */
    {"tbs.extension.value", -1, 3, "30090603551d1104023000"},
    {"tbs.extension.value", -1, 3, "300d0603551d1104063004a4023000"},
    {"tbs.extension.value", -1, 3, "300f0603551d1104083006820461006261"},
    {"tbs.extension.value", -1, 3, "300e0603551d110407300582032a2e61"},
    {"tbs.extension.value", -1, 3, "300c0603551d11040530038201e9"},
    {"tbs.extension.value", -1, 3, "30100603551d110409300787050102030405"},
    {"tbs.extension.value", -1, 3, "300b0603551d11040430028200"},
    /* key identifiers */
    {"tbs.extension.value", -1, 4, "30090603551d0e04020400"},
    {"tbs.extension.critical", -1, 4, "300d0603551d0e0101ff0403040101"},
    {"tbs.extension.value", -1, 5, "30090603551d2304023000"},
    {"tbs.extension.value", -1, 5, "300f0603551d2304083006800101810101"},
    /* cRLDistributionPoints: none, empty point, two points */
    {"tbs.extension.value", -1, 6, "30090603551d1f04023000"},
    {"tbs.extension.value", -1, 6, "300b0603551d1f040430023000"},
    {"tbs.extension.value", -1, 6,
     "301d0603551d1f041630143008a006a0048602613a3008a006a0048602613a"},
    /* authorityInfoAccess: empty, unknown method, OCSP twice */
    {"tbs.extension.value", -1, 7, "300e06082b0601050507010104023000"},
    {"tbs.extension.value", -1, 7,
     "301f06082b0601050507010104133011300f06082b060105050730038603613a62"},
    {"tbs.extension.value", -1, 7,
     "303006082b0601050507010104243022300f06082b060105050730018603613a62300f06082b06010505073001860"
     "3613a62"},
    /* at the end: unknown, critical or not; a known one twice; one that belongs further up */
    {"tbs.extension.unknown", -1, 8, "300806032a0304040100"},
    {"tbs.extension.unknown", -1, 8, "300b06032a03040101ff040100"},
    {"tbs.extension.unknown", -1, 8, "30090603551d1e04023000"}, /* nameConstraints */
    {"tbs.extension.unknown", -1, 8, "30090603551d2004023000"}, /* policies */
    {"tbs.extension.order", -1, 8, "300c0603551d130101ff04023000"},
    {"tbs.extension.order", -1, 8, "301006082b06010505070101040430020500"},
    {"tbs.extension.value", -1, 8, "300f06092b060105050730010504020400"},
    {"tbs.extension.critical", -1, 8, "300c0603551d380101ff04020500"},
    {"tbs.extension.syntax", -1, 8, "3000"},
    {"tbs.extension.syntax", -1, 8, "0500"},
};

static void
parse_refuses_changed_extensions(void)
{

    for (size_t i = 0; i < ARRAY_LEN(spoiled_extensions); i++)
        parse_refuses(&spoiled_extensions[i]);
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
    return RUN_SUITE("tbs_cert_parse", TEST(parse_and_build_are_inverse),
                     TEST(parse_yields_what_was_built), TEST(parse_refuses_changed_fields),
                     TEST(parse_refuses_changed_extensions), TEST(parse_refuses_what_surrounds),
                     TEST(no_octet_escapes_the_parser));
}
