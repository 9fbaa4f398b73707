#include "signet/public_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <pthread.h>
#include <stdlib.h>

#include "der_read.h"
#include "key_check.h"
#include "oid.h"
#include "openssl_error.h"
#include "signature_algorithm.h"

struct public_key {
    enum key_type type;
    unsigned bits;
    EVP_PKEY *pkey;
    struct bytes key_octets; /* inside spki */
    size_t spki_len;
    uint8_t spki[];
};

/* --- templates: a key that carries only the curve; copying it costs a tenth of a decoder's run ---
 */

enum { EC_P256, EC_P384, EC_TEMPLATES };

/* Made once, never changed: OpenSSL has no constant for them. */
static EVP_PKEY *ec_template[EC_TEMPLATES];

static EVP_PKEY *
ec_template_new(int curve)
{
    AUTO_EVP_PKEY_CTX ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;

    if (!ctx || EVP_PKEY_paramgen_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, curve) != 1 ||
        EVP_PKEY_paramgen(ctx, &pkey) != 1)
        return NULL;
    return pkey;
}

static void
ec_templates_make(void)
{
    ec_template[EC_P256] = ec_template_new(NID_X9_62_prime256v1);
    ec_template[EC_P384] = ec_template_new(NID_secp384r1);
}

static EVP_PKEY *
ec_key(int template, struct bytes point)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    AUTO_EVP_PKEY pkey = EVP_PKEY_new();

    pthread_once(&once, ec_templates_make);
    if (!pkey || !ec_template[template] ||
        EVP_PKEY_copy_parameters(pkey, ec_template[template]) != 1 ||
        EVP_PKEY_set1_encoded_public_key(pkey, point.data, point.len) != 1)
        return NULL;
    return steal(&pkey);
}

/* --- one function per algorithm ------------------------------------------------------------------
 */

/* What a key's parse is given and what it fills in. */
struct key_parts {
    struct reader parameters; /* behind the OID in the AlgorithmIdentifier */
    struct bytes octets;      /* subjectPublicKey */
    enum key_type type;
    unsigned bits;
    EVP_PKEY *pkey;
};

static bool
ec_parse(struct key_parts *parts, struct error *err)
{
    static const struct {
        struct bytes oid;
        enum key_type type;
        int template;
        unsigned bits;
        size_t point_octets;
    } curves[] = {
        {OID("\x2A\x86\x48\xCE\x3D\x03\x01\x07"), KEY_P256, EC_P256, 256, 65},
        {OID("\x2B\x81\x04\x00\x22"), KEY_P384, EC_P384, 384, 97},
    };
    struct bytes curve;
    size_t i = 0;

    if (!der_take(&parts->parameters, TAG_OID, &curve) || !reader_at_end(&parts->parameters))
        return error_refuse(err, ERROR_CSR_KEY, "key.curve",
                            "an elliptic curve must be named; found other parameters");
    while (i < ARRAY_LEN(curves) && !bytes_equal(curves[i].oid, curve))
        i++;
    if (i == ARRAY_LEN(curves)) {
        char text[64];
        der_oid_text(curve, text, sizeof(text));
        return error_refuse(err, ERROR_CSR_KEY, "key.curve",
                            "the curve %s is not accepted; wanted P-256 or P-384", text);
    }
    /* OpenSSL takes the point at infinity, compressed and hybrid forms as well */
    if (parts->octets.len != curves[i].point_octets || parts->octets.data[0] != 0x04)
        return error_refuse(err, ERROR_CSR_KEY, "key.point",
                            "wanted an uncompressed point of %zu octets, found %zu octets",
                            curves[i].point_octets, parts->octets.len);
    parts->pkey = ec_key(curves[i].template, parts->octets);
    if (!parts->pkey) {
        error_refuse(err, ERROR_CSR_KEY, "key.point", "the point is not on the curve %s",
                     public_key_name(curves[i].type));
        return error_openssl(err);
    }
    parts->type = curves[i].type;
    parts->bits = curves[i].bits;
    return true;
}

static EVP_PKEY *
rsa_key(struct bytes modulus, struct bytes exponent)
{
    AUTO_EVP_PKEY_CTX ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    AUTO_BIGNUM n = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
    AUTO_BIGNUM e = BN_bin2bn(exponent.data, (int)exponent.len, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;

    if (build && ctx && n && e && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
        params = OSSL_PARAM_BLD_to_param(build);
    if (params && EVP_PKEY_fromdata_init(ctx) == 1)
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

static struct bytes
without_leading_zero(struct bytes number)
{
    bool zero = number.len > 1 && number.data[0] == 0;

    return zero ? bytes_of(number.data + 1, number.len - 1) : number;
}

static unsigned
bit_length(struct bytes number)
{
    unsigned top = 0;

    for (uint8_t octet = number.data[0]; octet; octet >>= 1)
        top++;
    return (unsigned)(number.len - 1) * 8 + top;
}

static bool
rsa_numbers(struct bytes octets, struct bytes *ret_modulus, struct bytes *ret_exponent)
{
    struct reader reader = reader_of(octets), inside;
    struct bytes number[2];

    if (!der_enter(&reader, TAG_SEQUENCE, &inside) || !reader_at_end(&reader))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(number); i++) {
        if (!der_take(&inside, TAG_INTEGER, &number[i]) || !der_integer_minimal(number[i]) ||
            number[i].data[0] >= 0x80)
            return false;
        number[i] = without_leading_zero(number[i]);
    }
    *ret_modulus = number[0];
    *ret_exponent = number[1];
    return reader_at_end(&inside);
}

static bool
rsa_parse(struct key_parts *parts, struct error *err)
{
    struct bytes null, modulus, exponent;
    const struct key_fault *fault;

    if (!der_take(&parts->parameters, TAG_NULL, &null) || null.len ||
        !reader_at_end(&parts->parameters) || !rsa_numbers(parts->octets, &modulus, &exponent))
        return error_refuse(err, ERROR_CSR_KEY, "key.encoding",
                            "the RSA key is not in its DER form (RFC 3279)");
    parts->bits = bit_length(modulus);
    if (parts->bits < RSA_LEAST_BITS || parts->bits > RSA_MOST_BITS)
        return error_refuse(err, ERROR_CSR_KEY, "key.size",
                            "the RSA modulus has %u bits, wanted %d to %d", parts->bits,
                            RSA_LEAST_BITS, RSA_MOST_BITS);
    fault = rsa_exponent_fault(exponent);
    if (!fault)
        fault = rsa_modulus_fault(modulus);
    if (fault)
        return error_refuse(err, ERROR_CSR_KEY, fault->rule, "%s", fault->text);
    parts->type = KEY_RSA;
    parts->pkey = rsa_key(modulus, exponent);
    if (parts->pkey)
        return true;
    error_set(err, ERROR_CRYPTO, "an RSA key of %u bits could not be loaded", parts->bits);
    return error_openssl(err);
}

static bool
ed25519_parse(struct key_parts *parts, struct error *err)
{
    const struct key_fault *fault = ed25519_point_fault(parts->octets);

    if (!reader_at_end(&parts->parameters))
        return error_refuse(err, ERROR_CSR_KEY, "key.encoding",
                            "an Ed25519 key has no parameters (RFC 8410)");
    if (fault)
        return error_refuse(err, ERROR_CSR_KEY, fault->rule, "%s", fault->text);
    parts->type = KEY_ED25519;
    parts->bits = 256;
    parts->pkey =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, parts->octets.data, parts->octets.len);
    if (parts->pkey)
        return true;
    error_set(err, ERROR_CRYPTO, "an Ed25519 key could not be loaded");
    return error_openssl(err);
}

/* --- all of them ---------------------------------------------------------------------------------
 */

static bool
key_parse(struct bytes algorithm, struct key_parts *parts, struct error *err)
{
    static const struct {
        struct bytes oid;
        bool (*parse)(struct key_parts *parts, struct error *err);
    } rows[] = {
        {OID("\x2A\x86\x48\xCE\x3D\x02\x01"), ec_parse},
        {OID("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"), rsa_parse},
        {OID("\x2B\x65\x70"), ed25519_parse},
    };
    char text[64];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (bytes_equal(rows[i].oid, algorithm))
            return rows[i].parse(parts, err);
    der_oid_text(algorithm, text, sizeof(text));
    return error_refuse(err, ERROR_CSR_KEY, "key.type",
                        "keys of the algorithm %s are not accepted; wanted EC, RSA or Ed25519",
                        text);
}

bool
public_key_parse(struct bytes spki, struct public_key **ret_key, struct error *err)
{
    struct reader outer = reader_of(spki), inside;
    struct key_parts parts = {.pkey = NULL};
    struct public_key *key;
    struct bytes algorithm;

    if (spki.len > LIMIT_SPKI_OCTETS)
        return error_refuse(err, ERROR_CSR_KEY, "key.size",
                            "the public key has %zu octets, at most %d", spki.len,
                            LIMIT_SPKI_OCTETS);
    if (!der_enter(&outer, TAG_SEQUENCE, &inside) || !reader_at_end(&outer) ||
        !der_enter(&inside, TAG_SEQUENCE, &parts.parameters) ||
        !der_take(&parts.parameters, TAG_OID, &algorithm) ||
        !der_take_bits(&inside, &parts.octets) || !reader_at_end(&inside))
        return error_refuse(err, ERROR_CSR_KEY, "key.encoding",
                            "the public key is not a DER SubjectPublicKeyInfo");
    if (!key_parse(algorithm, &parts, err))
        return false;
    key = malloc(sizeof(*key) + spki.len);
    if (!key) {
        EVP_PKEY_free(parts.pkey);
        return error_set(err, ERROR_MEMORY, "no memory for a public key");
    }
    *key = (struct public_key){
        .type = parts.type, .bits = parts.bits, .pkey = parts.pkey, .spki_len = spki.len};
    memcpy(key->spki, spki.data, spki.len);
    key->key_octets = bytes_of(key->spki + (parts.octets.data - spki.data), parts.octets.len);
    *ret_key = key;
    return true;
}

void
public_key_free(struct public_key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

enum key_type
public_key_type(const struct public_key *key)
{
    return key->type;
}

unsigned
public_key_bits(const struct public_key *key)
{
    return key->bits;
}

static const struct {
    const char *name;
    enum signature_algorithm signature;
} type_rows[] = {
    [KEY_P256] = {"P-256", SIGNATURE_ECDSA_SHA256},
    [KEY_P384] = {"P-384", SIGNATURE_ECDSA_SHA384},
    [KEY_RSA] = {"RSA", SIGNATURE_RSA_SHA256},
    [KEY_ED25519] = {"Ed25519", SIGNATURE_ED25519},
};

const char *
public_key_name(enum key_type type)
{
    bool known = (unsigned)type < ARRAY_LEN(type_rows) && type_rows[type].name;

    return known ? type_rows[type].name : "unknown";
}

bool
key_type_of_name(const char *name, enum key_type *ret_type)
{
    for (unsigned i = KEY_P256; i < ARRAY_LEN(type_rows); i++)
        if (strcmp(type_rows[i].name, name) == 0) {
            *ret_type = (enum key_type)i;
            return true;
        }
    return false;
}

enum signature_algorithm
public_key_default_signature(enum key_type type)
{
    return (unsigned)type < ARRAY_LEN(type_rows) ? type_rows[type].signature
                                                 : (enum signature_algorithm)0;
}

struct bytes
public_key_spki(const struct public_key *key)
{
    return bytes_of(key->spki, key->spki_len);
}

struct bytes
public_key_bits_octets(const struct public_key *key)
{
    return key->key_octets;
}

void
public_key_spki_hash(const struct public_key *key, uint8_t ret_hash[LIMIT_DIGEST_OCTETS])
{
    digest_sha256(public_key_spki(key), ret_hash);
}

bool
public_key_verify(const struct public_key *key, enum signature_algorithm algorithm,
                  struct bytes message, struct bytes signature, struct error *err)
{
    AUTO_EVP_MD_CTX ctx = NULL;

    if (!signature_algorithm_fits(algorithm, key->type))
        return error_refuse(err, ERROR_SIGNATURE_WRONG, "signature.algorithm",
                            "a %s key does not make %s signatures", public_key_name(key->type),
                            signature_algorithm_name(algorithm));
    ctx = EVP_MD_CTX_new();
    if (ctx &&
        EVP_DigestVerifyInit(ctx, NULL, signature_algorithm_digest(algorithm), NULL, key->pkey) ==
            1 &&
        EVP_DigestVerify(ctx, signature.data, signature.len, message.data, message.len) == 1)
        return true;
    error_refuse(err, ERROR_SIGNATURE_WRONG, "signature.value",
                 "the signature does not verify with the %s key", public_key_name(key->type));
    return error_openssl(err);
}
