#include <stdio.h>
#include <sys/stat.h>

#include "algorithm.h"
#include "command.h"
#include "signet/db.h"
#include "signet/der.h"
#include "signet/keyring.h"

enum { ROLES_TIMEOUT_MS = 30000 };

static bool
keygen(char **arguments, struct error *err)
{
    struct command_option options[] = {{"module", NULL},      {"token", NULL},
                                       {"label", NULL},       {"pin-fd", NULL},
                                       {"module-init", NULL}, {"algorithm", NULL}};
    enum key_type type;
    struct keyring_options keyring = {0};
    char uri[KEYRING_URI_OCTETS];
    const char *text = NULL;
    int fd;
    AUTO_BUFFER pin = {0};
    AUTO_BUFFER spki;
    AUTO_BUFFER pem;

    buffer_init(&spki, LIMIT_SPKI_OCTETS);
    buffer_init(&pem, 2 * LIMIT_SPKI_OCTETS);
    if (!command_options(arguments, options, ARRAY_LEN(options), 4, err) ||
        !command_fd(&options[3], &fd, err) || !algorithm_of_name(options[5].value, &type, err))
        return false;
    keyring.module = options[0].value;
    keyring.uri = options[1].value;
    keyring.init_string = options[4].value;
    umask(077);
    if (!keyring_pin_read(fd, &pin, err) ||
        !keyring_generate(&keyring, buffer_bytes(&pin), type, options[2].value, &spki, uri, err))
        return false;
    if (pem_encode(buffer_bytes(&spki), "PUBLIC KEY", &pem))
        text = buffer_text(&pem);
    if (!text)
        return error_set(err, ERROR_MEMORY, "no memory for the public key");
    printf("%s\n%s", uri, text);
    return true;
}

static bool
token(char **arguments, struct error *err)
{
    struct command_option options[] = {
        {"module", NULL}, {"label", NULL}, {"so-pin-fd", NULL}, {"pin-fd", NULL}};
    struct keyring_options keyring = {0};
    int so_fd, fd;
    AUTO_BUFFER so_pin = {0};
    AUTO_BUFFER pin = {0};

    if (!command_options(arguments, options, ARRAY_LEN(options), ARRAY_LEN(options), err) ||
        !command_fd(&options[2], &so_fd, err) || !command_fd(&options[3], &fd, err))
        return false;
    keyring.module = options[0].value;
    umask(077);
    return keyring_pin_read(so_fd, &so_pin, err) && keyring_pin_read(fd, &pin, err) &&
           keyring_token_init(&keyring, options[1].value, buffer_bytes(&so_pin), buffer_bytes(&pin),
                              err);
}

static bool
roles(char **arguments, struct error *err)
{
    struct command_option options[] = {{"database", NULL}};
    struct db *db = NULL;
    bool ok;

    if (!command_options(arguments, options, 1, 1, err) ||
        !db_open(options[0].value, ROLES_TIMEOUT_MS, &db, err))
        return false;
    ok = db_create_roles(db, err);
    db_close(db);
    return ok;
}

static int
command_of(bool (*run)(char **arguments, struct error *err), char **arguments)
{
    struct error err = {0};

    return run(arguments, &err) ? EXIT_DONE : command_fail(&err);
}

int
command_keygen(char **arguments)
{
    return command_of(keygen, arguments);
}

int
command_token(char **arguments)
{
    return command_of(token, arguments);
}

int
command_roles(char **arguments)
{
    return command_of(roles, arguments);
}
