/* Whole certificates: ours go round, and the peek at anybody's agrees with the parse. */
#include "fuzz.h"
#include "signet/tbs_cert.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_BUFFER again = {.max = FUZZ_ROOM};
    struct bytes input = bytes_of(data, size), tbs, serial;
    struct error err = {.kind = ERROR_NONE};
    struct certificate certificate;
    bool peeked = certificate_peek(input, &tbs, &serial, &err);

    if (!certificate_parse(input, &certificate, &err))
        return 0;
    HOLDS(peeked);
    HOLDS(bytes_equal(tbs, certificate.tbs_der));
    HOLDS(bytes_equal(serial, certificate.tbs.serial));
    if (certificate.signature.len == 0)
        return 0;
    HOLDS(certificate_assemble(certificate.tbs_der, certificate.tbs.algorithm,
                               certificate.signature, &again, &err));
    HOLDS(bytes_equal(input, buffer_bytes(&again)));
    return 0;
}
