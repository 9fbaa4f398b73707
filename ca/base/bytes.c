#include "signet/bytes.h"

int
bytes_compare(struct bytes a, struct bytes b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool
bytes_equal_secret(struct bytes a, struct bytes b)
{
    uint8_t difference = 0;

    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        difference |= (uint8_t)(a.data[i] ^ b.data[i]);
    return difference == 0;
}

void
bytes_wipe(void *data, size_t len)
{
    if (data && len)
        explicit_bzero(data, len);
}
