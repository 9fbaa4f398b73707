/*
 * The CRL thread: builds CRLs from the rows, on a connection of its own, so that no list however
 * long holds up issuance. All requests that wait when a build begins are answered by that one
 * build.
 */
#ifndef SIGNET_SIGNER_CRL_BUILDER_H
#define SIGNET_SIGNER_CRL_BUILDER_H

#include "anchor.h"
#include "channels.h"
#include "refusals.h"
#include "signet/crl.h"
#include "signet/message.h"
#include "signing.h"

struct crl_builder;
/* Takes the connection. Starts the thread. */
MUST_USE bool crl_builder_start(struct signer *signer, struct anchor *anchor, struct db *db,
                                struct crl_builder **ret_builder, struct error *err);
/* Puts a request in line; it is answered by the CRL thread. Refuses another shard than 0 and more
 * than LIMIT_CHANNELS that wait. */
MUST_USE bool crl_builder_ask(struct crl_builder *builder, struct channel *channel, uint32_t id,
                              const struct crl_request *request, struct error *err);
bool crl_builder_is_idle(struct crl_builder *builder);
void crl_builder_abandon(struct crl_builder *builder, const struct error *why);

/*
 * The loss check: an entry of the old list may be missing from the new one only when its
 * certificate had expired before the old list was made. `expired` says so for the serials whose day
 * of expiry does not.
 */
typedef bool crl_expired_before(void *context, struct bytes serial, int64_t time_s,
                                bool *ret_expired, struct error *err);
MUST_USE bool crl_check_loss(const struct crl *old_crl, const struct crl *new_crl,
                             crl_expired_before *expired, void *context, struct error *err);

#endif
