#include "algorithm.h"

#include <string.h>

static const char *const names[] = {
    [KEY_P256] = "p256", [KEY_P384] = "p384", [KEY_RSA] = "rsa3072", [KEY_ED25519] = "ed25519"};

bool
algorithm_of_name(const char *name, enum key_type *ret_type, struct error *err)
{
    for (unsigned i = KEY_P256; i < ARRAY_LEN(names); i++)
        if (strcmp(name ? name : names[KEY_P256], names[i]) == 0) {
            *ret_type = (enum key_type)i;
            return true;
        }
    return error_set(err, ERROR_USAGE, "--algorithm %.40s: wanted " ALGORITHM_NAMES, name);
}

const char *
algorithm_name(enum key_type type)
{
    return names[type];
}
