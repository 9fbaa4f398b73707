#include "suite.h"

#include <p11-kit/pkcs11.h>
#include <string.h>

#include "signet/keyring.h"

static const struct row {
    CK_RV rv;
    enum token_fate fate;
    const char *name;
} rows[] = {
    {CKR_SESSION_HANDLE_INVALID, TOKEN_FATE_TEMPORARY, "CKR_SESSION_HANDLE_INVALID"},
    {CKR_SESSION_CLOSED, TOKEN_FATE_TEMPORARY, "CKR_SESSION_CLOSED"},
    {CKR_OPERATION_ACTIVE, TOKEN_FATE_TEMPORARY, "CKR_OPERATION_ACTIVE"},
    {CKR_USER_NOT_LOGGED_IN, TOKEN_FATE_TEMPORARY, "CKR_USER_NOT_LOGGED_IN"},
    {CKR_DEVICE_ERROR, TOKEN_FATE_TEMPORARY, "CKR_DEVICE_ERROR"},
    {CKR_DEVICE_REMOVED, TOKEN_FATE_TEMPORARY, "CKR_DEVICE_REMOVED"},
    {CKR_TOKEN_NOT_PRESENT, TOKEN_FATE_TEMPORARY, "CKR_TOKEN_NOT_PRESENT"},
    {CKR_GENERAL_ERROR, TOKEN_FATE_TEMPORARY, "CKR_GENERAL_ERROR"},
    {CKR_CRYPTOKI_NOT_INITIALIZED, TOKEN_FATE_TEMPORARY, "CKR_CRYPTOKI_NOT_INITIALIZED"},
    /* NSS answers so with a handle from before a logout. */
    {CKR_HOST_MEMORY, TOKEN_FATE_TEMPORARY, "CKR_HOST_MEMORY"},
    {CKR_OBJECT_HANDLE_INVALID, TOKEN_FATE_TEMPORARY, "CKR_OBJECT_HANDLE_INVALID"},
    {CKR_PIN_INCORRECT, TOKEN_FATE_PERMANENT, "CKR_PIN_INCORRECT"},
    {CKR_PIN_LOCKED, TOKEN_FATE_PERMANENT, "CKR_PIN_LOCKED"},
    {CKR_PIN_EXPIRED, TOKEN_FATE_PERMANENT, "CKR_PIN_EXPIRED"},
    {CKR_MECHANISM_INVALID, TOKEN_FATE_PERMANENT, "CKR_MECHANISM_INVALID"},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, TOKEN_FATE_PERMANENT, "CKR_KEY_FUNCTION_NOT_PERMITTED"},
    {CKR_BUFFER_TOO_SMALL, TOKEN_FATE_REQUEST, "CKR_BUFFER_TOO_SMALL"},
    {CKR_DATA_LEN_RANGE, TOKEN_FATE_REQUEST, "CKR_DATA_LEN_RANGE"},
};

static void
t07_each_listed_code_has_its_fate_and_name(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CU_ASSERT_EQUAL(token_fate_of(rows[i].rv), rows[i].fate);
        CU_ASSERT_STRING_EQUAL(token_rv_name(rows[i].rv), rows[i].name);
    }
}

static void
t07_a_code_that_nobody_listed_means_a_restart(void)
{
    CU_ASSERT_EQUAL(token_fate_of(0x80000042), TOKEN_FATE_TEMPORARY);
    CU_ASSERT_PTR_NOT_NULL(token_rv_name(0x80000042));
}

int
main(void)
{
    return RUN_SUITE("token fate", TEST(t07_each_listed_code_has_its_fate_and_name),
                     TEST(t07_a_code_that_nobody_listed_means_a_restart));
}
