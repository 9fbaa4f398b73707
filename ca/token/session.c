#include "session.h"

#include <string.h>

#include "fate.h"

bool
session_open(struct module *module, CK_SLOT_ID slot, enum session_access access,
             CK_SESSION_HANDLE *ret_session, struct error *err)
{
    CK_FLAGS flags = CKF_SERIAL_SESSION | (access == SESSION_READ_WRITE ? CKF_RW_SESSION : 0);
    CK_RV rv = module->functions->C_OpenSession(slot, flags, NULL, NULL, ret_session);

    return rv == CKR_OK || token_error(err, rv, "open a session with the token");
}

static bool
session_pin_may_be_tried(const CK_TOKEN_INFO *info, struct error *err)
{
    if (info->flags & CKF_USER_PIN_LOCKED)
        return error_set(err, ERROR_TOKEN_PIN, "the token says that its PIN is locked");
    if (info->flags & CKF_USER_PIN_FINAL_TRY)
        return error_set(err, ERROR_TOKEN_PIN,
                         "the token says that one more wrong PIN locks it: log in by hand once to "
                         "reset its counter");
    return true;
}

bool
session_login(struct module *module, CK_SESSION_HANDLE session, const CK_TOKEN_INFO *info,
              struct bytes pin, struct error *err)
{
    CK_UTF8CHAR copy[KEYRING_PIN_OCTETS];
    CK_SESSION_INFO state;
    CK_RV rv;

    if (pin.len == 0 || pin.len > sizeof(copy))
        return error_set(err, ERROR_TOKEN_PIN, "the PIN has %zu octets, wanted 1 to %zu", pin.len,
                         sizeof(copy));
    if (!session_pin_may_be_tried(info, err))
        return false;
    memcpy(copy, pin.data, pin.len);
    rv = module->functions->C_Login(session, CKU_USER, copy, pin.len);
    bytes_wipe(copy, sizeof(copy));
    if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN)
        return token_error(err, rv, "log in to the token");
    memset(&state, 0, sizeof(state));
    rv = module->functions->C_GetSessionInfo(session, &state);
    if (rv != CKR_OK)
        return token_error(err, rv, "ask for the state of the login session");
    if (state.state != CKS_RO_USER_FUNCTIONS && state.state != CKS_RW_USER_FUNCTIONS)
        return error_set(err, ERROR_TOKEN_UNAVAILABLE,
                         "the token took the login, yet its session is in state %lu",
                         (unsigned long)state.state);
    return true;
}

/* What the token still allows besides the sessions that are open; `wanted` when it does not say. */
static unsigned
session_allowance(const CK_TOKEN_INFO *info, unsigned wanted)
{
    CK_ULONG most = info->ulMaxSessionCount;

    if (most == CK_EFFECTIVELY_INFINITE || most == CK_UNAVAILABLE_INFORMATION)
        return wanted;
    /* One is taken by the login session. */
    if (most <= 2)
        return 1;
    return most - 1 < wanted ? (unsigned)(most - 1) : wanted;
}

bool
session_open_pool(struct module *module, CK_SLOT_ID slot, const CK_TOKEN_INFO *info,
                  unsigned wanted, CK_SESSION_HANDLE *ret_sessions, unsigned *ret_count,
                  struct error *err)
{
    unsigned most = session_allowance(info, wanted);
    unsigned count = 0;

    while (count < most) {
        struct error later = {0};

        if (session_open(module, slot, SESSION_READ_ONLY, &ret_sessions[count],
                         count ? &later : err)) {
            count++;
            continue;
        }
        if (count == 0)
            return false;
        if (later.cause_code != CKR_SESSION_COUNT) {
            if (err)
                *err = later;
            return false;
        }
        break;
    }
    *ret_count = count;
    return true;
}
