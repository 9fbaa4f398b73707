#include "fixture.h"

#include <pthread.h>

#include <openssl/sha.h>

static const char p256_head[] = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
static const char p384_head[] = "3076301006072a8648ce3d020106052b81040022036200";
static const char ed25519_head[] = "302a300506032b6570032100";
/* The generator of P-256: a good point by definition. */
#define GX "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define GY "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define GY_OFF "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f4"

static bool
parse_hex(const char *head, const char *tail, struct public_key **ret_key, struct error *err)
{
    char text[1400];
    uint8_t room[700];

    snprintf(text, sizeof(text), "%s%s", head, tail);
    return public_key_parse(octets(text, room, sizeof(room)), ret_key, err);
}

static void
refused(const char *head, const char *tail, const char *rule)
{
    AUTO_PUBLIC_KEY key = NULL;
    struct error err;

    if (ASSERT_REFUSED(parse_hex(head, tail, &key, &err), &err, ERROR_CSR_KEY))
        CU_ASSERT_STRING_EQUAL(err.rule, rule);
    CU_ASSERT_PTR_NULL(key);
}

static void
parses_what_openssl_makes(void)
{
    static const struct {
        const char *kind;
        enum key_type type;
        unsigned bits;
        const char *name;
    } rows[] = {{"P-256", KEY_P256, 256, "P-256"},
                {"P-384", KEY_P384, 384, "P-384"},
                {"RSA", KEY_RSA, 2048, "RSA"},
                {"ED25519", KEY_ED25519, 256, "Ed25519"}};
    uint8_t digest[32], wanted[32];
    enum key_type named;
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_KEY made = key_make(rows[i].kind);
        AUTO_PUBLIC_KEY key = NULL;
        if (!ASSERT_OK(public_key_parse(key_spki(&made), &key, &err), &err))
            continue;
        CU_ASSERT_EQUAL(public_key_type(key), rows[i].type);
        CU_ASSERT_EQUAL(public_key_bits(key), rows[i].bits);
        CU_ASSERT_STRING_EQUAL(public_key_name(rows[i].type), rows[i].name);
        CU_ASSERT_TRUE(key_type_of_name(rows[i].name, &named) && named == rows[i].type);
        CU_ASSERT_TRUE(bytes_equal(public_key_spki(key), key_spki(&made)));
        public_key_spki_hash(key, digest);
        SHA256(made.spki, made.spki_len, wanted);
        CU_ASSERT_EQUAL(memcmp(digest, wanted, 32), 0);
        CU_ASSERT_EQUAL(public_key_default_signature(rows[i].type), made.algorithm);
    }
    CU_ASSERT_FALSE(key_type_of_name("P-521", &named));
}

static void
verifies_and_refuses_signatures(void)
{
    static const char *const kinds[] = {"P-256", "P-384", "RSA", "ED25519"};
    struct bytes message = bytes_of_text("a message");
    uint8_t room[1024];
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        AUTO_KEY made = key_make(kinds[i]);
        AUTO_PUBLIC_KEY key = NULL;
        struct bytes signature = key_sign(&made, message, room);
        enum signature_algorithm other =
            made.algorithm == SIGNATURE_ED25519 ? SIGNATURE_RSA_SHA256 : SIGNATURE_ED25519;
        if (!ASSERT_OK(public_key_parse(key_spki(&made), &key, &err), &err))
            continue;
        ASSERT_OK(public_key_verify(key, made.algorithm, message, signature, &err), &err);
        ASSERT_REFUSED(
            public_key_verify(key, made.algorithm, bytes_of_text("b message"), signature, &err),
            &err, ERROR_SIGNATURE_WRONG);
        ASSERT_REFUSED(public_key_verify(key, other, message, signature, &err), &err,
                       ERROR_SIGNATURE_WRONG);
        ASSERT_REFUSED(public_key_verify(key, made.algorithm, message, bytes_of(room, 0), &err),
                       &err, ERROR_SIGNATURE_WRONG);
        room[signature.len - 1] ^= 1;
        ASSERT_REFUSED(public_key_verify(key, made.algorithm, message, signature, &err), &err,
                       ERROR_SIGNATURE_WRONG);
    }
}

static void
refuses_points_that_openssl_takes(void)
{
    refused("3019301306072a8648ce3d020106082a8648ce3d030107", "03020000", "key.point");
    refused("3039301306072a8648ce3d020106082a8648ce3d030107032200", "03" GX, "key.point");
    refused(p256_head, "07" GX GY, "key.point"); /* hybrid */
    refused(p256_head, "06" GX GY, "key.point");
    refused(p256_head, "02" GX GY, "key.point");
    refused(p256_head, "00" GX GY, "key.point");
    refused(p256_head, "04" GX GY_OFF, "key.point"); /* off the curve */
    refused(p256_head, "04" GY GX, "key.point");
    refused(p384_head, "04" GX GY GX, "key.point");
    /* coordinates not below the prime */
    refused(p256_head, "04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff" GY,
            "key.point");
    refused(p256_head,
            "04"
            "0000000000000000000000000000000000000000000000000000000000000000"
            "0000000000000000000000000000000000000000000000000000000000000000",
            "key.point");
}

static void
refuses_other_curves_and_types(void)
{
    /* secp256k1, P-521, explicit parameters, no parameters, NULL */
    refused("3056301006072a8648ce3d020106052b8104000a034200", "04" GX GY, "key.curve");
    refused("3056301006072a8648ce3d020106052b81040023034200", "04" GX GY, "key.curve");
    refused("3053300d06072a8648ce3d02013002"
            "0500"
            "034200",
            "04" GX GY, "key.curve");
    refused("304f300906072a8648ce3d0201034200", "04" GX GY, "key.curve");
    refused("3051300b06072a8648ce3d02010500034200", "04" GX GY, "key.curve");
    /* X25519, Ed448, DSA, RSASSA-PSS */
    refused("302a300506032b656e032100", GX, "key.type");
    refused("302a300506032b6571032100", GX, "key.type");
    refused("3010300906072a8648ce380401",
            "03030002"
            "00",
            "key.type");
    refused("3014300d06092a864886f70d01010a0500", "0303003000", "key.type");
}

static void
refuses_malformed_spki(void)
{
    refused("", "", "key.encoding");
    refused("3000", "", "key.encoding");
    refused(p256_head, "04" GX GY "00", "key.encoding"); /* trailing */
    refused("3059301306072a8648ce3d020106082a8648ce3d030107034201", "04" GX GY,
            "key.encoding"); /* unused bits */
    refused("308159301306072a8648ce3d020106082a8648ce3d030107034200", "04" GX GY,
            "key.encoding");                                     /* BER length */
    refused("302c300706032b65700500032100", GX, "key.encoding"); /* Ed25519 with NULL */
}

static void
refuses_weak_ed25519_points(void)
{
    static const char *const weak[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        /* not canonical: p, p + 1 and 2^255 - 1, with and without the sign */
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };

    for (size_t i = 0; i < ARRAY_LEN(weak); i++)
        refused(ed25519_head, weak[i], "key.point");
    refused("302b300506032b6570032200", GX "00", "key.point");
}

/* --- RSA
 * ------------------------------------------------------------------------------------------ */

/* SPKI of a modulus and exponent, whatever they are. */
static void
rsa_refused(const BIGNUM *modulus, unsigned long exponent, const char *rule)
{
    uint8_t n[700] = {0}, e[9] = {0};
    AUTO_BUFFER numbers = {.max = TEST_ROOM};
    AUTO_BUFFER bits = {.max = TEST_ROOM};
    AUTO_BUFFER whole = {.max = TEST_ROOM};
    AUTO_BUFFER spki = {.max = TEST_ROOM};
    AUTO_PUBLIC_KEY key = NULL;
    struct error err;
    int n_len = BN_bn2bin(modulus, n + 1), e_len = 0;
    uint8_t algorithm[15];

    for (unsigned long rest = exponent; rest; rest >>= 8)
        e_len++;
    for (int i = 0; i < e_len; i++)
        e[1 + i] = (uint8_t)(exponent >> (8 * (e_len - 1 - i)));
    tlv(&numbers, 0x02, bytes_of(n + !(n[1] & 0x80), (size_t)n_len + !!(n[1] & 0x80)));
    tlv(&numbers, 0x02, bytes_of(e + !(e[1] & 0x80), (size_t)e_len + !!(e[1] & 0x80)));
    CU_ASSERT_TRUE_FATAL(buffer_put_u8(&bits, 0));
    tlv(&bits, 0x30, buffer_bytes(&numbers));
    octets("300d06092a864886f70d0101010500", algorithm, sizeof(algorithm));
    CU_ASSERT_TRUE_FATAL(buffer_put(&whole, algorithm, sizeof(algorithm)));
    tlv(&whole, 0x03, buffer_bytes(&bits));
    tlv(&spki, 0x30, buffer_bytes(&whole));
    if (ASSERT_REFUSED(public_key_parse(buffer_bytes(&spki), &key, &err), &err, ERROR_CSR_KEY))
        CU_ASSERT_STRING_EQUAL(err.rule, rule);
}

static BIGNUM *
modulus_of(const struct test_key *key)
{
    BIGNUM *modulus = NULL;

    CU_ASSERT_EQUAL_FATAL(EVP_PKEY_get_bn_param(key->pkey, "n", &modulus), 1);
    return modulus;
}

static void
refuses_weak_rsa_keys(void)
{
    AUTO_KEY made = key_make("RSA");
    BIGNUM *n = modulus_of(&made);

    rsa_refused(n, 1, "key.exponent");
    rsa_refused(n, 3, "key.exponent");
    rsa_refused(n, 65535, "key.exponent");
    rsa_refused(n, 65538, "key.exponent");
    rsa_refused(n, 0x100000001ul, "key.exponent");
    BN_add_word(n, 1);
    rsa_refused(n, 65537, "key.even");
    BN_rshift(n, n, 1);
    rsa_refused(n, 65537, "key.size");
    BN_set_word(n, 0);
    BN_set_bit(n, 2047);
    BN_add_word(n, 1);
    while (BN_mod_word(n, 3) != 0)
        BN_add_word(n, 2);
    rsa_refused(n, 65537, "key.small_factor");
    BN_set_bit(n, 2050);
    rsa_refused(n, 65537, "key.odd_size");
    BN_set_bit(n, 4096);
    rsa_refused(n, 65537, "key.size");
    BN_free(n);
}

/* p, and the next prime after p: Fermat finds them at once. */
static void
refuses_close_primes(void)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *p = BN_new(), *q = BN_new(), *n = BN_new();

    BN_generate_prime_ex(p, 1024, 0, NULL, NULL, NULL);
    BN_copy(q, p);
    do
        BN_add_word(q, 2);
    while (BN_check_prime(q, ctx, NULL) != 1);
    BN_mul(n, p, q, ctx);
    if (BN_num_bits(n) >= 2048)
        rsa_refused(n, 65537, "key.close_primes");
    else
        rsa_refused(n, 65537, "key.size");
    BN_free(p);
    BN_free(q);
    BN_free(n);
    BN_CTX_free(ctx);
}

/* ROCA keys are k * M + (65537^a mod M): their product is a power of 65537 modulo each prime. */
static void
refuses_the_roca_fingerprint(void)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *m = BN_new(), *n = BN_new(), *power = BN_new(), *base = BN_new(), *exponent = BN_new();
    static const unsigned primes[] = {
        2,  3,  5,  7,  11, 13,  17,  19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,  67, 71,
        73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};

    BN_one(m);
    for (size_t i = 0; i < ARRAY_LEN(primes); i++)
        BN_mul_word(m, primes[i]);
    BN_set_word(base, 65537);
    BN_set_word(exponent, 123457);
    BN_mod_exp(power, base, exponent, m, ctx);
    do {
        BN_rand(n, 2048 - BN_num_bits(m) + 1, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY);
        BN_mul(n, n, m, ctx);
        BN_add(n, n, power);
    } while (BN_num_bits(n) != 2048);
    rsa_refused(n, 65537, "key.roca");
    BN_free(m);
    BN_free(n);
    BN_free(power);
    BN_free(base);
    BN_free(exponent);
    BN_CTX_free(ctx);
}

enum { THREADS = 4, THREAD_ROUNDS = 300 };

struct thread_case {
    struct bytes spki, message, signature;
    unsigned verified;
};

static void *
parse_and_verify(void *argument)
{
    struct thread_case *state = argument;
    struct error err;

    for (int i = 0; i < THREAD_ROUNDS; i++) {
        AUTO_PUBLIC_KEY key = NULL;
        state->verified +=
            public_key_parse(state->spki, &key, &err) &&
            public_key_verify(key, SIGNATURE_ECDSA_SHA256, state->message, state->signature, &err);
    }
    return NULL;
}

/* All threads copy the curve from one template. */
static void
many_threads_share_the_template(void)
{
    AUTO_KEY made = key_make("P-256");
    struct thread_case cases[THREADS];
    pthread_t threads[THREADS];
    uint8_t room[1024];
    struct bytes message = bytes_of_text("a message");
    struct bytes signature = key_sign(&made, message, room);

    for (size_t i = 0; i < THREADS; i++) {
        cases[i] = (struct thread_case){
            .spki = key_spki(&made), .message = message, .signature = signature};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, parse_and_verify, &cases[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(cases[i].verified, THREAD_ROUNDS);
    }
}

static void
names_algorithms(void)
{
    enum signature_algorithm algorithm;

    for (unsigned i = SIGNATURE_ECDSA_SHA256; i <= SIGNATURE_ED25519; i++) {
        const char *name = signature_algorithm_name((enum signature_algorithm)i);
        CU_ASSERT_TRUE(signature_algorithm_of_name(name, &algorithm) && (unsigned)algorithm == i);
    }
    CU_ASSERT_FALSE(signature_algorithm_of_name("rsa-sha1", &algorithm));
    CU_ASSERT_STRING_EQUAL(signature_algorithm_name((enum signature_algorithm)0), "unknown");
    CU_ASSERT_TRUE(signature_algorithm_fits(SIGNATURE_ECDSA_SHA256, KEY_P384));
    CU_ASSERT_FALSE(signature_algorithm_fits(SIGNATURE_ECDSA_SHA256, KEY_RSA));
    CU_ASSERT_FALSE(signature_algorithm_fits((enum signature_algorithm)9, KEY_RSA));
}

static void
digests_are_the_published_ones(void)
{
    uint8_t digest[64], wanted[64];
    size_t len = 0;

    digest_sha256(bytes_of_text("abc"), digest);
    octets("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", wanted, 32);
    CU_ASSERT_EQUAL(memcmp(digest, wanted, 32), 0);
    digest_sha1(bytes_of_text("abc"), digest);
    octets("a9993e364706816aba3e25717850c26c9cd0d89d", wanted, 20);
    CU_ASSERT_EQUAL(memcmp(digest, wanted, 20), 0);
    CU_ASSERT_TRUE(digest_for_signature(SIGNATURE_RSA_SHA384, bytes_of_text("abc"), digest, &len));
    CU_ASSERT_EQUAL(len, 48);
    CU_ASSERT_TRUE(
        digest_for_signature(SIGNATURE_ECDSA_SHA256, bytes_of_text("abc"), digest, &len));
    CU_ASSERT_EQUAL(len, 32);
    CU_ASSERT_FALSE(digest_for_signature(SIGNATURE_ED25519, bytes_of_text("abc"), digest, &len));
}

int
main(void)
{
    return RUN_SUITE("public_key", TEST(parses_what_openssl_makes),
                     TEST(verifies_and_refuses_signatures), TEST(refuses_points_that_openssl_takes),
                     TEST(refuses_other_curves_and_types), TEST(refuses_malformed_spki),
                     TEST(refuses_weak_ed25519_points), TEST(refuses_weak_rsa_keys),
                     TEST(refuses_close_primes), TEST(refuses_the_roca_fingerprint),
                     TEST(many_threads_share_the_template), TEST(names_algorithms),
                     TEST(digests_are_the_published_ones));
}
