#include "options.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "signet/config.h"
#include "signet/file.h"
#include "signet/keyring.h"
#include "signet/tbs_cert.h"

enum option_kind { OPTION_TEXT, OPTION_MANY };

#define ROW(name, kind, required, member, help)                                                    \
    {                                                                                              \
        name, kind, required, offsetof(struct options, member), help                               \
    }

static const struct option_row {
    const char *name;
    enum option_kind kind;
    bool required;
    size_t offset;
    const char *help;
} rows[] = {
    ROW("state", OPTION_TEXT, true, state, "folder of the installation; absolute"),
    ROW("trust-domain", OPTION_TEXT, true, trust_domain, "such as example.internal"),
    ROW("admin", OPTION_TEXT, true, admin, "name of the first administrator"),
    ROW("owner", OPTION_TEXT, false, owner, "who answers for it (default: the name)"),
    ROW("database", OPTION_TEXT, true, database, "libpq conninfo without a user"),
    ROW("module", OPTION_TEXT, true, module, "the PKCS#11 module; absolute path"),
    ROW("module-init", OPTION_TEXT, false, module_init, "init string of the module (NSS)"),
    ROW("init-root", OPTION_TEXT, false, token[KEY_OF_ROOT].module_init,
        "... for the root's token, where it differs"),
    ROW("init-issuing", OPTION_TEXT, false, token[KEY_OF_ISSUING].module_init, "... issuing"),
    ROW("init-status", OPTION_TEXT, false, token[KEY_OF_STATUS].module_init, "... status"),
    ROW("token-root", OPTION_TEXT, false, token[KEY_OF_ROOT].uri,
        "pkcs11 URI of the root's token; needed unless the root is external"),
    ROW("token-issuing", OPTION_TEXT, true, token[KEY_OF_ISSUING].uri, "... of the issuing token"),
    ROW("token-status", OPTION_TEXT, true, token[KEY_OF_STATUS].uri, "... of the OCSP token"),
    ROW("pin-root", OPTION_TEXT, false, token[KEY_OF_ROOT].pin_file, "(STATE/pins/root.pin)"),
    ROW("pin-issuing", OPTION_TEXT, false, token[KEY_OF_ISSUING].pin_file,
        "(STATE/pins/issuing.pin)"),
    ROW("pin-status", OPTION_TEXT, false, token[KEY_OF_STATUS].pin_file, "(STATE/pins/status.pin)"),
    ROW("env-root", OPTION_MANY, false, token[KEY_OF_ROOT].environment,
        "NAME=value for the module (SOFTHSM2_CONF, when STATE has one)"),
    ROW("env-issuing", OPTION_MANY, false, token[KEY_OF_ISSUING].environment, "... issuing"),
    ROW("env-status", OPTION_MANY, false, token[KEY_OF_STATUS].environment, "... status"),
    ROW("root-csr", OPTION_TEXT, false, root_csr,
        "external root: make the keys, write the request for the issuing certificate here, stop"),
    ROW("root-cert", OPTION_TEXT, false, root_cert,
        "external root: go on with this file, the issuing certificate and then the root's"),
    ROW("algorithm", OPTION_TEXT, false, algorithm,
        "of the keys in the tokens: " ALGORITHM_NAMES " (p256)"),
    ROW("key-type", OPTION_MANY, false, key_types,
        "keys that may be certified: P-256, P-384, RSA, Ed25519 (P-256 and P-384)"),
    ROW("waiver", OPTION_MANY, false, waivers, "attribute that the keys need not have"),
    ROW("user-server", OPTION_TEXT, false, user_server, "runs signet-server (who we are)"),
    ROW("user-issuing", OPTION_TEXT, false, token[KEY_OF_ISSUING].user, "runs the issuing signer"),
    ROW("user-status", OPTION_TEXT, false, token[KEY_OF_STATUS].user, "runs the status signer"),
    ROW("dns-suffix", OPTION_MANY, false, dns_suffixes, "workloads may have names below it"),
    ROW("ip-range", OPTION_MANY, false, ip_ranges, "workloads may have addresses of it"),
    ROW("https", OPTION_MANY, false, https, "address:port of the API (127.0.0.1:8443)"),
    ROW("publish", OPTION_MANY, false, publish, "... of OCSP and CRLs (127.0.0.1:8080)"),
    ROW("health", OPTION_TEXT, false, health, "... of health and metrics (127.0.0.1:9180)"),
    ROW("publish-url", OPTION_TEXT, false, publish_url,
        "how relying parties reach it (http:// and the first --publish)"),
    ROW("server-name", OPTION_MANY, false, server_names, "DNS name of the API (localhost)"),
    ROW("server-address", OPTION_MANY, false, server_addresses, "address of it (127.0.0.1)"),
    ROW("server-url", OPTION_TEXT, false, server_url, "how clients reach the API"),
    ROW("programs", OPTION_TEXT, false, programs, "folder of signet-signer (our own)"),
};

void
options_help(FILE *out)
{
    fprintf(out, "usage: signet-ceremony init --OPTION VALUE ...\n"
                 "Makes a certificate authority: keys in their tokens, certificates, database.\n"
                 "Options marked * are required, those marked + may be given several times.\n\n");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        fprintf(out, "  %c --%-16s %s\n",
                rows[i].required              ? '*'
                : rows[i].kind == OPTION_MANY ? '+'
                                              : ' ',
                rows[i].name, rows[i].help);
    fprintf(out, "\nexample: signet-ceremony init --state /var/lib/signet --trust-domain "
                 "example.internal --admin alice\n"
                 "  --database 'host=/run/postgresql dbname=signet' "
                 "--module /usr/lib/softhsm/libsofthsm2.so\n"
                 "  --token-root pkcs11:token=root --token-issuing pkcs11:token=issuing "
                 "--token-status pkcs11:token=status\n");
}

/* The value goes into files of ours between double quotes. */
static bool
value_is_plain(const char *value)
{
    size_t len = strlen(value);

    if (len == 0 || len >= OPTION_PATH)
        return false;
    for (; *value; value++)
        if (*value < ' ' || *value > '~' || *value == '"' || *value == '\\' || *value == '$')
            return false;
    return true;
}

static bool
option_put(struct options *options, const struct option_row *row, const char *value,
           struct error *err)
{
    void *place = (char *)options + row->offset;

    if (!value || !value_is_plain(value))
        return error_set(err, ERROR_USAGE,
                         "--%s needs a value of 1 to %d printable ASCII characters without \", \\ "
                         "and $",
                         row->name, OPTION_PATH - 1);
    if (row->kind == OPTION_MANY) {
        struct option_list *list = place;

        if (list->count == OPTION_LIST)
            return error_set(err, ERROR_USAGE, "--%s stands more than %d times", row->name,
                             OPTION_LIST);
        list->item[list->count++] = value;
        return true;
    }
    if (*(const char **)place)
        return error_set(err, ERROR_USAGE, "--%s stands twice", row->name);
    *(const char **)place = value;
    return true;
}

static const struct option_row *
option_row_of(const char *argument, const char **ret_inline)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t len = strlen(rows[i].name);

        if (strncmp(argument, "--", 2) != 0 || strncmp(argument + 2, rows[i].name, len) != 0)
            continue;
        if (argument[2 + len] != '\0' && argument[2 + len] != '=')
            continue;
        *ret_inline = argument[2 + len] == '=' ? argument + 3 + len : NULL;
        return &rows[i];
    }
    return NULL;
}

static bool
options_read(char **arguments, struct options *options, struct error *err)
{
    for (; *arguments; arguments++) {
        const char *value = NULL;
        const struct option_row *row = option_row_of(*arguments, &value);

        if (!row)
            return error_set(err, ERROR_USAGE, "%s is no option of init: see --help", *arguments);
        if (!value && arguments[1])
            value = *++arguments;
        if (!option_put(options, row, value, err))
            return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].required && !*(const char **)((char *)options + rows[i].offset))
            return error_set(err, ERROR_USAGE, "--%s is missing: %s", rows[i].name, rows[i].help);
    return true;
}

static void
default_list(struct option_list *list, const char *value)
{
    if (list->count == 0)
        list->item[list->count++] = value;
}

static bool
default_token(struct options *options, enum key_role role, const char *name, struct error *err)
{
    struct token_options *token = &options->token[role];
    const char *variable = "SOFTHSM2_CONF=";
    int pin =
        snprintf(token->default_pin_file, OPTION_PATH, "%s/pins/%s.pin", options->state, name);
    int conf = snprintf(token->default_environment, OPTION_PATH, "%s%s/tokens/%s/softhsm2.conf",
                        variable, options->state, name);

    if (pin >= OPTION_PATH || conf >= OPTION_PATH)
        return error_set(err, ERROR_USAGE, "--state is too long a path");
    if (!token->pin_file)
        token->pin_file = token->default_pin_file;
    if (token->environment.count == 0 && file_exists(token->default_environment + strlen(variable)))
        default_list(&token->environment, token->default_environment);
    return !token->uri || keyring_uri_check(token->uri, false, err) ||
           error_context(err, "--token-%s", name);
}

/* Every TLS library verifies both, and no policy of a company asks for more than P-384. */
static bool
default_key_types(struct options *options, struct error *err)
{
    struct option_list *types = &options->key_types;
    enum key_type type;

    if (types->count == 0)
        *types = (struct option_list){2, {"P-256", "P-384"}};
    for (size_t i = 0; i < types->count; i++) {
        if (!key_type_of_name(types->item[i], &type))
            return error_set(err, ERROR_USAGE,
                             "--key-type %.40s: wanted P-256, P-384, RSA or Ed25519",
                             types->item[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(types->item[i], types->item[j]) == 0)
                return error_set(err, ERROR_USAGE, "--key-type %s stands twice", types->item[i]);
    }
    return algorithm_of_name(options->algorithm, &options->key_type, err);
}

/* The programs stand together. */
static bool
default_programs(struct options *options, struct error *err)
{
    ssize_t len = readlink("/proc/self/exe", options->default_programs,
                           sizeof(options->default_programs) - 1);
    char *slash;

    if (options->programs)
        return true;
    if (len < 0)
        return error_errno(err, ERROR_FILE_ACCESS, "find the folder of this program");
    options->default_programs[len] = '\0';
    slash = strrchr(options->default_programs, '/');
    *slash = '\0';
    options->programs = options->default_programs;
    return true;
}

static bool
default_urls(struct options *options, struct error *err)
{
    const char *colon = strrchr(options->https.item[0], ':');

    if (!options->publish_url && strncmp(options->publish.item[0], "0.0.0.0:", 8) == 0)
        return error_set(err, ERROR_USAGE, "--publish-url is missing: how relying parties reach %s",
                         options->publish.item[0]);
    snprintf(options->default_publish_url, OPTION_PATH, "http://%s", options->publish.item[0]);
    snprintf(options->default_server_url, OPTION_PATH, "https://%s%s",
             options->server_addresses.item[0], colon ? colon : "");
    if (!options->publish_url)
        options->publish_url = options->default_publish_url;
    if (!options->server_url)
        options->server_url = options->default_server_url;
    if (strncmp(options->publish_url, "http://", 7) != 0 || strlen(options->publish_url) > 200 ||
        options->publish_url[strlen(options->publish_url) - 1] == '/')
        return error_set(err, ERROR_USAGE,
                         "--publish-url must begin with http:// (a relying party cannot check the "
                         "certificate that it is about to fetch the CRL for), end without /, and "
                         "have at most 200 characters");
    return true;
}

static bool
check_addresses(const char *name, const struct option_list *list, struct error *err)
{
    struct sockaddr_storage address;
    socklen_t len;

    for (size_t i = 0; i < list->count; i++)
        if (!config_address(list->item[i], &address, &len))
            return error_set(err, ERROR_USAGE, "--%s %s: wanted a numeric address and a port", name,
                             list->item[i]);
    return true;
}

/* Either a root of our own, or one of the two steps with another's. */
static bool
check_root(const struct options *options, struct error *err)
{
    const char *own = options->token[KEY_OF_ROOT].uri;

    if (options->root_csr && options->root_cert)
        return error_set(err, ERROR_USAGE,
                         "--root-csr and --root-cert are two steps: the certificate comes after "
                         "the request");
    if ((options->root_csr || options->root_cert) && own)
        return error_set(err, ERROR_USAGE,
                         "--token-root is for a root of our own, not beside --root-%s",
                         options->root_csr ? "csr" : "cert");
    if (options->root_csr || options->root_cert || own)
        return true;
    return error_set(err, ERROR_USAGE,
                     "--token-root is missing: pkcs11 URI of the root's token (or --root-csr for "
                     "an external root)");
}

static bool
options_check(const struct options *options, struct error *err)
{
    const struct option_list health = {1, {options->health}};
    char id[2 * OPTION_PATH];

    if (options->state[0] != '/' || options->module[0] != '/' || options->programs[0] != '/')
        return error_set(err, ERROR_USAGE, "--state, --module and --programs are absolute paths");
    snprintf(id, sizeof(id), "spiffe://%s/admin/%s", options->trust_domain, options->admin);
    if (strchr(options->admin, '/') || !spiffe_id_fits(bytes_of_text(id)))
        return error_set(err, ERROR_USAGE,
                         "--trust-domain and --admin do not make a SPIFFE id: %.100s", id);
    if (strlen(options->trust_domain) > 64)
        return error_set(err, ERROR_USAGE,
                         "--trust-domain has more than 64 characters, which no organization name "
                         "in a certificate may have");
    if (strstr(options->database, "user=") || strstr(options->database, "password"))
        return error_set(err, ERROR_USAGE,
                         "--database names neither user nor password: each program has its own "
                         "role and proves it as the database wants");
    return check_addresses("https", &options->https, err) &&
           check_addresses("publish", &options->publish, err) &&
           check_addresses("health", &health, err);
}

void
options_key_types_text(const struct options *options, bool with_own,
                       char text[OPTIONS_KEY_TYPES_TEXT])
{
    size_t used = with_own ? (size_t)snprintf(text, OPTIONS_KEY_TYPES_TEXT, "\"P-256\"") : 0;

    for (size_t i = 0; i < options->key_types.count; i++) {
        const char *name = options->key_types.item[i];

        if ((!with_own || strcmp(name, "P-256") != 0) && used < OPTIONS_KEY_TYPES_TEXT)
            used += (size_t)snprintf(text + used, OPTIONS_KEY_TYPES_TEXT - used, "%s\"%s\"",
                                     used ? ", " : "", name);
    }
}

const char *
options_module_init(const struct options *options, enum key_role role)
{
    return options->token[role].module_init ? options->token[role].module_init
                                            : options->module_init;
}

bool
options_parse(char **arguments, struct options *ret_options, struct error *err)
{
    struct options *options = ret_options;

    memset(options, 0, sizeof(*options));
    if (!options_read(arguments, options, err))
        return false;
    default_list(&options->https, "127.0.0.1:8443");
    default_list(&options->publish, "127.0.0.1:8080");
    default_list(&options->server_names, "localhost");
    default_list(&options->server_addresses, "127.0.0.1");
    if (!options->health)
        options->health = "127.0.0.1:9180";
    if (!options->owner)
        options->owner = options->admin;
    return check_root(options, err) && default_programs(options, err) &&
           default_key_types(options, err) && default_token(options, KEY_OF_ROOT, "root", err) &&
           default_token(options, KEY_OF_ISSUING, "issuing", err) &&
           default_token(options, KEY_OF_STATUS, "status", err) && default_urls(options, err) &&
           options_check(options, err);
}
