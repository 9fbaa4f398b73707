#include "signet/frame.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "signet/clock.h"
#include "signet/file.h"
#include "signet/limits.h"

/* Aligned room for FRAME_FDS descriptors. */
union frame_control {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int) * FRAME_FDS)];
};

bool
frame_pair(int ret_fds[2], struct error *err)
{
    struct timeval patience = {.tv_sec = LIMIT_FRAME_SEND_MS / 1000};
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot make a channel");
    for (int i = 0; i < 2; i++)
        if (setsockopt(fds[i], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0) {
            error_errno(err, ERROR_INTERNAL, "cannot bound the sending time of a channel");
            fd_close(&fds[0]);
            fd_close(&fds[1]);
            return false;
        }
    memcpy(ret_fds, fds, sizeof(fds));
    return true;
}

bool
frame_send(int fd, enum frame_kind kind, uint32_t id, struct bytes body, struct error *err)
{
    return frame_send_fds(fd, kind, id, body, NULL, 0, err);
}

static void
frame_attach(struct msghdr *message, union frame_control *control, const int *fds, size_t count)
{
    struct cmsghdr *header;

    message->msg_control = control->room;
    message->msg_controllen = CMSG_SPACE(sizeof(int) * count);
    header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(header), fds, sizeof(int) * count);
}

bool
frame_send_fds(int fd, enum frame_kind kind, uint32_t id, struct bytes body, const int *fds,
               size_t count, struct error *err)
{
    uint8_t header[FRAME_HEADER_OCTETS] = {
        FRAME_VERSION,       (uint8_t)kind,      0,          0, (uint8_t)(id >> 24),
        (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};
    struct iovec parts[2] = {{.iov_base = header, .iov_len = sizeof(header)},
                             {.iov_base = (void *)(uintptr_t)body.data, .iov_len = body.len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = body.len ? 2 : 1};
    union frame_control control = {0};
    ssize_t sent;

    if (body.len > LIMIT_FRAME_OCTETS - FRAME_HEADER_OCTETS || count > FRAME_FDS)
        return error_set(err, ERROR_FRAME, "a frame of kind %d has %zu octets and %zu descriptors",
                         kind, body.len, count);
    if (count)
        frame_attach(&message, &control, fds, count);
    do
        sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return error_errno(err, ERROR_SIGNER_UNAVAILABLE, "the other end of the channel is gone");
    return true;
}

/* Waits until something can be read; EINTR does not lengthen the wait. */
static enum frame_result
frame_wait(int fd, int64_t deadline_ms, struct error *err)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};

    for (;;) {
        int64_t left_ms = deadline_ms < 0 ? -1 : deadline_ms - clock_monotonic_ms();
        int ready;

        if (deadline_ms >= 0 && left_ms < 0)
            left_ms = 0;
        ready = poll(&waiting, 1, (int)left_ms);
        if (ready > 0)
            return FRAME_OK;
        if (ready == 0)
            return FRAME_TIMEOUT;
        if (errno != EINTR) {
            error_errno(err, ERROR_INTERNAL, "cannot wait on a channel");
            return FRAME_FAILED;
        }
    }
}

/* Not blocking, because another thread may have taken the frame that poll announced. */
static enum frame_result
frame_take(int fd, int timeout_ms, struct msghdr *message, size_t *ret_len, struct error *err)
{
    int64_t deadline_ms = timeout_ms < 0 ? -1 : clock_monotonic_ms() + timeout_ms;
    size_t control_room = message->msg_controllen;

    for (;;) {
        enum frame_result result = frame_wait(fd, deadline_ms, err);
        ssize_t got;

        if (result != FRAME_OK)
            return result;
        message->msg_controllen = control_room;
        got = recvmsg(fd, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got > 0) {
            *ret_len = (size_t)got;
            return FRAME_OK;
        }
        if (got == 0 || errno == ECONNRESET)
            return FRAME_CLOSED;
        if (errno != EAGAIN && errno != EINTR) {
            error_errno(err, ERROR_FRAME, "cannot receive from a channel");
            return FRAME_FAILED;
        }
    }
}

static void
frame_take_fds(struct msghdr *message, int fds[FRAME_FDS], size_t *ret_count)
{
    struct cmsghdr *header;
    size_t count = 0;

    for (header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        size_t here;

        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        here = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < here; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
            if (count < FRAME_FDS)
                fds[count++] = fd;
            else
                close(fd);
        }
    }
    *ret_count = count;
}

static bool
frame_parse(const struct msghdr *message, struct bytes raw, struct frame *ret_frame,
            struct error *err)
{
    struct reader reader = reader_of(raw);
    uint8_t version, kind;
    uint16_t reserved;
    uint32_t id;

    if (message->msg_flags & MSG_TRUNC)
        return error_set(err, ERROR_FRAME, "a frame is longer than the %zu octets allowed",
                         raw.len);
    if (message->msg_flags & MSG_CTRUNC)
        return error_set(err, ERROR_FRAME, "a frame carries more descriptors than are wanted");
    if (!reader_get_u8(&reader, &version) || !reader_get_u8(&reader, &kind) ||
        !reader_get_u16(&reader, &reserved) || !reader_get_u32(&reader, &id))
        return error_set(err, ERROR_FRAME, "a frame of %zu octets has no whole header", raw.len);
    if (version != FRAME_VERSION || reserved != 0)
        return error_set(err, ERROR_FRAME,
                         "a frame has version %u and reserved %u, wanted %d and 0", version,
                         reserved, FRAME_VERSION);
    *ret_frame = (struct frame){.kind = kind, .id = id, .body = reader.rest};
    return true;
}

/* One read; `fds` null: descriptors are refused. */
static enum frame_result
frame_receive_any(int fd, int timeout_ms, struct buffer *in, struct frame *ret_frame, int *fds,
                  size_t *ret_count, struct error *err)
{
    union frame_control control = {0};
    struct iovec part = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    size_t room = in->max < LIMIT_FRAME_OCTETS ? in->max : LIMIT_FRAME_OCTETS;
    enum frame_result result;
    size_t len, count = 0;

    buffer_clear(in);
    part.iov_base = buffer_extend(in, room);
    part.iov_len = room;
    if (fds) {
        message.msg_control = control.room;
        message.msg_controllen = sizeof(control.room);
    }
    if (!part.iov_base) {
        error_set(err, ERROR_MEMORY, "no memory for a frame");
        return FRAME_FAILED;
    }
    in->len = 0;
    result = frame_take(fd, timeout_ms, &message, &len, err);
    if (result != FRAME_OK)
        return result;
    in->len = len;
    if (fds)
        frame_take_fds(&message, fds, &count);
    if (!frame_parse(&message, buffer_bytes(in), ret_frame, err)) {
        for (size_t i = 0; i < count; i++)
            close(fds[i]);
        return FRAME_FAILED;
    }
    if (fds)
        *ret_count = count;
    return FRAME_OK;
}

enum frame_result
frame_receive(int fd, int timeout_ms, struct buffer *in, struct frame *ret_frame, struct error *err)
{
    return frame_receive_any(fd, timeout_ms, in, ret_frame, NULL, NULL, err);
}

enum frame_result
frame_receive_fds(int fd, int timeout_ms, struct buffer *in, struct frame *ret_frame,
                  int ret_fds[FRAME_FDS], size_t *ret_count, struct error *err)
{
    int fds[FRAME_FDS];
    size_t count;
    enum frame_result result = frame_receive_any(fd, timeout_ms, in, ret_frame, fds, &count, err);

    if (result != FRAME_OK)
        return result;
    memcpy(ret_fds, fds, count * sizeof(int));
    *ret_count = count;
    return FRAME_OK;
}
