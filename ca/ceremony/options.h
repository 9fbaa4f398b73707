/* The command line of `signet-ceremony init`: one table, checked before anything is touched. */
#ifndef SIGNET_CEREMONY_OPTIONS_H
#define SIGNET_CEREMONY_OPTIONS_H

#include <stdio.h>

#include "algorithm.h"
#include "signet/error.h"

enum { OPTION_LIST = 8, OPTION_PATH = 512 };

struct option_list {
    size_t count;
    const char *item[OPTION_LIST];
};

enum key_role { KEY_OF_ROOT, KEY_OF_ISSUING, KEY_OF_STATUS, KEY_ROLES };

struct token_options {
    const char *uri; /* names the token only */
    const char *pin_file;
    const char *module_init;        /* null: that of the options for all */
    const char *user;               /* who makes the key and signs with it; null: who we are */
    struct option_list environment; /* NAME=value for the module */
    char default_pin_file[OPTION_PATH];
    char default_environment[OPTION_PATH];
};

struct options {
    const char *state;
    const char *trust_domain;
    const char *admin; /* identity admin/NAME */
    const char *owner; /* of admin/NAME; null: the name itself */
    struct option_list dns_suffixes, ip_ranges;
    const char *algorithm;        /* of the keys in the tokens */
    enum key_type key_type;       /* the same as a value */
    struct option_list key_types; /* subject keys that permit and policy allow */
    struct option_list server_names, server_addresses;
    struct option_list https, publish;
    const char *health, *publish_url, *server_url;
    const char *database; /* libpq conninfo without user */
    const char *module, *module_init;
    struct option_list waivers;
    struct token_options token[KEY_ROLES];
    const char *root_csr, *root_cert; /* the root is another's: request to it, answer from it */
    const char *user_server;
    const char *programs; /* folder of signet-signer */
    char default_programs[OPTION_PATH];
    char default_publish_url[OPTION_PATH];
    char default_server_url[OPTION_PATH];
};

/* The init string of the module for this token; null: none. */
const char *options_module_init(const struct options *options, enum key_role role);
/* Fills in the defaults. Texts borrow argv or the struct itself. Errors: ERROR_USAGE. */
MUST_USE bool options_parse(char **arguments, struct options *ret_options, struct error *err);
void options_help(FILE *out);
/* The subject key types as quoted list. `with_own`: also P-256, whatever was chosen, because the
 * authority's own TLS keys and the first keys of its administrators are of that type. */
enum { OPTIONS_KEY_TYPES_TEXT = 64 };
void options_key_types_text(const struct options *options, bool with_own,
                            char text[OPTIONS_KEY_TYPES_TEXT]);

#endif
