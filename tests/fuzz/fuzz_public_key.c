/* Subject public keys: what is accepted is kept octet for octet. */
#include "fuzz.h"
#include "signet/public_key.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size), bits;
    struct error err = {.kind = ERROR_NONE};
    AUTO_PUBLIC_KEY key = NULL;

    if (!public_key_parse(input, &key, &err)) {
        HOLDS(err.kind == ERROR_CSR_KEY && err.rule[0]);
        return 0;
    }
    HOLDS(bytes_equal(public_key_spki(key), input));
    bits = public_key_bits_octets(key);
    HOLDS(bits.len > 0 && bits.len < input.len);
    HOLDS(bytes_equal(bits, bytes_of(data + size - bits.len, bits.len)));
    return 0;
}
