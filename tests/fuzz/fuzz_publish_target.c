/* Request targets of OCSP GET: what is taken is taken alike however it is written. */
#include <string.h>

#include "fuzz.h"
#include "publish/target.h"
#include "signet/encode.h"
#include "signet/limits.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_BUFFER target = {.max = FUZZ_ROOM};
    AUTO_BUFFER der = {.max = LIMIT_OCSP_REQUEST_OCTETS};
    AUTO_BUFFER plain = {.max = FUZZ_ROOM};
    AUTO_BUFFER again = {.max = LIMIT_OCSP_REQUEST_OCTETS};

    if (size > FUZZ_ROOM / 4 || memchr(data, 0, size))
        return 0;
    HOLDS(buffer_printf(&target, "/ocsp") && buffer_put(&target, data, size));
    if (!target_ocsp_request(buffer_text(&target), &der))
        return 0;
    HOLDS(der.len > 0 && target.len <= LIMIT_TARGET_OCTETS);
    HOLDS(buffer_printf(&plain, "/ocsp/") && base64_encode(buffer_bytes(&der), &plain));
    if (((const char *)plain.data)[6] == '/')
        return 0; /* its first digit would be taken for the separator; no request begins so */
    HOLDS(target_ocsp_request(buffer_text(&plain), &again));
    HOLDS(bytes_equal(buffer_bytes(&der), buffer_bytes(&again)));
    return 0;
}
