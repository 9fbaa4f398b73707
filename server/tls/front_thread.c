#include "front_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "signet/clock.h"
#include "signet/file.h"
#include "signet/limits.h"

enum { FRONT_EVENTS = 128, FRONT_ACCEPTS = 16 };

static void
count(atomic_uint_fast64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* --- members of a thread --- */

static void
member_link(struct front_thread *thread, struct member *member)
{
    member->next = thread->all;
    if (thread->all)
        thread->all->previous = member;
    thread->all = member;
}

/* Takes it out of the list; it is freed when the events at hand are done. */
static void
member_end(struct front_thread *thread, struct member *member)
{
    if (member->dead)
        return;
    if (member->relay.state == RELAY_HANDSHAKE) {
        atomic_fetch_sub(&thread->front->handshaking, 1);
        count(&thread->front->handshakes_failed);
    }
    if (member->previous)
        member->previous->next = member->next;
    else
        thread->all = member->next;
    if (member->next)
        member->next->previous = member->previous;
    relay_done(&member->relay);
    member->dead = true;
    member->next = thread->dead;
    thread->dead = member;
}

static void
members_bury(struct front_thread *thread)
{
    while (thread->dead) {
        struct member *member = thread->dead;

        if (member->queued)
            return; /* still in the list of those with more to do */
        thread->dead = member->next;
        free(member);
    }
}

static bool
watch(struct front_thread *thread, int operation, int fd, uint32_t events, void *source)
{
    struct epoll_event event = {.events = events, .data.ptr = source};

    return epoll_ctl(thread->epoll, operation, fd, &event) == 0;
}

/* Makes the socket pair and gives its far end away. */
static bool
member_hand_over(struct front_thread *thread, struct member *member)
{
    struct tls_front *front = thread->front;
    int pair[2];

    atomic_fetch_sub(&front->handshaking, 1);
    count(&front->handshakes);
    if (member->relay.resumed)
        count(&front->resumed);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
        return false;
    relay_open(&member->relay, pair[0]);
    if (!watch(thread, EPOLL_CTL_ADD, pair[0], EPOLLIN | EPOLLRDHUP | EPOLLET, member)) {
        close(pair[1]);
        return false;
    }
    return front->options.hand_over(front->options.context, thread->index, pair[1],
                                    member->relay.connection);
}

static void
member_watch_room(struct front_thread *thread, struct member *member)
{
    bool wanted = member->relay.state == RELAY_OPEN && relay_wants_plain_room(&member->relay);
    uint32_t events = EPOLLIN | EPOLLRDHUP | EPOLLET;

    if (wanted == member->watches_room || member->relay.plain == -1)
        return;
    if (wanted)
        events |= EPOLLOUT;
    if (watch(thread, EPOLL_CTL_MOD, member->relay.plain, events, member))
        member->watches_room = wanted;
}

static void
member_run(struct front_thread *thread, struct member *member)
{
    enum relay_result result;

    if (member->dead)
        return;
    result = relay_run(&member->relay, thread->scratch);
    if (result == RELAY_SHAKEN) {
        if (!member_hand_over(thread, member)) {
            member->relay.state = RELAY_OPEN;
            member_end(thread, member);
            return;
        }
        result = relay_run(&member->relay, thread->scratch);
    }
    if (result == RELAY_ENDED) {
        member_end(thread, member);
        return;
    }
    member_watch_room(thread, member);
    if (result == RELAY_AGAIN && !member->queued) {
        member->queued = true;
        member->again = thread->again;
        thread->again = member;
    }
}

static void
members_run_again(struct front_thread *thread)
{
    struct member *member = thread->again;

    thread->again = NULL;
    while (member) {
        struct member *next = member->again;

        member->queued = false;
        member_run(thread, member);
        member = next;
    }
}

/* --- accepting --- */

static struct member *
member_new(struct front_thread *thread, int tcp, struct connection *connection)
{
    SSL_CTX *context = front_context(thread->front);
    SSL *ssl = context ? SSL_new(context) : NULL;
    struct member *member = calloc(1, sizeof(*member));

    SSL_CTX_free(context);
    if (!ssl || !member || SSL_set_fd(ssl, tcp) != 1) {
        SSL_free(ssl);
        free(member);
        return NULL;
    }
    member->source.kind = SOURCE_RELAY;
    relay_init(&member->relay, ssl, tcp, connection);
    return member;
}

/* Takes a fresh connection in, or ends it at once when a limit is reached. */
static void
front_take(struct front_thread *thread, int tcp, const struct sockaddr *peer, socklen_t peer_len)
{
    struct tls_front *front = thread->front;
    struct connection *connection = NULL;
    struct member *member = NULL;
    int one = 1;

    count(&front->accepted);
    setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (atomic_load(&front->handshaking) < LIMIT_HANDSHAKES * front->options.threads &&
        connection_open(front->options.connections, peer, peer_len, tcp, CONNECTION_HANDSHAKE,
                        &connection, NULL))
        member = member_new(thread, tcp, connection);
    if (!member) {
        count(&front->refused);
        if (connection)
            connection_closing(connection);
        close(tcp);
        connection_unref(connection);
        return;
    }
    atomic_fetch_add(&front->handshaking, 1);
    member_link(thread, member);
    if (!watch(thread, EPOLL_CTL_ADD, tcp, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, member))
        member_end(thread, member);
}

/* Out of descriptors, the waiting connection would raise the same event for ever: end it. */
static void
front_shed(struct front_thread *thread, int listener)
{
    fd_close(&thread->spare_fd);
    close(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
    thread->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    count(&thread->front->refused);
}

static void
front_accept(struct front_thread *thread, int listener)
{
    for (int i = 0; i < FRONT_ACCEPTS; i++) {
        struct sockaddr_storage peer;
        socklen_t peer_len = sizeof(peer);
        int tcp =
            accept4(listener, (struct sockaddr *)&peer, &peer_len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (tcp < 0) {
            if (errno == EMFILE || errno == ENFILE)
                front_shed(thread, listener);
            return;
        }
        front_take(thread, tcp, (struct sockaddr *)&peer, peer_len);
    }
}

/* --- the thread --- */

static void
thread_obey(struct front_thread *thread)
{
    struct tls_front *front = thread->front;
    uint64_t value;

    if (read(thread->wake_fd, &value, sizeof(value)) < 0 && errno != EAGAIN)
        return;
    if (!thread->accepting || !atomic_load(&front->stop_accepting))
        return;
    for (size_t i = 0; i < front->options.listen_count; i++)
        epoll_ctl(thread->epoll, EPOLL_CTL_DEL, front->listeners[i].fd, NULL);
    thread->accepting = false;
}

static void
thread_event(struct front_thread *thread, struct source *source)
{
    switch (source->kind) {
    case SOURCE_WAKE:
        thread_obey(thread);
        return;
    case SOURCE_LISTENER:
        if (thread->accepting)
            front_accept(thread, ((struct listener *)(void *)source)->fd);
        return;
    case SOURCE_RELAY:
        member_run(thread, (struct member *)(void *)source);
        return;
    }
}

static void
thread_turn(struct front_thread *thread, int wait_ms)
{
    struct epoll_event events[FRONT_EVENTS];
    int ready = epoll_wait(thread->epoll, events, FRONT_EVENTS, thread->again ? 0 : wait_ms);

    for (int i = 0; i < ready; i++)
        thread_event(thread, events[i].data.ptr);
    members_run_again(thread);
    members_bury(thread);
}

/* What replies are on their way get LIMIT_LINGER_MS to arrive; then everything ends. */
static void
thread_finish(struct front_thread *thread)
{
    int64_t until_ms = clock_monotonic_ms() + LIMIT_LINGER_MS;
    struct member *next;

    for (struct member *member = thread->all; member; member = next) {
        next = member->next;
        if (member->relay.state == RELAY_HANDSHAKE) {
            member_end(thread, member);
            continue;
        }
        member->relay.finishing = true;
        member_run(thread, member);
    }
    while (thread->all && clock_monotonic_ms() < until_ms)
        thread_turn(thread, LIMIT_TICK_MS / 10);
    while (thread->all)
        member_end(thread, thread->all);
    for (; thread->again; thread->again = thread->again->again)
        thread->again->queued = false;
    members_bury(thread);
}

void *
front_thread_run(void *argument)
{
    struct front_thread *thread = argument;

    while (!atomic_load(&thread->front->stop))
        thread_turn(thread, -1);
    thread_obey(thread);
    thread_finish(thread);
    OPENSSL_thread_stop();
    return NULL;
}

bool
front_thread_prepare(struct front_thread *thread, struct tls_front *front, unsigned index)
{
    thread->front = front;
    thread->index = index;
    thread->epoll = epoll_create1(EPOLL_CLOEXEC);
    thread->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    thread->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    thread->wake.kind = SOURCE_WAKE;
    return thread->epoll != -1 && thread->wake_fd != -1 &&
           watch(thread, EPOLL_CTL_ADD, thread->wake_fd, EPOLLIN, &thread->wake);
}

bool
front_thread_listen(struct front_thread *thread)
{
    struct tls_front *front = thread->front;

    for (size_t i = 0; i < front->options.listen_count; i++) {
        struct listener *listener = &front->listeners[i];

        listener->source.kind = SOURCE_LISTENER;
        listener->fd = front->options.listen_fds[i];
        if (fcntl(listener->fd, F_SETFL, fcntl(listener->fd, F_GETFL) | O_NONBLOCK) < 0 ||
            !watch(thread, EPOLL_CTL_ADD, listener->fd, EPOLLIN | EPOLLEXCLUSIVE,
                   &listener->source))
            return false;
    }
    thread->accepting = true;
    return true;
}

void
front_thread_wake(struct front_thread *thread)
{
    uint64_t one = 1;

    if (write(thread->wake_fd, &one, sizeof(one)) < 0)
        return; /* full: it is awake already */
}

void
front_thread_done(struct front_thread *thread)
{
    fd_close(&thread->epoll);
    fd_close(&thread->wake_fd);
    fd_close(&thread->spare_fd);
}
