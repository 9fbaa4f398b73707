#include "openssl_error.h"

bool
error_openssl(struct error *err)
{
    char text[160] = "";
    unsigned long code = ERR_peek_last_error();

    ERR_clear_error();
    if (!err || code == 0)
        return false;
    ERR_error_string_n(code, text, sizeof(text));
    err->cause = CAUSE_OPENSSL;
    err->cause_code = code;
    return error_internal(err, "%s", text);
}
