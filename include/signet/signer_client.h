/*
 * The server's end of one channel to a signer. A channel belongs to one thread and has one call in
 * flight. A closed or silent channel gives ERROR_SIGNER_UNAVAILABLE. After a timeout further calls
 * fail at once until the late answer came, which is thrown away; then the channel serves again. One
 * that was closed, or on which the signer broke the protocol, serves no more until it is replaced.
 */
#ifndef SIGNET_SIGNER_CLIENT_H
#define SIGNET_SIGNER_CLIENT_H

#include "signet/message.h"
#include "signet/permit_facts.h"

struct signer_channel;

/* Takes the descriptor (-1: none yet). */
MUST_USE struct signer_channel *signer_channel_new(int fd);
void signer_channel_free(struct signer_channel *channel);
/* Takes a fresh descriptor after a restart of the signer; the old one is closed. May be called by
 * another thread than the caller's: it takes effect before the next call. */
void signer_channel_replace(struct signer_channel *channel, int fd);
bool signer_channel_alive(const struct signer_channel *channel);

/* Bytes in a reply borrow the channel's buffer until its next call. */
MUST_USE bool signer_issue(struct signer_channel *channel, const struct issue_request *request,
                           int timeout_ms, struct issue_reply *ret_reply, struct error *err);
MUST_USE bool signer_build_crl(struct signer_channel *channel, const struct crl_request *request,
                               int timeout_ms, struct crl_reply *ret_reply, struct error *err);
MUST_USE bool signer_ocsp(struct signer_channel *channel,
                          const struct ocsp_request_message *request, int timeout_ms,
                          struct ocsp_reply *ret_reply, struct error *err);
MUST_USE bool signer_probe(struct signer_channel *channel, int timeout_ms,
                           struct probe_reply *ret_reply, struct error *err);
/* What the permit says that the issuing signer goes by. Gives (permit_facts_done). */
MUST_USE bool signer_permit(struct signer_channel *channel, int timeout_ms,
                            struct permit_facts *ret_facts, struct error *err);

#endif
