#include "signet/config.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signet/limits.h"
#include "signet/settings.h"

enum { CONFIG_DAY_S = 86400 };

static bool
config_valid_user(const char *value)
{
    return value[0] && strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789_-.") == strlen(value);
}

/* Secrets are references to files, never values. */
static bool
config_valid_conninfo(const char *value)
{
    return value[0] && !strstr(value, "password") && !strstr(value, "://");
}

static bool
config_valid_uri(const char *value)
{
    return strncmp(value, "pkcs11:", 7) == 0 && value[7] && !strstr(value, "pin-value") &&
           !strstr(value, "pin-source");
}

static bool
config_valid_environment(const char *value)
{
    size_t len = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    return len > 0 && value[len] == '=' && (value[0] < '0' || value[0] > '9') &&
           strncmp(value, "LD_", 3) != 0;
}

static bool
config_valid_address(const char *value)
{
    struct sockaddr_storage address;
    socklen_t len;

    return config_address(value, &address, &len);
}

static bool
config_valid_dns(const char *value)
{
    return value[0] && strlen(value) <= LIMIT_NAME_OCTETS && value[0] != '.' &&
           strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(value);
}

static bool
config_valid_ip(const char *value)
{
    struct in6_addr address;

    return inet_pton(AF_INET, value, &address) == 1 || inet_pton(AF_INET6, value, &address) == 1;
}

#define CONFIG_PLACE(member)                                                                       \
    .offset = offsetof(struct config, member), .room = sizeof(((struct config *)0)->member)

#define CONFIG_NUMBER(in, option, least, most, otherwise)                                          \
    {                                                                                              \
        .section = #in, .name = #option, .type = SETTINGS_NUMBER, .min = (least), .max = (most),   \
        .fallback = (otherwise), CONFIG_PLACE(in.option)                                           \
    }

#define CONFIG_USER(option)                                                                        \
    {                                                                                              \
        .section = "user", .name = #option, .type = SETTINGS_TEXT, .valid = config_valid_user,     \
        .wanted = "the name of a user", CONFIG_PLACE(user.option)                                  \
    }

#define CONFIG_DATABASE(option)                                                                    \
    {                                                                                              \
        .section = "database", .name = #option, .type = SETTINGS_TEXT, .need = SETTINGS_REQUIRED,  \
        .valid = config_valid_conninfo,                                                            \
        .wanted = "keyword=value pairs of libpq without a password (use passfile=)",               \
        CONFIG_PLACE(database.option)                                                              \
    }

#define CONFIG_TOKEN(role, title)                                                                  \
    {.section = title,                                                                             \
     .name = "module",                                                                             \
     .type = SETTINGS_PATH,                                                                        \
     .need = SETTINGS_REQUIRED,                                                                    \
     CONFIG_PLACE(token[role].module)},                                                            \
        {.section = title,                                                                         \
         .name = "init_string",                                                                    \
         .type = SETTINGS_TEXT,                                                                    \
         CONFIG_PLACE(token[role].init_string)},                                                   \
        {.section = title,                                                                         \
         .name = "uri",                                                                            \
         .type = SETTINGS_TEXT,                                                                    \
         .need = SETTINGS_REQUIRED,                                                                \
         .valid = config_valid_uri,                                                                \
         .wanted = "a PKCS#11 URI (pkcs11:...) without a PIN",                                     \
         CONFIG_PLACE(token[role].uri)},                                                           \
        {.section = title,                                                                         \
         .name = "pin_file",                                                                       \
         .type = SETTINGS_PATH,                                                                    \
         .need = SETTINGS_REQUIRED,                                                                \
         CONFIG_PLACE(token[role].pin_file)},                                                      \
        {.section = title,                                                                         \
         .name = "environment",                                                                    \
         .type = SETTINGS_LIST,                                                                    \
         .valid = config_valid_environment,                                                        \
         .wanted = "NAME=value, and no LD_ variable",                                              \
         CONFIG_PLACE(token[role].environment)},                                                   \
        {.section = title,                                                                         \
         .name = "sessions",                                                                       \
         .type = SETTINGS_NUMBER,                                                                  \
         .min = 1,                                                                                 \
         .max = LIMIT_SIGNING_THREADS,                                                             \
         .fallback = "2",                                                                          \
         CONFIG_PLACE(token[role].sessions)},                                                      \
        {.section = title,                                                                         \
         .name = "permit",                                                                         \
         .type = SETTINGS_PATH,                                                                    \
         .need = SETTINGS_REQUIRED,                                                                \
         CONFIG_PLACE(token[role].permit)},                                                        \
        {.section = title,                                                                         \
         .name = "state",                                                                          \
         .type = SETTINGS_PATH,                                                                    \
         .need = SETTINGS_REQUIRED,                                                                \
         CONFIG_PLACE(token[role].state)},                                                         \
    {                                                                                              \
        .section = title, .name = "waivers", .type = SETTINGS_LIST,                                \
        CONFIG_PLACE(token[role].waivers)                                                          \
    }

static const struct settings_row config_rows[] = {
    {.section = "", .name = "programs", .type = SETTINGS_PATH, CONFIG_PLACE(programs)},
    CONFIG_USER(server),
    CONFIG_USER(issuing),
    CONFIG_USER(status),
    CONFIG_DATABASE(server),
    CONFIG_DATABASE(signer),
    CONFIG_DATABASE(status),
    CONFIG_TOKEN(ROLE_ISSUING, "token issuing"),
    CONFIG_TOKEN(ROLE_STATUS, "token status"),
    {.section = "server",
     .name = "https",
     .type = SETTINGS_LIST,
     .need = SETTINGS_REQUIRED,
     .min = 1,
     .valid = config_valid_address,
     .wanted = "a numeric address and port, as in 127.0.0.1:8443 or [::1]:8443",
     CONFIG_PLACE(server.https)},
    {.section = "server",
     .name = "publish",
     .type = SETTINGS_LIST,
     .need = SETTINGS_REQUIRED,
     .min = 1,
     .valid = config_valid_address,
     .wanted = "a numeric address and port, as in 127.0.0.1:8080 or [::1]:8080",
     CONFIG_PLACE(server.publish)},
    {.section = "server",
     .name = "health",
     .type = SETTINGS_TEXT,
     .valid = config_valid_address,
     .wanted = "a numeric address and port, as in 127.0.0.1:9180",
     .fallback = "127.0.0.1:9180",
     CONFIG_PLACE(server.health)},
    {.section = "server",
     .name = "tls",
     .type = SETTINGS_PATH,
     .need = SETTINGS_REQUIRED,
     CONFIG_PLACE(server.tls)},
    {.section = "server",
     .name = "names",
     .type = SETTINGS_LIST,
     .valid = config_valid_dns,
     .wanted = "a DNS name in lower case",
     CONFIG_PLACE(server.names)},
    {.section = "server",
     .name = "addresses",
     .type = SETTINGS_LIST,
     .valid = config_valid_ip,
     .wanted = "an IP address",
     CONFIG_PLACE(server.addresses)},
    CONFIG_NUMBER(server, workers, 1, LIMIT_CHANNELS - 2, "16"),
    CONFIG_NUMBER(server, publish_workers, 1, LIMIT_CHANNELS - 1, "8"),
    CONFIG_NUMBER(server, connections, 16, 65536, "4096"),
    CONFIG_NUMBER(server, request_deadline_ms, 100, 60000, "10000"),
    CONFIG_NUMBER(rate, address_per_s, 1, 1000000, "50"),
    CONFIG_NUMBER(rate, address_burst, 1, 1000000, "200"),
    CONFIG_NUMBER(rate, identity_per_s, 1, 1000000, "10"),
    CONFIG_NUMBER(rate, identity_burst, 1, 1000000, "50"),
    CONFIG_NUMBER(jobs, crl_life_s, 60, 30 * CONFIG_DAY_S, "86400"),
    CONFIG_NUMBER(jobs, ocsp_life_s, 60, 7 * CONFIG_DAY_S, "3600"),
    CONFIG_NUMBER(jobs, partition_days, 2, 400, "14"),
    CONFIG_NUMBER(jobs, retention_days, 1, 36500, "30"),
    CONFIG_NUMBER(jobs, audit_days, 1, 36500, "400"),
};

const struct settings_row *
config_schema(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(config_rows);
    return config_rows;
}

bool
config_load(const char *path, struct config *ret_config, struct error *err)
{
    struct config *config = calloc(1, sizeof(*config));
    bool loaded;

    if (!config)
        return error_set(err, ERROR_MEMORY, "no memory for the configuration");
    if (snprintf(config->path, sizeof(config->path), "%s", path) >= (int)sizeof(config->path)) {
        free(config);
        return error_set(err, ERROR_CONFIG, "the path of the configuration is too long");
    }
    loaded = settings_load(path, config_rows, ARRAY_LEN(config_rows), config, err);
    if (loaded)
        *ret_config = *config;
    free(config);
    return loaded;
}

static bool
config_port(const char *text, in_port_t *ret_port)
{
    unsigned port = 0;

    if (!text[0] || text[0] == '0' || strlen(text) > 5)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        port = port * 10 + (unsigned)(*text - '0');
    }
    if (port > 65535)
        return false;
    *ret_port = htons((uint16_t)port);
    return true;
}

bool
config_address(const char *text, struct sockaddr_storage *ret_address, socklen_t *ret_len)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    const char *colon = strrchr(text, ':');
    char host[INET6_ADDRSTRLEN];
    bool bracketed = text[0] == '[' && colon && colon > text + 1 && colon[-1] == ']';
    size_t len = colon ? (size_t)(colon - text) - (bracketed ? 2 : 0) : 0;

    if (len == 0 || len >= sizeof(host))
        return false;
    memcpy(host, text + bracketed, len);
    host[len] = '\0';
    if (bracketed) {
        if (!config_port(colon + 1, &v6.sin6_port) || inet_pton(AF_INET6, host, &v6.sin6_addr) != 1)
            return false;
        memcpy(ret_address, &v6, sizeof(v6));
        *ret_len = sizeof(v6);
        return true;
    }
    if (!config_port(colon + 1, &v4.sin_port) || inet_pton(AF_INET, host, &v4.sin_addr) != 1)
        return false;
    memcpy(ret_address, &v4, sizeof(v4));
    *ret_len = sizeof(v4);
    return true;
}
