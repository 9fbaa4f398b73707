#include <openssl/core_names.h>
#include <openssl/x509.h>

#include "der_write.h"
#include "oid.h"
#include "openssl_error.h"
#include "signet/public_key.h"

#define OID_EC_KEY OID("\x2A\x86\x48\xCE\x3D\x02\x01")
#define OID_RSA_KEY OID("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01")
#define OID_ED25519_KEY OID("\x2B\x65\x70")

/* A key in one of its forms, taken apart; borrowed. */
struct form {
    struct bytes whole;
    struct reader parameters;
    struct bytes octets;
};

static bool
unreadable(struct error *err, const char *what)
{
    return error_refuse(err, ERROR_CSR_KEY, "key.encoding", "the public key %s", what);
}

static bool
written(struct der_writer *writer, struct error *err)
{
    return der_writer_end(writer) ||
           error_set(err, ERROR_MEMORY, "no room for the canonical public key");
}

/* --- RSA -----------------------------------------------------------------------------------------
 */

/* Positive and minimal, whatever zeros stood in front. */
static bool
take_positive(struct reader *numbers, struct bytes *ret_number)
{
    struct bytes number;

    if (!der_take(numbers, TAG_INTEGER, &number) || number.len == 0 || number.data[0] >= 0x80)
        return false;
    while (number.len > 1 && number.data[0] == 0 && number.data[1] < 0x80)
        number = bytes_of(number.data + 1, number.len - 1);
    *ret_number = number;
    return number.len > 1 || number.data[0] != 0;
}

static bool
rsa_put(struct bytes octets, struct buffer *out, struct error *err)
{
    struct reader reader = reader_of(octets), numbers;
    struct bytes modulus, exponent;
    struct der_writer writer;
    AUTO_BUFFER key = {.max = 2 * LIMIT_SPKI_OCTETS};

    if (!der_enter(&reader, TAG_SEQUENCE, &numbers) || !reader_at_end(&reader) ||
        !take_positive(&numbers, &modulus) || !take_positive(&numbers, &exponent) ||
        !reader_at_end(&numbers))
        return unreadable(err, "is not an RSAPublicKey");
    der_writer_init(&writer, &key);
    der_open(&writer, TAG_SEQUENCE);
    der_put(&writer, TAG_INTEGER, modulus);
    der_put(&writer, TAG_INTEGER, exponent);
    der_close(&writer);
    if (!written(&writer, err))
        return false;
    der_writer_init(&writer, out);
    der_open(&writer, TAG_SEQUENCE);
    der_open(&writer, TAG_SEQUENCE);
    der_put(&writer, TAG_OID, (struct bytes)OID_RSA_KEY);
    der_put(&writer, TAG_NULL, (struct bytes){0});
    der_close(&writer);
    der_put_bits(&writer, buffer_bytes(&key));
    der_close(&writer);
    return written(&writer, err);
}

static bool
rsa_form(const struct form *form, struct buffer *out, struct error *err)
{
    struct reader parameters = form->parameters;
    struct bytes null;

    if (!reader_at_end(&parameters) &&
        (!der_take(&parameters, TAG_NULL, &null) || null.len || !reader_at_end(&parameters)))
        return unreadable(err, "of RSA has parameters other than NULL");
    return rsa_put(form->octets, out, err);
}

/* --- elliptic curves -----------------------------------------------------------------------------
 */

static const struct curve {
    const char *name; /* OpenSSL's */
    struct bytes oid;
    int field_octets;
} curves[] = {
    {"prime256v1", OID("\x2A\x86\x48\xCE\x3D\x03\x01\x07"), 32},
    {"secp384r1", OID("\x2B\x81\x04\x00\x22"), 48},
};

enum { FIELD_OCTETS_MOST = 48 };

/* OpenSSL reads the point in each of its forms and knows a curve by its parameters. */
static const struct curve *
curve_of(const EVP_PKEY *pkey)
{
    char name[64];

    if (EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, name, sizeof(name),
                                       NULL) != 1)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(curves); i++)
        if (strcmp(curves[i].name, name) == 0)
            return &curves[i];
    return NULL;
}

static bool
coordinate(const EVP_PKEY *pkey, const char *name, int octets, uint8_t *out)
{
    BIGNUM *read = NULL;
    bool got = EVP_PKEY_get_bn_param(pkey, name, &read) == 1;
    AUTO_BIGNUM number = read;

    return got && BN_bn2binpad(number, out, octets) == octets;
}

static bool
ec_form(const struct form *form, struct buffer *out, struct error *err)
{
    const uint8_t *next = form->whole.data;
    AUTO_EVP_PKEY pkey = d2i_PUBKEY(NULL, &next, (long)form->whole.len);
    const struct curve *curve = pkey ? curve_of(pkey) : NULL;
    uint8_t point[1 + 2 * FIELD_OCTETS_MOST] = {0x04};
    struct der_writer writer;

    if (!pkey) {
        error_refuse(err, ERROR_CSR_KEY, "key.point",
                     "the public key is no point of a curve that is known");
        return error_openssl(err);
    }
    if (!curve)
        return error_refuse(err, ERROR_CSR_KEY, "key.curve",
                            "the curve is not accepted; wanted P-256 or P-384");
    if (!coordinate(pkey, OSSL_PKEY_PARAM_EC_PUB_X, curve->field_octets, point + 1) ||
        !coordinate(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, curve->field_octets,
                    point + 1 + curve->field_octets))
        return unreadable(err, "has no coordinates");
    der_writer_init(&writer, out);
    der_open(&writer, TAG_SEQUENCE);
    der_open(&writer, TAG_SEQUENCE);
    der_put(&writer, TAG_OID, (struct bytes)OID_EC_KEY);
    der_put(&writer, TAG_OID, curve->oid);
    der_close(&writer);
    der_put_bits(&writer, bytes_of(point, 1 + 2 * (size_t)curve->field_octets));
    der_close(&writer);
    return written(&writer, err);
}

/* --- Ed25519 -------------------------------------------------------------------------------------
 */

static bool
ed25519_form(const struct form *form, struct buffer *out, struct error *err)
{
    struct reader parameters = form->parameters;
    struct der_writer writer;
    struct bytes null;

    /* A NULL is what older tools wrote before RFC 8410 */
    if (!reader_at_end(&parameters) &&
        (!der_take(&parameters, TAG_NULL, &null) || null.len || !reader_at_end(&parameters)))
        return unreadable(err, "of Ed25519 has parameters");
    if (form->octets.len != 32)
        return error_refuse(err, ERROR_CSR_KEY, "key.point", "an Ed25519 key is 32 octets");
    der_writer_init(&writer, out);
    der_open(&writer, TAG_SEQUENCE);
    der_open(&writer, TAG_SEQUENCE);
    der_put(&writer, TAG_OID, (struct bytes)OID_ED25519_KEY);
    der_close(&writer);
    der_put_bits(&writer, form->octets);
    der_close(&writer);
    return written(&writer, err);
}

/* --- all of them ---------------------------------------------------------------------------------
 */

static bool
spki_form(struct form *form, struct reader *inside, struct buffer *out, struct error *err)
{
    static const struct {
        struct bytes oid;
        bool (*put)(const struct form *form, struct buffer *out, struct error *err);
    } rows[] = {
        {OID_EC_KEY, ec_form},
        {OID_RSA_KEY, rsa_form},
        {OID_ED25519_KEY, ed25519_form},
    };
    struct bytes algorithm;

    if (!der_enter(inside, TAG_SEQUENCE, &form->parameters) ||
        !der_take(&form->parameters, TAG_OID, &algorithm) ||
        !der_take_bits(inside, &form->octets) || !reader_at_end(inside))
        return unreadable(err, "is not a SubjectPublicKeyInfo");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (bytes_equal(rows[i].oid, algorithm))
            return rows[i].put(form, out, err);
    return error_refuse(err, ERROR_CSR_KEY, "key.type",
                        "keys of this algorithm are never in a certificate of ours; wanted EC, RSA "
                        "or Ed25519");
}

bool
public_key_canonical(struct bytes der, struct buffer *out, struct error *err)
{
    struct reader outer = reader_of(der), inside;
    struct form form = {.whole = der};

    if (der.len > 2 * LIMIT_SPKI_OCTETS)
        return error_refuse(err, ERROR_CSR_KEY, "key.size",
                            "the public key has %zu octets, at most %d", der.len,
                            2 * LIMIT_SPKI_OCTETS);
    if (!der_enter(&outer, TAG_SEQUENCE, &inside) || !reader_at_end(&outer))
        return unreadable(err, "is not DER");
    if (der_next_is(&inside, TAG_INTEGER))
        return rsa_put(der, out, err);
    return spki_form(&form, &inside, out, err);
}
