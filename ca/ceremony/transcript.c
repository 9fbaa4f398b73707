#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "ceremony.h"
#include "signet/clock.h"
#include "signet/der.h"
#include "signet/encode.h"
#include "signet/public_key.h"

DEFINE_CLEANUP(json_t *, json_decref);
#define AUTO_JSON CLEANUP(json_decref_auto) json_t *

static json_t *
json_time(int64_t time_s)
{
    char text[CLOCK_TEXT_OCTETS];

    clock_text(time_s, text);
    return json_string(text);
}

static json_t *
json_hex(struct bytes bytes)
{
    char text[2 * LIMIT_SPKI_OCTETS + 1];

    hex_encode(bytes, text, sizeof(text));
    return json_string(text);
}

static json_t *
json_digest(struct bytes bytes)
{
    uint8_t digest[LIMIT_DIGEST_OCTETS];

    digest_sha256(bytes, digest);
    return json_hex(bytes_of(digest, sizeof(digest)));
}

static json_t *
json_pem(struct bytes der, const char *label)
{
    const char *text;
    AUTO_BUFFER pem;

    buffer_init(&pem, 4 * LIMIT_CERTIFICATE_OCTETS);
    text = pem_encode(der, label, &pem) ? buffer_text(&pem) : NULL;
    return text ? json_string(text) : NULL;
}

/* A member that could not be made makes the whole null, never a transcript with a gap. */
static json_t *
json_append(json_t *array, json_t *member)
{
    if (json_array_append_new(array, member) == 0)
        return array;
    json_decref(array);
    return NULL;
}

static json_t *
transcript_keys(const struct ceremony *ceremony)
{
    static const char *const purposes[KEY_ROLES] = {
        [KEY_OF_ROOT] = "root", [KEY_OF_ISSUING] = "issuing", [KEY_OF_STATUS] = "ocsp"};
    json_t *keys = json_array();

    for (enum key_role role = 0; role < KEY_ROLES; role++) {
        const struct ceremony_key *key = &ceremony->key[role];
        struct bytes spki = public_key_spki(key->key);

        keys = json_append(
            keys, json_pack("{s:s, s:s, s:s, s:o, s:o}", "purpose", purposes[role], "uri", key->uri,
                            "type", public_key_name(public_key_type(key->key)), "spki_sha256",
                            json_digest(spki), "public_key", json_pem(spki, "PUBLIC KEY")));
    }
    return keys;
}

static json_t *
transcript_certificate(const struct ceremony *ceremony, enum ceremony_product which)
{
    struct certificate certificate;
    struct error ignored;
    char subject[512];

    if (!ceremony_certificate(ceremony, which, &certificate, &ignored))
        return NULL;
    name_text(certificate.tbs.subject, subject, sizeof(subject));
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "name", ceremony->made[which].name,
                     "subject", subject, "serial", json_hex(certificate.tbs.serial), "not_before",
                     json_time(certificate.tbs.not_before_s), "not_after",
                     json_time(certificate.tbs.not_after_s), "sha256", json_digest(certificate.der),
                     "tbs_sha256", json_digest(certificate.tbs_der), "certificate",
                     json_pem(certificate.der, "CERTIFICATE"));
}

/* Null for an external root, which publishes its own. */
static json_t *
transcript_root_crl(const struct ceremony *ceremony)
{
    struct bytes crl = buffer_bytes(&ceremony->root_crl);

    if (crl.len == 0)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o}", "this_update", json_time(ceremony->now_s),
                     "next_update", json_time(ceremony->now_s + CEREMONY_ROOT_CRL_S - 1), "sha256",
                     json_digest(crl), "crl", json_pem(crl, "X509 CRL"));
}

static json_t *
transcript_build(const struct ceremony *ceremony)
{
    json_t *certificates = json_array();

    for (enum ceremony_product which = 0; which < MADE_COUNT; which++)
        certificates = json_append(certificates, transcript_certificate(ceremony, which));
    return json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:o, s:o, s:o}", "version", 1,
                     "program", "signet-ceremony " SIGNET_VERSION, "trust_domain",
                     ceremony->options.trust_domain, "administrator", ceremony->options.admin,
                     "began", json_time(ceremony->now_s), "ended", json_time(clock_now_s()),
                     "module", ceremony->root_module, "module_path", ceremony->options.module,
                     "keys", transcript_keys(ceremony), "certificates", certificates, "root_crl",
                     transcript_root_crl(ceremony));
}

bool
transcript_write(struct ceremony *ceremony, struct error *err)
{
    AUTO_JSON transcript = transcript_build(ceremony);
    char *text = transcript ? json_dumps(transcript, JSON_INDENT(2)) : NULL;
    bool ok;

    if (!text)
        return error_set(err, ERROR_MEMORY, "no memory for the transcript");
    ok = ceremony_write(ceremony, "transcript.json", bytes_of_text(text), 0644, NULL, err);
    free(text);
    return ok;
}
