/* The real signer, started for the ceremony (--ceremony), and one channel to it. */
#ifndef SIGNET_CEREMONY_SIGNER_PROCESS_H
#define SIGNET_CEREMONY_SIGNER_PROCESS_H

#include <sys/types.h>

#include "ceremony.h"
#include "signet/signer_client.h"

struct signer_process {
    pid_t pid;
    struct signer_channel *channel;
    char log[CEREMONY_PATH]; /* what it says */
};

/* Errors: those of spawn_start. */
MUST_USE bool signer_process_start(struct ceremony *ceremony, struct signer_process *signer,
                                   struct error *err);
/* Closes the channel, waits for its end, kills it when that does not come. */
void signer_process_stop(struct signer_process *signer);
/* Puts the last line that the signer said before the error. Always false. */
bool signer_process_explain(const struct signer_process *signer, struct error *err);

#endif
