#include "request_id.h"

#include "signet/public_key.h"

void
request_id_of(const uint8_t random[REQUEST_ID_OCTETS], char ret_id[LIMIT_REQUEST_ID_OCTETS + 1])
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint32_t bits = 0;
    unsigned have = 0;
    size_t len = 0;

    for (size_t i = 0; i < REQUEST_ID_OCTETS; i++) {
        bits = bits << 8 | random[i];
        for (have += 8; have >= 5; have -= 5)
            ret_id[len++] = alphabet[bits >> (have - 5) & 31];
    }
    ret_id[len++] = alphabet[bits << (5 - have) & 31];
    ret_id[len] = '\0';
}

bool
request_id_new(char ret_id[LIMIT_REQUEST_ID_OCTETS + 1], struct error *err)
{
    uint8_t random[REQUEST_ID_OCTETS];

    if (!random_bytes(random, sizeof(random), err))
        return false;
    request_id_of(random, ret_id);
    return true;
}
