#include "front.h"

#include <signal.h>
#include <stdlib.h>

#include "context.h"
#include "front_thread.h"
#include "signet/limits.h"

SSL_CTX *
front_context(struct tls_front *front)
{
    SSL_CTX *context;

    pthread_mutex_lock(&front->lock);
    context = front->context;
    if (context)
        SSL_CTX_up_ref(context);
    pthread_mutex_unlock(&front->lock);
    return context;
}

bool
tls_front_set_certificate(struct tls_front *front, struct bytes chain_pem, struct bytes key_pem,
                          struct error *err)
{
    SSL_CTX *context, *old;

    if (!tls_context_new(chain_pem, key_pem, &context, err))
        return false;
    pthread_mutex_lock(&front->lock);
    old = front->context;
    front->context = context;
    pthread_mutex_unlock(&front->lock);
    SSL_CTX_free(old);
    return true;
}

bool
tls_front_has_certificate(struct tls_front *front)
{
    SSL_CTX *context = front_context(front);

    SSL_CTX_free(context);
    return context != NULL;
}

bool
tls_front_new(const struct tls_front_options *options, struct tls_front **ret_front,
              struct error *err)
{
    struct tls_front *front = calloc(1, sizeof(*front));
    bool ok;

    if (!front)
        return error_set(err, ERROR_MEMORY, "no memory for the TLS front");
    front->options = *options;
    if (front->options.threads == 0 || front->options.threads > LIMIT_FRONT_THREADS)
        front->options.threads = LIMIT_FRONT_THREADS;
    pthread_mutex_init(&front->lock, NULL);
    front->threads = calloc(front->options.threads, sizeof(*front->threads));
    front->listeners = calloc(options->listen_count + 1, sizeof(*front->listeners));
    ok = front->threads && front->listeners;
    for (unsigned i = 0; front->threads && i < front->options.threads; i++)
        front->threads[i] =
            (struct front_thread){.front = front, .epoll = -1, .wake_fd = -1, .spare_fd = -1};
    for (unsigned i = 0; ok && i < front->options.threads; i++)
        ok = front_thread_prepare(&front->threads[i], front, i);
    if (!ok) {
        error_errno(err, ERROR_MEMORY, "cannot set the TLS front up");
        tls_front_free(front);
        return false;
    }
    *ret_front = front;
    return true;
}

static void
front_wake(struct tls_front *front)
{
    for (unsigned i = 0; front->threads && i < front->options.threads; i++)
        front_thread_wake(&front->threads[i]);
}

bool
tls_front_start(struct tls_front *front, struct error *err)
{
    sigset_t all, before;
    bool ok = true;

    if (!tls_front_has_certificate(front))
        return error_set(err, ERROR_CONFIG, "there is no TLS certificate to listen with");
    for (unsigned i = 0; ok && i < front->options.threads; i++)
        ok = front_thread_listen(&front->threads[i]);
    /* With every signal blocked a write to a closed socket raises none (SIGPIPE). */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned i = 0; ok && i < front->options.threads; i++) {
        struct front_thread *thread = &front->threads[i];

        thread->started = pthread_create(&thread->thread, NULL, front_thread_run, thread) == 0;
        ok = thread->started;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    atomic_store(&front->started, ok);
    return ok || error_errno(err, ERROR_INTERNAL, "cannot start the TLS front");
}

bool
tls_front_listening(const struct tls_front *front)
{
    return front && atomic_load(&front->started) && !atomic_load(&front->stop_accepting);
}

void
tls_front_stop_accepting(struct tls_front *front)
{
    atomic_store(&front->stop_accepting, true);
    front_wake(front);
}

void
tls_front_free(struct tls_front *front)
{
    if (!front)
        return;
    atomic_store(&front->stop_accepting, true);
    atomic_store(&front->stop, true);
    front_wake(front);
    for (unsigned i = 0; front->threads && i < front->options.threads; i++) {
        struct front_thread *thread = &front->threads[i];

        if (thread->started)
            pthread_join(thread->thread, NULL);
        front_thread_done(thread);
    }
    SSL_CTX_free(front->context);
    pthread_mutex_destroy(&front->lock);
    free(front->threads);
    free(front->listeners);
    free(front);
}

void
tls_front_counts(const struct tls_front *front, struct tls_front_counts *ret_counts)
{
    ret_counts->accepted = atomic_load(&front->accepted);
    ret_counts->refused = atomic_load(&front->refused);
    ret_counts->handshakes = atomic_load(&front->handshakes);
    ret_counts->resumed = atomic_load(&front->resumed);
    ret_counts->handshakes_failed = atomic_load(&front->handshakes_failed);
    ret_counts->handshaking = atomic_load(&front->handshaking);
}
