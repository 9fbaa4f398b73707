/* OCSP requests: what is accepted is within the limits, and building it gives what parses the same.
 */
#include "fuzz.h"
#include "signet/ocsp.h"

static bool
all_known(const struct ocsp_request *request)
{
    for (size_t i = 0; i < request->count; i++)
        if (!request->certid[i].hash)
            return false;
    return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_BUFFER first = {.max = FUZZ_ROOM};
    AUTO_BUFFER second = {.max = FUZZ_ROOM};
    struct ocsp_request request, again;
    enum ocsp_response_status status = OCSP_SUCCESSFUL;

    if (!ocsp_request_parse(bytes_of(data, size), &request, &status)) {
        HOLDS(status == OCSP_MALFORMED_REQUEST);
        return 0;
    }
    HOLDS(request.count >= 1 && request.count <= LIMIT_OCSP_REQUESTS);
    HOLDS(!request.has_nonce ||
          (request.nonce.len >= 1 && request.nonce.len <= LIMIT_OCSP_NONCE_OCTETS));
    for (size_t i = 0; i < request.count; i++)
        HOLDS(request.certid[i].serial.len >= 1 &&
              request.certid[i].serial.len <= LIMIT_SERIAL_OCTETS);
    if (!all_known(&request))
        return 0;
    HOLDS(ocsp_request_build(&request, &first));
    HOLDS(ocsp_request_parse(buffer_bytes(&first), &again, &status));
    HOLDS(ocsp_request_build(&again, &second));
    HOLDS(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
    return 0;
}
