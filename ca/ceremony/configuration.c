#include <stdio.h>
#include <stdlib.h>

#include "ceremony.h"
#include "signet/config.h"
#include "signet/file.h"

bool
config_put_list(struct buffer *out, const char *name, const struct option_list *list)
{
    bool ok = buffer_printf(out, "  %s = {", name);

    for (size_t i = 0; ok && i < list->count; i++)
        ok = buffer_printf(out, "%s\"%s\"", i ? ", " : "", list->item[i]);
    return ok && buffer_printf(out, "}\n");
}

static bool
put_users(struct buffer *out, const struct options *options)
{
    const char *server = options->user_server;
    const char *issuing = options->token[KEY_OF_ISSUING].user;
    const char *status = options->token[KEY_OF_STATUS].user;

    if (!server && !issuing && !status)
        return true;
    return buffer_printf(out, "user {\n") &&
           (!server || buffer_printf(out, "  server = \"%s\"\n", server)) &&
           (!issuing || buffer_printf(out, "  issuing = \"%s\"\n", issuing)) &&
           (!status || buffer_printf(out, "  status = \"%s\"\n", status)) &&
           buffer_printf(out, "}\n\n");
}

static bool
put_token(struct buffer *out, const struct ceremony *ceremony, enum key_role role, const char *name)
{
    const struct options *options = &ceremony->options;
    const char *init = options_module_init(options, role);

    return buffer_printf(out,
                         "token %s {\n"
                         "  module = \"%s\"\n"
                         "  uri = \"%s\"\n"
                         "  pin_file = \"%s\"\n",
                         name, options->module, ceremony->key[role].uri,
                         options->token[role].pin_file) &&
           (!init || buffer_printf(out, "  init_string = \"%s\"\n", init)) &&
           config_put_list(out, "environment", &options->token[role].environment) &&
           config_put_list(out, "waivers", &options->waivers) &&
           buffer_printf(out,
                         "  sessions = 2\n"
                         "  permit = \"%s/permits/%s.conf\"\n"
                         "  state = \"%s/signer/%s\"\n"
                         "}\n\n",
                         options->state, name, options->state, name);
}

static bool
put_server(struct buffer *out, const struct options *options)
{
    return buffer_printf(out, "server {\n") && config_put_list(out, "https", &options->https) &&
           config_put_list(out, "publish", &options->publish) &&
           buffer_printf(out, "  health = \"%s\"\n  tls = \"%s/tls\"\n", options->health,
                         options->state) &&
           config_put_list(out, "names", &options->server_names) &&
           config_put_list(out, "addresses", &options->server_addresses) &&
           buffer_printf(out, "}\n\n");
}

static bool
configuration_put(const struct ceremony *ceremony, struct buffer *out)
{
    const struct options *options = &ceremony->options;

    return buffer_printf(out,
                         "# Written by signet-ceremony; docs/operations.md tells every option.\n"
                         "programs = \"%s\"\n\n",
                         options->programs) &&
           put_users(out, options) &&
           buffer_printf(out,
                         "database {\n"
                         "  server = \"%s user=signet_server\"\n"
                         "  signer = \"%s user=signet_signer\"\n"
                         "  status = \"%s user=signet_status\"\n"
                         "}\n\n",
                         options->database, options->database, options->database) &&
           put_token(out, ceremony, KEY_OF_ISSUING, "issuing") &&
           put_token(out, ceremony, KEY_OF_STATUS, "status") && put_server(out, options) &&
           buffer_printf(out, "jobs {\n  partition_days = %d\n}\n", CEREMONY_PARTITION_DAYS);
}

/* Into the progress folder: the programs are started with it, but nobody finds it there by himself.
 */
bool
configuration_write(struct ceremony *ceremony, struct error *err)
{
    const char *path = ceremony->config_path;
    struct config *config = calloc(1, sizeof(*config));
    bool ok;
    AUTO_BUFFER text;

    buffer_init(&text, LIMIT_CONFIG_OCTETS);
    if (!config || !configuration_put(ceremony, &text)) {
        free(config);
        return error_set(err, ERROR_MEMORY, "no room for the configuration");
    }
    ok = file_write_atomic(path, buffer_bytes(&text), 0644, (uid_t)-1, (gid_t)-1, err) &&
         config_load(path, config, err);
    free(config);
    return ok;
}

bool
configuration_release(struct ceremony *ceremony, struct error *err)
{
    char from[CEREMONY_PATH], to[CEREMONY_PATH];

    ceremony_path(ceremony, ".ceremony/signet.conf", from);
    ceremony_path(ceremony, "signet.conf", to);
    if (rename(from, to) != 0)
        return error_errno(err, ERROR_FILE_ACCESS, "move %s to %s", from, to);
    return true;
}
