/* PEM: one object is read, written and read again alike; the walk over a bundle comes to its end.
 */
#include "fuzz.h"
#include "signet/der.h"

static void
one_object(struct bytes input)
{
    AUTO_BUFFER der = {.max = FUZZ_ROOM};
    AUTO_BUFFER pem = {.max = 2 * FUZZ_ROOM};
    AUTO_BUFFER again = {.max = FUZZ_ROOM};
    struct error err = {.kind = ERROR_NONE};

    if (!pem_or_der(input, "CERTIFICATE REQUEST", ERROR_CSR_MALFORMED, &der, &err)) {
        HOLDS(err.kind == ERROR_CSR_MALFORMED && err.rule[0]);
        return;
    }
    HOLDS(pem_encode(buffer_bytes(&der), "CERTIFICATE REQUEST", &pem));
    HOLDS(pem_or_der(buffer_bytes(&pem), "CERTIFICATE REQUEST", ERROR_CSR_MALFORMED, &again, &err));
    HOLDS(bytes_equal(buffer_bytes(&der), buffer_bytes(&again)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_BUFFER block = {.max = FUZZ_ROOM};
    struct reader text = reader_of(bytes_of(data, size));
    size_t before = size + 1;

    one_object(bytes_of(data, size));
    while (text.rest.len < before && pem_next(&text, "CERTIFICATE", &block)) {
        HOLDS(text.rest.len < before);
        before = text.rest.len;
    }
    HOLDS(text.rest.len <= size);
    return 0;
}
