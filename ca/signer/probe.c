#include "probe.h"

#include <stdio.h>

#include "signet/clock.h"

enum { PROBE_EVERY_MS = 1000 };

/* The first octet 's' is no SEQUENCE tag. */
static void
probe_text(char *text, size_t room)
{
    snprintf(text, room, "signet probe v1 %lld", (long long)clock_now_us());
}

bool
probe_first(struct signer *signer, struct error *err)
{
    char text[64];
    uint8_t signature[LIMIT_SIGNATURE_OCTETS];
    size_t len;

    probe_text(text, sizeof(text));
    if (!token_sign(signer->keyring, 0, signer->key, signer->algorithm, bytes_of_text(text),
                    signature, &len, err))
        return false;
    atomic_store(&signer->last_proof_s, clock_now_s());
    return true;
}

static void
probe_done(struct sign_job *job)
{
    struct probe *probe = job->owner;

    if (job->ok)
        atomic_store(&probe->signer->last_proof_s, clock_now_s());
    atomic_store(&probe->done, true);
    signer_wake(probe->signer);
}

void
probe_init(struct probe *probe, struct signer *signer)
{
    memset(probe, 0, sizeof(*probe));
    probe->signer = signer;
}

static void
probe_start(struct probe *probe)
{
    probe_text(probe->text, sizeof(probe->text));
    probe->job = (struct sign_job){
        .message = bytes_of_text(probe->text), .done = probe_done, .owner = probe};
    probe->started_ms = clock_monotonic_ms();
    probe->running = true;
    atomic_store(&probe->done, false);
    signing_submit(probe->signer->signing, &probe->job);
}

static void
probe_answer(struct probe *probe, struct channel *channel, uint32_t id, int64_t certificate_end_s)
{
    struct signer *signer = probe->signer;
    struct probe_reply reply = {.last_signature_s = atomic_load(&signer->last_proof_s),
                                .certificate_end_s = certificate_end_s,
                                .sessions = keyring_sessions(signer->keyring),
                                .signatures = atomic_load(&signer->signatures),
                                .refusals = atomic_load(&signer->refusals)};
    AUTO_BUFFER out;

    buffer_init(&out, CHANNEL_FRAME_OCTETS);
    snprintf(reply.module, sizeof(reply.module), "%s", keyring_module_name(signer->keyring));
    if (probe_reply_put(&out, &reply))
        channel_reply(channel, FRAME_PROBED, id, buffer_bytes(&out));
}

bool
probe_ask(struct probe *probe, struct channel *channel, uint32_t id, int64_t certificate_end_s,
          struct error *err)
{
    if (!probe->running && probe->started_ms != 0 &&
        clock_monotonic_ms() - probe->started_ms < PROBE_EVERY_MS) {
        probe_answer(probe, channel, id, certificate_end_s);
        return true;
    }
    if (probe->waiting_count == LIMIT_CHANNELS)
        return error_refuse(err, ERROR_OVERLOADED, "probe.waiting", "%d probes wait already",
                            LIMIT_CHANNELS);
    probe->waiting[probe->waiting_count].channel = channel;
    probe->waiting[probe->waiting_count++].id = id;
    if (!probe->running)
        probe_start(probe);
    return true;
}

void
probe_round(struct probe *probe, int64_t certificate_end_s)
{
    if (!probe->running || !atomic_load(&probe->done))
        return;
    probe->running = false;
    for (size_t i = 0; i < probe->waiting_count; i++) {
        if (probe->job.ok)
            probe_answer(probe, probe->waiting[i].channel, probe->waiting[i].id, certificate_end_s);
        else
            channel_refuse(probe->waiting[i].channel, probe->waiting[i].id, &probe->job.err);
    }
    probe->waiting_count = 0;
}

bool
probe_is_idle(const struct probe *probe)
{
    return !probe->running;
}

void
probe_abandon(struct probe *probe, const struct error *why)
{
    for (size_t i = 0; i < probe->waiting_count; i++)
        channel_refuse(probe->waiting[i].channel, probe->waiting[i].id, why);
    probe->waiting_count = 0;
}
