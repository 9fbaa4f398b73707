#include "channels.h"
#include "suite.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "signet/file.h"
#include "signet/message.h"

enum { FIRST = 200, COUNT = 3 };

struct bench {
    struct channels channels;
    int wake_fd;
    int far[COUNT]; /* the server's ends */
};

static void
bench_open(struct bench *bench)
{
    struct error err = {0};
    sigset_t stops;

    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigprocmask(SIG_BLOCK, &stops, NULL);
    for (int i = 0; i < COUNT; i++) {
        int pair[2] = {-1, -1};

        CU_ASSERT_TRUE_FATAL(frame_pair(pair, &err));
        bench->far[i] = pair[0];
        CU_ASSERT_EQUAL(dup2(pair[1], FIRST + i), FIRST + i);
        close(pair[1]);
    }
    bench->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CU_ASSERT_TRUE_FATAL(
        channels_init(&bench->channels, FIRST, FIRST + COUNT - 1, bench->wake_fd, &err));
}

static void
bench_close(struct bench *bench)
{
    for (int i = 0; i < COUNT; i++) {
        fd_close(&bench->far[i]);
        close(FIRST + i);
    }
    close(bench->channels.epoll_fd);
    close(bench->channels.signal_fd);
    close(bench->wake_fd);
}

static struct channel_events
events_of(struct bench *bench, bool only_wake)
{
    struct channel_events events = {0};
    struct error err = {0};

    ASSERT_OK(channels_wait(&bench->channels, only_wake, 200, &events, &err), &err);
    return events;
}

static void
tells_who_has_a_frame(void)
{
    struct bench bench;
    struct channel_events events;
    struct error err = {0};

    bench_open(&bench);
    events = events_of(&bench, false);
    CU_ASSERT_EQUAL(events.ready_count, 0);
    for (int i = 0; i < 2; i++)
        ASSERT_OK(frame_send(bench.far[1], FRAME_PROBE, 1, bytes_of(NULL, 0), &err), &err);
    ASSERT_OK(frame_send(bench.far[2], FRAME_PROBE, 1, bytes_of(NULL, 0), &err), &err);
    events = events_of(&bench, false);
    CU_ASSERT_EQUAL(events.ready_count, 2);
    CU_ASSERT_FALSE(events.woken || events.stop);
    bench_close(&bench);
}

/* When there is no room for frames only the rest is heard. */
static void
hears_only_the_wake_when_full(void)
{
    const uint64_t one = 1;
    struct bench bench;
    struct channel_events events;
    struct error err = {0};

    bench_open(&bench);
    ASSERT_OK(frame_send(bench.far[0], FRAME_PROBE, 1, bytes_of(NULL, 0), &err), &err);
    CU_ASSERT_EQUAL(write(bench.wake_fd, &one, sizeof(one)), sizeof(one));
    events = events_of(&bench, true);
    CU_ASSERT_TRUE(events.woken);
    CU_ASSERT_EQUAL(events.ready_count, 0);
    events = events_of(&bench, true);
    CU_ASSERT_FALSE(events.woken);
    events = events_of(&bench, false);
    CU_ASSERT_EQUAL(events.ready_count, 1);
    bench_close(&bench);
}

static void
hears_the_stop(void)
{
    struct bench bench;

    bench_open(&bench);
    kill(getpid(), SIGTERM);
    CU_ASSERT_TRUE(events_of(&bench, false).stop);
    kill(getpid(), SIGINT);
    CU_ASSERT_TRUE(events_of(&bench, true).stop);
    CU_ASSERT_FALSE(events_of(&bench, false).stop);
    bench_close(&bench);
}

/* A closed channel is told once and then no more, its descriptor stays ours. */
static void
leaves_closed_ones_out(void)
{
    struct bench bench;
    struct channel_events events;
    struct frame frame;
    struct error err = {0};
    AUTO_BUFFER in;

    buffer_init(&in, CHANNEL_FRAME_OCTETS);
    bench_open(&bench);
    fd_close(&bench.far[1]);
    events = events_of(&bench, false);
    CU_ASSERT_EQUAL_FATAL(events.ready_count, 1);
    CU_ASSERT_EQUAL(channel_take(events.ready[0], &in, &frame, &err), FRAME_CLOSED);
    CU_ASSERT_EQUAL(channels_open(&bench.channels), COUNT - 1);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(events_of(&bench, false).ready_count, 0);
    CU_ASSERT_TRUE(fcntl(FIRST + 1, F_GETFD) >= 0);
    bench_close(&bench);
}

/* A server that does not read loses its channel; nobody waits for it. */
static void
never_waits_for_a_reader(void)
{
    static uint8_t body[8192];
    struct bench bench;
    int sent = 0;

    bench_open(&bench);
    while (atomic_load(&bench.channels.item[0].open) && sent < 10000) {
        channel_reply(&bench.channels.item[0], FRAME_ISSUED, 1, bytes_of(body, sizeof(body)));
        sent++;
    }
    CU_ASSERT_TRUE(sent > 1 && sent < 10000);
    CU_ASSERT_EQUAL(channels_open(&bench.channels), COUNT - 1);
    bench_close(&bench);
}

static void
refuses_in_full(void)
{
    struct bench bench;
    struct frame frame;
    struct error why = {0}, got = {0}, err = {0};
    AUTO_BUFFER in;

    buffer_init(&in, LIMIT_FRAME_OCTETS);
    bench_open(&bench);
    error_refuse(&why, ERROR_PERMIT, "permit.names", "%0310d", 7);
    memset(why.internal, 'x', sizeof(why.internal) - 1);
    channel_refuse(&bench.channels.item[2], 77, &why);
    CU_ASSERT_EQUAL_FATAL(frame_receive(bench.far[2], 1000, &in, &frame, &err), FRAME_OK);
    CU_ASSERT_EQUAL(frame.kind, FRAME_REFUSED);
    CU_ASSERT_EQUAL(frame.id, 77);
    ASSERT_OK(error_get(frame.body, &got, &err), &err);
    CU_ASSERT_STRING_EQUAL(got.rule, "permit.names");
    bench_close(&bench);
}

static void
takes_only_channels(void)
{
    struct channels channels;
    struct error err = {0};
    int fds[2];

    CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
    ASSERT_REFUSED(channels_init(&channels, fds[0], fds[0], fds[1], &err), &err, ERROR_USAGE);
    ASSERT_REFUSED(channels_init(&channels, 900, 900, fds[1], &err), &err, ERROR_USAGE);
    ASSERT_REFUSED(channels_init(&channels, 5, 4, fds[1], &err), &err, ERROR_USAGE);
    ASSERT_REFUSED(channels_init(&channels, 5, 5 + LIMIT_CHANNELS, fds[1], &err), &err,
                   ERROR_USAGE);
    close(fds[0]);
    close(fds[1]);
}

int
main(void)
{
    return RUN_SUITE("channels", TEST(tells_who_has_a_frame), TEST(hears_only_the_wake_when_full),
                     TEST(hears_the_stop), TEST(leaves_closed_ones_out),
                     TEST(never_waits_for_a_reader), TEST(refuses_in_full),
                     TEST(takes_only_channels));
}
