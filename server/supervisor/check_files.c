#include "check.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signet/file.h"

enum { CHECK_NOBODY = -1 };

/* The user id of a configured user, ours when there is none or we do not switch. */
static uid_t
check_uid(struct check *check, const char *user)
{
    struct passwd *entry;

    if (!check->separate || !user[0])
        return geteuid();
    entry = getpwnam(user);
    return entry ? entry->pw_uid : (uid_t)CHECK_NOBODY;
}

static bool
check_user(struct check *check, const char *role, const char *user)
{
    if (!user[0])
        return check_ok(check, "user %s: none of its own, runs as the user of signetd", role);
    if (!getpwnam(user))
        return check_wrong(check, "user %s: there is no user %s; create it: useradd --system %s",
                           role, user, user);
    return check_ok(check, "user %s: %s", role, user);
}

/* Whether the path can be looked at; the reason is reported otherwise. */
static bool
check_stat(struct check *check, const char *what, const char *path, struct stat *ret_status)
{
    return stat(path, ret_status) == 0 ||
           check_wrong(check, "%s %s: %s; correct the path or create it", what, path,
                       strerror(errno));
}

static bool
check_pin_file(struct check *check, const char *role, const char *path)
{
    struct stat status;
    char what[64];

    snprintf(what, sizeof(what), "PIN file (%s)", role);
    if (!check_stat(check, what, path, &status))
        return false;
    if (!S_ISREG(status.st_mode))
        return check_wrong(check, "%s %s: not a regular file", what, path);
    if (status.st_mode & 077)
        return check_wrong(check, "%s %s: mode %04o lets others use it; chmod 0600 %s", what, path,
                           (unsigned)status.st_mode & 07777, path);
    if (access(path, R_OK) != 0)
        return check_wrong(check, "%s %s: we cannot read it; make the user of signetd its owner",
                           what, path);
    if (status.st_size == 0)
        return check_wrong(check, "%s %s: empty; put the PIN of the token into it", what, path);
    return check_ok(check, "%s %s", what, path);
}

/* The signer must not be able to widen its own permit; without users of their own it is ours. */
static bool
check_permit(struct check *check, const char *role, const char *path, uid_t user)
{
    struct stat status;
    char what[64];

    snprintf(what, sizeof(what), "permit (%s)", role);
    if (!check_stat(check, what, path, &status))
        return false;
    if (!S_ISREG(status.st_mode))
        return check_wrong(check, "%s %s: not a regular file", what, path);
    if (status.st_mode & 022)
        return check_wrong(check, "%s %s: mode %04o lets others write; chmod 0644 %s", what, path,
                           (unsigned)status.st_mode & 07777, path);
    if (check->separate && status.st_uid != 0)
        return check_wrong(check, "%s %s: owned by user %u, wanted root; chown root %s", what, path,
                           (unsigned)status.st_uid, path);
    if (check->separate && status.st_uid == user)
        return check_wrong(check,
                           "%s %s: its signer could rewrite it; run the signer as another user",
                           what, path);
    return check_ok(check, "%s %s", what, path);
}

static bool
check_folder(struct check *check, const char *what, const char *path, uid_t owner)
{
    struct stat status;

    if (!check_stat(check, what, path, &status))
        return false;
    if (!S_ISDIR(status.st_mode))
        return check_wrong(check, "%s %s: not a folder", what, path);
    if (owner == (uid_t)CHECK_NOBODY)
        return check_wrong(check, "%s %s: its user does not exist", what, path);
    if (status.st_uid != owner)
        return check_wrong(check, "%s %s: owned by user %u, wanted %u; chown %u %s", what, path,
                           (unsigned)status.st_uid, (unsigned)owner, (unsigned)owner, path);
    if (status.st_mode & 022)
        return check_wrong(check, "%s %s: mode %04o lets others write; chmod 0700 %s", what, path,
                           (unsigned)status.st_mode & 07777, path);
    return check_ok(check, "%s %s", what, path);
}

/* Looks at the file only: loading a module would run its code in the wrong program. */
static bool
check_module(struct check *check, const char *role, const char *path)
{
    static const char elf[] = "\177ELF";
    char head[sizeof(elf) - 1] = "";
    struct stat status;
    char what[64];
    bool library;
    FILE *file;

    snprintf(what, sizeof(what), "token module (%s)", role);
    if (!check_stat(check, what, path, &status))
        return false;
    file = S_ISREG(status.st_mode) ? fopen(path, "re") : NULL;
    library = file && fread(head, 1, sizeof(head), file) == sizeof(head) &&
              memcmp(head, elf, sizeof(head)) == 0;
    if (file)
        fclose(file);
    if (!library)
        return check_wrong(
            check, "%s %s: not a shared library; name the PKCS#11 module of the token", what, path);
    return check_ok(check, "%s %s", what, path);
}

static void
check_latch(struct check *check, const char *role, const char *state)
{
    char path[CONFIG_PATH + 16];

    snprintf(path, sizeof(path), "%s/pin.latch", state);
    if (file_exists(path))
        check_wrong(check,
                    "PIN latch (%s) %s: the last login did not succeed, so the signer tries no "
                    "more; correct the PIN file, then delete the latch",
                    role, path);
}

static void
check_token(struct check *check, const char *role, const struct config_token *token,
            const char *user)
{
    uid_t uid = check_uid(check, user);
    char what[64];

    check_module(check, role, token->module);
    check_pin_file(check, role, token->pin_file);
    check_permit(check, role, token->permit, uid);
    snprintf(what, sizeof(what), "state folder (%s)", role);
    check_folder(check, what, token->state, uid);
    check_latch(check, role, token->state);
}

static void
check_program(struct check *check, const char *name)
{
    char path[CONFIG_PATH + 32];

    snprintf(path, sizeof(path), "%s/%s", check->programs, name);
    if (access(path, X_OK) == 0)
        check_ok(check, "program %s", path);
    else
        check_wrong(check, "program %s: %s; install it there or set the option programs", path,
                    strerror(errno));
}

void
check_files(struct check *check)
{
    const struct config *config = check->config;

    if (check->separate) {
        check_user(check, "server", config->user.server);
        check_user(check, "issuing", config->user.issuing);
        check_user(check, "status", config->user.status);
    }
    check_program(check, "signet-server");
    check_program(check, "signet-signer");
    check_token(check, "issuing", &config->token[ROLE_ISSUING], config->user.issuing);
    check_token(check, "status", &config->token[ROLE_STATUS], config->user.status);
    check_folder(check, "TLS folder", config->server.tls, check_uid(check, config->user.server));
}
