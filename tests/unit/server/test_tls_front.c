#include "http_fixture_routes.h"

#define HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

static struct fixture fixture;
static struct client client;
static struct answer answer;

static void
keeps_connections(void)
{
    fixture_init(&fixture);
    fixture_start_tls(&fixture, 100);
    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, NULL, NULL));
    for (int i = 0; i < 20; i++) {
        CU_ASSERT_FATAL(client_ask(&client, HELLO, &answer));
        CU_ASSERT_EQUAL(answer.status, 200);
        CU_ASSERT_STRING_EQUAL(answer.body, "{\"hello\":true}");
    }
    CU_ASSERT_EQUAL(connections_count(fixture.connections), 1);
    client_close(&client);
    CU_ASSERT(fixture_await_connections(&fixture, 0));
    fixture_done(&fixture);
}

static void
takes_fresh_connections(void)
{
    struct tls_front_counts counts;

    fixture_init(&fixture);
    fixture_start_tls(&fixture, 100);
    for (int i = 0; i < 50; i++) {
        CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, NULL, NULL));
        CU_ASSERT(client_ask(&client, HELLO, &answer));
        CU_ASSERT_EQUAL(answer.status, 200);
        client_close(&client);
    }
    tls_front_counts(fixture.front, &counts);
    CU_ASSERT_EQUAL(counts.handshakes, 50);
    CU_ASSERT_EQUAL(counts.refused, 0);
    CU_ASSERT_EQUAL(counts.handshaking, 0);
    fixture_done(&fixture);
}

static size_t
echoed_certificate(void)
{
    size_t octets = 0;
    const char *found;

    CU_ASSERT_FATAL(client_ask(&client, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", &answer));
    found = strstr(answer.body, "certificate=");
    if (found)
        sscanf(found, "certificate=%zu", &octets);
    return octets;
}

static void
shows_client_certificate(void)
{
    struct test_certificate own;
    SSL_CTX *context;
    SSL_SESSION *session;
    size_t octets;

    fixture_init(&fixture);
    fixture_start_tls(&fixture, 100);
    fixture_certificate("client", &own);
    octets = (size_t)i2d_X509(own.x509, NULL);
    context = client_context(&own);
    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, context, NULL));
    CU_ASSERT_EQUAL(echoed_certificate(), octets);
    session = SSL_get1_session(client.ssl);
    CU_ASSERT(SSL_SESSION_is_resumable(session));
    client_close(&client);

    /* A resumed session carries it, too, and a connection without one carries none. */
    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, context, session));
    CU_ASSERT(SSL_session_reused(client.ssl));
    CU_ASSERT_EQUAL(echoed_certificate(), octets);
    client_close(&client);
    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, NULL, NULL));
    CU_ASSERT_EQUAL(echoed_certificate(), 0);
    client_close(&client);
    SSL_SESSION_free(session);
    SSL_CTX_free(context);
    fixture_certificate_done(&own);
    fixture_done(&fixture);
}

static void
speaks_tls_12_and_http_11_only(void)
{
    SSL_CTX *context = client_context(NULL);

    fixture_init(&fixture);
    fixture_start_tls(&fixture, 100);
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, context, NULL));
    CU_ASSERT(client_ask(&client, HELLO, &answer));
    CU_ASSERT_EQUAL(answer.status, 200);
    client_close(&client);

    SSL_CTX_set_alpn_protos(context, (const unsigned char *)"\x02h2", 3);
    CU_ASSERT_FALSE(client_connect_tls(&client, &fixture, context, NULL));
    client_close(&client);
    SSL_CTX_set_alpn_protos(context, (const unsigned char *)"\x02h2\x08http/1.1", 12);
    CU_ASSERT(client_connect_tls(&client, &fixture, context, NULL));
    client_close(&client);

    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    CU_ASSERT_FALSE(client_connect_tls(&client, &fixture, context, NULL));
    client_close(&client);
    SSL_CTX_free(context);
    fixture_done(&fixture);
}

static void
answers_pipelined_requests_in_order(void)
{
    fixture_init(&fixture);
    fixture_start_tls(&fixture, 100);
    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, NULL, NULL));
    for (int i = 0; i < 30; i++) {
        char request[128];
        int len =
            snprintf(request, sizeof(request), "GET /echo/n%d HTTP/1.1\r\nHost: a\r\n\r\n", i);

        CU_ASSERT_FATAL(client_send(&client, request, (size_t)len));
    }
    for (int i = 0; i < 30; i++) {
        char wanted[16];

        snprintf(wanted, sizeof(wanted), "n%d", i);
        CU_ASSERT_FATAL(client_answer(&client, &answer, false));
        CU_ASSERT_STRING_EQUAL(answer_field(&answer, "X-Param"), wanted);
    }
    client_close(&client);
    fixture_done(&fixture);
}

/* The reply is larger than every buffer between, and the client does not read for a while. */
static void
holds_back_for_a_slow_reader(void)
{
    size_t received = 0;
    char chunk[4096];
    int len;

    fixture_init(&fixture);
    fixture_start_tls(&fixture, 100);
    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, NULL, NULL));
    CU_ASSERT_FATAL(client_say(&client, "GET /large/8000000 HTTP/1.1\r\nHost: a\r\n"
                                        "Connection: close\r\n\r\n"));
    poll(NULL, 0, 300);
    while ((len = SSL_read(client.ssl, chunk, sizeof(chunk))) > 0)
        received += (size_t)len;
    CU_ASSERT(received > 8000000 && received < 8001000);
    client_close(&client);
    fixture_done(&fixture);
}

/* Sends the pieces with a rest in between, then lets the clock of the table pass `later_ms`. */
static bool
is_cut(const char *first, const char *second, int later_ms)
{
    bool ended;

    if (first && !client_send(&client, first, strlen(first)))
        return false;
    poll(NULL, 0, 100);
    if (second && !client_send(&client, second, strlen(second)))
        return false;
    poll(NULL, 0, 100);
    connections_cut(fixture.connections, clock_monotonic_ms() + later_ms);
    client.held[client.held_len] = '\0';
    ended = client_ended(&client);
    return ended && fixture_await_connections(&fixture, 0);
}

/* What is_cut read before the end is a problem document that says why. */
static bool
was_told(void)
{
    return strncmp(client.held, "HTTP/1.1 408 ", 13) == 0 &&
           strstr(client.held, "urn:signet:error:request-timeout") &&
           strstr(client.held, "X-Request-Id: ");
}

static void
cuts_slow_handshakes(void)
{
    fixture_init(&fixture);
    fixture_start_tls(&fixture, 100);
    CU_ASSERT_FATAL(client_connect(&client, &fixture));
    CU_ASSERT(is_cut("\x16\x03\x01", "\x02", LIMIT_HANDSHAKE_MS + 1));
    client_close(&client);

    CU_ASSERT_FATAL(client_connect(&client, &fixture));
    CU_ASSERT(fixture_await_connections(&fixture, 1));
    CU_ASSERT_EQUAL(
        connections_cut(fixture.connections, clock_monotonic_ms() + LIMIT_HANDSHAKE_MS - 5000), 0);
    client_close(&client);
    CU_ASSERT(fixture_await_connections(&fixture, 0));
    fixture_done(&fixture);
}

static void
cuts_slow_headers_and_bodies(void)
{
    fixture_init(&fixture);
    fixture_start_tls(&fixture, 100);
    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, NULL, NULL));
    CU_ASSERT(is_cut("GET /hel", "l", LIMIT_HEADER_MS + 1));
    CU_ASSERT(was_told());
    client_close(&client);

    /* On a kept connection, too: the first byte starts the time of the header. */
    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, NULL, NULL));
    CU_ASSERT_FATAL(client_ask(&client, HELLO, &answer));
    CU_ASSERT(is_cut("GET /hel", "l", LIMIT_HEADER_MS + 1));
    CU_ASSERT(was_told());
    client_close(&client);

    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, NULL, NULL));
    CU_ASSERT(is_cut("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nab", "c",
                     LIMIT_BODY_MS + 1));
    CU_ASSERT(was_told());
    client_close(&client);

    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, NULL, NULL));
    CU_ASSERT_FATAL(client_ask(&client, HELLO, &answer));
    CU_ASSERT(is_cut(NULL, NULL, LIMIT_IDLE_MS + 1));
    CU_ASSERT_EQUAL(client.held_len, 0);
    client_close(&client);
    fixture_done(&fixture);
}

/* A client that does not take its reply is ended, however much of it is still waiting. */
static void
cuts_clients_that_do_not_read(void)
{
    fixture_init(&fixture);
    fixture_start_tls(&fixture, 100);
    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, NULL, NULL));
    CU_ASSERT_FATAL(client_say(&client, "GET /large/30000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    CU_ASSERT(client_more(&client));
    CU_ASSERT_EQUAL(
        connections_cut(fixture.connections, clock_monotonic_ms() + LIMIT_REPLY_MS - 5000), 0);
    CU_ASSERT_EQUAL(connections_cut(fixture.connections, clock_monotonic_ms() + LIMIT_REPLY_MS + 1),
                    1);
    CU_ASSERT(fixture_await_connections(&fixture, 0));
    client_close(&client);
    fixture_done(&fixture);
}

/* libmicrohttpd locks up for ever when its own limit is reached; ours must not. */
static void
refuses_past_the_limit_and_recovers(void)
{
    static struct client many[8];
    struct tls_front_counts counts;

    fixture_init(&fixture);
    fixture_start_tls(&fixture, 8);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 8; i++)
            CU_ASSERT_FATAL(client_connect_tls(&many[i], &fixture, NULL, NULL));
        CU_ASSERT_FALSE(client_connect_tls(&client, &fixture, NULL, NULL));
        client_close(&client);
        for (int i = 0; i < 8; i++) {
            CU_ASSERT(client_ask(&many[i], HELLO, &answer));
            CU_ASSERT_EQUAL(answer.status, 200);
            client_close(&many[i]);
        }
        CU_ASSERT_FATAL(fixture_await_connections(&fixture, 0));
    }
    tls_front_counts(fixture.front, &counts);
    CU_ASSERT_EQUAL(counts.refused, 5);
    fixture_done(&fixture);
}

static void *
ask_for_ever(void *argument)
{
    struct client *own = calloc(1, sizeof(*own));
    struct answer *got = calloc(1, sizeof(*got));
    size_t *failures = argument;

    for (int i = 0; i < 60; i++) {
        if (!client_connect_tls(own, &fixture, NULL, NULL) || !client_ask(own, HELLO, got) ||
            got->status != 200 || !client_ask(own, HELLO, got))
            ++*failures;
        client_close(own);
    }
    free(own);
    free(got);
    return NULL;
}

static void
changes_its_certificate_under_load(void)
{
    struct test_certificate other;
    size_t failures[4] = {0};
    pthread_t threads[4];
    X509 *seen;

    fixture_init(&fixture);
    fixture_start_tls(&fixture, 100);
    fixture_certificate("other.example", &other);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, ask_for_ever, &failures[i]);
    for (int i = 0; i < 100; i++)
        fixture_use_certificate(&fixture, i % 2 ? &other : &fixture.certificate);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(failures[i], 0);
    }
    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, NULL, NULL));
    seen = SSL_get1_peer_certificate(client.ssl);
    CU_ASSERT_EQUAL(X509_cmp(seen, other.x509), 0);
    X509_free(seen);
    client_close(&client);
    fixture_certificate_done(&other);
    fixture_done(&fixture);
}

static void
refuses_certificates_that_do_not_fit(void)
{
    struct test_certificate other;
    struct error err;

    fixture_init(&fixture);
    fixture_start_tls(&fixture, 100);
    fixture_certificate("other.example", &other);
    ASSERT_REFUSED(tls_front_set_certificate(fixture.front, bytes_of_text(other.certificate),
                                             bytes_of_text(fixture.certificate.key), &err),
                   &err, ERROR_CRYPTO);
    ASSERT_REFUSED(tls_front_set_certificate(fixture.front, bytes_of_text("nothing"),
                                             bytes_of_text(other.key), &err),
                   &err, ERROR_CRYPTO);
    ASSERT_REFUSED(tls_front_set_certificate(fixture.front, bytes_of_text(other.certificate),
                                             bytes_of_text(""), &err),
                   &err, ERROR_CRYPTO);
    /* The one before stays. */
    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, NULL, NULL));
    CU_ASSERT(client_ask(&client, HELLO, &answer));
    client_close(&client);
    fixture_certificate_done(&other);
    fixture_done(&fixture);
}

static void
never_listens_without_a_certificate(void)
{
    struct tls_front_options options = {
        .listen_fds = &fixture.listener, .listen_count = 1, .threads = 1, .hand_over = http_take};
    struct tls_front *front;
    struct error err;

    fixture_init(&fixture);
    fixture_connections(&fixture, 4, true);
    options.connections = fixture.connections;
    ASSERT_OK(tls_front_new(&options, &front, &err), &err);
    ASSERT_REFUSED(tls_front_start(front, &err), &err, ERROR_CONFIG);
    tls_front_free(front);
    fixture_done(&fixture);
}

static void
serves_beside_500_idle_connections(void)
{
    static struct client idle[500];
    SSL_CTX *context = client_context(NULL);

    fixture_init(&fixture);
    fixture_start_tls(&fixture, 1000);
    for (size_t i = 0; i < ARRAY_LEN(idle); i++)
        CU_ASSERT_FATAL(client_connect_tls(&idle[i], &fixture, context, NULL));
    CU_ASSERT(fixture_await_connections(&fixture, 500));
    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, context, NULL));
    CU_ASSERT(client_ask(&client, HELLO, &answer));
    CU_ASSERT_EQUAL(answer.status, 200);
    client_close(&client);
    for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
        if (i % 50 == 0)
            CU_ASSERT(client_ask(&idle[i], HELLO, &answer) && answer.status == 200);
        client_close(&idle[i]);
    }
    CU_ASSERT(fixture_await_connections(&fixture, 0));
    SSL_CTX_free(context);
    fixture_done(&fixture);
}

/* The answer to a body that is too large arrives although the body is still being sent. */
static void
delivers_the_reply_before_the_end(void)
{
    static char chunk[65536];

    fixture_init(&fixture);
    fixture_start_tls(&fixture, 100);
    for (int i = 0; i < 10; i++) {
        CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, NULL, NULL));
        CU_ASSERT(client_say(&client, "POST /echo HTTP/1.1\r\nHost: a\r\n"
                                      "Content-Length: 200000\r\n\r\n"));
        CU_ASSERT(client_send(&client, chunk, sizeof(chunk)));
        CU_ASSERT(client_answer(&client, &answer, false));
        CU_ASSERT_EQUAL(answer.status, 413);
        client_close(&client);
    }
    CU_ASSERT(fixture_await_connections(&fixture, 0));
    fixture_done(&fixture);
}

static void
stops_with_waiting_requests(void)
{
    fixture_init(&fixture);
    fixture_start_tls(&fixture, 100);
    gate_set(false);
    CU_ASSERT_FATAL(client_connect_tls(&client, &fixture, NULL, NULL));
    CU_ASSERT(client_say(&client, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"));
    gate_await(1);
    tls_front_stop_accepting(fixture.front);
    http_drain(fixture.http, 100);
    CU_ASSERT_FATAL(client_answer(&client, &answer, false));
    CU_ASSERT_EQUAL(answer.status, 503);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "urn:signet:error:shutting-down"));
    client_close(&client);
    fixture_done(&fixture);
}

int
main(void)
{
    return RUN_SUITE(
        "tls front", TEST(keeps_connections), TEST(takes_fresh_connections),
        TEST(shows_client_certificate), TEST(speaks_tls_12_and_http_11_only),
        TEST(answers_pipelined_requests_in_order), TEST(holds_back_for_a_slow_reader),
        TEST(cuts_slow_handshakes), TEST(cuts_slow_headers_and_bodies),
        TEST(cuts_clients_that_do_not_read), TEST(refuses_past_the_limit_and_recovers),
        TEST(changes_its_certificate_under_load), TEST(refuses_certificates_that_do_not_fit),
        TEST(never_listens_without_a_certificate), TEST(serves_beside_500_idle_connections),
        TEST(delivers_the_reply_before_the_end), TEST(stops_with_waiting_requests));
}
