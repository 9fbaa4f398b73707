#include "signet/keyring.h"

#include <stdlib.h>
#include <string.h>

#include "fate.h"
#include "key.h"
#include "session.h"
#include "signet/limits.h"

struct keyring {
    struct module module;
    bool logged_in;
    CK_SESSION_HANDLE login; /* never signs; while it is open the login lasts (T-04) */
    CK_SESSION_HANDLE signing[LIMIT_SIGNING_THREADS];
    unsigned signing_count;
    struct key key;
};

static bool
keyring_fill(struct keyring *keyring, const struct keyring_options *options, P11KitUri *uri,
             struct bytes pin, struct error *err)
{
    unsigned wanted = options->sessions ? options->sessions : 1;
    CK_TOKEN_INFO info;
    CK_SLOT_ID slot = 0;

    if (wanted > LIMIT_SIGNING_THREADS)
        wanted = LIMIT_SIGNING_THREADS;
    if (!module_init(&keyring->module, options->module, options->init_string, err) ||
        !module_find_token(&keyring->module, uri, &slot, &info, err) ||
        !session_open(&keyring->module, slot, SESSION_READ_ONLY, &keyring->login, err) ||
        !session_login(&keyring->module, keyring->login, &info, pin, err))
        return false;
    keyring->logged_in = true;
    return key_find(&keyring->module, slot, keyring->login, uri, &keyring->key, err) &&
           key_check(&keyring->module, keyring->login, &keyring->key, options->waivers, err) &&
           session_open_pool(&keyring->module, slot, &info, wanted, keyring->signing,
                             &keyring->signing_count, err);
}

bool
keyring_open(const struct keyring_options *options, struct bytes pin, struct keyring **ret_keyring,
             struct error *err)
{
    AUTO_KEYRING keyring = NULL;
    AUTO_URI uri = NULL;

    if (!uri_parse(options->uri, URI_NAMES_KEY, &uri, err))
        return false;
    keyring = calloc(1, sizeof(*keyring));
    if (!keyring)
        return error_set(err, ERROR_MEMORY, "open the token: no memory");
    if (!keyring_fill(keyring, options, uri, pin, err))
        return false;
    *ret_keyring = steal(&keyring);
    return true;
}

void
keyring_close(struct keyring *keyring)
{
    if (!keyring)
        return;
    if (keyring->logged_in && module_usable(&keyring->module, NULL)) {
        keyring->module.functions->C_Logout(keyring->login);
        for (unsigned i = 0; i < keyring->signing_count; i++)
            keyring->module.functions->C_CloseSession(keyring->signing[i]);
        keyring->module.functions->C_CloseSession(keyring->login);
    }
    module_done(&keyring->module);
    free(keyring);
}

unsigned
keyring_sessions(const struct keyring *keyring)
{
    return keyring->signing_count;
}

const char *
keyring_module_name(const struct keyring *keyring)
{
    return keyring->module.name;
}

enum keyring_mechanism
keyring_mechanism_of(const struct keyring *keyring)
{
    return keyring->key.kind;
}

struct bytes
keyring_spki(const struct keyring *keyring)
{
    return bytes_of(keyring->key.spki, keyring->key.spki_len);
}

bool
keyring_uri_check(const char *uri, bool key, struct error *err)
{
    AUTO_URI parsed = NULL;

    return uri_parse(uri, key ? URI_NAMES_KEY : URI_NAMES_TOKEN, &parsed, err);
}

static CK_RV
keyring_sign_once(struct keyring *keyring, CK_SESSION_HANDLE session, struct bytes data,
                  uint8_t *raw, CK_ULONG *len)
{
    CK_MECHANISM mechanism = {keyring->key.mechanism, NULL, 0};
    CK_FUNCTION_LIST *functions = keyring->module.functions;
    CK_RV rv = functions->C_SignInit(session, &mechanism, keyring->key.handle);

    if (rv != CKR_OK)
        return rv;
    /* PKCS#11 takes its input without const and does not write to it. */
    return functions->C_Sign(session, (CK_BYTE *)(uintptr_t)data.data, data.len, raw, len);
}

bool
keyring_sign(struct keyring *keyring, unsigned session, struct bytes data,
             uint8_t ret_raw[KEYRING_SIGNATURE_RAW], size_t *ret_len, struct error *err)
{
    uint8_t raw[KEYRING_SIGNATURE_RAW];
    CK_ULONG len = sizeof(raw);
    CK_RV rv;

    if (session >= keyring->signing_count)
        return error_set(err, ERROR_INTERNAL, "signing session %u of %u", session,
                         keyring->signing_count);
    if (!module_usable(&keyring->module, err))
        return false;
    module_enter(&keyring->module);
    rv = keyring_sign_once(keyring, keyring->signing[session], data, raw, &len);
    module_leave(&keyring->module);
    if (rv != CKR_OK)
        return token_error(err, rv, "sign with the token");
    if (len > sizeof(raw))
        return token_error(err, CKR_BUFFER_TOO_SMALL, "sign with the token");
    memcpy(ret_raw, raw, len);
    *ret_len = len;
    return true;
}
