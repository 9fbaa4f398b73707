/* The request of the issuing CA to an external root, signed by its key in the token. */
#include <stdio.h>
#include <string.h>

#include "ceremony.h"
#include "command.h"
#include "signet/csr.h"
#include "signet/der.h"
#include "signet/token_signer.h"

enum { CSR_WAIVERS = 8, CSR_WAIVERS_TEXT = 256 };

static bool
wanted_sign(struct keyring *keyring, const struct tbs_cert *wanted, struct buffer *pem,
            struct error *err)
{
    uint8_t signature[LIMIT_SIGNATURE_OCTETS];
    enum signature_algorithm algorithm;
    AUTO_PUBLIC_KEY key = NULL;
    size_t len = 0;
    AUTO_BUFFER info;
    AUTO_BUFFER der;

    buffer_init(&info, LIMIT_CSR_OCTETS);
    buffer_init(&der, LIMIT_CSR_OCTETS);
    if (!public_key_parse(wanted->spki, &key, err) || !csr_info_build(wanted, &info, err))
        return false;
    algorithm = public_key_default_signature(public_key_type(key));
    if (!token_sign(keyring, 0, key, algorithm, buffer_bytes(&info), signature, &len, err) ||
        !certificate_assemble(buffer_bytes(&info), algorithm, bytes_of(signature, len), &der, err))
        return false;
    return pem_encode(buffer_bytes(&der), "CERTIFICATE REQUEST", pem) ||
           error_set(err, ERROR_MEMORY, "no memory for the request");
}

/* All that the root is to certify: a CA of path length 0 with the trust domain in its names. */
static bool
request_build(struct keyring *keyring, const char *trust_domain, struct buffer *pem,
              struct error *err)
{
    char domain[OPTION_PATH + 16];
    struct tbs_cert wanted = {.spki = keyring_spki(keyring),
                              .ca = true,
                              .path_len = 0,
                              .key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN};
    AUTO_BUFFER name;

    buffer_init(&name, 2 * LIMIT_NAME_OCTETS);
    snprintf(domain, sizeof(domain), "spiffe://%s", trust_domain);
    if (wanted.spki.len == 0)
        return error_set(err, ERROR_TOKEN_KEY, "the token does not show the public key");
    if (!ceremony_issuing_name(trust_domain, &name, err))
        return false;
    wanted.subject = buffer_bytes(&name);
    wanted.san.count = 1;
    wanted.san.item[0] = (struct san){SAN_URI, bytes_of_text(domain)};
    return wanted_sign(keyring, &wanted, pem, err);
}

static void
waivers_split(char *text, const char *waivers[CSR_WAIVERS + 1])
{
    char *rest = text;

    for (size_t i = 0; i < CSR_WAIVERS && rest; i++)
        waivers[i] = strsep(&rest, ",");
}

static bool
csr(char **arguments, struct error *err)
{
    struct command_option options[] = {{"module", NULL},      {"key", NULL},
                                       {"pin-fd", NULL},      {"trust-domain", NULL},
                                       {"module-init", NULL}, {"waivers", NULL}};
    char waivers_text[CSR_WAIVERS_TEXT];
    const char *waivers[CSR_WAIVERS + 1] = {0}, *text;
    struct keyring_options keyring_options = {.sessions = 1, .waivers = waivers};
    AUTO_KEYRING keyring = NULL;
    AUTO_BUFFER pin = {0};
    AUTO_BUFFER pem;
    int fd;

    buffer_init(&pem, 4 * LIMIT_CSR_OCTETS);
    if (!command_options(arguments, options, ARRAY_LEN(options), 4, err) ||
        !command_fd(&options[2], &fd, err) || !keyring_pin_read(fd, &pin, err))
        return false;
    if (options[5].value) {
        snprintf(waivers_text, sizeof(waivers_text), "%s", options[5].value);
        waivers_split(waivers_text, waivers);
    }
    keyring_options.module = options[0].value;
    keyring_options.uri = options[1].value;
    keyring_options.init_string = options[4].value;
    if (!keyring_open(&keyring_options, buffer_bytes(&pin), &keyring, err) ||
        !request_build(keyring, options[3].value, &pem, err))
        return false;
    text = buffer_text(&pem);
    if (!text)
        return error_set(err, ERROR_MEMORY, "no memory for the request");
    printf("%s", text);
    return true;
}

int
command_csr(char **arguments)
{
    struct error err = {0};

    return csr(arguments, &err) ? EXIT_DONE : command_fail(&err);
}
