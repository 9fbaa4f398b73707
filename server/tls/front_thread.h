/* One thread of the front: its epoll set, the connections in it, and what it does with each event.
 */
#ifndef SIGNET_TLS_FRONT_THREAD_H
#define SIGNET_TLS_FRONT_THREAD_H

#include <openssl/ssl.h>
#include <pthread.h>

#include "front.h"
#include "relay.h"

/* What an epoll event points to; the first member of each. */
enum source_kind { SOURCE_WAKE, SOURCE_LISTENER, SOURCE_RELAY };
struct source {
    enum source_kind kind;
};

struct listener {
    struct source source;
    int fd;
};

/* A relay in its thread's list of all; `again` links those that have more to do at once. */
struct member {
    struct source source;
    struct relay relay;
    struct member *previous, *next;
    struct member *again;
    bool queued, dead, watches_room;
};

struct front_thread {
    struct tls_front *front;
    unsigned index;
    pthread_t thread;
    bool started;
    int epoll;
    struct source wake;
    int wake_fd;
    bool accepting;
    int spare_fd; /* closed for a moment to accept and end a connection when descriptors ran out */
    struct member *all;
    struct member *again;
    struct member *dead; /* freed after the batch of events, which may name them once more */
    uint8_t scratch[RELAY_OCTETS];
};

struct tls_front {
    struct tls_front_options options;
    struct listener *listeners;
    pthread_mutex_t lock; /* of context */
    SSL_CTX *context;
    atomic_bool started, stop_accepting, stop;
    atomic_uint_fast64_t accepted, refused, handshakes, resumed, handshakes_failed;
    atomic_uint handshaking;
    struct front_thread *threads;
};

/* Makes the descriptors; front_thread_done closes them. */
MUST_USE bool front_thread_prepare(struct front_thread *thread, struct tls_front *front,
                                   unsigned index);
/* Before the thread runs: it will accept on all listeners of the front. */
MUST_USE bool front_thread_listen(struct front_thread *thread);
/* The thread's function; `argument` is the struct front_thread. Ends when front->stop is set. */
void *front_thread_run(void *argument);
/* From any thread: look at the flags of the front. */
void front_thread_wake(struct front_thread *thread);
void front_thread_done(struct front_thread *thread);

/* The context that new handshakes use, with a reference of its own; null: none yet. */
SSL_CTX *front_context(struct tls_front *front);

#endif
