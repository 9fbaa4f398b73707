/* The later ceremonies: an administrator when there is none left, and the root's next CRL. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "ceremony.h"
#include "command.h"
#include "signet/clock.h"
#include "signet/file.h"
#include "signet/tbs_cert.h"

/* --- admin --- */

static bool
admin_check(struct ceremony *ceremony, struct error *err)
{
    char id[2 * OPTION_PATH], path[CEREMONY_PATH], name[OPTION_PATH];
    static const char *const endings[] = {"key", "pem"};

    snprintf(id, sizeof(id), "spiffe://%s/admin/%.400s", ceremony->options.trust_domain,
             ceremony->options.admin);
    if (strchr(ceremony->options.admin, '/') || strlen(ceremony->options.admin) > 200 ||
        !spiffe_id_fits(bytes_of_text(id)))
        return error_set(err, ERROR_USAGE, "--name does not make a SPIFFE id: %.200s", id);
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        snprintf(name, sizeof(name), "admin/%.200s.%s", ceremony->options.admin, endings[i]);
        ceremony_path(ceremony, name, path);
        if (file_exists(path))
            return error_set(err, ERROR_STATE_EXISTS, "%s is there already: move it away", path);
    }
    return true;
}

/* Before anything is written; the signer itself refuses as well. */
static bool
admin_signer_is_stopped(const struct ceremony *ceremony, struct error *err)
{
    const char *folder = ceremony->config->token[ROLE_ISSUING].state;
    AUTO_FD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return error_errno(err, ERROR_FILE_ACCESS, "open the state folder %s", folder);
    return flock(fd, LOCK_EX | LOCK_NB) == 0 ||
           error_set(err, ERROR_STATE_CONFLICT,
                     "a signer works in %s: stop signetd, then repeat this", folder);
}

/* Roles of an identity never change, so one that exists must have been made an administrator. */
static bool
admin_identity(struct ceremony *ceremony, struct error *err)
{
    struct db_identity identity;
    char name[LIMIT_NAME_OCTETS + 1];

    snprintf(name, sizeof(name), "admin/%.200s", ceremony->options.admin);
    switch (db_identity_get(ceremony->db, name, &identity, err)) {
    case DB_FOUND:
        if (strcmp(identity.state, "active") == 0 && strstr(identity.roles, "admin"))
            return true;
        return error_set(err, ERROR_STATE_CONFLICT,
                         "the identity %s is %s with roles \"%s\": choose another --name", name,
                         identity.state, identity.roles);
    case DB_MISSING:
        return database_insert_admin(ceremony, err);
    case DB_FAILED:
        break;
    }
    return false;
}

static bool
admin_run(struct ceremony *ceremony, struct error *err)
{
    char name[LIMIT_NAME_OCTETS + 1];

    snprintf(name, sizeof(name), "admin/%.200s", ceremony->options.admin);
    return admin_check(ceremony, err) && admin_signer_is_stopped(ceremony, err) &&
           admin_identity(ceremony, err) && leaves_issue_admin(ceremony, err) &&
           existing_note(ceremony, "admin", name, err) && results_write_admin(ceremony, err);
}

static bool
admin(struct ceremony *ceremony, char **arguments, struct error *err)
{
    struct command_option options[] = {
        {"state", NULL}, {"name", NULL}, {"owner", NULL}, {"config", NULL}};
    bool ok;

    if (!command_options(arguments, options, ARRAY_LEN(options), 2, err) ||
        !existing_begin(ceremony, options[0].value, options[3].value, err))
        return false;
    ceremony->options.admin = options[1].value;
    ceremony->options.owner = options[2].value ? options[2].value : options[1].value;
    ok = admin_run(ceremony, err);
    progress_end(&ceremony->progress);
    if (ok)
        printf("certificate  %s/admin/%s.pem\nkey          %s/admin/%s.key\n",
               ceremony->options.state, ceremony->options.admin, ceremony->options.state,
               ceremony->options.admin);
    return ok;
}

/* --- root-crl --- */

/* As init finds them: files of the state folder, where no option names others. */
static bool
root_token(struct ceremony *ceremony, const struct command_option *options, struct error *err)
{
    static const char variable[] = "SOFTHSM2_CONF=";
    const char *pin = options[0].value, *environment = options[1].value, *module = options[2].value;
    struct token_options *token = &ceremony->options.token[KEY_OF_ROOT];
    int len = snprintf(token->default_environment, OPTION_PATH, "%s%s/tokens/root/softhsm2.conf",
                       variable, ceremony->options.state);

    if (len >= OPTION_PATH)
        return error_set(err, ERROR_USAGE, "--state is too long a path");
    snprintf(token->default_pin_file, OPTION_PATH, "%s/pins/root.pin", ceremony->options.state);
    token->pin_file = pin ? pin : token->default_pin_file;
    token->module_init = options[3].value;
    if (module)
        ceremony->options.module = module;
    if (!environment && file_exists(token->default_environment + strlen(variable)))
        environment = token->default_environment;
    if (environment)
        token->environment.item[token->environment.count++] = environment;
    return true;
}

static bool
root_crl_run(struct ceremony *ceremony, struct error *err)
{
    if (strcmp(ceremony->key[KEY_OF_ROOT].uri, DB_KEY_EXTERNAL) == 0)
        return error_set(err, ERROR_STATE_CONFLICT,
                         "the root is external: whoever has its key makes its CRL");
    if (!root_sign_crl(ceremony, err) || !existing_note(ceremony, "root_crl", "root", err))
        return false;
    return ceremony_write(ceremony, "pki/root.crl", buffer_bytes(&ceremony->root_crl), 0644, NULL,
                          err);
}

static bool
root_crl(struct ceremony *ceremony, char **arguments, struct error *err)
{
    struct command_option options[] = {{"state", NULL},  {"config", NULL},
                                       {"pin", NULL},    {"environment", NULL},
                                       {"module", NULL}, {"module-init", NULL}};
    char end[CLOCK_TEXT_OCTETS];
    bool ok;

    if (!command_options(arguments, options, ARRAY_LEN(options), 1, err) ||
        !existing_begin(ceremony, options[0].value, options[1].value, err))
        return false;
    ok = root_token(ceremony, &options[2], err) && root_crl_run(ceremony, err);
    progress_end(&ceremony->progress);
    clock_text(ceremony->now_s + CEREMONY_ROOT_CRL_S - 1, end);
    if (ok)
        printf("CRL of the root, until %.10s: %s/pki/root.crl\n", end, ceremony->options.state);
    return ok;
}

/* --- both --- */

static int
command_with(bool (*run)(struct ceremony *ceremony, char **arguments, struct error *err),
             char **arguments)
{
    struct ceremony *ceremony = calloc(1, sizeof(*ceremony));
    struct error err = {0};
    int status = EXIT_DONE;

    if (!ceremony)
        return EXIT_FAILED;
    ceremony_new(ceremony);
    umask(022);
    if (!run(ceremony, arguments, &err))
        status = command_fail(&err);
    ceremony_done(ceremony);
    free(ceremony);
    return status;
}

int
command_admin(char **arguments)
{
    return command_with(admin, arguments);
}

int
command_root_crl(char **arguments)
{
    return command_with(root_crl, arguments);
}
