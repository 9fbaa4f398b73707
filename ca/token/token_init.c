#include <string.h>

#include "fate.h"
#include "module.h"
#include "session.h"

enum { TOKEN_INIT_SLOTS = 64 };

/* PKCS#11 labels are 32 octets, filled with blanks. */
static bool
token_init_label(const char *label, CK_UTF8CHAR padded[32], struct error *err)
{
    size_t len = strlen(label);

    if (len == 0 || len > 32)
        return error_set(err, ERROR_CONFIG, "the token's label has %zu octets, wanted 1 to 32",
                         len);
    memset(padded, ' ', 32);
    memcpy(padded, label, len);
    return true;
}

static bool
token_init_find_slot(struct module *module, const CK_UTF8CHAR padded[32], CK_SLOT_ID *ret_slot,
                     struct error *err)
{
    CK_SLOT_ID slots[TOKEN_INIT_SLOTS];
    CK_ULONG count = TOKEN_INIT_SLOTS;
    CK_TOKEN_INFO info;
    bool found = false;
    CK_RV rv = module->functions->C_GetSlotList(CK_TRUE, slots, &count);

    if (rv != CKR_OK)
        return token_error(err, rv, "list the slots of the PKCS#11 module");
    for (CK_ULONG i = 0; i < count; i++) {
        if (module->functions->C_GetTokenInfo(slots[i], &info) != CKR_OK)
            continue;
        if (!(info.flags & CKF_TOKEN_INITIALIZED)) {
            *ret_slot = slots[i];
            found = true;
            continue;
        }
        if (memcmp(info.label, padded, 32) == 0)
            return error_set(err, ERROR_STATE_EXISTS, "there is a token \"%.32s\" already",
                             (const char *)info.label);
    }
    if (!found)
        return error_set(err, ERROR_TOKEN_KEY, "module %s has no slot without a token",
                         module->name);
    return true;
}

static bool
token_init_pin(struct module *module, CK_SESSION_HANDLE session, CK_UTF8CHAR *so_pin,
               CK_ULONG so_len, CK_UTF8CHAR *pin, CK_ULONG pin_len, struct error *err)
{
    CK_RV rv = module->functions->C_Login(session, CKU_SO, so_pin, so_len);

    if (rv != CKR_OK)
        return token_error(err, rv, "log in to the new token as its security officer");
    rv = module->functions->C_InitPIN(session, pin, pin_len);
    if (rv != CKR_OK)
        return token_error(err, rv, "set the PIN of the new token");
    module->functions->C_Logout(session);
    return true;
}

static bool
token_init_run(struct module *module, const char *label, CK_UTF8CHAR *so_pin, CK_ULONG so_len,
               CK_UTF8CHAR *pin, CK_ULONG pin_len, struct error *err)
{
    CK_UTF8CHAR padded[32];
    CK_SESSION_HANDLE session = 0;
    CK_SLOT_ID slot = 0;
    bool ok;
    CK_RV rv;

    if (!token_init_label(label, padded, err) || !token_init_find_slot(module, padded, &slot, err))
        return false;
    rv = module->functions->C_InitToken(slot, so_pin, so_len, padded);
    if (rv != CKR_OK)
        return token_error(err, rv, "make token \"%s\"", label);
    if (!session_open(module, slot, SESSION_READ_WRITE, &session, err))
        return false;
    ok = token_init_pin(module, session, so_pin, so_len, pin, pin_len, err);
    module->functions->C_CloseSession(session);
    return ok;
}

bool
keyring_token_init(const struct keyring_options *options, const char *label, struct bytes so_pin,
                   struct bytes pin, struct error *err)
{
    CK_UTF8CHAR so_copy[KEYRING_PIN_OCTETS], pin_copy[KEYRING_PIN_OCTETS];
    struct module module;
    bool ok;

    if (so_pin.len == 0 || so_pin.len > sizeof(so_copy) || pin.len == 0 ||
        pin.len > sizeof(pin_copy))
        return error_set(err, ERROR_TOKEN_PIN, "a PIN has 1 to %d octets", KEYRING_PIN_OCTETS);
    if (!module_init(&module, options->module, options->init_string, err))
        return false;
    memcpy(so_copy, so_pin.data, so_pin.len);
    memcpy(pin_copy, pin.data, pin.len);
    ok = token_init_run(&module, label, so_copy, so_pin.len, pin_copy, pin.len, err);
    bytes_wipe(so_copy, sizeof(so_copy));
    bytes_wipe(pin_copy, sizeof(pin_copy));
    module_done(&module);
    return ok;
}
