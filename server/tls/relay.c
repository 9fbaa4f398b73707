#include "relay.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/timeout.h"
#include "signet/clock.h"
#include "signet/limits.h"

/* Steps in one turn, so that one busy connection does not hold up the others of its thread. */
enum { RELAY_STEPS = 8 };

enum step {
    STEP_MOVED,   /* something was moved */
    STEP_BLOCKED, /* nothing can be moved now */
    STEP_FINISHED,
    STEP_BROKEN
};

void
relay_init(struct relay *relay, SSL *ssl, int tcp, struct connection *connection)
{
    *relay = (struct relay){
        .ssl = ssl, .tcp = tcp, .plain = -1, .connection = connection, .state = RELAY_HANDSHAKE};
}

static void
rest_drop(struct relay_rest *rest)
{
    free(rest->data);
    *rest = (struct relay_rest){0};
}

void
relay_done(struct relay *relay)
{
    SSL_free(relay->ssl);
    if (relay->plain != -1)
        close(relay->plain);
    connection_closing(relay->connection);
    close(relay->tcp);
    connection_unref(relay->connection);
    rest_drop(&relay->up);
    rest_drop(&relay->down);
}

static bool
rest_keep(struct relay_rest *rest, const uint8_t *data, size_t len)
{
    if (len == 0)
        return true;
    rest->data = malloc(len);
    if (!rest->data)
        return false;
    memcpy(rest->data, data, len);
    rest->len = len;
    rest->offset = 0;
    return true;
}

/* What to make of an SSL call that did not succeed. */
static enum step
ssl_step(const struct relay *relay, int result)
{
    switch (SSL_get_error(relay->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return STEP_BLOCKED;
    case SSL_ERROR_ZERO_RETURN:
        return STEP_FINISHED;
    default:
        return STEP_BROKEN;
    }
}

/* Sends to the plain side; *ret_sent may be less than len. */
static enum step
plain_send(struct relay *relay, const uint8_t *data, size_t len, size_t *ret_sent)
{
    ssize_t sent = send(relay->plain, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

    *ret_sent = sent > 0 ? (size_t)sent : 0;
    if (sent > 0)
        return STEP_MOVED;
    if (errno == EINTR)
        return STEP_MOVED;
    if (errno == EAGAIN)
        return STEP_BLOCKED;
    /* The reply may still be on its way to us: only this direction has ended. */
    relay->up_refused = true;
    return STEP_FINISHED;
}

static enum step
up_flush(struct relay *relay)
{
    size_t sent;
    enum step step = plain_send(relay, relay->up.data + relay->up.offset,
                                relay->up.len - relay->up.offset, &sent);

    relay->up.offset += sent;
    if (step == STEP_FINISHED || relay->up.offset == relay->up.len) {
        rest_drop(&relay->up);
        return STEP_MOVED;
    }
    return step;
}

static enum step
up_step(struct relay *relay, uint8_t *scratch)
{
    size_t len, sent = 0;
    int result;

    if (relay->up.data)
        return up_flush(relay);
    if (relay->up_ended) {
        if (!relay->up_shut)
            shutdown(relay->plain, SHUT_WR);
        relay->up_shut = true;
        return STEP_BLOCKED;
    }
    ERR_clear_error();
    result = SSL_read_ex(relay->ssl, scratch, RELAY_OCTETS, &len);
    if (result != 1) {
        enum step step = ssl_step(relay, result);

        relay->up_ended = step == STEP_FINISHED;
        return step == STEP_FINISHED ? STEP_MOVED : step;
    }
    connection_stir(relay->connection);
    if (relay->up_refused)
        return STEP_MOVED;
    if (plain_send(relay, scratch, len, &sent) == STEP_FINISHED)
        return STEP_MOVED;
    return rest_keep(&relay->up, scratch + sent, len - sent) ? STEP_MOVED : STEP_BROKEN;
}

static enum step
down_write(struct relay *relay, const uint8_t *data, size_t len, size_t *ret_sent)
{
    int result;

    *ret_sent = 0;
    ERR_clear_error();
    result = SSL_write_ex(relay->ssl, data, len, ret_sent);
    return result == 1 ? STEP_MOVED : ssl_step(relay, result);
}

static enum step
down_flush(struct relay *relay)
{
    size_t sent;
    enum step step = down_write(relay, relay->down.data + relay->down.offset,
                                relay->down.len - relay->down.offset, &sent);

    relay->down.offset += sent;
    if (relay->down.offset == relay->down.len)
        rest_drop(&relay->down);
    return step;
}

static enum step
down_step(struct relay *relay, uint8_t *scratch)
{
    size_t sent;
    ssize_t len;
    enum step step;

    if (relay->down.data)
        return down_flush(relay);
    len = recv(relay->plain, scratch, RELAY_OCTETS, MSG_DONTWAIT);
    if (len < 0 && errno == EINTR)
        return STEP_MOVED;
    if (len < 0 && errno == EAGAIN && !relay->finishing)
        return STEP_BLOCKED;
    /* ECONNRESET comes after the last byte when the plain side closed with our bytes unread. */
    if (len <= 0)
        return STEP_FINISHED;
    step = down_write(relay, scratch, (size_t)len, &sent);
    if (step != STEP_MOVED && step != STEP_BLOCKED)
        return STEP_BROKEN;
    if (!rest_keep(&relay->down, scratch + sent, (size_t)len - sent))
        return STEP_BROKEN;
    return step;
}

/*
 * The reply is out. Closing a socket with unread input sends a reset, which can destroy the reply
 * at the client: so the end is announced and what still comes is read away for a bounded time.
 */
static enum relay_result
linger_begin(struct relay *relay)
{
    ERR_clear_error();
    SSL_shutdown(relay->ssl);
    if (relay->up_ended || shutdown(relay->tcp, SHUT_WR) != 0)
        return RELAY_ENDED;
    connection_phase(relay->connection, CONNECTION_LINGER, clock_monotonic_ms());
    relay->state = RELAY_LINGER;
    return RELAY_AGAIN;
}

static enum relay_result
linger_run(struct relay *relay, uint8_t *scratch)
{
    for (int i = 0; i < RELAY_STEPS; i++) {
        ssize_t len = recv(relay->tcp, scratch, RELAY_OCTETS, MSG_DONTWAIT);

        if (len < 0 && errno == EAGAIN)
            return RELAY_WAITS;
        if (len == 0 || (len < 0 && errno != EINTR))
            return RELAY_ENDED;
    }
    return RELAY_AGAIN;
}

/* The client was too slow with its request. Nothing may be on its way that the answer would break.
 */
static enum relay_result
late_end(struct relay *relay)
{
    AUTO_BUFFER reply = {.max = TIMEOUT_REPLY_OCTETS};
    size_t sent;

    if (relay->down.data || !timeout_reply(&reply) ||
        down_write(relay, reply.data, reply.len, &sent) != STEP_MOVED)
        return RELAY_ENDED;
    return linger_begin(relay);
}

static enum relay_result
open_run(struct relay *relay, uint8_t *scratch)
{
    for (int i = 0; i < RELAY_STEPS; i++) {
        enum step up = up_step(relay, scratch);
        enum step down = up == STEP_BROKEN ? STEP_BROKEN : down_step(relay, scratch);

        if (relay->up_ended && atomic_load(&relay->connection->late))
            return late_end(relay);
        if (down == STEP_BROKEN)
            return RELAY_ENDED;
        if (down == STEP_FINISHED)
            return linger_begin(relay);
        if (up == STEP_BLOCKED && down == STEP_BLOCKED)
            return RELAY_WAITS;
    }
    return RELAY_AGAIN;
}

/* Keeps the client certificate, which is also there when the session was resumed. */
static bool
keep_client_certificate(struct relay *relay)
{
    X509 *certificate = SSL_get0_peer_certificate(relay->ssl);
    unsigned char *der = NULL;
    int len;
    bool ok;

    if (!certificate)
        return true;
    len = i2d_X509(certificate, &der);
    ok = len > 0 && connection_set_certificate(relay->connection, bytes_of(der, (size_t)len), NULL);
    OPENSSL_free(der);
    return ok;
}

static enum relay_result
handshake_run(struct relay *relay)
{
    int result;

    ERR_clear_error();
    result = SSL_accept(relay->ssl);
    if (result != 1)
        return ssl_step(relay, result) == STEP_BLOCKED ? RELAY_WAITS : RELAY_ENDED;
    if (!keep_client_certificate(relay))
        return RELAY_ENDED;
    relay->resumed = SSL_session_reused(relay->ssl) == 1;
    connection_phase(relay->connection, CONNECTION_FIRST, clock_monotonic_ms());
    return RELAY_SHAKEN;
}

bool
relay_wants_plain_room(const struct relay *relay)
{
    return relay->up.data != NULL;
}

void
relay_open(struct relay *relay, int plain)
{
    relay->plain = plain;
    relay->state = RELAY_OPEN;
}

enum relay_result
relay_run(struct relay *relay, uint8_t *scratch)
{
    switch (relay->state) {
    case RELAY_HANDSHAKE:
        return handshake_run(relay);
    case RELAY_OPEN:
        return open_run(relay, scratch);
    case RELAY_LINGER:
        return linger_run(relay, scratch);
    }
    return RELAY_ENDED;
}
