/*
 * The server's ends of the channels to both signers, one for each worker and some for the jobs:
 *
 *   issuing   0 .. workers-1            the API workers; then CHANNELS_ISSUING_JOBS for the jobs
 *   status    0 .. publish_workers-1    the publishing workers; then CHANNELS_STATUS_JOBS
 *
 * The objects stay for the life of the process and belong to one thread each; only the descriptor
 * inside is replaced when the supervisor sends fresh ends after a restart of that signer.
 */
#ifndef SIGNET_CHANNELS_H
#define SIGNET_CHANNELS_H

#include "signet/config.h"
#include "signet/signer_client.h"

enum { CHANNELS_ISSUING_JOBS = 2, CHANNELS_STATUS_JOBS = 1 };

struct channels;

/* All without a descriptor yet: calls fail with ERROR_SIGNER_UNAVAILABLE. Gives. */
MUST_USE bool channels_new(const struct config *config, struct channels **ret_channels,
                           struct error *err);
void channels_free(struct channels *channels);

/* Borrowed for the life of `channels`; null past the end. */
struct signer_channel *channels_get(struct channels *channels, enum config_role role, size_t index);
/* The n-th channel of the jobs; null past the end. */
struct signer_channel *channels_job(struct channels *channels, enum config_role role, size_t index);

/* Takes the descriptors that came with a FRAME_CHANNELS of this role, in order; those too many are
 * closed. Errors: ERROR_FRAME when there are fewer than channels; those that came are used. */
MUST_USE bool channels_take(struct channels *channels, enum config_role role, const int *fds,
                            size_t count, struct error *err);

#endif
