#include "flow_raw.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "signet/clock.h"

enum { RAW_PART = 4096, RAW_ANSWER_MS = 20000 };

static int
connected(unsigned port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool
use_party(const struct ca *ca, SSL_CTX *context, const struct party *party)
{
    char pem[192], key[192];

    if (!party)
        return true;
    snprintf(pem, sizeof(pem), "%s/%s.pem", ca->work, party->file);
    snprintf(key, sizeof(key), "%s/%s.key", ca->work, party->file);
    return SSL_CTX_use_certificate_chain_file(context, pem) == 1 &&
           SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1;
}

static bool
handshake(const struct ca *ca, const struct party *party, struct raw *raw)
{
    raw->context = SSL_CTX_new(TLS_client_method());
    if (!raw->context || SSL_CTX_load_verify_file(raw->context, ca->root_pem) != 1 ||
        !use_party(ca, raw->context, party))
        return false;
    SSL_CTX_set_verify(raw->context, SSL_VERIFY_PEER, NULL);
    raw->ssl = SSL_new(raw->context);
    return raw->ssl && SSL_set_fd(raw->ssl, raw->fd) == 1 && SSL_connect(raw->ssl) == 1;
}

bool
raw_open(const struct ca *ca, unsigned port, bool tls, const struct party *party,
         struct raw *ret_raw)
{
    struct raw raw = {.fd = connected(port)};

    if (raw.fd < 0 || (tls && !handshake(ca, party, &raw))) {
        raw_close(&raw);
        return false;
    }
    *ret_raw = raw;
    return true;
}

void
raw_close(struct raw *raw)
{
    SSL_free(raw->ssl);
    SSL_CTX_free(raw->context);
    if (raw->fd > 0)
        close(raw->fd);
    *raw = (struct raw){.fd = -1};
}

bool
raw_send(struct raw *raw, const void *data, size_t len)
{
    if (raw->ssl)
        return SSL_write(raw->ssl, data, (int)len) == (int)len;
    return send(raw->fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static ssize_t
receive_part(struct raw *raw, void *part, size_t room)
{
    return raw->ssl ? SSL_read(raw->ssl, part, (int)room) : recv(raw->fd, part, room, 0);
}

bool
raw_receive(struct raw *raw, int timeout_ms, struct buffer *out)
{
    int64_t end_ms = clock_monotonic_ms() + timeout_ms;
    char part[RAW_PART];

    for (;;) {
        struct pollfd poll_fd = {.fd = raw->fd, .events = POLLIN};
        int64_t left_ms = end_ms - clock_monotonic_ms();
        ssize_t len;

        if (!(raw->ssl && SSL_pending(raw->ssl)) &&
            poll(&poll_fd, 1, left_ms > 0 ? (int)left_ms : 0) <= 0)
            return false;
        len = receive_part(raw, part, sizeof(part));
        if (len <= 0)
            return true;
        if (!buffer_put(out, part, (size_t)len))
            flow_give_up("a raw answer is too long");
    }
}

void
raw_ask(const struct ca *ca, unsigned port, bool tls, const char *text, struct buffer *out)
{
    AUTO_RAW raw = {.fd = -1};

    buffer_init(out, 1024 * 1024);
    if (!raw_open(ca, port, tls, NULL, &raw))
        flow_give_up("no connection to port %u", port);
    if (raw_send(&raw, text, strlen(text)))
        raw_receive(&raw, RAW_ANSWER_MS, out);
    if (!buffer_text(out))
        flow_give_up("no memory");
}
