#include "key.h"

#include <stdio.h>
#include <string.h>

#include "fate.h"

bool
key_search(struct module *module, CK_SESSION_HANDLE session, CK_ATTRIBUTE *filter,
           CK_ULONG filter_count, CK_OBJECT_HANDLE *ret_first, unsigned *ret_found,
           struct error *err)
{
    CK_OBJECT_HANDLE found[8];
    CK_ULONG count = 0;
    CK_RV rv = module->functions->C_FindObjectsInit(session, filter, filter_count);

    if (rv != CKR_OK)
        return token_error(err, rv, "search objects in the token");
    rv = module->functions->C_FindObjects(session, found, ARRAY_LEN(found), &count);
    /* Also after a failure, or the search stays open (T-14). */
    module->functions->C_FindObjectsFinal(session);
    if (rv != CKR_OK)
        return token_error(err, rv, "search objects in the token");
    if (count)
        *ret_first = found[0];
    *ret_found = (unsigned)count;
    return true;
}

CK_RV
key_attribute(struct module *module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
              CK_ATTRIBUTE_TYPE type, uint8_t *value, size_t room, size_t *ret_len)
{
    CK_ATTRIBUTE attribute = {.type = type, .pValue = NULL, .ulValueLen = 0};
    CK_RV rv = module->functions->C_GetAttributeValue(session, object, &attribute, 1);

    if (rv != CKR_OK)
        return rv;
    if (attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION)
        return CKR_ATTRIBUTE_TYPE_INVALID;
    if (attribute.ulValueLen > room)
        return CKR_BUFFER_TOO_SMALL;
    attribute.pValue = value;
    rv = module->functions->C_GetAttributeValue(session, object, &attribute, 1);
    if (rv != CKR_OK)
        return rv;
    if (attribute.ulValueLen > room)
        return CKR_BUFFER_TOO_SMALL;
    *ret_len = attribute.ulValueLen;
    return CKR_OK;
}

static const struct key_type_row {
    CK_KEY_TYPE type;
    CK_MECHANISM_TYPE mechanism;
    enum keyring_mechanism kind;
    const char *name;
} key_types[] = {
    {CKK_EC, CKM_ECDSA, KEYRING_ECDSA, "CKM_ECDSA"},
    {CKK_RSA, CKM_RSA_PKCS, KEYRING_RSA_PKCS1, "CKM_RSA_PKCS"},
    {CKK_EC_EDWARDS, CKM_EDDSA, KEYRING_EDDSA, "CKM_EDDSA"},
};

static bool
key_read_type(struct module *module, CK_SLOT_ID slot, CK_SESSION_HANDLE session, struct key *key,
              struct error *err)
{
    CK_KEY_TYPE type = 0;
    CK_MECHANISM_INFO info;
    uint8_t value[sizeof(type)];
    size_t len = 0;
    CK_RV rv =
        key_attribute(module, session, key->handle, CKA_KEY_TYPE, value, sizeof(value), &len);

    if (rv != CKR_OK || len != sizeof(type))
        return token_error(err, rv, "read the type of the private key");
    memcpy(&type, value, sizeof(type));
    for (size_t i = 0; i < ARRAY_LEN(key_types); i++) {
        if (key_types[i].type != type)
            continue;
        key->mechanism = key_types[i].mechanism;
        key->kind = key_types[i].kind;
        memset(&info, 0, sizeof(info));
        rv = module->functions->C_GetMechanismInfo(slot, key->mechanism, &info);
        if (rv == CKR_OK && (info.flags & CKF_SIGN))
            return true;
        return error_refuse(err, ERROR_TOKEN_KEY, "key.mechanism", "the token cannot sign with %s",
                            key_types[i].name);
    }
    return error_refuse(err, ERROR_TOKEN_KEY, "key.type",
                        "the private key has type 0x%lx, wanted EC, RSA or Edwards",
                        (unsigned long)type);
}

/* No public key object, or several with one id, is no fault: the certificate has the key (T-13). */
static bool
key_read_public(struct module *module, CK_SESSION_HANDLE session, struct key *key,
                struct error *err)
{
    CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    CK_ATTRIBUTE filter[] = {
        {CKA_CLASS, &class, sizeof(class)},
        {CKA_ID, key->id, key->id_len},
    };
    CK_OBJECT_HANDLE object = 0;
    unsigned found = 0;

    if (!key_search(module, session, filter, ARRAY_LEN(filter), &object, &found, err))
        return false;
    if (found != 1)
        return true;
    return key_read_spki(module, session, object, key->spki, sizeof(key->spki), &key->spki_len,
                         err);
}

/* --- private key --- */

static bool
key_find_private(struct module *module, CK_SESSION_HANDLE session, const CK_ATTRIBUTE *id,
                 const CK_ATTRIBUTE *label, CK_OBJECT_HANDLE *ret_handle, struct error *err)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE filter[3] = {{CKA_CLASS, &class, sizeof(class)}};
    CK_ULONG count = 1;
    unsigned found = 0;

    if (id)
        filter[count++] = *id;
    if (label)
        filter[count++] = *label;
    if (!key_search(module, session, filter, count, ret_handle, &found, err))
        return false;
    if (found != 1)
        return error_refuse(err, ERROR_TOKEN_KEY, "key.single",
                            "%u private keys in the token have the %s of the pkcs11 URI, wanted "
                            "exactly one",
                            found, id ? "id" : "label");
    return true;
}

bool
key_find(struct module *module, CK_SLOT_ID slot, CK_SESSION_HANDLE session, P11KitUri *uri,
         struct key *ret_key, struct error *err)
{
    struct key key = {0};
    CK_OBJECT_HANDLE by_id = 0;
    CK_ATTRIBUTE id = {CKA_ID, key.id, 0};
    CK_RV rv;

    if (!key_find_private(module, session, uri_attribute(uri, CKA_ID),
                          uri_attribute(uri, CKA_LABEL), &key.handle, err))
        return false;
    rv = key_attribute(module, session, key.handle, CKA_ID, key.id, sizeof(key.id), &key.id_len);
    if (rv != CKR_OK)
        return token_error(err, rv, "read the id of the private key");
    if (key.id_len == 0)
        return error_refuse(err, ERROR_TOKEN_KEY, "key.id", "the private key has no CKA_ID");
    id.ulValueLen = key.id_len;
    if (!key_find_private(module, session, &id, NULL, &by_id, err) ||
        !key_read_type(module, slot, session, &key, err) ||
        !key_read_public(module, session, &key, err))
        return false;
    *ret_key = key;
    return true;
}

/* --- attributes --- */

static const struct key_rule {
    CK_ATTRIBUTE_TYPE type;
    const char *name;
    bool wanted;
    bool if_absent; /* what a token means that does not know the attribute */
    bool waivable;
} key_rules[] = {
    {CKA_TOKEN, "token", true, false, false},
    {CKA_SIGN, "sign", true, false, false},
    {CKA_ALWAYS_AUTHENTICATE, "always-authenticate", false, false, false},
    {CKA_PRIVATE, "private", true, false, true},
    {CKA_SENSITIVE, "sensitive", true, false, true},
    {CKA_EXTRACTABLE, "extractable", false, true, true},
    {CKA_ALWAYS_SENSITIVE, "always-sensitive", true, false, true},
    {CKA_NEVER_EXTRACTABLE, "never-extractable", true, false, true},
    {CKA_LOCAL, "local", true, false, true},
    {CKA_DECRYPT, "decrypt", false, false, true},
    {CKA_UNWRAP, "unwrap", false, false, true},
    {CKA_DERIVE, "derive", false, false, true},
    {CKA_SIGN_RECOVER, "sign-recover", false, false, true},
};

static bool
key_waived(const struct key_rule *rule, const char *const *waivers)
{
    if (!rule->waivable || !waivers)
        return false;
    for (; *waivers; waivers++)
        if (strcmp(*waivers, rule->name) == 0)
            return true;
    return false;
}

static bool
key_check_rule(struct module *module, CK_SESSION_HANDLE session, const struct key *key,
               const struct key_rule *rule, struct error *err)
{
    uint8_t value = 0;
    size_t len = 0;
    CK_RV rv = key_attribute(module, session, key->handle, rule->type, &value, 1, &len);
    bool is = rv == CKR_OK && len == 1 ? value != CK_FALSE : rule->if_absent;
    char name[ERROR_RULE_OCTETS];

    if (rv != CKR_OK && token_fate_of(rv) != TOKEN_FATE_REQUEST)
        return token_error(err, rv, "read attribute \"%s\" of the private key", rule->name);
    if (is == rule->wanted)
        return true;
    snprintf(name, sizeof(name), "key.%s", rule->name);
    return error_refuse(err, ERROR_TOKEN_KEY, name,
                        "attribute \"%s\" of the private key is %s, wanted %s%s", rule->name,
                        is ? "true" : "false", rule->wanted ? "true" : "false",
                        rule->waivable ? " (or a waiver of that name in the configuration)" : "");
}

bool
key_check(struct module *module, CK_SESSION_HANDLE session, const struct key *key,
          const char *const *waivers, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(key_rules); i++)
        if (!key_waived(&key_rules[i], waivers) &&
            !key_check_rule(module, session, key, &key_rules[i], err))
            return false;
    return true;
}
