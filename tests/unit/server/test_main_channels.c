#include "main/channels.h"
#include "main/control.h"
#include "signet/frame.h"
#include "suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static struct channels *channels;
static struct error err;

static void
make(void)
{
    struct config *config = calloc(1, sizeof(*config));

    config->server.workers = 3;
    config->server.publish_workers = 2;
    ASSERT_OK(channels_new(config, &channels, &err), &err);
    free(config);
}

static bool
is_open(int fd)
{
    return fcntl(fd, F_GETFD) != -1;
}

/* The near ends go to *ret_fds, the far ones to far. */
static void
pairs(size_t count, int *ret_fds, int *far)
{
    for (size_t i = 0; i < count; i++) {
        int pair[2];

        ASSERT_OK(frame_pair(pair, &err), &err);
        ret_fds[i] = pair[0];
        far[i] = pair[1];
    }
}

static void
close_fds(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

static void
has_one_for_each_worker_and_the_jobs(void)
{
    make();
    CU_ASSERT_PTR_NOT_NULL(channels_get(channels, ROLE_ISSUING, 4));
    CU_ASSERT_PTR_NULL(channels_get(channels, ROLE_ISSUING, 5));
    CU_ASSERT_PTR_NOT_NULL(channels_get(channels, ROLE_STATUS, 2));
    CU_ASSERT_PTR_NULL(channels_get(channels, ROLE_STATUS, 3));
    CU_ASSERT_PTR_EQUAL(channels_job(channels, ROLE_ISSUING, 0),
                        channels_get(channels, ROLE_ISSUING, 3));
    CU_ASSERT_PTR_EQUAL(channels_job(channels, ROLE_STATUS, 0),
                        channels_get(channels, ROLE_STATUS, 2));
    CU_ASSERT_PTR_NULL(channels_job(channels, ROLE_STATUS, 1));
    CU_ASSERT_FALSE(signer_channel_alive(channels_get(channels, ROLE_ISSUING, 0)));
    channels_free(channels);
}

static void
takes_fresh_ends(void)
{
    int fds[7], far[7];

    make();
    pairs(7, fds, far);
    ASSERT_OK(channels_take(channels, ROLE_ISSUING, fds, 7, &err), &err);
    CU_ASSERT(signer_channel_alive(channels_get(channels, ROLE_ISSUING, 4)));
    CU_ASSERT_FALSE(signer_channel_alive(channels_get(channels, ROLE_STATUS, 0)));
    /* Two more than there are channels. */
    CU_ASSERT_FALSE(is_open(fds[5]));
    CU_ASSERT_FALSE(is_open(fds[6]));
    close_fds(far, 7);
    pairs(2, fds, far);
    ASSERT_REFUSED(channels_take(channels, ROLE_STATUS, fds, 2, &err), &err, ERROR_FRAME);
    CU_ASSERT(signer_channel_alive(channels_get(channels, ROLE_STATUS, 0)));
    channels_free(channels);
    close_fds(far, 2);
}

static void
refuses_malformed_frames_and_leaks_nothing(void)
{
    static const struct {
        uint8_t body[6];
        size_t len;
    } bodies[] = {{{0, 0, 0, 0, 2}, 5},    /* tells fewer than came */
                  {{2, 0, 0, 0, 3}, 5},    /* no such role */
                  {{0, 0, 0, 3}, 4},       /* cut */
                  {{0, 0, 0, 0, 3, 0}, 6}, /* more follows */
                  {{0}, 0}};

    make();
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        int fds[3], far[3];

        pairs(3, fds, far);
        ASSERT_REFUSED(
            control_take_channels(channels, bytes_of(bodies[i].body, bodies[i].len), fds, 3, &err),
            &err, ERROR_FRAME);
        for (int j = 0; j < 3; j++)
            CU_ASSERT_FALSE(is_open(fds[j]));
        close_fds(far, 3);
    }
    channels_free(channels);
}

static void
refuses_too_many_workers(void)
{
    struct config *config = calloc(1, sizeof(*config));

    config->server.workers = LIMIT_CHANNELS - 1;
    config->server.publish_workers = 1;
    ASSERT_REFUSED(channels_new(config, &channels, &err), &err, ERROR_CONFIG);
    free(config);
}

int
main(void)
{
    return RUN_SUITE("channels", TEST(has_one_for_each_worker_and_the_jobs), TEST(takes_fresh_ends),
                     TEST(refuses_malformed_frames_and_leaks_nothing),
                     TEST(refuses_too_many_workers));
}
