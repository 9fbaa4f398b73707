#include "startup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "probe.h"
#include "signet/clock.h"
#include "signet/log.h"

enum { STATEMENT_TIMEOUT_MS = 10000, ISSUERS = 16 };

/* The descriptor stays open: the lock ends with the process, however that ends. */
bool
startup_lock(const struct signer *signer, struct error *err)
{
    const char *folder = signer->token->state;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return error_errno(err, ERROR_FILE_ACCESS, "cannot open the state folder %s", folder);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    close(fd);
    return error_set(err, ERROR_STATE_CONFLICT,
                     "another signer works in %s: stop signetd before a ceremony", folder);
}

bool
startup_permit(struct signer *signer, struct error *err)
{
    const char *user =
        signer->role == ROLE_ISSUING ? signer->config->user.issuing : signer->config->user.status;

    if (permit_is_ours_to_write(signer->token->permit)) {
        if (user[0] != '\0')
            return error_set(
                err, ERROR_CONFIG,
                "the permit %s (or its folder) can be written by the signer's own user: "
                "it must belong to root and to nobody else",
                signer->token->permit);
        log_line(
            LOG_LEVEL_NOTICE,
            "all programs run as one user: the separation between users is off, and the permit "
            "can be changed by the signer's user");
    }
    return permit_load(signer->token->permit, signer->role, &signer->permit, err);
}

static bool
set_environment(const struct config_token *token, struct error *err)
{
    for (size_t i = 0; i < token->environment.count; i++) {
        char text[CONFIG_TEXT];
        char *equals;

        snprintf(text, sizeof(text), "%s", token->environment.item[i]);
        equals = strchr(text, '=');
        if (!equals)
            return error_set(err, ERROR_CONFIG, "token environment \"%s\" is not NAME=value", text);
        *equals = '\0';
        if (setenv(text, equals + 1, 1) != 0)
            return error_errno(err, ERROR_MEMORY, "cannot set %s", text);
    }
    return true;
}

/* One login in a life, and none after one that was refused. */
static bool
open_keyring(struct signer *signer, struct pin *pin, struct error *err)
{
    const struct config_token *token = signer->token;
    const char *waivers[CONFIG_LIST + 1] = {0};
    const struct keyring_options options = {.module = token->module,
                                            .init_string =
                                                token->init_string[0] ? token->init_string : NULL,
                                            .uri = token->uri,
                                            .sessions = token->sessions,
                                            .waivers = waivers};
    struct error why = {0};
    bool opened;

    for (size_t i = 0; i < token->waivers.count; i++)
        waivers[i] = token->waivers.item[i];
    if (!pin_latch_set(token->state, err))
        return false;
    opened = keyring_open(&options, pin_bytes(pin), &signer->keyring, &why);
    pin_wipe(pin);
    if (!pin_latch_settle(token->state, !opened && why.kind == ERROR_TOKEN_PIN, err))
        return false;
    if (!opened && err)
        *err = why;
    return opened;
}

/* The public half that the certificate (or the permit, for OCSP) speaks of. */
static bool
wanted_key(struct signer *signer, struct error *err)
{
    struct bytes spki = keyring_spki(signer->keyring);
    uint8_t digest[LIMIT_DIGEST_OCTETS];

    if (signer->role == ROLE_ISSUING) {
        if (spki.len > 0 && !bytes_equal(spki, signer->permit->issuer.tbs.spki))
            return error_set(err, ERROR_TOKEN_KEY,
                             "the token's key is not that of the issuer's certificate");
        spki = signer->permit->issuer.tbs.spki;
    } else {
        digest_sha256(spki, digest);
        if (spki.len == 0 ||
            memcmp(digest, signer->permit->responder_spki_sha256, sizeof(digest)) != 0)
            return error_set(err, ERROR_TOKEN_KEY,
                             "the token's key is not the one that the status permit names");
    }
    return public_key_parse(spki, &signer->key, err);
}

bool
startup_token(struct signer *signer, struct pin *pin, struct error *err)
{
    if (!set_environment(signer->token, err) || !open_keyring(signer, pin, err) ||
        !wanted_key(signer, err))
        return false;
    signer->algorithm = public_key_default_signature(public_key_type(signer->key));
    if (signer->role == ROLE_ISSUING && signer->algorithm != signer->permit->algorithm)
        return error_set(err, ERROR_CONFIG, "%s: the key does not sign with %s",
                         signer->token->permit,
                         signature_algorithm_name(signer->permit->algorithm));
    return probe_first(signer, err);
}

bool
startup_database(const struct signer *signer, struct db **ret_db, struct error *err)
{
    const char *conninfo = signer->role == ROLE_ISSUING ? signer->config->database.signer
                                                        : signer->config->database.status;
    struct db *db = NULL;

    if (!db_open(conninfo, STATEMENT_TIMEOUT_MS, &db, err))
        return false;
    if (!db_check_schema(db, err)) {
        db_close(db);
        return false;
    }
    /* The filter has no sockets, and a fresh start is faster than a wait. */
    db_forbid_reconnect(db);
    *ret_db = db;
    return true;
}

bool
startup_issuer(struct signer *signer, struct db *db, struct error *err)
{
    struct db_issuer *issuers = calloc(ISSUERS, sizeof(*issuers));
    size_t count = 0;
    bool found = false;

    if (!issuers)
        return error_set(err, ERROR_MEMORY, "no memory for the issuers");
    if (!db_issuer_list(db, issuers, ISSUERS, &count, err)) {
        free(issuers);
        return false;
    }
    for (size_t i = 0; i < count && !found; i++) {
        found = bytes_equal(bytes_of(issuers[i].certificate, issuers[i].certificate_len),
                            signer->permit->issuer.der);
        signer->issuer_id = issuers[i].id;
        signer->issuer_active = strcmp(issuers[i].state, "active") == 0;
    }
    free(issuers);
    if (!found)
        return error_set(err, ERROR_CONFIG,
                         "the database has no issuer with the certificate that the permit %s names",
                         signer->token->permit);
    return true;
}
