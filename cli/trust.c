#include "trust.h"

#include <string.h>

#include "exchange.h"
#include "signet/der.h"
#include "signet/encode.h"
#include "signet/file.h"
#include "signet/public_key.h"

bool
trust_fingerprint_parse(const char *text, uint8_t ret_digest[TRUST_FINGERPRINT_OCTETS],
                        struct error *err)
{
    char digits[2 * TRUST_FINGERPRINT_OCTETS + 1];
    size_t count = 0, len = 0;

    for (const char *at = text; *at != '\0' && count < sizeof(digits); at++)
        if (*at != ':')
            digits[count++] = *at;
    if (count == sizeof(digits) - 1) {
        digits[count] = '\0';
        if (hex_decode(digits, ret_digest, TRUST_FINGERPRINT_OCTETS, &len))
            return true;
    }
    return error_set(
        err, ERROR_USAGE,
        "fingerprint is \"%.100s\", wanted the SHA-256 of the root: 64 hexadecimal digits", text);
}

bool
trust_pick(struct bytes bundle, const uint8_t digest[TRUST_FINGERPRINT_OCTETS], struct buffer *out)
{
    struct reader reader = reader_of(bundle);
    AUTO_BUFFER der = {.max = TRUST_OCTETS};
    uint8_t found[TRUST_FINGERPRINT_OCTETS];

    while (pem_next(&reader, "CERTIFICATE", &der)) {
        digest_sha256(buffer_bytes(&der), found);
        if (memcmp(found, digest, sizeof(found)) == 0)
            return pem_encode(buffer_bytes(&der), "CERTIFICATE", out);
        buffer_clear(&der);
    }
    return false;
}

static bool
roots_fetch(const char *base, struct buffer *out, struct error *err)
{
    const struct http_call call = {.method = "GET", .target = "/v1/roots", .anonymous = true};
    const struct exchange exchange = {.base = base,
                                      .call = &call,
                                      .unverified = true,
                                      .accept = "application/pem-certificate-chain"};
    AUTO_EXCHANGE_ANSWER answer = exchange_answer_empty();

    if (!exchange_run(&exchange, &answer, err))
        return false;
    if (answer.status != 200)
        return error_set(err, ERROR_NETWORK, "%s/v1/roots answered HTTP %d", base, answer.status);
    return buffer_put(out, answer.body.data, answer.body.len) ||
           error_set(err, ERROR_NETWORK, "%s/v1/roots answered more than %d octets", base,
                     TRUST_OCTETS);
}

static bool
roots_pinned(const char *fingerprint, const char *source, struct bytes bundle, struct buffer *out,
             struct error *err)
{
    uint8_t digest[TRUST_FINGERPRINT_OCTETS];

    if (!trust_fingerprint_parse(fingerprint, digest, err))
        return false;
    return trust_pick(bundle, digest, out) ||
           error_set(err, ERROR_TRUST, "%s has no root certificate with the fingerprint %s", source,
                     fingerprint);
}

bool
trust_roots(const struct settings *settings, const char *base, struct buffer *out,
            struct error *err)
{
    const char *root = settings_get(settings, SETTING_ROOT);
    const char *fingerprint = settings_get(settings, SETTING_FINGERPRINT);
    AUTO_BUFFER bundle = {.max = TRUST_OCTETS};

    if (!root && !fingerprint)
        return error_set(
            err, ERROR_USAGE,
            "no root to trust %s by: give --root FILE (or SIGNET_ROOT) or --fingerprint HEX", base);
    if (root && !fingerprint)
        return file_read(root, out, err) || error_context(err, "root certificates");
    if (root ? !file_read(root, &bundle, err) : !roots_fetch(base, &bundle, err))
        return error_context(err, "root certificates");
    return roots_pinned(fingerprint, root ? root : base, buffer_bytes(&bundle), out, err);
}
