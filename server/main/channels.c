#include "channels.h"

#include <stdlib.h>
#include <unistd.h>

struct channels {
    struct {
        size_t count, jobs; /* the last `jobs` of them are the jobs' */
        struct signer_channel *channel[LIMIT_CHANNELS];
    } role[2]; /* by enum config_role */
};

static bool
channels_fill(struct channels *channels, enum config_role role, size_t workers, size_t jobs,
              struct error *err)
{
    if (workers + jobs > LIMIT_CHANNELS)
        return error_set(err, ERROR_CONFIG, "%zu workers are too many, at most %zu can be served",
                         workers, LIMIT_CHANNELS - jobs);
    channels->role[role].jobs = jobs;
    for (size_t i = 0; i < workers + jobs; i++) {
        channels->role[role].channel[i] = signer_channel_new(-1);
        if (!channels->role[role].channel[i])
            return error_set(err, ERROR_MEMORY, "no memory for a signer channel");
        channels->role[role].count++;
    }
    return true;
}

bool
channels_new(const struct config *config, struct channels **ret_channels, struct error *err)
{
    struct channels *channels = calloc(1, sizeof(*channels));

    if (!channels)
        return error_set(err, ERROR_MEMORY, "no memory for the signer channels");
    if (!channels_fill(channels, ROLE_ISSUING, config->server.workers, CHANNELS_ISSUING_JOBS,
                       err) ||
        !channels_fill(channels, ROLE_STATUS, config->server.publish_workers, CHANNELS_STATUS_JOBS,
                       err)) {
        channels_free(channels);
        return false;
    }
    *ret_channels = channels;
    return true;
}

void
channels_free(struct channels *channels)
{
    if (!channels)
        return;
    for (size_t role = 0; role < 2; role++)
        for (size_t i = 0; i < channels->role[role].count; i++)
            signer_channel_free(channels->role[role].channel[i]);
    free(channels);
}

struct signer_channel *
channels_get(struct channels *channels, enum config_role role, size_t index)
{
    return index < channels->role[role].count ? channels->role[role].channel[index] : NULL;
}

struct signer_channel *
channels_job(struct channels *channels, enum config_role role, size_t index)
{
    return channels_get(channels, role,
                        channels->role[role].count - channels->role[role].jobs + index);
}

bool
channels_take(struct channels *channels, enum config_role role, const int *fds, size_t count,
              struct error *err)
{
    size_t wanted = channels->role[role].count;

    for (size_t i = 0; i < count; i++) {
        if (i < wanted)
            signer_channel_replace(channels->role[role].channel[i], fds[i]);
        else
            close(fds[i]);
    }
    if (count < wanted)
        return error_set(err, ERROR_FRAME, "%zu channel ends came from the supervisor, wanted %zu",
                         count, wanted);
    return true;
}
