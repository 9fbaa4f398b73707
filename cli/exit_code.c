#include "exit_code.h"

static const struct {
    enum error_kind kind;
    enum exit_code code;
} local_codes[] = {
    {ERROR_USAGE, EXIT_CODE_USAGE},        {ERROR_CONFIG, EXIT_CODE_USAGE},
    {ERROR_NETWORK, EXIT_CODE_NETWORK},    {ERROR_FILE_ACCESS, EXIT_CODE_FILE},
    {ERROR_CSR_MALFORMED, EXIT_CODE_FILE}, {ERROR_CSR_KEY, EXIT_CODE_FILE},
    {ERROR_TRUST, EXIT_CODE_TRUST},
};

enum exit_code
exit_code_of(enum error_kind kind, int status)
{
    if (status == 429 || status >= 500)
        return EXIT_CODE_NETWORK;
    if (status != 0)
        return EXIT_CODE_REFUSED;
    if (kind == ERROR_NONE)
        return EXIT_CODE_OK;
    for (size_t i = 0; i < ARRAY_LEN(local_codes); i++)
        if (local_codes[i].kind == kind)
            return local_codes[i].code;
    return EXIT_CODE_REFUSED;
}
