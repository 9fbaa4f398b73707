/*
 * Turns serials into OCSP GET targets, for the bench.
 *   bench_ocsp_targets ISSUER.pem < serials in hex > targets
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signet/der.h"
#include "signet/encode.h"
#include "signet/file.h"
#include "signet/ocsp.h"
#include "signet/tbs_cert.h"

static bool
print_target(const struct ocsp_issuer *issuer, const char *hex)
{
    AUTO_BUFFER der = {.max = LIMIT_OCSP_REQUEST_OCTETS};
    AUTO_BUFFER text = {.max = LIMIT_TARGET_OCTETS};
    uint8_t serial[LIMIT_SERIAL_OCTETS];
    struct ocsp_request request = {.count = 1};
    size_t len;

    if (!hex_decode(hex, serial, sizeof(serial), &len))
        return false;
    request.certid[0] = (struct ocsp_certid){
        .hash = CERTID_SHA1,
        .null_parameters = true,
        .issuer_name_hash = bytes_of(issuer->name_sha1, sizeof(issuer->name_sha1)),
        .issuer_key_hash = bytes_of(issuer->key_sha1, sizeof(issuer->key_sha1)),
        .serial = bytes_of(serial, len),
    };
    if (!ocsp_request_build(&request, &der) || !base64_encode(buffer_bytes(&der), &text))
        return false;
    fputs("/ocsp/", stdout);
    for (size_t i = 0; i < text.len; i++)
        switch (text.data[i]) {
        case '+':
            fputs("%2B", stdout);
            break;
        case '/':
            fputs("%2F", stdout);
            break;
        case '=':
            fputs("%3D", stdout);
            break;
        default:
            putchar(text.data[i]);
        }
    putchar('\n');
    return true;
}

int
main(int argc, char **argv)
{
    AUTO_BUFFER pem = {.max = 64 * 1024};
    AUTO_BUFFER der = {.max = LIMIT_CERTIFICATE_OCTETS};
    AUTO_PUBLIC_KEY key = NULL;
    struct certificate certificate;
    struct ocsp_issuer issuer;
    struct error err = {0};
    char line[64];

    if (argc != 2)
        return 2;
    if (!file_read(argv[1], &pem, &err) ||
        !pem_or_der(buffer_bytes(&pem), "CERTIFICATE", ERROR_REQUEST_MALFORMED, &der, &err) ||
        !certificate_parse(buffer_bytes(&der), &certificate, &err) ||
        !public_key_parse(certificate.tbs.spki, &key, &err)) {
        fprintf(stderr, "bench_ocsp_targets: %s\n", err.detail);
        return EXIT_FAILURE;
    }
    ocsp_issuer_init(&issuer, certificate.tbs.subject, public_key_bits_octets(key));
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (!print_target(&issuer, line))
            return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
