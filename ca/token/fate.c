#include "fate.h"

#include <stdarg.h>
#include <stdio.h>

#define ROW(code, fate, kind)                                                                      \
    {                                                                                              \
        code, #code, TOKEN_FATE_##fate, ERROR_##kind                                               \
    }

static const struct fate_row {
    CK_RV rv;
    const char *name;
    enum token_fate fate;
    enum error_kind kind;
} fate_rows[] = {
    /* Session, login, device or token is gone. */
    ROW(CKR_SESSION_HANDLE_INVALID, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_SESSION_CLOSED, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_SESSION_COUNT, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_OPERATION_ACTIVE, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_OPERATION_NOT_INITIALIZED, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_USER_NOT_LOGGED_IN, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_USER_ALREADY_LOGGED_IN, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_USER_TOO_MANY_TYPES, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_DEVICE_ERROR, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_DEVICE_MEMORY, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_DEVICE_REMOVED, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_TOKEN_NOT_PRESENT, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_SLOT_ID_INVALID, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_GENERAL_ERROR, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_FUNCTION_FAILED, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_FUNCTION_CANCELED, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_CRYPTOKI_NOT_INITIALIZED, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_CRYPTOKI_ALREADY_INITIALIZED, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_CANT_LOCK, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_MUTEX_BAD, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_MUTEX_NOT_LOCKED, TEMPORARY, TOKEN_UNAVAILABLE),
    /* NSS says so of a handle from before a logout. */
    ROW(CKR_HOST_MEMORY, TEMPORARY, TOKEN_UNAVAILABLE),
    /* Handles are found anew at each start; a key that is really gone is permanent then. */
    ROW(CKR_KEY_HANDLE_INVALID, TEMPORARY, TOKEN_UNAVAILABLE),
    ROW(CKR_OBJECT_HANDLE_INVALID, TEMPORARY, TOKEN_UNAVAILABLE),
    /* The PIN: never again without an operator, or the token locks itself. */
    ROW(CKR_PIN_INCORRECT, PERMANENT, TOKEN_PIN),
    ROW(CKR_PIN_INVALID, PERMANENT, TOKEN_PIN),
    ROW(CKR_PIN_LEN_RANGE, PERMANENT, TOKEN_PIN),
    ROW(CKR_PIN_EXPIRED, PERMANENT, TOKEN_PIN),
    ROW(CKR_PIN_LOCKED, PERMANENT, TOKEN_PIN),
    ROW(CKR_USER_PIN_NOT_INITIALIZED, PERMANENT, TOKEN_PIN),
    ROW(CKR_USER_TYPE_INVALID, PERMANENT, TOKEN_PIN),
    /* Key, mechanism or token are not what the configuration says. */
    ROW(CKR_KEY_TYPE_INCONSISTENT, PERMANENT, TOKEN_KEY),
    ROW(CKR_KEY_SIZE_RANGE, PERMANENT, TOKEN_KEY),
    ROW(CKR_KEY_FUNCTION_NOT_PERMITTED, PERMANENT, TOKEN_KEY),
    ROW(CKR_MECHANISM_INVALID, PERMANENT, TOKEN_KEY),
    ROW(CKR_MECHANISM_PARAM_INVALID, PERMANENT, TOKEN_KEY),
    ROW(CKR_FUNCTION_NOT_SUPPORTED, PERMANENT, TOKEN_KEY),
    ROW(CKR_TOKEN_NOT_RECOGNIZED, PERMANENT, TOKEN_KEY),
    ROW(CKR_TOKEN_WRITE_PROTECTED, PERMANENT, TOKEN_KEY),
    ROW(CKR_CURVE_NOT_SUPPORTED, PERMANENT, TOKEN_KEY),
    ROW(CKR_DOMAIN_PARAMS_INVALID, PERMANENT, TOKEN_KEY),
    /* This call only. */
    ROW(CKR_OK, REQUEST, CRYPTO),
    ROW(CKR_ARGUMENTS_BAD, REQUEST, CRYPTO),
    ROW(CKR_NEED_TO_CREATE_THREADS, REQUEST, CRYPTO),
    ROW(CKR_BUFFER_TOO_SMALL, REQUEST, CRYPTO),
    ROW(CKR_DATA_INVALID, REQUEST, CRYPTO),
    ROW(CKR_DATA_LEN_RANGE, REQUEST, CRYPTO),
    ROW(CKR_SIGNATURE_INVALID, REQUEST, CRYPTO),
    ROW(CKR_SIGNATURE_LEN_RANGE, REQUEST, CRYPTO),
    ROW(CKR_ATTRIBUTE_READ_ONLY, REQUEST, CRYPTO),
    ROW(CKR_ATTRIBUTE_SENSITIVE, REQUEST, CRYPTO),
    ROW(CKR_ATTRIBUTE_TYPE_INVALID, REQUEST, CRYPTO),
    ROW(CKR_ATTRIBUTE_VALUE_INVALID, REQUEST, CRYPTO),
    ROW(CKR_TEMPLATE_INCOMPLETE, REQUEST, CRYPTO),
    ROW(CKR_TEMPLATE_INCONSISTENT, REQUEST, CRYPTO),
    ROW(CKR_SESSION_READ_ONLY, REQUEST, CRYPTO),
    ROW(CKR_SESSION_PARALLEL_NOT_SUPPORTED, REQUEST, CRYPTO),
};

static const struct fate_row *
fate_row(CK_RV rv)
{
    for (size_t i = 0; i < ARRAY_LEN(fate_rows); i++)
        if (fate_rows[i].rv == rv)
            return &fate_rows[i];
    return NULL;
}

enum token_fate
token_fate_of(unsigned long rv)
{
    const struct fate_row *row = fate_row(rv);

    return row ? row->fate : TOKEN_FATE_TEMPORARY;
}

const char *
token_rv_name(unsigned long rv)
{
    const struct fate_row *row = fate_row(rv);

    return row ? row->name : "CKR_ of a number that is not known";
}

bool
token_error(struct error *err, CK_RV rv, const char *format, ...)
{
    const struct fate_row *row = fate_row(rv);
    char what[ERROR_DETAIL_OCTETS / 2];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    error_set(err, row ? row->kind : ERROR_TOKEN_UNAVAILABLE, "%s: the token answered %s (0x%lx)",
              what, token_rv_name(rv), rv);
    if (err) {
        err->cause = CAUSE_PKCS11;
        err->cause_code = rv;
    }
    return false;
}
