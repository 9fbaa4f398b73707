#include <string.h>

#include "fate.h"
#include "key.h"
#include "signet/public_key.h"

enum {
    KEY_VALUE_OCTETS = 520
}; /* a modulus of 4096 bits; anything longer is not what we look for */

static const struct key_curve {
    const char *name;
    struct bytes parameters[2]; /* the forms that CKA_EC_PARAMS comes in */
    size_t point_len;
    struct bytes spki_prefix; /* up to and with the "unused bits" octet */
} key_curves[] = {
    {"P-256",
     {{(const uint8_t *)"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10}, {NULL, 0}},
     65,
     {(const uint8_t *)"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48"
                       "\xce\x3d\x03\x01\x07\x03\x42\x00",
      26}},
    {"P-384",
     {{(const uint8_t *)"\x06\x05\x2b\x81\x04\x00\x22", 7}, {NULL, 0}},
     97,
     {(const uint8_t *)"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04"
                       "\x00\x22\x03\x62\x00",
      23}},
    {"Ed25519",
     {{(const uint8_t *)"\x06\x03\x2b\x65\x70", 5},
      {(const uint8_t *)"\x13\x0c"
                        "edwards25519",
       14}},
     32,
     {(const uint8_t *)"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12}},
};

/* Bare or wrapped in an OCTET STRING, told apart by the length alone: to decode bare octets as DER
 * can succeed by accident (T-11). */
static bool
key_point(const struct key_curve *curve, struct bytes value, struct bytes *ret_point,
          struct error *err)
{
    size_t header = value.len - curve->point_len;

    if (value.len != curve->point_len && value.len != curve->point_len + 2)
        return error_refuse(err, ERROR_TOKEN_KEY, "key.point",
                            "the token's %s point has %zu octets, wanted %zu bare or %zu wrapped",
                            curve->name, value.len, curve->point_len, curve->point_len + 2);
    if (header && (value.data[0] != 0x04 || value.data[1] != curve->point_len))
        return error_refuse(err, ERROR_TOKEN_KEY, "key.point",
                            "the token's %s point is not wrapped in an OCTET STRING", curve->name);
    *ret_point = bytes_of(value.data + header, curve->point_len);
    return true;
}

static const struct key_curve *
key_curve_of(struct bytes parameters)
{
    for (size_t i = 0; i < ARRAY_LEN(key_curves); i++)
        for (size_t form = 0; form < 2; form++)
            if (key_curves[i].parameters[form].len &&
                bytes_equal(key_curves[i].parameters[form], parameters))
                return &key_curves[i];
    return NULL;
}

static bool
key_put_spki(struct bytes prefix, struct bytes octets, uint8_t *ret_spki, size_t room,
             size_t *ret_len, struct error *err)
{
    if (prefix.len + octets.len > room)
        return error_set(err, ERROR_INTERNAL, "no room for the public key");
    if (prefix.len)
        memcpy(ret_spki, prefix.data, prefix.len);
    memcpy(ret_spki + prefix.len, octets.data, octets.len);
    *ret_len = prefix.len + octets.len;
    return true;
}

static bool
key_read_point(struct module *module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
               const struct key_curve *curve, uint8_t *ret_spki, size_t room, size_t *ret_len,
               struct error *err)
{
    uint8_t value[KEY_VALUE_OCTETS];
    struct bytes point = bytes_of(value, 0);
    size_t len = 0;
    CK_RV rv = key_attribute(module, session, object, CKA_EC_POINT, value, sizeof(value), &len);

    if (rv != CKR_OK)
        return token_error(err, rv, "read the point of the public key");
    return key_point(curve, bytes_of(value, len), &point, err) &&
           key_put_spki(curve->spki_prefix, point, ret_spki, room, ret_len, err);
}

static bool
key_put_integer(struct buffer *out, struct bytes number)
{
    while (number.len > 1 && number.data[0] == 0)
        number = bytes_of(number.data + 1, number.len - 1);
    size_t len = number.len + (number.data[0] >= 0x80);

    return buffer_put_u8(out, 0x02) &&
           (len < 0x80    ? buffer_put_u8(out, (uint8_t)len)
            : len < 0x100 ? buffer_put_u8(out, 0x81) && buffer_put_u8(out, (uint8_t)len)
                          : buffer_put_u8(out, 0x82) && buffer_put_u16(out, (uint16_t)len)) &&
           (len == number.len || buffer_put_u8(out, 0)) && buffer_put(out, number.data, number.len);
}

/* Both numbers as PKCS#1; the x509 library makes the SPKI of it. */
static bool
key_put_rsa(struct bytes modulus, struct bytes exponent, struct buffer *out)
{
    AUTO_BUFFER numbers;

    buffer_init(&numbers, 2 * LIMIT_SPKI_OCTETS);
    return key_put_integer(&numbers, modulus) && key_put_integer(&numbers, exponent) &&
           numbers.len >= 0x100 && buffer_put_u8(out, 0x30) && buffer_put_u8(out, 0x82) &&
           buffer_put_u16(out, (uint16_t)numbers.len) && buffer_put(out, numbers.data, numbers.len);
}

static bool
key_read_rsa(struct module *module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
             struct bytes modulus, uint8_t *ret_spki, size_t room, size_t *ret_len,
             struct error *err)
{
    uint8_t exponent[8];
    size_t len = 0;
    CK_RV rv = key_attribute(module, session, object, CKA_PUBLIC_EXPONENT, exponent,
                             sizeof(exponent), &len);
    AUTO_BUFFER pkcs1;
    AUTO_BUFFER spki;

    buffer_init(&pkcs1, 2 * LIMIT_SPKI_OCTETS);
    buffer_init(&spki, LIMIT_SPKI_OCTETS);
    if (rv != CKR_OK)
        return token_error(err, rv, "read the exponent of the public key");
    if (len == 0 || !key_put_rsa(modulus, bytes_of(exponent, len), &pkcs1))
        return error_refuse(err, ERROR_TOKEN_KEY, "key.size",
                            "the token's RSA key has a modulus of %zu octets", modulus.len);
    return public_key_canonical(buffer_bytes(&pkcs1), &spki, err) &&
           key_put_spki(bytes_of(NULL, 0), buffer_bytes(&spki), ret_spki, room, ret_len, err);
}

bool
key_read_spki(struct module *module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
              uint8_t *ret_spki, size_t room, size_t *ret_len, struct error *err)
{
    uint8_t value[KEY_VALUE_OCTETS];
    const struct key_curve *curve;
    size_t len = 0;
    CK_RV rv = key_attribute(module, session, object, CKA_MODULUS, value, sizeof(value), &len);

    if (rv == CKR_OK && len > 0)
        return key_read_rsa(module, session, object, bytes_of(value, len), ret_spki, room, ret_len,
                            err);
    rv = key_attribute(module, session, object, CKA_EC_PARAMS, value, sizeof(value), &len);
    curve = rv == CKR_OK ? key_curve_of(bytes_of(value, len)) : NULL;
    if (curve)
        return key_read_point(module, session, object, curve, ret_spki, room, ret_len, err);
    *ret_len = 0;
    return true;
}
