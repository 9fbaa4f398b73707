#include "signing.h"

#include <stdlib.h>

#include "signet/fault.h"

struct signing {
    struct signer *signer;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct sign_job *first;
    struct sign_job **last;
    atomic_uint next_session;
};

static struct sign_job *
take(struct signing *signing)
{
    struct sign_job *job;

    pthread_mutex_lock(&signing->lock);
    while (!signing->first)
        pthread_cond_wait(&signing->filled, &signing->lock);
    job = signing->first;
    signing->first = job->next;
    if (!signing->first)
        signing->last = &signing->first;
    pthread_mutex_unlock(&signing->lock);
    return job;
}

static void
sign(struct signer *signer, unsigned session, struct sign_job *job)
{
    /* After the first loss of the token all that wait are answered with it. */
    if (signer_is_doomed(signer, &job->err)) {
        job->ok = false;
        return;
    }
    job->ok = token_sign(signer->keyring, session, signer->key, signer->algorithm, job->message,
                         job->signature, &job->signature_len, &job->err);
    if (job->ok)
        atomic_fetch_add(&signer->signatures, 1);
    else if (error_is_fatal(&job->err))
        signer_doom(signer, &job->err);
    if (FAULT_POINT("after-sign"))
        job->ok = error_set(&job->err, ERROR_INTERNAL, "fault point after-sign");
}

static void *
signing_main(void *argument)
{
    struct signing *signing = argument;
    unsigned session = atomic_fetch_add(&signing->next_session, 1);

    while (true) {
        struct sign_job *job = take(signing);

        sign(signing->signer, session, job);
        job->done(job);
    }
    return NULL;
}

bool
signing_start(struct signer *signer, struct error *err)
{
    struct signing *signing = calloc(1, sizeof(*signing));
    unsigned sessions = keyring_sessions(signer->keyring);

    if (!signing)
        return error_set(err, ERROR_MEMORY, "no memory for the signing threads");
    signing->signer = signer;
    signing->last = &signing->first;
    pthread_mutex_init(&signing->lock, NULL);
    pthread_cond_init(&signing->filled, NULL);
    signer->signing = signing;
    for (unsigned i = 0; i < sessions; i++) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, signing_main, signing) != 0)
            return error_set(err, ERROR_MEMORY, "cannot start signing thread %u of %u", i + 1,
                             sessions);
        pthread_detach(thread);
    }
    return true;
}

void
signing_submit(struct signing *signing, struct sign_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&signing->lock);
    *signing->last = job;
    signing->last = &job->next;
    pthread_cond_signal(&signing->filled);
    pthread_mutex_unlock(&signing->lock);
}

struct waiting_job {
    struct sign_job job;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool done;
};

static void
waiting_done(struct sign_job *job)
{
    struct waiting_job *waiting = job->owner;

    pthread_mutex_lock(&waiting->lock);
    waiting->done = true;
    pthread_cond_signal(&waiting->ended);
    pthread_mutex_unlock(&waiting->lock);
}

bool
signing_run(struct signing *signing, struct bytes message,
            uint8_t ret_signature[LIMIT_SIGNATURE_OCTETS], size_t *ret_len, struct error *err)
{
    struct waiting_job waiting = {.job = {.message = message, .done = waiting_done},
                                  .lock = PTHREAD_MUTEX_INITIALIZER,
                                  .ended = PTHREAD_COND_INITIALIZER};

    waiting.job.owner = &waiting;
    signing_submit(signing, &waiting.job);
    pthread_mutex_lock(&waiting.lock);
    while (!waiting.done)
        pthread_cond_wait(&waiting.ended, &waiting.lock);
    pthread_mutex_unlock(&waiting.lock);
    if (!waiting.job.ok) {
        if (err)
            *err = waiting.job.err;
        return false;
    }
    memcpy(ret_signature, waiting.job.signature, waiting.job.signature_len);
    *ret_len = waiting.job.signature_len;
    return true;
}
