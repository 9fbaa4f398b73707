/* CRLs: what is accepted and can be built again gives the same octets. */
#include "fuzz.h"
#include "signet/crl.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_BUFFER again = {.max = FUZZ_ROOM};
    struct crl_entry *entries = NULL;
    struct error err = {.kind = ERROR_NONE};
    struct bytes tbs, signature;
    struct crl crl;

    if (!crl_parse(bytes_of(data, size), &crl, &entries, &tbs, &signature, &err)) {
        HOLDS(err.kind != ERROR_NONE && !entries);
        return 0;
    }
    /* The builder knows more rules (no serial twice, no revocation in the future) than the parser
     */
    if (crl_tbs_build(&crl, &again, &err))
        HOLDS(bytes_equal(tbs, buffer_bytes(&again)));
    free(entries);
    return 0;
}
