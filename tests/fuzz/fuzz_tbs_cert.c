/* The guard's parser: what it accepts is built again into the same octets. */
#include "fuzz.h"
#include "signet/tbs_cert.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_BUFFER again = {.max = FUZZ_ROOM};
    struct bytes input = bytes_of(data, size);
    char text[LIMIT_SPIFFE_ID_OCTETS + 16];
    struct error err = {.kind = ERROR_NONE};
    struct tbs_cert tbs;

    if (!tbs_cert_parse(input, &tbs, &err)) {
        HOLDS(err.kind == ERROR_PERMIT && err.rule[0]);
        return 0;
    }
    HOLDS(tbs_cert_build(&tbs, &again, &err));
    HOLDS(bytes_equal(input, buffer_bytes(&again)));
    for (size_t i = 0; i < tbs.san.count; i++)
        HOLDS(san_text(&tbs.san.item[i], text, sizeof(text)));
    name_text(tbs.subject, text, sizeof(text));
    name_common_name(tbs.issuer, text, sizeof(text));
    if (!tbs_cert_lint(&tbs, &err))
        HOLDS(err.kind == ERROR_PERMIT && err.rule[0]);
    return 0;
}
