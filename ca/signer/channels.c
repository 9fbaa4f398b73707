#include "channels.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "signet/message.h"

static bool
watch(struct channels *channels, int fd, void *what, struct error *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = what}};

    if (epoll_ctl(channels->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot wait on descriptor %d", fd);
    return true;
}

static bool
channel_init(struct channel *channel, int fd, struct error *err)
{
    int type;
    socklen_t len = sizeof(type);
    int flags = fcntl(fd, F_GETFL);

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_SEQPACKET)
        return error_set(err, ERROR_USAGE, "descriptor %d is not a channel", fd);
    /* A reply must never wait for a server that does not read. */
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot set up channel %d", fd);
    channel->fd = fd;
    atomic_init(&channel->open, true);
    return true;
}

bool
channels_init(struct channels *channels, int first, int last, int wake_fd, struct error *err)
{
    sigset_t stops;

    memset(channels, 0, sizeof(*channels));
    if (first < 0 || last < first || last - first >= LIMIT_CHANNELS)
        return error_set(err, ERROR_USAGE, "%d-%d are not 1 to %d channels", first, last,
                         LIMIT_CHANNELS);
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    channels->wake_fd = wake_fd;
    channels->signal_fd = signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
    channels->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (channels->signal_fd < 0 || channels->epoll_fd < 0)
        return error_errno(err, ERROR_INTERNAL, "cannot wait on channels");
    if (!watch(channels, wake_fd, &channels->wake_fd, err) ||
        !watch(channels, channels->signal_fd, &channels->signal_fd, err))
        return false;
    for (int fd = first; fd <= last; fd++) {
        struct channel *channel = &channels->item[channels->count];

        if (!channel_init(channel, fd, err) || !watch(channels, fd, channel, err))
            return false;
        channels->count++;
    }
    return true;
}

static void
drain(int fd)
{
    uint8_t unread[sizeof(struct signalfd_siginfo)];

    while (read(fd, unread, sizeof(unread)) > 0)
        continue;
}

/* A channel that ended is announced once more and then taken out. */
static void
add_ready(struct channels *channels, struct channel *channel, struct channel_events *found)
{
    if (atomic_load(&channel->open))
        found->ready[found->ready_count++] = channel;
    else
        epoll_ctl(channels->epoll_fd, EPOLL_CTL_DEL, channel->fd, NULL);
}

static bool
wait_channels(struct channels *channels, int timeout_ms, struct channel_events *found,
              struct error *err)
{
    struct epoll_event event[LIMIT_CHANNELS + 2];
    int count = epoll_wait(channels->epoll_fd, event, (int)ARRAY_LEN(event), timeout_ms);

    if (count < 0 && errno != EINTR)
        return error_errno(err, ERROR_INTERNAL, "cannot wait on channels");
    for (int i = 0; i < count; i++) {
        if (event[i].data.ptr == &channels->wake_fd)
            found->woken = true;
        else if (event[i].data.ptr == &channels->signal_fd)
            found->stop = true;
        else
            add_ready(channels, event[i].data.ptr, found);
    }
    return true;
}

static bool
wait_wake(struct channels *channels, int timeout_ms, struct channel_events *found,
          struct error *err)
{
    struct pollfd waiting[2] = {{.fd = channels->wake_fd, .events = POLLIN},
                                {.fd = channels->signal_fd, .events = POLLIN}};

    if (poll(waiting, 2, timeout_ms) < 0 && errno != EINTR)
        return error_errno(err, ERROR_INTERNAL, "cannot wait for the signing threads");
    found->woken = waiting[0].revents != 0;
    found->stop = waiting[1].revents != 0;
    return true;
}

bool
channels_wait(struct channels *channels, bool only_wake, int timeout_ms,
              struct channel_events *ret_events, struct error *err)
{
    struct channel_events found = {0};

    if (!(only_wake ? wait_wake : wait_channels)(channels, timeout_ms, &found, err))
        return false;
    if (found.woken)
        drain(channels->wake_fd);
    if (found.stop)
        drain(channels->signal_fd);
    *ret_events = found;
    return true;
}

size_t
channels_open(const struct channels *channels)
{
    size_t open = 0;

    for (size_t i = 0; i < channels->count; i++)
        open += atomic_load(&channels->item[i].open);
    return open;
}

/* shutdown makes our own epoll announce it, and add_ready then takes it out. */
static void
channel_end(struct channel *channel)
{
    atomic_store(&channel->open, false);
    shutdown(channel->fd, SHUT_RDWR);
}

enum frame_result
channel_take(struct channel *channel, struct buffer *in, struct frame *ret_frame, struct error *err)
{
    struct error why = {0};
    enum frame_result result = frame_receive(channel->fd, 0, in, ret_frame, &why);

    if (result == FRAME_CLOSED || (result == FRAME_FAILED && why.kind != ERROR_FRAME))
        channel_end(channel);
    if (result == FRAME_FAILED && err)
        *err = why;
    return result;
}

void
channel_reply(struct channel *channel, enum frame_kind kind, uint32_t id, struct bytes body)
{
    if (atomic_load(&channel->open) && !frame_send(channel->fd, kind, id, body, NULL))
        channel_end(channel);
}

void
channel_refuse(struct channel *channel, uint32_t id, const struct error *why)
{
    AUTO_BUFFER out;

    buffer_init(&out, CHANNEL_FRAME_OCTETS);
    if (error_put(&out, why))
        channel_reply(channel, FRAME_REFUSED, id, buffer_bytes(&out));
    else
        channel_end(channel);
}
