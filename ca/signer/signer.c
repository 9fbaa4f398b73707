#include "signer.h"

#include <stdio.h>
#include <unistd.h>

void
signer_init(struct signer *signer)
{
    memset(signer, 0, sizeof(*signer));
    signer->wake_fd = -1;
    pthread_mutex_init(&signer->doom_lock, NULL);
}

void
signer_wake(struct signer *signer)
{
    const uint64_t one = 1;

    /* The counter is full only when it is set already. */
    if (write(signer->wake_fd, &one, sizeof(one)) < 0)
        return;
}

void
signer_doom(struct signer *signer, const struct error *err)
{
    pthread_mutex_lock(&signer->doom_lock);
    if (!atomic_load(&signer->doomed)) {
        signer->doom = *err;
        atomic_store(&signer->doomed, true);
    }
    pthread_mutex_unlock(&signer->doom_lock);
    signer_wake(signer);
}

bool
signer_is_doomed(struct signer *signer, struct error *ret_cause)
{
    if (!atomic_load(&signer->doomed))
        return false;
    pthread_mutex_lock(&signer->doom_lock);
    *ret_cause = signer->doom;
    pthread_mutex_unlock(&signer->doom_lock);
    return true;
}

bool
error_is_fatal(const struct error *err)
{
    static const enum error_kind fatal[] = {
        ERROR_DATABASE_UNAVAILABLE,
        ERROR_COMMIT_UNKNOWN,
        ERROR_TOKEN_UNAVAILABLE,
        ERROR_TOKEN_PIN,
        ERROR_TOKEN_KEY,
        ERROR_SIGNATURE_WRONG,
        ERROR_SCHEMA,
        ERROR_DATABASE_REWOUND,
    };

    for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
        if (err->kind == fatal[i])
            return true;
    return err->cause == CAUSE_PKCS11 && token_fate_of(err->cause_code) != TOKEN_FATE_REQUEST;
}

struct error
error_excuse(const struct error *cause)
{
    struct error why = *cause;

    if (error_is_fatal(cause) && error_row(cause->kind)->retry == RETRY_NO)
        error_set(&why, ERROR_SIGNER_UNAVAILABLE, "the signer starts anew");
    return why;
}

int
error_exit_status(const struct error *err)
{
    static const enum error_kind permanent[] = {
        ERROR_CONFIG,    ERROR_FILE_ACCESS, ERROR_TOKEN_PIN,
        ERROR_TOKEN_KEY, ERROR_SCHEMA,      ERROR_USAGE,
    };

    if (err->kind == ERROR_DATABASE_REWOUND)
        return EXIT_REWOUND;
    for (size_t i = 0; i < ARRAY_LEN(permanent); i++)
        if (err->kind == permanent[i])
            return EXIT_PERMANENT;
    if (err->cause == CAUSE_PKCS11 && token_fate_of(err->cause_code) == TOKEN_FATE_PERMANENT)
        return EXIT_PERMANENT;
    return EXIT_TEMPORARY;
}
