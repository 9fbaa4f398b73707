#include <stdio.h>
#include <string.h>

#include "ceremony.h"
#include "child.h"
#include "signet/der.h"
#include "signet/public_key.h"

enum { CHILD_OUTPUT = 16 * 1024, CHILD_TIMEOUT_MS = 60000, CHILD_PIN_FD = 3 };

static const char *const key_labels[KEY_ROLES] = {
    [KEY_OF_ROOT] = "root", [KEY_OF_ISSUING] = CEREMONY_ISSUER, [KEY_OF_STATUS] = "ocsp-1"};

bool
keys_read(struct bytes output, struct ceremony_key *key, struct error *err)
{
    const uint8_t *end = output.len ? memchr(output.data, '\n', output.len) : NULL;
    size_t uri_len = end ? (size_t)(end - output.data) : 0;
    AUTO_BUFFER spki;

    buffer_init(&spki, LIMIT_SPKI_OCTETS);
    if (!end || uri_len >= sizeof(key->uri))
        return error_set(err, ERROR_INTERNAL, "keygen printed no URI");
    memcpy(key->uri, output.data, uri_len);
    key->uri[uri_len] = '\0';
    output = bytes_of(end + 1, output.len - uri_len - 1);
    if (!pem_or_der(output, "PUBLIC KEY", ERROR_TOKEN_KEY, &spki, err) ||
        !public_key_parse(buffer_bytes(&spki), &key->key, err))
        return false;
    digest_sha1(public_key_bits_octets(key->key), key->id);
    return true;
}

bool
keys_child(struct ceremony *ceremony, enum key_role role, const char *const *argv,
           struct buffer *out, struct error *err)
{
    const struct token_options *token = &ceremony->options.token[role];
    char path[CEREMONY_PATH];
    struct child child = {.environment = &token->environment};
    struct spawn spawn = {.path = path, .argv = argv, .user = token->user};
    int status = 0;
    bool ran;

    snprintf(path, sizeof(path), "%s/signet-ceremony", ceremony->options.programs);
    if (!child_init(&child, token->pin_file, CHILD_PIN_FD, err))
        return false;
    child_describe(&child, &spawn);
    ran = spawn_run(&spawn, bytes_of(NULL, 0), out, CHILD_TIMEOUT_MS, &status, err);
    child_done(&child);
    if (!ran)
        return false;
    return status == 0 || error_set(err, ERROR_TOKEN_KEY,
                                    "the %s key: %s did not work in %s; the reason stands above",
                                    key_labels[role], argv[1], token->uri);
}

/* As the user who will sign with the key: SoftHSM's files belong to whoever made them. */
static bool
key_make(struct ceremony *ceremony, enum key_role role, struct error *err)
{
    const struct options *options = &ceremony->options;
    const char *init = options_module_init(options, role);
    const char *argv[] = {"signet-ceremony",
                          "keygen",
                          "--module",
                          options->module,
                          "--token",
                          options->token[role].uri,
                          "--label",
                          key_labels[role],
                          "--pin-fd",
                          "3",
                          "--algorithm",
                          algorithm_name(options->key_type),
                          init ? "--module-init" : NULL,
                          init,
                          NULL};
    AUTO_BUFFER output;

    buffer_init(&output, CHILD_OUTPUT);
    return keys_child(ceremony, role, argv, &output, err) &&
           keys_read(buffer_bytes(&output), &ceremony->key[role], err);
}

bool
keys_make(struct ceremony *ceremony, struct error *err)
{
    for (enum key_role role = 0; role < KEY_ROLES; role++) {
        if (role == KEY_OF_ROOT && !ceremony->options.token[role].uri)
            continue;
        if (!key_make(ceremony, role, err))
            return error_context(err, "make the %s key", key_labels[role]);
        if (!progress_note(&ceremony->progress, err, "made key %s: %s", key_labels[role],
                           ceremony->key[role].uri))
            return false;
    }
    return true;
}
