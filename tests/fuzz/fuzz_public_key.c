/* Subject public keys: what is accepted is kept octet for octet; the canonical form is its own. */
#include "fuzz.h"
#include "signet/public_key.h"

/* Whatever form it came in: the form of the form is the same, and a key that parses is in it. */
static void
canonical_form(struct bytes input, bool parses)
{
    AUTO_BUFFER form = {.max = FUZZ_ROOM};
    AUTO_BUFFER again = {.max = FUZZ_ROOM};
    struct error err = {.kind = ERROR_NONE};

    if (!public_key_canonical(input, &form, &err)) {
        HOLDS(!parses && form.len == 0);
        return;
    }
    HOLDS(public_key_canonical(buffer_bytes(&form), &again, &err));
    HOLDS(bytes_equal(buffer_bytes(&form), buffer_bytes(&again)));
    HOLDS(!parses || bytes_equal(buffer_bytes(&form), input));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size), bits;
    struct error err = {.kind = ERROR_NONE};
    AUTO_PUBLIC_KEY key = NULL;

    canonical_form(input, public_key_parse(input, &key, &err));
    if (!key) {
        HOLDS(err.kind == ERROR_CSR_KEY && err.rule[0]);
        return 0;
    }
    HOLDS(bytes_equal(public_key_spki(key), input));
    bits = public_key_bits_octets(key);
    HOLDS(bits.len > 0 && bits.len < input.len);
    HOLDS(bytes_equal(bits, bytes_of(data + size - bits.len, bits.len)));
    return 0;
}
