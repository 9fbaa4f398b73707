#include <stdio.h>

#include "ceremony.h"
#include "signet/der.h"
#include "signet/encode.h"
#include "signet/public_key.h"

static void
responder_hash(const struct ceremony *ceremony, char hex[2 * LIMIT_DIGEST_OCTETS + 1])
{
    uint8_t digest[LIMIT_DIGEST_OCTETS];

    public_key_spki_hash(ceremony->key[KEY_OF_STATUS].key, digest);
    hex_encode(bytes_of(digest, sizeof(digest)), hex, 2 * LIMIT_DIGEST_OCTETS + 1);
}

static bool
issuing_permit(const struct ceremony *ceremony, struct buffer *out)
{
    const struct options *options = &ceremony->options;
    char hex[2 * LIMIT_DIGEST_OCTETS + 1], key_types[OPTIONS_KEY_TYPES_TEXT];

    responder_hash(ceremony, hex);
    options_key_types_text(options, true, key_types);
    return buffer_printf(out,
                         "# What the issuing key may sign. Only an operator changes this file.\n"
                         "issuer_certificate = \"issuing.pem\"\n"
                         "trust_domain = \"%s\"\n"
                         "algorithm = \"%s\"\n"
                         "key_types = {%s}\n"
                         "max_backdate_s = 300\n"
                         "crl_url = \"%s\"\n"
                         "ocsp_url = \"%s\"\n"
                         "ca_issuers_url = \"%s\"\n"
                         "crl_max_life_s = %d\n\n"
                         "class workload {\n"
                         "  max_life_s = %d\n",
                         options->trust_domain,
                         signature_algorithm_name(public_key_default_signature(options->key_type)),
                         key_types, ceremony->crl_url, ceremony->ocsp_url, ceremony->ca_issuers_url,
                         7 * CEREMONY_DAY_S, 7 * CEREMONY_DAY_S) &&
           config_put_list(out, "dns_suffixes", &options->dns_suffixes) &&
           config_put_list(out, "ip_ranges", &options->ip_ranges) &&
           buffer_printf(out,
                         "  max_line = 1000\n"
                         "}\n\n"
                         "class admin {\n"
                         "  max_life_s = %d\n"
                         "  max_line = 100\n"
                         "}\n\n"
                         "class server {\n"
                         "  max_life_s = %d\n",
                         30 * CEREMONY_DAY_S, 30 * CEREMONY_DAY_S) &&
           config_put_list(out, "dns", &options->server_names) &&
           config_put_list(out, "addresses", &options->server_addresses) &&
           buffer_printf(out,
                         "}\n\n"
                         "class responder {\n"
                         "  max_life_s = %d\n"
                         "  spki_sha256 = \"%s\"\n"
                         "}\n",
                         30 * CEREMONY_DAY_S, hex);
}

static bool
status_permit(const struct ceremony *ceremony, struct buffer *out)
{
    char hex[2 * LIMIT_DIGEST_OCTETS + 1];

    responder_hash(ceremony, hex);
    return buffer_printf(out,
                         "# What the OCSP key may sign. Only an operator changes this file.\n"
                         "issuer_certificate = \"issuing.pem\"\n"
                         "responder_spki_sha256 = \"%s\"\n"
                         "max_answer_life_s = %d\n"
                         "max_backdate_s = 300\n",
                         hex, 7 * CEREMONY_DAY_S);
}

bool
permits_write(struct ceremony *ceremony, struct error *err)
{
    AUTO_BUFFER issuing;
    AUTO_BUFFER status;
    AUTO_BUFFER pem;

    buffer_init(&issuing, 16 * 1024);
    buffer_init(&status, 4 * 1024);
    buffer_init(&pem, 4 * LIMIT_CERTIFICATE_OCTETS);
    if (!issuing_permit(ceremony, &issuing) || !status_permit(ceremony, &status) ||
        !pem_encode(buffer_bytes(&ceremony->made[MADE_ISSUING].der), "CERTIFICATE", &pem))
        return error_set(err, ERROR_MEMORY, "no room for the permits");
    return ceremony_write(ceremony, "permits/issuing.pem", buffer_bytes(&pem), 0644, NULL, err) &&
           ceremony_write(ceremony, "permits/issuing.conf", buffer_bytes(&issuing), 0644, NULL,
                          err) &&
           ceremony_write(ceremony, "permits/status.conf", buffer_bytes(&status), 0644, NULL,
                          err) &&
           progress_note(&ceremony->progress, err, "permits written");
}
