/*
 * A running HTTP service for the tests: routes of its own, a plain listener or the TLS front with a
 * certificate made here, and a client that speaks raw HTTP over either.
 */
#ifndef SIGNET_TEST_HTTP_FIXTURE_H
#define SIGNET_TEST_HTTP_FIXTURE_H

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/daemon.h"
#include "main/server.h"
#include "signet/clock.h"
#include "suite.h"
#include "tls/front.h"

/* --- certificates --- */

struct test_certificate {
    char *certificate, *key; /* PEM */
    EVP_PKEY *private_key;
    X509 *x509;
};

static inline char *
fixture_pem(BIO *bio)
{
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    char *text = strndup(data, (size_t)len);

    BIO_free(bio);
    return text;
}

static inline void
fixture_certificate(const char *name, struct test_certificate *ret)
{
    BIO *certificate = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_mem());
    X509_NAME *subject;

    ret->private_key = EVP_EC_gen("P-256");
    ret->x509 = X509_new();
    X509_set_version(ret->x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(ret->x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(ret->x509), -60);
    X509_gmtime_adj(X509_getm_notAfter(ret->x509), 3600);
    subject = X509_get_subject_name(ret->x509);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(ret->x509, subject);
    X509_set_pubkey(ret->x509, ret->private_key);
    X509_sign(ret->x509, ret->private_key, EVP_sha256());
    PEM_write_bio_X509(certificate, ret->x509);
    PEM_write_bio_PrivateKey(key, ret->private_key, NULL, NULL, 0, NULL, NULL);
    ret->certificate = fixture_pem(certificate);
    ret->key = fixture_pem(key);
}

static inline void
fixture_certificate_done(struct test_certificate *certificate)
{
    free(certificate->certificate);
    free(certificate->key);
    X509_free(certificate->x509);
    EVP_PKEY_free(certificate->private_key);
}

/* --- routes --- */

/* What the handlers of the fixture look at. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;
    int inside;
};
extern struct gate fixture_gate;
extern const struct route fixture_routes[];

static inline void
gate_set(bool open)
{
    pthread_mutex_lock(&fixture_gate.lock);
    fixture_gate.open = open;
    pthread_cond_broadcast(&fixture_gate.changed);
    pthread_mutex_unlock(&fixture_gate.lock);
}

/* Waits until so many requests stand before the gate. */
static inline void
gate_await(int inside)
{
    pthread_mutex_lock(&fixture_gate.lock);
    while (fixture_gate.inside < inside)
        pthread_cond_wait(&fixture_gate.changed, &fixture_gate.lock);
    pthread_mutex_unlock(&fixture_gate.lock);
}

/* --- the service --- */

struct fixture {
    struct config *config;
    struct server server;
    struct http_service service;
    struct connections *connections;
    struct http *http;
    struct tls_front *front;
    int listener;
    struct sockaddr_in address;
    struct test_certificate certificate;
};

static inline void
fixture_socket(struct fixture *fixture)
{
    socklen_t len = sizeof(fixture->address);

    fixture->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fixture->address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CU_ASSERT_FATAL(bind(fixture->listener, (struct sockaddr *)&fixture->address, len) == 0);
    CU_ASSERT_FATAL(listen(fixture->listener, 1024) == 0);
    getsockname(fixture->listener, (struct sockaddr *)&fixture->address, &len);
}

/* Sets the members up; the test may change them before it starts the service. */
static inline void
fixture_init(struct fixture *fixture)
{
    memset(fixture, 0, sizeof(*fixture));
    fixture->config = calloc(1, sizeof(*fixture->config));
    fixture->server.config = fixture->config;
    fixture->service = (struct http_service){.server = &fixture->server,
                                             .routes = fixture_routes,
                                             .workers = 4,
                                             .queue = 64,
                                             .role = ROLE_ISSUING,
                                             .header_octets = LIMIT_HEADER_OCTETS,
                                             .deadline_ms = 20000,
                                             .log_level = LOG_LEVEL_DEBUG};
    fixture_socket(fixture);
    gate_set(true);
}

static inline void
fixture_connections(struct fixture *fixture, uint32_t most, bool encrypted)
{
    const struct connections_options options = {most, most, encrypted};
    struct error err;

    ASSERT_OK(connections_new(&options, &fixture->connections, &err), &err);
    fixture->service.connections = fixture->connections;
}

static inline void
fixture_start_plain(struct fixture *fixture, uint32_t most)
{
    struct error err;

    fixture_connections(fixture, most, false);
    ASSERT_OK(http_listen(&fixture->service, 2, &fixture->listener, 1, &fixture->http, &err), &err);
}

static inline bool
fixture_use_certificate(struct fixture *fixture, const struct test_certificate *certificate)
{
    struct error err;

    return ASSERT_OK(tls_front_set_certificate(fixture->front,
                                               bytes_of_text(certificate->certificate),
                                               bytes_of_text(certificate->key), &err),
                     &err);
}

static inline void
fixture_start_tls(struct fixture *fixture, uint32_t most)
{
    struct tls_front_options options = {
        .listen_fds = &fixture->listener, .listen_count = 1, .threads = 2, .hand_over = http_take};
    struct error err;

    fixture_connections(fixture, most, true);
    fixture_certificate("server.example", &fixture->certificate);
    ASSERT_OK(http_new(&fixture->service, 2, &fixture->http, &err), &err);
    options.connections = fixture->connections;
    options.context = fixture->http;
    ASSERT_OK(tls_front_new(&options, &fixture->front, &err), &err);
    fixture_use_certificate(fixture, &fixture->certificate);
    ASSERT_OK(tls_front_start(fixture->front, &err), &err);
}

static inline void
fixture_done(struct fixture *fixture)
{
    gate_set(true);
    tls_front_free(fixture->front);
    http_free(fixture->http);
    /* Nothing may hold a record any more: a leak of one is a leak of a connection. */
    CU_ASSERT_EQUAL(connections_count(fixture->connections), 0);
    connections_free(fixture->connections);
    fixture_certificate_done(&fixture->certificate);
    close(fixture->listener);
    free(fixture->config);
}

/* Waits until the service holds this many connections. */
static inline bool
fixture_await_connections(struct fixture *fixture, uint32_t count)
{
    for (int i = 0; i < 500; i++) {
        if (connections_count(fixture->connections) == count)
            return true;
        poll(NULL, 0, 10);
    }
    return false;
}

/* --- the client --- */

struct client {
    int fd;
    SSL *ssl;           /* null: plain */
    char held[1 << 20]; /* read and not yet taken */
    size_t held_len;
};

static inline bool
client_connect(struct client *client, const struct fixture *fixture)
{
    struct timeval limit = {.tv_sec = 20};

    client->ssl = NULL;
    client->held_len = 0;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    return connect(client->fd, (const struct sockaddr *)&fixture->address,
                   sizeof(fixture->address)) == 0;
}

static inline SSL_CTX *
client_context(const struct test_certificate *certificate)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (certificate) {
        SSL_CTX_use_certificate(context, certificate->x509);
        SSL_CTX_use_PrivateKey(context, certificate->private_key);
    }
    return context;
}

/* Borrows `context`; null makes one without a certificate. */
static inline bool
client_connect_tls(struct client *client, const struct fixture *fixture, SSL_CTX *context,
                   SSL_SESSION *session)
{
    SSL_CTX *own = context ? NULL : client_context(NULL);

    if (!client_connect(client, fixture))
        return false;
    client->ssl = SSL_new(context ? context : own);
    SSL_CTX_free(own);
    SSL_set_fd(client->ssl, client->fd);
    if (session)
        SSL_set_session(client->ssl, session);
    return SSL_connect(client->ssl) == 1;
}

static inline void
client_close(struct client *client)
{
    /* Without the mark OpenSSL forgets the session of a connection that was not shut down. */
    if (client->ssl)
        SSL_set_shutdown(client->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(client->ssl);
    client->ssl = NULL;
    close(client->fd);
}

static inline bool
client_send(struct client *client, const char *data, size_t len)
{
    while (len) {
        ssize_t sent = client->ssl ? SSL_write(client->ssl, data, (int)len)
                                   : send(client->fd, data, len, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        data += sent;
        len -= (size_t)sent;
    }
    return true;
}

static inline bool
client_say(struct client *client, const char *text)
{
    return client_send(client, text, strlen(text));
}

/* Reads more; false at the end, on an error and after 20 s without a byte. */
static inline bool
client_more(struct client *client)
{
    size_t room = sizeof(client->held) - 1 - client->held_len;
    ssize_t len = client->ssl ? SSL_read(client->ssl, client->held + client->held_len, (int)room)
                              : recv(client->fd, client->held + client->held_len, room, 0);

    if (len <= 0)
        return false;
    client->held_len += (size_t)len;
    client->held[client->held_len] = '\0';
    return true;
}

struct answer {
    int status;
    char head[8192];
    char body[65536]; /* its beginning */
    size_t body_len;
    char value[512]; /* what answer_field found */
};

static inline const char *
answer_field(struct answer *answer, const char *name)
{
    const char *line = answer->head;

    answer->value[0] = '\0';
    while ((line = strstr(line, "\r\n"))) {
        line += 2;
        if (strncasecmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            sscanf(line + strlen(name), ": %511[^\r\n]", answer->value);
    }
    return answer->value;
}

/* Takes one response from what comes; `head` says that the request was HEAD. */
static inline bool
client_answer(struct client *client, struct answer *answer, bool head)
{
    char *end;
    size_t head_len, length, kept;

    memset(answer, 0, sizeof(*answer));
    client->held[client->held_len] = '\0';
    while (!(end = strstr(client->held, "\r\n\r\n")))
        if (!client_more(client))
            return false;
    head_len = (size_t)(end - client->held) + 4;
    memcpy(answer->head, client->held, head_len < sizeof(answer->head) ? head_len : 8191);
    sscanf(answer->head, "HTTP/1.1 %d", &answer->status);
    length = (size_t)atol(answer_field(answer, "Content-Length"));
    answer->body_len = head ? 0 : length;
    while (client->held_len < head_len + answer->body_len)
        if (!client_more(client))
            return false;
    kept = answer->body_len < sizeof(answer->body) ? answer->body_len : sizeof(answer->body) - 1;
    memcpy(answer->body, client->held + head_len, kept);
    client->held_len -= head_len + answer->body_len;
    memmove(client->held, client->held + head_len + answer->body_len, client->held_len);
    return true;
}

static inline bool
client_ask(struct client *client, const char *request, struct answer *answer)
{
    return client_say(client, request) &&
           client_answer(client, answer, strncmp(request, "HEAD ", 5) == 0);
}

/* One plain request over a connection of its own; the status, 0 without an answer. */
static inline int
fixture_ask(const struct fixture *fixture, const char *request, struct answer *answer)
{
    static struct client client;
    bool answered = client_connect(&client, fixture) && client_ask(&client, request, answer);

    client_close(&client);
    return answered ? answer->status : 0;
}

/* The other side has ended the connection. */
static inline bool
client_ended(struct client *client)
{
    while (client_more(client))
        ;
    return true;
}

#endif
