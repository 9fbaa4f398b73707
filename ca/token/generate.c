#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fate.h"
#include "generate.h"
#include "key.h"
#include "signet/public_key.h"

void
generator_done(struct generator *generator)
{
    if (generator->session && module_usable(&generator->module, NULL)) {
        generator->module.functions->C_Logout(generator->session);
        generator->module.functions->C_CloseSession(generator->session);
    }
    module_done(&generator->module);
}

bool
generator_init(struct generator *generator, const struct keyring_options *options, struct bytes pin,
               struct error *err)
{
    AUTO_URI uri = NULL;

    return uri_parse(options->uri, URI_NAMES_TOKEN, &uri, err) &&
           module_init(&generator->module, options->module, options->init_string, err) &&
           module_find_token(&generator->module, uri, &generator->slot, &generator->info, err) &&
           session_open(&generator->module, generator->slot, SESSION_READ_WRITE,
                        &generator->session, err) &&
           session_login(&generator->module, generator->session, &generator->info, pin, err);
}

static bool
generate_label_is_free(struct generator *generator, char *label, struct error *err)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE filter[] = {
        {CKA_CLASS, &class, sizeof(class)},
        {CKA_LABEL, label, strlen(label)},
    };
    CK_OBJECT_HANDLE object;
    unsigned found = 0;

    if (!key_search(&generator->module, generator->session, filter, ARRAY_LEN(filter), &object,
                    &found, err))
        return false;
    if (found)
        return error_set(err, ERROR_STATE_EXISTS, "the token has a private key \"%s\" already",
                         label);
    return true;
}

static const struct generate_row generate_rows[] = {
    {KEY_P256,
     CKM_EC_KEY_PAIR_GEN,
     CKM_ECDSA,
     {{(const uint8_t *)"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10}, {NULL, 0}},
     0},
    {KEY_P384,
     CKM_EC_KEY_PAIR_GEN,
     CKM_ECDSA,
     {{(const uint8_t *)"\x06\x05\x2b\x81\x04\x00\x22", 7}, {NULL, 0}},
     0},
    {KEY_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS, {{NULL, 0}, {NULL, 0}}, 3072},
    {KEY_ED25519,
     CKM_EC_EDWARDS_KEY_PAIR_GEN,
     CKM_EDDSA,
     /* The name of PKCS#11 3.0, then the OID of RFC 8410 */
     {{(const uint8_t *)"\x13\x0c"
                        "edwards25519",
       14},
      {(const uint8_t *)"\x06\x03\x2b\x65\x70", 5}},
     0},
};

const struct generate_row *
generate_row_of(enum key_type type)
{
    for (size_t i = 0; i < ARRAY_LEN(generate_rows); i++)
        if (generate_rows[i].type == type)
            return &generate_rows[i];
    return NULL;
}

/* What one attempt is given. */
struct attempt {
    const struct generate_wish *wish;
    struct bytes curve;
    bool with_mechanisms;
};

/* Sign only, never out of the token (T-18). Tokens that know CKA_ALLOWED_MECHANISMS get it too. */
static CK_RV
generate_attempt(struct generator *generator, const struct attempt *attempt,
                 CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private)
{
    const struct generate_wish *wish = attempt->wish;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE, token = wish->passing ? CK_FALSE : CK_TRUE;
    CK_BYTE exponent[] = {0x01, 0x00, 0x01};
    CK_ULONG bits = wish->row->modulus_bits;
    CK_MECHANISM_TYPE allowed[] = {wish->row->allowed};
    CK_MECHANISM mechanism = {wish->row->mechanism, NULL, 0};
    CK_ATTRIBUTE public_template[7] = {
        {CKA_TOKEN, &token, sizeof(token)},
        {CKA_PRIVATE, &no, sizeof(no)},
        {CKA_VERIFY, &yes, sizeof(yes)},
        {CKA_ID, wish->id, GENERATE_ID_OCTETS},
        {CKA_LABEL, wish->label, strlen(wish->label)},
    };
    CK_ATTRIBUTE private_template[] = {
        {CKA_TOKEN, &token, sizeof(token)},
        {CKA_PRIVATE, &yes, sizeof(yes)},
        {CKA_SENSITIVE, &yes, sizeof(yes)},
        {CKA_EXTRACTABLE, &no, sizeof(no)},
        {CKA_SIGN, &yes, sizeof(yes)},
        {CKA_DECRYPT, &no, sizeof(no)},
        {CKA_UNWRAP, &no, sizeof(no)},
        {CKA_DERIVE, &no, sizeof(no)},
        {CKA_SIGN_RECOVER, &no, sizeof(no)},
        {CKA_ID, wish->id, GENERATE_ID_OCTETS},
        {CKA_LABEL, wish->label, strlen(wish->label)},
        {CKA_ALLOWED_MECHANISMS, allowed, sizeof(allowed)},
    };
    CK_ULONG public_count = 5;
    CK_ULONG private_count = ARRAY_LEN(private_template) - (attempt->with_mechanisms ? 0 : 1);

    if (attempt->curve.len) {
        /* PKCS#11 takes its input without const and does not write to it. */
        public_template[public_count++] = (CK_ATTRIBUTE){
            CKA_EC_PARAMS, (CK_BYTE *)(uintptr_t)attempt->curve.data, attempt->curve.len};
    } else {
        public_template[public_count++] = (CK_ATTRIBUTE){CKA_MODULUS_BITS, &bits, sizeof(bits)};
        public_template[public_count++] =
            (CK_ATTRIBUTE){CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent)};
    }
    return generator->module.functions->C_GenerateKeyPair(
        generator->session, &mechanism, public_template, public_count, private_template,
        private_count, ret_public, ret_private);
}

/* CKR_GENERAL_ERROR is how NSS says that it does not know an attribute. */
static bool
generate_may_try_again(CK_RV rv)
{
    return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_VALUE_INVALID ||
           rv == CKR_TEMPLATE_INCONSISTENT || rv == CKR_GENERAL_ERROR;
}

CK_RV
generate_pair(struct generator *generator, const struct generate_wish *wish,
              CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private)
{
    struct attempt attempt = {.wish = wish};
    CK_RV rv = CKR_ATTRIBUTE_VALUE_INVALID;

    for (size_t form = 0; form < ARRAY_LEN(wish->row->curve); form++) {
        attempt.curve = wish->row->curve[form];
        if (form > 0 && attempt.curve.len == 0)
            break;
        for (int bare = 0; bare < 2; bare++) {
            attempt.with_mechanisms = !bare;
            rv = generate_attempt(generator, &attempt, ret_public, ret_private);
            if (!generate_may_try_again(rv))
                return rv;
        }
    }
    return rv;
}

bool
generate_can(struct generator *generator, const struct generate_row *row, struct error *err)
{
    CK_MECHANISM_INFO info = {0};
    CK_RV rv =
        generator->module.functions->C_GetMechanismInfo(generator->slot, row->mechanism, &info);

    if (rv == CKR_OK && (info.flags & CKF_GENERATE_KEY_PAIR))
        return true;
    return error_refuse(err, ERROR_TOKEN_KEY, "key.mechanism",
                        "the token %.32s cannot make %s keys", generator->info.label,
                        public_key_name(row->type));
}

static bool
generate_uri(const struct generator *generator, const uint8_t *id, char *label,
             char ret_uri[KEYRING_URI_OCTETS], struct error *err)
{
    AUTO_URI uri = p11_kit_uri_new();
    uint8_t id_copy[GENERATE_ID_OCTETS];
    CK_ATTRIBUTE attributes[] = {
        {CKA_ID, id_copy, sizeof(id_copy)},
        {CKA_LABEL, label, strlen(label)},
    };
    char *text = NULL;
    CK_TOKEN_INFO *info;
    int written = -1;

    if (!uri)
        return error_set(err, ERROR_MEMORY, "pkcs11 URI: no memory");
    memcpy(id_copy, id, sizeof(id_copy));
    info = p11_kit_uri_get_token_info(uri);
    memcpy(info->label, generator->info.label, sizeof(info->label));
    memcpy(info->serialNumber, generator->info.serialNumber, sizeof(info->serialNumber));
    if (p11_kit_uri_set_attribute(uri, &attributes[0]) != P11_KIT_URI_OK ||
        p11_kit_uri_set_attribute(uri, &attributes[1]) != P11_KIT_URI_OK ||
        p11_kit_uri_format(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, &text) != P11_KIT_URI_OK)
        return error_set(err, ERROR_MEMORY, "pkcs11 URI: it cannot be written");
    written = snprintf(ret_uri, KEYRING_URI_OCTETS, "%s", text);
    free(text);
    if (written < 0 || written >= KEYRING_URI_OCTETS)
        return error_set(err, ERROR_CONFIG, "pkcs11 URI: longer than %d octets",
                         KEYRING_URI_OCTETS);
    return true;
}

static bool
generate_run(struct generator *generator, const struct generate_row *row, char *label,
             struct buffer *ret_spki, char ret_uri[KEYRING_URI_OCTETS], struct error *err)
{
    uint8_t id[GENERATE_ID_OCTETS], spki[LIMIT_SPKI_OCTETS];
    struct generate_wish wish = {.row = row, .label = label, .id = id};
    CK_OBJECT_HANDLE public = 0, private = 0;
    size_t spki_len = 0;
    CK_RV rv;

    if (!generate_can(generator, row, err) || !generate_label_is_free(generator, label, err) ||
        !random_bytes(id, sizeof(id), err))
        return false;
    rv = generate_pair(generator, &wish, &public, &private);
    if (rv != CKR_OK)
        return token_error(err, rv, "make the key pair \"%s\"", label);
    if (!key_read_spki(&generator->module, generator->session, public, spki, sizeof(spki),
                       &spki_len, err))
        return false;
    if (spki_len == 0)
        return error_set(err, ERROR_TOKEN_KEY, "the token does not show the public key it made");
    if (!buffer_put(ret_spki, spki, spki_len))
        return error_set(err, ERROR_MEMORY, "no room for the public key");
    return generate_uri(generator, id, label, ret_uri, err);
}

bool
keyring_generate(const struct keyring_options *options, struct bytes pin, enum key_type type,
                 const char *label, struct buffer *ret_spki, char ret_uri[KEYRING_URI_OCTETS],
                 struct error *err)
{
    const struct generate_row *row = generate_row_of(type);
    struct generator generator = {0};
    char copy[33]; /* CKA_LABEL is any text; longer than a token's own label serves nobody */
    int written = snprintf(copy, sizeof(copy), "%s", label);
    bool ok;

    if (written < 1 || (size_t)written >= sizeof(copy))
        return error_set(err, ERROR_CONFIG, "the key's label has %d octets, wanted 1 to %zu",
                         written, sizeof(copy) - 1);
    if (!row)
        return error_set(err, ERROR_INTERNAL, "%d is no type of key", (int)type);
    ok = generator_init(&generator, options, pin, err) &&
         generate_run(&generator, row, copy, ret_spki, ret_uri, err);
    generator_done(&generator);
    return ok;
}
