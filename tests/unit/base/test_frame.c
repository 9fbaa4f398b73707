#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "signet/clock.h"
#include "signet/file.h"
#include "signet/frame.h"
#include "signet/limits.h"
#include "suite.h"

static uint8_t big[LIMIT_FRAME_OCTETS + 1];

static void
a_frame_arrives_whole(void)
{
    size_t sizes[] = {0, 1, 100, LIMIT_FRAME_OCTETS - FRAME_HEADER_OCTETS};
    struct error err = {0};
    struct frame frame;
    AUTO_BUFFER in;
    int fds[2];

    buffer_init(&in, LIMIT_FRAME_OCTETS);
    memset(big, 0xa5, sizeof(big));
    ASSERT_OK(frame_pair(fds, &err), &err);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        ASSERT_OK(frame_send(fds[0], FRAME_ISSUE, 0xfedcba98, bytes_of(big, sizes[i]), &err), &err);
        CU_ASSERT_EQUAL_FATAL(frame_receive(fds[1], 1000, &in, &frame, &err), FRAME_OK);
        CU_ASSERT_EQUAL(frame.kind, FRAME_ISSUE);
        CU_ASSERT_EQUAL(frame.id, 0xfedcba98);
        CU_ASSERT_TRUE(bytes_equal(frame.body, bytes_of(big, sizes[i])));
    }
    close(fds[0]);
    close(fds[1]);
}

static void
both_ends_are_close_on_exec(void)
{
    struct error err = {0};
    int fds[2];

    ASSERT_OK(frame_pair(fds, &err), &err);
    CU_ASSERT_TRUE(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
    CU_ASSERT_TRUE(fcntl(fds[1], F_GETFD) & FD_CLOEXEC);
    close(fds[0]);
    close(fds[1]);
}

static void
refuses_a_giant_frame(void)
{
    struct error err = {0};
    struct frame frame;
    AUTO_BUFFER in, small;
    int fds[2];

    buffer_init(&in, LIMIT_FRAME_OCTETS);
    buffer_init(&small, 20);
    memset(big, FRAME_VERSION, sizeof(big));
    ASSERT_OK(frame_pair(fds, &err), &err);
    ASSERT_REFUSED(frame_send(fds[0], FRAME_ISSUE, 1, bytes_of(big, LIMIT_FRAME_OCTETS), &err),
                   &err, ERROR_FRAME);
    CU_ASSERT_EQUAL(frame_receive(fds[1], 0, &in, &frame, &err), FRAME_TIMEOUT);
    CU_ASSERT_EQUAL_FATAL(send(fds[0], big, sizeof(big), 0), sizeof(big));
    CU_ASSERT_EQUAL(frame_receive(fds[1], 1000, &in, &frame, &err), FRAME_FAILED);
    CU_ASSERT_EQUAL(err.kind, ERROR_FRAME);
    ASSERT_OK(frame_send(fds[0], FRAME_ISSUE, 1, bytes_of(big, 13), &err), &err);
    CU_ASSERT_EQUAL(frame_receive(fds[1], 1000, &small, &frame, &err), FRAME_FAILED);
    CU_ASSERT_EQUAL(err.kind, ERROR_FRAME);
    close(fds[0]);
    close(fds[1]);
}

static void
refuses_a_wrong_header(void)
{
    static const struct {
        const char *octets;
        size_t len;
    } wrong[] = {
        {"\x01", 1},
        {"\x01\x01\0\0\0\0\0", 7},
        {"\x00\x01\0\0\0\0\0\0", 8},
        {"\x02\x01\0\0\0\0\0\0", 8},
        {"\x01\x01\x01\0\0\0\0\0", 8},
        {"\x01\x01\0\x01\0\0\0\0x", 9},
    };
    struct error err = {0};
    struct frame frame = {.id = 5};
    AUTO_BUFFER in;
    int fds[2];

    buffer_init(&in, LIMIT_FRAME_OCTETS);
    ASSERT_OK(frame_pair(fds, &err), &err);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        error_clear(&err);
        CU_ASSERT_EQUAL_FATAL(send(fds[0], wrong[i].octets, wrong[i].len, 0),
                              (ssize_t)wrong[i].len);
        CU_ASSERT_EQUAL(frame_receive(fds[1], 1000, &in, &frame, &err), FRAME_FAILED);
        CU_ASSERT_EQUAL(err.kind, ERROR_FRAME);
        CU_ASSERT_EQUAL(frame.id, 5);
    }
    close(fds[0]);
    close(fds[1]);
}

static void
tells_timeout_and_end_apart(void)
{
    struct error err = {0};
    struct frame frame;
    AUTO_BUFFER in;
    int fds[2];
    int64_t start_ms = clock_monotonic_ms();

    buffer_init(&in, LIMIT_FRAME_OCTETS);
    ASSERT_OK(frame_pair(fds, &err), &err);
    CU_ASSERT_EQUAL(frame_receive(fds[1], 0, &in, &frame, &err), FRAME_TIMEOUT);
    CU_ASSERT_EQUAL(frame_receive(fds[1], 30, &in, &frame, &err), FRAME_TIMEOUT);
    CU_ASSERT_TRUE(clock_monotonic_ms() - start_ms >= 30);
    ASSERT_OK(frame_send(fds[0], FRAME_PROBE, 3, bytes_of(NULL, 0), &err), &err);
    close(fds[0]);
    CU_ASSERT_EQUAL(frame_receive(fds[1], -1, &in, &frame, &err), FRAME_OK);
    CU_ASSERT_EQUAL(frame_receive(fds[1], -1, &in, &frame, &err), FRAME_CLOSED);
    ASSERT_REFUSED(frame_send(fds[1], FRAME_PROBED, 3, bytes_of(NULL, 0), &err), &err,
                   ERROR_SIGNER_UNAVAILABLE);
    CU_ASSERT_EQUAL(err.cause_code, EPIPE);
    close(fds[1]);
    CU_ASSERT_EQUAL(frame_receive(fds[1], -1, &in, &frame, &err), FRAME_FAILED);
}

static void
hands_descriptors_over(void)
{
    struct error err = {0};
    struct frame frame;
    AUTO_BUFFER in;
    int fds[2], pipes[FRAME_FDS], got[FRAME_FDS];
    size_t count = 0;
    char octet;

    buffer_init(&in, LIMIT_FRAME_OCTETS);
    ASSERT_OK(frame_pair(fds, &err), &err);
    for (size_t i = 0; i < FRAME_FDS; i += 2)
        CU_ASSERT_EQUAL_FATAL(pipe(pipes + i), 0);
    ASSERT_OK(
        frame_send_fds(fds[0], FRAME_CHANNELS, 1, bytes_of("\x01", 1), pipes, FRAME_FDS, &err),
        &err);
    CU_ASSERT_EQUAL_FATAL(frame_receive_fds(fds[1], 1000, &in, &frame, got, &count, &err),
                          FRAME_OK);
    CU_ASSERT_EQUAL(count, FRAME_FDS);
    for (size_t i = 0; i < FRAME_FDS; i += 2) {
        CU_ASSERT_EQUAL(write(pipes[i + 1], &(char){(char)i}, 1), 1);
        CU_ASSERT_EQUAL(read(got[i], &octet, 1), 1);
        CU_ASSERT_EQUAL(octet, (char)i);
        CU_ASSERT_TRUE(fcntl(got[i], F_GETFD) & FD_CLOEXEC);
        close(pipes[i]), close(pipes[i + 1]), close(got[i]), close(got[i + 1]);
    }
    close(fds[0]);
    close(fds[1]);
}

static void
descriptors_that_nobody_asked_for_are_refused(void)
{
    struct error err = {0};
    struct frame frame;
    AUTO_BUFFER in;
    int fds[2], ends[2], many[FRAME_FDS + 1];
    char octet;

    buffer_init(&in, LIMIT_FRAME_OCTETS);
    ASSERT_OK(frame_pair(fds, &err), &err);
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    ASSERT_OK(frame_send_fds(fds[0], FRAME_ISSUE, 1, bytes_of("x", 1), &ends[1], 1, &err), &err);
    close(ends[1]);
    CU_ASSERT_EQUAL(frame_receive(fds[1], 1000, &in, &frame, &err), FRAME_FAILED);
    CU_ASSERT_EQUAL(err.kind, ERROR_FRAME);
    CU_ASSERT_EQUAL(read(ends[0], &octet, 1), 0); /* the copy that travelled is closed too */
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        many[i] = fds[0];
    ASSERT_REFUSED(
        frame_send_fds(fds[0], FRAME_CHANNELS, 1, bytes_of("x", 1), many, ARRAY_LEN(many), &err),
        &err, ERROR_FRAME);
    close(ends[0]);
    close(fds[0]);
    close(fds[1]);
}

static void *
send_later(void *argument)
{
    struct error err = {0};
    int *fd = argument;

    usleep(20000);
    return frame_send(*fd, FRAME_PROBED, 9, bytes_of("late", 4), &err) ? fd : NULL;
}

static void
a_waiting_receiver_is_woken(void)
{
    struct error err = {0};
    struct frame frame;
    AUTO_BUFFER in;
    int fds[2];
    pthread_t thread;
    void *sent;

    buffer_init(&in, LIMIT_FRAME_OCTETS);
    ASSERT_OK(frame_pair(fds, &err), &err);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, send_later, &fds[0]), 0);
    CU_ASSERT_EQUAL(frame_receive(fds[1], -1, &in, &frame, &err), FRAME_OK);
    CU_ASSERT_EQUAL(frame.id, 9);
    pthread_join(thread, &sent);
    CU_ASSERT_PTR_NOT_NULL(sent);
    close(fds[0]);
    close(fds[1]);
}

int
main(void)
{
    return RUN_SUITE("frame", TEST(a_frame_arrives_whole), TEST(both_ends_are_close_on_exec),
                     TEST(refuses_a_giant_frame), TEST(refuses_a_wrong_header),
                     TEST(tells_timeout_and_end_apart), TEST(hands_descriptors_over),
                     TEST(descriptors_that_nobody_asked_for_are_refused),
                     TEST(a_waiting_receiver_is_woken));
}
