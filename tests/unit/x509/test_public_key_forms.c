#include "fixture.h"

#include <openssl/core_names.h>

/* What OpenSSL writes of the key when asked for another form of point or of parameters. */
static void
write_ec(const struct test_key *key, const char *point_form, const char *curve_form,
         struct buffer *out)
{
    uint8_t *der = NULL;
    int len;

    CU_ASSERT_EQUAL_FATAL(EVP_PKEY_set_utf8_string_param(
                              key->pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, point_form),
                          1);
    CU_ASSERT_EQUAL_FATAL(
        EVP_PKEY_set_utf8_string_param(key->pkey, OSSL_PKEY_PARAM_EC_ENCODING, curve_form), 1);
    len = i2d_PUBKEY(key->pkey, &der);
    CU_ASSERT_TRUE_FATAL(len > 0 && buffer_put(out, der, (size_t)len));
    OPENSSL_free(der);
}

static void
canonical_is(const struct test_key *key, struct bytes form)
{
    AUTO_BUFFER out = {.max = TEST_ROOM};
    AUTO_PUBLIC_KEY parsed = NULL;
    struct error err;

    if (!ASSERT_OK(public_key_canonical(form, &out, &err), &err))
        return;
    CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&out), key_spki(key)));
    ASSERT_OK(public_key_parse(buffer_bytes(&out), &parsed, &err), &err);
}

static void
every_form_of_a_point_is_one_key(void)
{
    static const char *const curves[] = {"P-256", "P-384"};
    static const char *const points[] = {"compressed", "hybrid", "uncompressed"};
    static const char *const encodings[] = {"named_curve", "explicit"};

    for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
        AUTO_KEY key = key_make(curves[i]);

        for (size_t j = 0; j < ARRAY_LEN(points); j++)
            for (size_t k = 0; k < ARRAY_LEN(encodings); k++) {
                AUTO_BUFFER form = {.max = TEST_ROOM};
                bool other = j != 2 || k != 0;

                write_ec(&key, points[j], encodings[k], &form);
                CU_ASSERT_EQUAL(bytes_equal(buffer_bytes(&form), key_spki(&key)), !other);
                canonical_is(&key, buffer_bytes(&form));
            }
    }
}

/* The RSAPublicKey inside an SPKI of OpenSSL's. */
static struct bytes
inner_key(struct bytes spki)
{
    struct bytes field[2];

    CU_ASSERT_EQUAL_FATAL(split(content_of(spki), field, 2), 2);
    field[1] = content_of(field[1]);
    return bytes_of(field[1].data + 1, field[1].len - 1);
}

/* AlgorithmIdentifier and key put together, whatever they are. */
static void
join(const char *algorithm, struct bytes key, struct buffer *out)
{
    AUTO_BUFFER bits = {.max = TEST_ROOM};
    AUTO_BUFFER whole = {.max = TEST_ROOM};
    uint8_t room[64];
    struct bytes head = octets(algorithm, room, sizeof(room));

    CU_ASSERT_TRUE_FATAL(buffer_put_u8(&bits, 0) && buffer_put(&bits, key.data, key.len) &&
                         buffer_put(&whole, head.data, head.len));
    tlv(&whole, 0x03, buffer_bytes(&bits));
    tlv(out, 0x30, buffer_bytes(&whole));
}

static void
every_form_of_rsa_is_one_key(void)
{
    AUTO_KEY key = key_make("RSA");
    struct bytes inner = inner_key(key_spki(&key)), numbers = content_of(inner), number[2];
    AUTO_BUFFER without_null = {.max = TEST_ROOM};
    AUTO_BUFFER padded_number = {.max = TEST_ROOM};
    AUTO_BUFFER padded_numbers = {.max = TEST_ROOM};
    AUTO_BUFFER padded = {.max = TEST_ROOM};

    canonical_is(&key, key_spki(&key));
    canonical_is(&key, inner); /* PKCS#1 */
    join("300b06092a864886f70d010101", inner, &without_null);
    canonical_is(&key, buffer_bytes(&without_null));
    /* A zero too many in front of the modulus */
    CU_ASSERT_EQUAL_FATAL(split(numbers, number, 2), 2);
    CU_ASSERT_TRUE_FATAL(
        buffer_put_u8(&padded_number, 0) &&
        buffer_put(&padded_number, content_of(number[0]).data, content_of(number[0]).len));
    tlv(&padded_numbers, 0x02, buffer_bytes(&padded_number));
    CU_ASSERT_TRUE_FATAL(buffer_put(&padded_numbers, number[1].data, number[1].len));
    tlv(&padded, 0x30, buffer_bytes(&padded_numbers));
    canonical_is(&key, buffer_bytes(&padded));
}

static void
ed25519_with_null_is_the_same_key(void)
{
    AUTO_KEY key = key_make("ED25519");
    AUTO_BUFFER with_null = {.max = TEST_ROOM};

    canonical_is(&key, key_spki(&key));
    join("300706032b65700500", inner_key(key_spki(&key)), &with_null);
    canonical_is(&key, buffer_bytes(&with_null));
}

/* A key that no certificate may have can still be put on the list of blocked ones. */
static void
weak_keys_have_a_form_too(void)
{
    AUTO_BUFFER out = {.max = TEST_ROOM};
    AUTO_PUBLIC_KEY key = NULL;
    uint8_t room[64];
    struct error err;

    ASSERT_OK(public_key_canonical(
                  octets("3010020900c0000000000000010203010001", room, sizeof(room)), &out, &err),
              &err);
    ASSERT_REFUSED(public_key_parse(buffer_bytes(&out), &key, &err), &err, ERROR_CSR_KEY);
}

static void
refuses_what_is_no_key(void)
{
    static const struct {
        const char *hex, *rule;
    } rows[] = {
        {"", "key.encoding"},
        {"3000", "key.encoding"},
        {"0500", "key.encoding"},
        {"30030201ff", "key.encoding"},           /* a negative modulus */
        {"30060201030201030500", "key.encoding"}, /* something behind the SEQUENCE */
        {"3003020103", "key.encoding"},           /* no exponent */
        {"3009020103020103020103", "key.encoding"},
        {"300e300906072a8648ce38040103010000", "key.encoding"},
        {"300f300906072a8648ce380401030200aa", "key.type"}, /* DSA */
        {"302a300506032b656e032100"
         "0000000000000000000000000000000000000000000000000000000000000000",
         "key.type"}, /* X25519 */
        {"300b300506032b657003020000", "key.point"},
        {"3019301306072a8648ce3d020106082a8648ce3d03010703020004", "key.point"},
        {"3056301006072a8648ce3d020106052b8104000a034200"
         "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
         "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
         "key.curve"}, /* secp256k1's generator */
    };
    uint8_t room[128];
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_BUFFER out = {.max = TEST_ROOM};

        if (ASSERT_REFUSED(
                public_key_canonical(octets(rows[i].hex, room, sizeof(room)), &out, &err), &err,
                ERROR_CSR_KEY))
            CU_ASSERT_STRING_EQUAL(err.rule, rows[i].rule);
        CU_ASSERT_EQUAL(out.len, 0);
    }
}

int
main(void)
{
    return RUN_SUITE("public_key_forms", TEST(every_form_of_a_point_is_one_key),
                     TEST(every_form_of_rsa_is_one_key), TEST(ed25519_with_null_is_the_same_key),
                     TEST(weak_keys_have_a_form_too), TEST(refuses_what_is_no_key));
}
