#include <stdio.h>

#include "ceremony.h"
#include "signet/clock.h"
#include "signet/encode.h"
#include "signet/public_key.h"

static void
print_certificate(const struct ceremony *ceremony, enum ceremony_product which)
{
    char end[CLOCK_TEXT_OCTETS];
    struct certificate certificate;
    struct error ignored;

    if (!ceremony_certificate(ceremony, which, &certificate, &ignored))
        return;
    clock_text(certificate.tbs.not_after_s, end);
    printf("  %-22s until %.10s\n", ceremony->made[which].name, end);
}

static void
print_waiting(const struct options *options)
{
    printf(
        "The keys are made, and the request for the issuing certificate is in %s.\n\n"
        "  for the root           CA:TRUE, path length 0, keyCertSign and cRLSign, names as asked\n"
        "  then                   the same command with --root-cert FILE in place of --root-csr,\n"
        "                         FILE with the issuing certificate and then the root's, as PEM\n",
        options->root_csr);
}

void
summary_print(const struct ceremony *ceremony)
{
    const struct options *options = &ceremony->options;
    char hex[2 * LIMIT_DIGEST_OCTETS + 1];
    uint8_t digest[LIMIT_DIGEST_OCTETS];

    if (options->root_csr) {
        print_waiting(options);
        return;
    }
    digest_sha256(buffer_bytes(&ceremony->made[MADE_ROOT].der), digest);
    hex_encode(bytes_of(digest, sizeof(digest)), hex, sizeof(hex));
    printf("The authority of %s stands in %s.\n\n", options->trust_domain, options->state);
    for (enum ceremony_product which = 0; which < MADE_COUNT; which++)
        print_certificate(ceremony, which);
    printf("\n  root fingerprint       %s\n", hex);
    printf("                         (SHA-256 of pki/root.pem: what clients are told to trust)\n");
    printf("  transcript             %s/transcript.json\n", options->state);
    printf("  client settings        %s/client.env\n", options->state);
    printf("  start it               %s/signetd --config %s/signet.conf\n", options->programs,
           options->state);
    if (options->root_cert)
        printf("\nThe root's CRL is published by whoever has its key.\n");
    else
        printf("\nNow take the root's token and PIN out of this machine's reach; they are needed "
               "again before the\nroot's CRL ends, in a year: signet-ceremony root-crl.\n");
}
