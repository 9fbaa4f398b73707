/*
 * Where the server is, whom to trust, and who we are: by option, environment, or file, in this
 * order. No secret is a setting: keys are named by file.
 *
 *   option         environment     file (key = value)
 *   --server       SIGNET_SERVER   server       https://host:port
 *   --root         SIGNET_ROOT     root         PEM file of the root certificates
 *   --fingerprint  -               fingerprint  SHA-256 of the root, hexadecimal
 *   --cert         SIGNET_CERT     cert         client certificate, PEM
 *   --key          SIGNET_KEY      key          its private key, PEM
 */
#ifndef SIGNET_CLI_SETTINGS_H
#define SIGNET_CLI_SETTINGS_H

#include "arguments.h"

enum setting {
    SETTING_SERVER,
    SETTING_ROOT,
    SETTING_FINGERPRINT,
    SETTING_CERT,
    SETTING_KEY,
    SETTING_COUNT
};

enum { SETTING_OCTETS = 1024 };

enum setting_source { SOURCE_NONE, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_OPTION };

struct settings {
    struct {
        enum setting_source source;
        char value[SETTING_OCTETS];
    } item[SETTING_COUNT];
};

/* The value or null. */
const char *settings_get(const struct settings *settings, enum setting setting);
/* The same; ERROR_USAGE tells the ways to set it when it is not set. */
MUST_USE const char *settings_need(const struct settings *settings, enum setting setting,
                                   struct error *err);

/* `look_up` is getenv or a test's own. Without --config the file in the home folder may be absent.
 */
MUST_USE bool settings_load(const struct arguments *arguments, char *(*look_up)(const char *name),
                            struct settings *ret_settings, struct error *err);

/* One file's text. Errors: ERROR_CONFIG with file and line: an unknown or repeated key, no "=". */
MUST_USE bool settings_parse(const char *path, const char *text, struct settings *settings,
                             struct error *err);

#endif
