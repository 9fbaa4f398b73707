/*
 * The probe: a signature made for its own sake, over a text that no decoder can take for a DER
 * SEQUENCE, verified, at most one a second however many ask.
 */
#ifndef SIGNET_SIGNER_PROBE_H
#define SIGNET_SIGNER_PROBE_H

#include "channels.h"
#include "signet/message.h"
#include "signing.h"

struct probe {
    struct signer *signer;
    struct sign_job job;
    char text[64];
    int64_t started_ms; /* monotonic; 0: never */
    bool running;
    atomic_bool done;
    size_t waiting_count;
    struct {
        struct channel *channel;
        uint32_t id;
    } waiting[LIMIT_CHANNELS];
};

/* The first one, at start, before there are threads. Proves that key and token belong together. */
MUST_USE bool probe_first(struct signer *signer, struct error *err);
void probe_init(struct probe *probe, struct signer *signer);
/* Answers now or when the running signature is done. False with ERROR_OVERLOADED: too many wait. */
MUST_USE bool probe_ask(struct probe *probe, struct channel *channel, uint32_t id,
                        int64_t certificate_end_s, struct error *err);
/* Answers those that wait when the signature is done. */
void probe_round(struct probe *probe, int64_t certificate_end_s);
bool probe_is_idle(const struct probe *probe);
void probe_abandon(struct probe *probe, const struct error *why);

#endif
