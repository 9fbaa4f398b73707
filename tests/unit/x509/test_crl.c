#include "fixture.h"

#include <openssl/x509v3.h>
#include <stdlib.h>

#include "signet/crl.h"

enum { MANY = 1000000 };

static struct crl_entry
entry(unsigned number, int reason)
{
    struct crl_entry made = {
        .serial_len = 4,
        .serial = {0x51, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number},
        .reason = (uint8_t)reason,
        .revoked_s = TEST_NOW - 100};
    return made;
}

static struct crl
good_crl(const struct crl_entry *entries, size_t count)
{
    struct crl crl = {.algorithm = SIGNATURE_ECDSA_SHA256,
                      .issuer = bytes_of(issuer_name, sizeof(issuer_name)),
                      .this_update_s = TEST_NOW,
                      .next_update_s = TEST_NOW + 86400,
                      .number = 4242,
                      .authority_key_id = bytes_of(test_key_id, 20),
                      .entries = entries,
                      .entry_count = count};
    return crl;
}

static void
make_crl(const struct test_key *key, const struct crl *crl, struct buffer *out)
{
    AUTO_BUFFER tbs = {.max = LIMIT_CRL_OCTETS};
    uint8_t room[1024];
    struct error err;

    ASSERT_OK(crl_tbs_build(crl, &tbs, &err), &err);
    ASSERT_OK(crl_assemble(buffer_bytes(&tbs), crl->algorithm,
                           key_sign(key, buffer_bytes(&tbs), room), out, &err),
              &err);
}

/* Decoded, verified and encoded afresh by OpenSSL. Gives. */
static X509_CRL *
witness(const struct test_key *key, const struct buffer *der)
{
    const unsigned char *at = der->data;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der->len);
    unsigned char *again = NULL;
    struct bytes part[3];
    int len;

    CU_ASSERT_PTR_NOT_NULL_FATAL(crl);
    CU_ASSERT_EQUAL(X509_CRL_verify(crl, key->pkey), 1);
    CU_ASSERT_EQUAL_FATAL(split(content_of(buffer_bytes(der)), part, 3), 3);
    len = i2d_re_X509_CRL_tbs(crl, &again);
    CU_ASSERT_TRUE(bytes_equal(bytes_of(again, (size_t)len), part[0]));
    OPENSSL_free(again);
    return crl;
}

static void
empty_list_has_no_field(void)
{
    AUTO_KEY key = key_make("P-256");
    AUTO_BUFFER der = {.max = TEST_ROOM};
    struct crl crl = good_crl(NULL, 0);
    ASN1_INTEGER *number;
    X509_CRL *read;

    make_crl(&key, &crl, &der);
    read = witness(&key, &der);
    CU_ASSERT_PTR_NULL(X509_CRL_get_REVOKED(read)); /* */
    CU_ASSERT_EQUAL(X509_CRL_get_version(read), 1); /* */
    number = X509_CRL_get_ext_d2i(read, NID_crl_number, NULL, NULL);
    CU_ASSERT_EQUAL(ASN1_INTEGER_get(number), 4242);
    ASN1_INTEGER_free(number);
    CU_ASSERT_EQUAL(X509_CRL_get_ext_count(read), 2);
    X509_CRL_free(read);
}

static void
entries_are_what_openssl_reads(void)
{
    static const int reasons[] = {0, 1, 2, 3, 4, 5, 6, 9, 10};
    AUTO_KEY key = key_make("P-256");
    AUTO_BUFFER der = {.max = TEST_ROOM};
    struct crl_entry entries[ARRAY_LEN(reasons)];
    struct crl crl = good_crl(entries, ARRAY_LEN(entries));
    ISSUING_DIST_POINT *point;
    STACK_OF(X509_REVOKED) * list;
    X509_CRL *read;
    int critical = 0;

    for (size_t i = 0; i < ARRAY_LEN(entries); i++)
        entries[i] = entry((unsigned)i, reasons[i]);
    entries[0].invalidity_s = TEST_NOW - 5000;
    entries[1].invalidity_s = TEST_NOW - 6000;
    crl.distribution_url = bytes_of_text("http://a.example/crl/1.crl");
    make_crl(&key, &crl, &der);
    read = witness(&key, &der);
    list = X509_CRL_get_REVOKED(read);
    CU_ASSERT_EQUAL_FATAL(sk_X509_REVOKED_num(list), (int)ARRAY_LEN(entries));
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        const X509_REVOKED *revoked = sk_X509_REVOKED_value(list, (int)i);
        ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, NULL, NULL);
        int extensions = X509_REVOKED_get_ext_count(revoked);
        CU_ASSERT_EQUAL(extensions, (reasons[i] != 0) + (i < 2)); /* no "unspecified" */
        CU_ASSERT_TRUE(reasons[i] == 0 ? !reason : ASN1_ENUMERATED_get(reason) == reasons[i]);
        ASN1_ENUMERATED_free(reason);
        CU_ASSERT_EQUAL(ASN1_STRING_length(X509_REVOKED_get0_serialNumber(revoked)), 4);
    }
    point = X509_CRL_get_ext_d2i(read, NID_issuing_distribution_point, &critical, NULL);
    CU_ASSERT_PTR_NOT_NULL(point);
    CU_ASSERT_EQUAL(critical, 1); /* */
    ISSUING_DIST_POINT_free(point);
    X509_CRL_free(read);
}

static void
parse_yields_what_was_built(void)
{
    AUTO_KEY key = key_make("P-256");
    AUTO_BUFFER der = {.max = TEST_ROOM};
    struct crl_entry entries[3] = {entry(1, 0), entry(2, 1), entry(3, 6)};
    struct crl crl = good_crl(entries, 3), parsed;
    AUTO_PUBLIC_KEY issuer = NULL;
    struct crl_entry *read = NULL;
    struct bytes tbs, signature;
    struct error err;

    entries[1].invalidity_s = TEST_NOW - 7;
    crl.distribution_url = bytes_of_text("http://a.example/crl/1.crl");
    make_crl(&key, &crl, &der);
    if (!ASSERT_OK(crl_parse(buffer_bytes(&der), &parsed, &read, &tbs, &signature, &err), &err))
        return;
    CU_ASSERT_EQUAL(parsed.number, crl.number);
    CU_ASSERT_EQUAL(parsed.this_update_s, crl.this_update_s);
    CU_ASSERT_EQUAL(parsed.next_update_s, crl.next_update_s);
    CU_ASSERT_TRUE(bytes_equal(parsed.issuer, crl.issuer));
    CU_ASSERT_TRUE(bytes_equal(parsed.authority_key_id, crl.authority_key_id));
    CU_ASSERT_TRUE(bytes_equal(parsed.distribution_url, crl.distribution_url));
    CU_ASSERT_EQUAL_FATAL(parsed.entry_count, 3);
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(memcmp(read[i].serial, entries[i].serial, sizeof(read[i].serial)), 0);
        CU_ASSERT_EQUAL(read[i].serial_len, entries[i].serial_len);
        CU_ASSERT_EQUAL(read[i].reason, entries[i].reason);
        CU_ASSERT_EQUAL(read[i].revoked_s, entries[i].revoked_s);
        CU_ASSERT_EQUAL(read[i].invalidity_s, entries[i].invalidity_s);
    }
    ASSERT_OK(public_key_parse(key_spki(&key), &issuer, &err), &err);
    ASSERT_OK(public_key_verify(issuer, parsed.algorithm, tbs, signature, &err), &err);
    free(read);
}

static void
refused(struct crl crl)
{
    AUTO_BUFFER out = {.max = TEST_ROOM};
    struct error err;

    ASSERT_REFUSED(crl_tbs_build(&crl, &out, &err), &err, ERROR_INTERNAL);
    CU_ASSERT_EQUAL(out.len, 0);
}

static void
build_refuses_lists_that_lie(void)
{
    struct crl_entry entries[3] = {entry(1, 1), entry(2, 1), entry(3, 1)};
    struct crl crl = good_crl(entries, 3), bad;

    entries[1].reason = 7;
    refused(crl);
    entries[1].reason = 8; /* only in deltas */
    refused(crl);
    entries[1].reason = 11;
    refused(crl);
    entries[1].reason = 1;
    entries[1].revoked_s = TEST_NOW + 1;
    refused(crl);
    entries[1].revoked_s = TEST_NOW;
    entries[2] = entries[0]; /* twice, and not in order */
    refused(crl);
    entries[2] = entries[1]; /* twice in a row */
    refused(crl);
    entries[2] = entry(3, 1);
    entries[0].serial_len = 0;
    refused(crl);
    entries[0].serial_len = 21;
    refused(crl);
    entries[0] = entry(1, 1);
    entries[0].serial[0] = 0x80;
    refused(crl);
    entries[0] = entry(1, 1);
    bad = crl;
    bad.next_update_s = bad.this_update_s; /* */
    refused(bad);
    bad = crl;
    bad.authority_key_id.len = 0; /* */
    refused(bad);
    bad = crl;
    bad.issuer = bytes_of(empty_name, 2);
    refused(bad);
    bad = crl;
    bad.algorithm = (enum signature_algorithm)0;
    refused(bad);
}

static void
build_takes_any_order(void)
{
    AUTO_KEY key = key_make("P-256");
    AUTO_BUFFER der = {.max = TEST_ROOM};
    struct crl_entry entries[3] = {entry(3, 1), entry(1, 1), entry(2, 0)};
    struct crl crl = good_crl(entries, 3);

    make_crl(&key, &crl, &der);
    X509_CRL_free(witness(&key, &der));
}

static void
parse_refuses_what_is_changed(void)
{
    AUTO_KEY key = key_make("P-256");
    AUTO_BUFFER der = {.max = TEST_ROOM};
    AUTO_BUFFER again = {.max = TEST_ROOM};
    struct crl_entry entries[2] = {entry(1, 1), entry(2, 4)};
    struct crl crl = good_crl(entries, 2), parsed;
    struct crl_entry *read = NULL;
    struct bytes tbs, signature;
    bool holds = true;
    struct error err;

    crl.distribution_url = bytes_of_text("http://a.example/crl/1.crl");
    make_crl(&key, &crl, &der);
    for (size_t len = 0; len < der.len; len++)
        ASSERT_REFUSED(crl_parse(bytes_of(der.data, len), &parsed, &read, &tbs, &signature, &err),
                       &err, ERROR_INTERNAL);
    CU_ASSERT_PTR_NULL(read);
    /* any octet of the TBS: refused, or what is read builds the same octets */
    CU_ASSERT_TRUE_FATAL(crl_parse(buffer_bytes(&der), &parsed, &read, &tbs, &signature, &err));
    free(read);
    for (size_t i = 0; i < (size_t)(tbs.data - der.data) + tbs.len; i++) {
        der.data[i] ^= 0x01;
        if (crl_parse(buffer_bytes(&der), &parsed, &read, &tbs, &signature, &err)) {
            buffer_clear(&again);
            if (crl_tbs_build(&parsed, &again, &err))
                holds = holds && bytes_equal(tbs, buffer_bytes(&again));
            free(read);
        }
        der.data[i] ^= 0x01;
    }
    CU_ASSERT_TRUE(holds);
}

/* A CRL of somebody else, with what ours never have. */
static void
parse_refuses_strangers(void)
{
    AUTO_KEY key = key_make("P-256");
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *now = ASN1_TIME_set(NULL, TEST_NOW);
    struct crl_entry *read = NULL;
    struct bytes tbs, signature;
    unsigned char *der = NULL;
    struct crl parsed;
    struct error err;
    int len;

    X509_CRL_set_version(crl, 1);
    X509_CRL_set1_lastUpdate(crl, now);
    CU_ASSERT_TRUE_FATAL(X509_CRL_sign(crl, key.pkey, EVP_sha256()) > 0);
    len = i2d_X509_CRL(crl, &der);
    ASSERT_REFUSED(crl_parse(bytes_of(der, (size_t)len), &parsed, &read, &tbs, &signature, &err),
                   &err, ERROR_INTERNAL);
    OPENSSL_free(der);
    ASN1_TIME_free(now);
    X509_CRL_free(crl);
}

static void
a_million_entries_fit(void)
{
    AUTO_KEY key = key_make("P-256");
    AUTO_BUFFER der = {.max = LIMIT_CRL_OCTETS};
    struct crl_entry *entries = calloc(MANY, sizeof(*entries)), *read = NULL;
    struct crl crl = good_crl(entries, MANY), parsed;
    struct bytes tbs, signature;
    struct error err;

    CU_ASSERT_PTR_NOT_NULL_FATAL(entries);
    for (unsigned i = 0; i < MANY; i++) {
        entries[i] = entry(i, REASON_KEY_COMPROMISE);
        entries[i].serial_len = SERIAL_OCTETS;
    }
    make_crl(&key, &crl, &der);
    if (ASSERT_OK(crl_parse(buffer_bytes(&der), &parsed, &read, &tbs, &signature, &err), &err))
        CU_ASSERT_EQUAL(parsed.entry_count, MANY);
    free(read);
    free(entries);
}

static void
reasons_have_their_rfc_names(void)
{
    CU_ASSERT_STRING_EQUAL(revocation_reason_name(1), "keyCompromise");
    CU_ASSERT_PTR_NULL(revocation_reason_name(7));
    CU_ASSERT_PTR_NULL(revocation_reason_name(8));
    CU_ASSERT_PTR_NULL(revocation_reason_name(11));
    CU_ASSERT_PTR_NULL(revocation_reason_name(-1));
    for (int i = 0; i <= 10; i++)
        if (i != 7 && i != 8)
            CU_ASSERT_EQUAL(revocation_reason_of_name(revocation_reason_name(i)), i);
    CU_ASSERT_EQUAL(revocation_reason_of_name("KeyCompromise"), -1);
    CU_ASSERT_EQUAL(revocation_reason_of_name(""), -1);
    CU_ASSERT_EQUAL(revocation_reason_of_name("removeFromCRL"), -1);
}

int
main(void)
{
    return RUN_SUITE("crl", TEST(empty_list_has_no_field), TEST(entries_are_what_openssl_reads),
                     TEST(parse_yields_what_was_built), TEST(build_refuses_lists_that_lie),
                     TEST(build_takes_any_order), TEST(parse_refuses_what_is_changed),
                     TEST(parse_refuses_strangers), TEST(a_million_entries_fit),
                     TEST(reasons_have_their_rfc_names));
}
