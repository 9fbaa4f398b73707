/* Subject keys of every type, those that are refused, and keys blocked in whichever form. */
#include "suite.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "flow_csr.h"
#include "flow_life.h"
#include "signet/encode.h"

static struct flow *flow;

static void
each_type_lives_its_life(void)
{
    life_run(flow_ca(flow), "p256", "P-256");
    life_run(flow_ca(flow), "p384", "P-384");
    life_run(flow_ca(flow), "rsa", "RSA");
    life_run(flow_ca(flow), "ed25519", "Ed25519");
}

static void
refused_key(EVP_PKEY *key, const char *names, const char *rule)
{
    char token[CA_TOKEN_TEXT];
    AUTO_BUFFER body = {.max = 0};

    flow_token(flow, "keys/refused", 0, token);
    csr_plain_body(key, "", &body);
    flow_refused(
        flow,
        &(struct call){"POST", "/v1/certificates", .token = token, .text = buffer_text(&body)},
        &(struct refusal){400, "csr-key", names, rule}, rule);
}

static void
taken_key(EVP_PKEY *key, const char *row)
{
    char token[CA_TOKEN_TEXT];
    AUTO_BUFFER body = {.max = 0};
    AUTO_ANSWER answer = {.status = 0};

    flow_token(flow, "keys/taken", 0, token);
    csr_plain_body(key, "", &body);
    answer = flow_call(flow, &(struct call){"POST", "/v1/certificates", .token = token,
                                            .text = buffer_text(&body)});
    flow_expect(&answer, 201, row);
}

static void
rsa_from_2048_to_4096_in_whole_octets(void)
{
    static const unsigned taken[] = {2048, 2056, 4096};

    for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
        AUTO_KEY key = key_make_rsa(taken[i]);
        char row[32];

        snprintf(row, sizeof(row), "RSA of %u bits", taken[i]);
        taken_key(key, row);
    }
    AUTO_KEY small = key_make_rsa(1024);
    AUTO_KEY odd = key_make_rsa(2050);
    AUTO_KEY large = key_make_rsa(4104);

    refused_key(small, "1024", "key.size");
    refused_key(odd, "multiple of 8", "key.odd_size");
    refused_key(large, "4104", "key.size");
}

/* --- RSA keys with a flaw, whole: they sign their request --- */

static EVP_PKEY *
rsa_of(const BIGNUM *p, const BIGNUM *q, unsigned long exponent)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BN_CTX *numbers = BN_CTX_new();
    BIGNUM *n = BN_new(), *e = BN_new(), *d = BN_new(), *phi = BN_new(), *other = BN_new();
    OSSL_PARAM *params;
    EVP_PKEY *key = NULL;

    BN_set_word(e, exponent);
    BN_mul(n, p, q, numbers);
    BN_sub(phi, p, BN_value_one());
    BN_sub(other, q, BN_value_one());
    BN_mul(phi, phi, other, numbers);
    if (!BN_mod_inverse(d, e, phi, numbers))
        flow_give_up("no private exponent for these primes");
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, d);
    params = OSSL_PARAM_BLD_to_param(build);
    if (EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
        flow_give_up("OpenSSL takes no such RSA key");
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(e);
    BN_free(d);
    BN_free(phi);
    BN_free(other);
    BN_CTX_free(numbers);
    return key;
}

/* A prime p with p - 1 and each of the exponents used here without a common factor. */
static BIGNUM *
prime_make(void)
{
    BIGNUM *prime = BN_new();

    do
        BN_generate_prime_ex(prime, 1024, 0, NULL, NULL, NULL);
    while (BN_mod_word(prime, 3) == 1 || BN_mod_word(prime, 65537) == 1);
    return prime;
}

static void
a_small_exponent(void)
{
    BIGNUM *p = prime_make(), *q = prime_make();
    AUTO_KEY key = rsa_of(p, q, 3);

    refused_key(key, "65536", "key.exponent");
    BN_free(p);
    BN_free(q);
}

static void
close_primes(void)
{
    BIGNUM *p = prime_make(), *q = BN_dup(p);
    BN_CTX *numbers = BN_CTX_new();

    do
        BN_add_word(q, 2);
    while (BN_check_prime(q, numbers, NULL) != 1 || BN_mod_word(q, 65537) == 1);
    AUTO_KEY key = rsa_of(p, q, 65537);

    refused_key(key, "close", "key.close_primes");
    BN_free(p);
    BN_free(q);
    BN_CTX_free(numbers);
}

/* p = k * M + (65537^a mod M), M the product of the first primes: the flawed generator's shape. */
static BIGNUM *
roca_prime(unsigned long a)
{
    BN_CTX *numbers = BN_CTX_new();
    BIGNUM *m = BN_new(), *base = BN_new(), *power = BN_new(), *exponent = BN_new(), *p = BN_new();
    BIGNUM *candidate = BN_new();

    BN_one(m);
    for (unsigned long prime = 2, found = 0; found < 39; prime++) {
        BN_set_word(candidate, prime);
        if (BN_check_prime(candidate, numbers, NULL) != 1)
            continue;
        BN_mul_word(m, prime);
        found++;
    }
    BN_set_word(base, 65537);
    BN_set_word(exponent, a);
    BN_mod_exp(power, base, exponent, m, numbers);
    do {
        BN_rand(p, 1024 - BN_num_bits(m) + 1, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY);
        BN_mul(p, p, m, numbers);
        BN_add(p, p, power);
    } while (BN_num_bits(p) != 1024 || BN_is_bit_set(p, 1022) == 0 ||
             BN_check_prime(p, numbers, NULL) != 1);
    BN_free(m);
    BN_free(base);
    BN_free(power);
    BN_free(exponent);
    BN_free(candidate);
    BN_CTX_free(numbers);
    return p;
}

static void
the_roca_shape(void)
{
    BIGNUM *p = roca_prime(11), *q = roca_prime(17);
    AUTO_KEY key = rsa_of(p, q, 65537);

    refused_key(key, "ROCA", "key.roca");
    BN_free(p);
    BN_free(q);
}

/* --- keys blocked in each of their forms --- */

/* Blocks by what `der` says in Base64, then the key is refused with every type of request. */
static void
blocked_by(EVP_PKEY *key, struct bytes der, const char *row)
{
    char token[CA_TOKEN_TEXT];
    AUTO_BUFFER text = {.max = 8192};
    AUTO_BUFFER body = {.max = 0};

    if (!base64_encode(der, &text))
        flow_give_up("no room for Base64");
    flow_revoke(flow, "spki", buffer_text(&text), "keyCompromise");
    flow_token(flow, "keys/blocked", 0, token);
    csr_plain_body(key, "", &body);
    flow_refused(
        flow,
        &(struct call){"POST", "/v1/certificates", .token = token, .text = buffer_text(&body)},
        &(struct refusal){403, "key-blocked", "key", NULL}, row);
}

static struct buffer
spki_of(EVP_PKEY *key)
{
    struct buffer out = {.max = 4096};
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(key, &der);

    if (len <= 0 || !buffer_put(&out, der, (size_t)len))
        flow_give_up("a public key cannot be encoded");
    OPENSSL_free(der);
    return out;
}

static void
ec_points_in_each_form(void)
{
    static const char *const curves[] = {"P-256", "P-384"};
    static const char *const forms[] = {"compressed", "hybrid", "uncompressed"};

    for (size_t i = 0; i < ARRAY_LEN(curves) * ARRAY_LEN(forms); i++) {
        const char *form = forms[i % ARRAY_LEN(forms)];
        AUTO_KEY key = key_make_ec(curves[i / ARRAY_LEN(forms)]);
        AUTO_KEY written = EVP_PKEY_dup(key);
        AUTO_BUFFER spki = {.max = 0};

        EVP_PKEY_set_utf8_string_param(written, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form);
        spki = spki_of(written);
        blocked_by(key, buffer_bytes(&spki), form);
    }
}

static void
rsa_in_each_form(void)
{
    AUTO_KEY pkcs1 = key_make_rsa(2048);
    AUTO_KEY without_null = key_make_rsa(2048);
    AUTO_BUFFER spki = spki_of(without_null);
    uint8_t bare[4096];
    AUTO_BUFFER whole = spki_of(pkcs1);

    /* 30 82 LL LL, 30 0D 06 09 OID(9) 05 00, then the BIT STRING; its key behind 03 82 LL LL 00 */
    blocked_by(pkcs1, bytes_of(whole.data + 4 + 15 + 5, whole.len - 24), "PKCS#1");
    memcpy(bare, spki.data, 4 + 13);
    bare[3] = (uint8_t)(bare[3] - 2);
    bare[5] = 0x0B;
    memcpy(bare + 4 + 13, spki.data + 4 + 15, spki.len - 19);
    blocked_by(without_null, bytes_of(bare, spki.len - 2), "missing NULL");
}

static void
ed25519_too(void)
{
    AUTO_KEY key = key_make_ed25519();
    AUTO_BUFFER spki = spki_of(key);

    blocked_by(key, buffer_bytes(&spki), "Ed25519");
}

/* The command line reads what tools leave behind. */
static void
the_command_line_blocks_by_file(void)
{
    static const char *const script =
        "set -e; openssl genrsa 2048 >weak.key 2>/dev/null; "
        "openssl rsa -in weak.key -RSAPublicKey_out -out weak.pub 2>/dev/null; "
        "signet revoke --spki-of weak.pub --reason keyCompromise --yes; "
        "signet token create keys/blocked >blocked.token; "
        "! signet enroll --token-file blocked.token --key weak.key --cert weak.pem >said 2>&1; "
        "grep -qi 'key' said; test ! -e weak.pem";
    AUTO_BUFFER out = {.max = 65536};

    CU_ASSERT_EQUAL(ca_run(flow_ca(flow), NULL, &out, "bash", "-c", script, NULL), 0);
}

static void
the_command_line_refuses_other_types(void)
{
    AUTO_BUFFER out = {.max = 65536};

    CU_ASSERT_EQUAL(ca_run(flow_ca(flow), "", &out, "signet", "enroll", "--token-stdin",
                           "--key-type", "P-521", NULL),
                    2);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "P-521"));
}

int
main(void)
{
    static const char *const init[] = {"--key-type", "P-256",      "--key-type",
                                       "P-384",      "--key-type", "RSA",
                                       "--key-type", "Ed25519",    NULL};
    int status;

    flow = flow_start(&(struct ca_options){.init = init});
    status = RUN_SUITE(
        "subject keys", TEST(each_type_lives_its_life), TEST(rsa_from_2048_to_4096_in_whole_octets),
        TEST(a_small_exponent), TEST(close_primes), TEST(the_roca_shape),
        TEST(ec_points_in_each_form), TEST(rsa_in_each_form), TEST(ed25519_too),
        TEST(the_command_line_blocks_by_file), TEST(the_command_line_refuses_other_types));
    flow_stop(flow);
    return status;
}
