#include "control.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "channels.h"
#include "jobs/jobs.h"
#include "signet/clock.h"
#include "signet/frame.h"
#include "signet/log.h"

static void
close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

bool
control_take_channels(struct channels *channels, struct bytes body, const int *fds, size_t count,
                      struct error *err)
{
    struct reader reader = reader_of(body);
    uint8_t role;
    uint32_t told;

    if (!reader_get_u8(&reader, &role) || !reader_get_u32(&reader, &told) ||
        !reader_at_end(&reader) || role > ROLE_STATUS || told != count) {
        close_all(fds, count);
        return error_set(err, ERROR_FRAME, "the supervisor's frame of %zu channels is malformed",
                         count);
    }
    return channels_take(channels, (enum config_role)role, fds, count, err);
}

/* A signer that stays down: health shall say why nothing is signed. */
static bool
control_take_stopped(struct serving *serving, struct bytes body, struct error *err)
{
    struct reader reader = reader_of(body);
    uint8_t role, status;

    if (!reader_get_u8(&reader, &role) || !reader_get_u8(&reader, &status) ||
        !reader_at_end(&reader) || role > ROLE_STATUS)
        return error_set(err, ERROR_FRAME,
                         "the supervisor's frame of a stopped signer is malformed");
    jobs_signer_stopped(serving->server.jobs, (enum config_role)role, status);
    return true;
}

/* One frame. False when the supervisor is gone. */
static bool
control_receive(struct serving *serving, int control, struct buffer *in)
{
    struct error err = {0};
    struct frame frame;
    int fds[FRAME_FDS];
    size_t count = 0;

    switch (frame_receive_fds(control, 0, in, &frame, fds, &count, &err)) {
    case FRAME_OK:
        break;
    case FRAME_TIMEOUT:
        return true;
    case FRAME_CLOSED:
        return false;
    case FRAME_FAILED:
        log_error("a frame from the supervisor", &err, NULL);
        return err.cause != CAUSE_ERRNO;
    }
    if (frame.kind == FRAME_STOPPED) {
        close_all(fds, count);
        if (!control_take_stopped(serving, frame.body, &err))
            log_error("a stopped signer", &err, NULL);
        return true;
    }
    if (frame.kind != FRAME_CHANNELS) {
        close_all(fds, count);
        log_event(LOG_LEVEL_ALERT, "a frame from the supervisor of a kind that is not known",
                  LOG_NUMBER("kind", frame.kind));
        return true;
    }
    if (!control_take_channels(serving->server.channels, frame.body, fds, count, &err))
        log_error("signer channels", &err, NULL);
    else
        log_event(LOG_LEVEL_INFO, "signer channels taken", LOG_NUMBER("count", count));
    return true;
}

/* Whether a stop was asked for; SIGHUP asks for a look at the files. */
static bool
signal_take(struct serving *serving, int signals)
{
    struct signalfd_siginfo signal;

    if (read(signals, &signal, sizeof(signal)) != (ssize_t)sizeof(signal))
        return false;
    if (signal.ssi_signo == SIGHUP) {
        serve_reload(serving);
        return false;
    }
    log_event(LOG_LEVEL_NOTICE, "asked to stop", LOG_NUMBER("signal", signal.ssi_signo));
    return true;
}

bool
control_run(struct serving *serving, int control, int signals)
{
    AUTO_BUFFER in = {.max = LIMIT_FRAME_OCTETS};
    struct pollfd sources[] = {{signals, POLLIN, 0}, {control, POLLIN, 0}};
    int64_t next_ms = clock_monotonic_ms();

    for (;;) {
        int64_t now_ms = clock_monotonic_ms();

        if (now_ms >= next_ms) {
            serve_tick(serving, now_ms);
            next_ms = now_ms + LIMIT_TICK_MS;
        }
        if (poll(sources, ARRAY_LEN(sources), (int)(next_ms - now_ms)) <= 0)
            continue;
        if (sources[0].revents && signal_take(serving, signals))
            return true;
        if (sources[1].revents && !control_receive(serving, control, &in)) {
            log_line(LOG_LEVEL_ERROR, "the supervisor is gone");
            return false;
        }
    }
}
