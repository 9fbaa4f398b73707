#include "http/audit.h"
#include "http/limiter.h"
#include "http/metrics.h"
#include "http_fixture_routes.h"

static struct fixture fixture;
static struct client client;
static struct answer answer;

static int
ask(const char *request)
{
    return fixture_ask(&fixture, request, &answer);
}

static bool
is_problem(const char *type)
{
    char wanted[128];

    snprintf(wanted, sizeof(wanted), "\"type\":\"urn:signet:error:%s\"", type);
    return strcmp(answer_field(&answer, "Content-Type"), "application/problem+json") == 0 &&
           strstr(answer.body, wanted) && strlen(answer_field(&answer, "X-Request-Id")) == 26 &&
           strstr(answer.body, answer_field(&answer, "X-Request-Id"));
}

static void
answers(void)
{
    fixture_init(&fixture);
    fixture_start_plain(&fixture, 100);
    CU_ASSERT_EQUAL(ask("GET /hello HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\n\r\n"), 200);
    CU_ASSERT_STRING_EQUAL(answer.body, "{\"hello\":true}");
    CU_ASSERT_STRING_EQUAL(answer_field(&answer, "Content-Type"), "application/json");
    CU_ASSERT_STRING_EQUAL(answer_field(&answer, "Cache-Control"), "no-store");
    CU_ASSERT_EQUAL(strlen(answer_field(&answer, "X-Request-Id")), 26);
    CU_ASSERT_EQUAL(ask("GET /echo?q=%C3%A4+1 HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "peer=127.0.0.1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "q=\xc3\xa4+1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "target=/echo?q=%C3%A4+1"));
    CU_ASSERT_EQUAL(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                        "Content-Type: Text/Plain; charset=x\r\n\r\nhello"),
                    200);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "body=5 type=text/plain"));
    CU_ASSERT_EQUAL(ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
                    200);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "body=5"));
    fixture_done(&fixture);
}

static void
answers_head_like_get(void)
{
    fixture_init(&fixture);
    fixture_start_plain(&fixture, 100);
    CU_ASSERT_FATAL(client_connect(&client, &fixture));
    CU_ASSERT(client_ask(&client, "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n", &answer));
    CU_ASSERT_EQUAL(answer.status, 200);
    CU_ASSERT_STRING_EQUAL(answer_field(&answer, "Content-Length"), "14");
    CU_ASSERT(client_ask(&client, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", &answer));
    CU_ASSERT_STRING_EQUAL(answer.body, "{\"hello\":true}");
    client_close(&client);
    fixture_done(&fixture);
}

static void
refuses_unknown_paths_and_methods(void)
{
    fixture_init(&fixture);
    fixture_start_plain(&fixture, 100);
    CU_ASSERT_EQUAL(ask("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
    CU_ASSERT(is_problem("route-unknown"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "\"instance\":\"urn:signet:request:"));
    CU_ASSERT_EQUAL(ask("DELETE /echo HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
    CU_ASSERT(is_problem("method-not-allowed"));
    CU_ASSERT_EQUAL(ask("GET /echo?nonsense=1 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    CU_ASSERT(is_problem("parameter-invalid"));
    CU_ASSERT_EQUAL(ask("GET /echo/%00 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    CU_ASSERT(is_problem("request-malformed"));
    CU_ASSERT_EQUAL(ask("GET /echo/%ff HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    CU_ASSERT_EQUAL(ask("GET /echo/%4 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    fixture_done(&fixture);
}

/* A refusal that read the whole request keeps the connection. */
static void
keeps_the_connection_after_a_refusal(void)
{
    fixture_init(&fixture);
    fixture_start_plain(&fixture, 100);
    CU_ASSERT_FATAL(client_connect(&client, &fixture));
    for (int i = 0; i < 5; i++) {
        CU_ASSERT(client_ask(&client, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", &answer));
        CU_ASSERT_EQUAL(answer.status, 404);
        CU_ASSERT(client_ask(&client, "GET /refuse HTTP/1.1\r\nHost: a\r\n\r\n", &answer));
        CU_ASSERT_EQUAL(answer.status, 403);
    }
    client_close(&client);
    fixture_done(&fixture);
}

static void
tells_a_refusal_without_its_secrets(void)
{
    fixture_init(&fixture);
    fixture_start_plain(&fixture, 100);
    CU_ASSERT_EQUAL(ask("GET /refuse HTTP/1.1\r\nHost: a\r\n\r\n"), 403);
    CU_ASSERT(is_problem("name-not-granted"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "\"rule\":\"test.rule\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "b\\\"ad\\\\name\\n"));
    CU_ASSERT_PTR_NULL(strstr(answer.body, "secret"));
    fixture_done(&fixture);
}

static void
refuses_bodies_over_the_limit(void)
{
    char request[2048];
    int len;

    fixture_init(&fixture);
    fixture_start_plain(&fixture, 100);
    CU_ASSERT_EQUAL(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"), 413);
    CU_ASSERT(is_problem("body-too-large"));
    CU_ASSERT_EQUAL(ask("GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"), 413);
    CU_ASSERT(is_problem("body-too-large"));
    len = snprintf(request, sizeof(request),
                   "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "3e9\r\n%01001d\r\n0\r\n\r\n",
                   1);
    CU_ASSERT(len > 1001);
    CU_ASSERT_EQUAL(ask(request), 413);
    CU_ASSERT(is_problem("body-too-large"));
    fixture_done(&fixture);
}

/* A chunked body without end is not read for ever. */
static void
gives_up_on_endless_bodies(void)
{
    static char chunk[65536 + 16];
    int len = snprintf(chunk, sizeof(chunk), "10000\r\n%065536d\r\n", 1);
    int sent = 0;

    fixture_init(&fixture);
    fixture_start_plain(&fixture, 100);
    CU_ASSERT_FATAL(client_connect(&client, &fixture));
    CU_ASSERT(client_say(&client, "POST /echo HTTP/1.1\r\nHost: a\r\n"
                                  "Transfer-Encoding: chunked\r\n\r\n"));
    while (sent < 400 && client_send(&client, chunk, (size_t)len))
        sent++;
    CU_ASSERT(sent < 400);
    client_close(&client);
    fixture_done(&fixture);
}

static void
refuses_two_lengths(void)
{
    fixture_init(&fixture);
    fixture_start_plain(&fixture, 100);
    CU_ASSERT_EQUAL(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                        "Content-Length: 5\r\n\r\nhello"),
                    400);
    CU_ASSERT(is_problem("request-malformed"));
    CU_ASSERT_EQUAL(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                    400);
    CU_ASSERT_EQUAL(ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
                        "0\r\n\r\n"),
                    400);
    CU_ASSERT_EQUAL(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello"), 400);
    CU_ASSERT_EQUAL(ask("GET /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\n"
                        "Authorization: Bearer b\r\n\r\n"),
                    400);
    fixture_done(&fixture);
}

static void
refuses_large_heads(void)
{
    static char request[70000];
    size_t len;

    fixture_init(&fixture);
    fixture_start_plain(&fixture, 100);
    len = (size_t)snprintf(request, sizeof(request), "GET /%04100d HTTP/1.1\r\nHost: a\r\n\r\n", 1);
    CU_ASSERT(len > 4100);
    CU_ASSERT_EQUAL(ask(request), 414);
    CU_ASSERT(is_problem("target-too-long"));
    snprintf(request, sizeof(request), "GET /hello HTTP/1.1\r\nHost: a\r\nX-Long: %017000d\r\n\r\n",
             1);
    CU_ASSERT_EQUAL(ask(request), 431);
    CU_ASSERT(is_problem("headers-too-large"));
    /* Past what libmicrohttpd holds it answers itself. */
    snprintf(request, sizeof(request), "GET /hello HTTP/1.1\r\nHost: a\r\nX-Long: %060000d\r\n\r\n",
             1);
    CU_ASSERT_EQUAL(ask(request), 431);
    len = (size_t)snprintf(request, sizeof(request), "GET /hello HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 100; i++)
        len += (size_t)snprintf(request + len, sizeof(request) - len, "X-%d: 1\r\n", i);
    snprintf(request + len, sizeof(request) - len, "\r\n");
    CU_ASSERT_EQUAL(ask(request), 431);
    fixture_done(&fixture);
}

static void
refuses_when_the_queue_is_full(void)
{
    static struct client waiting[3];

    fixture_init(&fixture);
    fixture.service.workers = 1;
    fixture.service.queue = 2;
    fixture_start_plain(&fixture, 100);
    gate_set(false);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_FATAL(client_connect(&waiting[i], &fixture));
        CU_ASSERT(client_say(&waiting[i], "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"));
        if (i == 0)
            gate_await(1);
    }
    for (struct http_counts counts = {0}; counts.waiting < 3; poll(NULL, 0, 10))
        http_counts(fixture.http, &counts);
    CU_ASSERT_EQUAL(ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 503);
    CU_ASSERT(is_problem("overloaded"));
    CU_ASSERT(atoi(answer_field(&answer, "Retry-After")) > 0);
    gate_set(true);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT(client_answer(&waiting[i], &answer, false));
        CU_ASSERT_EQUAL(answer.status, 200);
        client_close(&waiting[i]);
    }
    CU_ASSERT_EQUAL(ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    fixture_done(&fixture);
}

static void
answers_503_at_the_deadline(void)
{
    fixture_init(&fixture);
    fixture_start_plain(&fixture, 100);
    gate_set(false);
    CU_ASSERT_FATAL(client_connect(&client, &fixture));
    CU_ASSERT(client_say(&client, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"));
    gate_await(1);
    http_tick(fixture.http, clock_monotonic_ms() + 1000);
    http_tick(fixture.http, clock_monotonic_ms() + 21000);
    CU_ASSERT_FATAL(client_answer(&client, &answer, false));
    CU_ASSERT_EQUAL(answer.status, 503);
    CU_ASSERT(is_problem("deadline"));
    /* The connection goes on although the worker is still busy with the request that is gone. */
    CU_ASSERT(client_ask(&client, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", &answer));
    CU_ASSERT_EQUAL(answer.status, 200);
    client_close(&client);
    gate_set(true);
    fixture_done(&fixture);
}

static void
stops_with_waiting_requests(void)
{
    static struct client waiting[6];

    fixture_init(&fixture);
    fixture_start_plain(&fixture, 100);
    gate_set(false);
    for (int i = 0; i < 6; i++) {
        CU_ASSERT_FATAL(client_connect(&waiting[i], &fixture));
        CU_ASSERT(client_say(&waiting[i], "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    gate_await(4);
    http_drain(fixture.http, 50);
    for (int i = 0; i < 6; i++) {
        CU_ASSERT(client_answer(&waiting[i], &answer, false));
        CU_ASSERT_EQUAL(answer.status, 503);
        CU_ASSERT(is_problem("shutting-down"));
        client_close(&waiting[i]);
    }
    CU_ASSERT_EQUAL(ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 503);
    fixture_done(&fixture);
}

/* What the test's authenticator makes of the credentials: the Authorization field names the kind.
 */
static bool
authenticate_by_name(struct worker *worker, struct request *request, struct error *err)
{
    (void)worker;
    if (!request->authorization)
        return true;
    if (strcmp(request->authorization, "bad") == 0)
        return error_set(err, ERROR_TOKEN_UNKNOWN, "unknown token");
    request->caller.kinds =
        strcmp(request->authorization, "admin") == 0 ? CALLER_ADMIN : CALLER_WORKLOAD;
    snprintf(request->caller.name, sizeof(request->caller.name), "%s", request->authorization);
    return true;
}

static void
judges_the_caller(void)
{
    fixture_init(&fixture);
    fixture.service.authenticate = authenticate_by_name;
    fixture_start_plain(&fixture, 100);
    CU_ASSERT_EQUAL(ask("GET /admin HTTP/1.1\r\nHost: a\r\n\r\n"), 401);
    CU_ASSERT(is_problem("unauthenticated"));
    CU_ASSERT_STRING_EQUAL(answer_field(&answer, "WWW-Authenticate"), "Bearer");
    CU_ASSERT_EQUAL(ask("GET /admin HTTP/1.1\r\nHost: a\r\nAuthorization: bad\r\n\r\n"), 401);
    CU_ASSERT(is_problem("token-unknown"));
    CU_ASSERT_EQUAL(ask("GET /admin HTTP/1.1\r\nHost: a\r\nAuthorization: api\r\n\r\n"), 403);
    CU_ASSERT(is_problem("forbidden"));
    CU_ASSERT_EQUAL(ask("GET /admin HTTP/1.1\r\nHost: a\r\nAuthorization: admin\r\n\r\n"), 200);
    fixture_done(&fixture);
}

static void
limits_rates(void)
{
    struct error err;

    fixture_init(&fixture);
    fixture.config->rate.address_per_s = 1;
    fixture.config->rate.address_burst = 3;
    fixture.config->rate.identity_per_s = 1;
    fixture.config->rate.identity_burst = 1;
    fixture.service.rate_limited = true;
    fixture.service.authenticate = authenticate_by_name;
    ASSERT_OK(limiter_new(fixture.config, &fixture.server.limiter, &err), &err);
    fixture_start_plain(&fixture, 100);
    CU_ASSERT_EQUAL(ask("GET /admin HTTP/1.1\r\nHost: a\r\nAuthorization: admin\r\n\r\n"), 200);
    CU_ASSERT_EQUAL(ask("GET /admin HTTP/1.1\r\nHost: a\r\nAuthorization: admin\r\n\r\n"), 429);
    CU_ASSERT(is_problem("rate-limited"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "rate.identity"));
    CU_ASSERT(atoi(answer_field(&answer, "Retry-After")) >= 1);
    CU_ASSERT_EQUAL(ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    CU_ASSERT_EQUAL(ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 429);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.body, "rate.address"));
    fixture_done(&fixture);
    limiter_free(fixture.server.limiter);
}

static struct published *cached_bytes;

static bool
cached_by_target(struct server *server, const struct request *request,
                 struct published **ret_published)
{
    (void)server;
    if (strcmp(request->target, "/echo/cached") != 0)
        return false;
    *ret_published = published_ref(cached_bytes);
    return true;
}

static void
answers_from_memory(void)
{
    const struct publication publication = {"application/ocsp-response", 1000, 0, 60};
    char request[256];
    struct error err;

    fixture_init(&fixture);
    fixture.service.cached = cached_by_target;
    ASSERT_OK(published_new(&publication, bytes_of_text("bytes"), &cached_bytes, &err), &err);
    fixture_start_plain(&fixture, 100);
    CU_ASSERT_EQUAL(ask("GET /echo/cached HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    CU_ASSERT_STRING_EQUAL(answer.body, "bytes");
    CU_ASSERT_STRING_EQUAL(answer_field(&answer, "Content-Type"), "application/ocsp-response");
    CU_ASSERT_EQUAL(strlen(answer_field(&answer, "X-Request-Id")), 26);
    CU_ASSERT_STRING_EQUAL(answer_field(&answer, "ETag"), cached_bytes->etag);
    CU_ASSERT_EQUAL(ask("HEAD /echo/cached HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    CU_ASSERT_STRING_EQUAL(answer_field(&answer, "Content-Length"), "5");
    snprintf(request, sizeof(request),
             "GET /echo/cached HTTP/1.1\r\nHost: a\r\nIf-None-Match: %s\r\n\r\n",
             cached_bytes->etag);
    CU_ASSERT_EQUAL(ask(request), 304);
    CU_ASSERT_STRING_EQUAL(answer_field(&answer, "ETag"), cached_bytes->etag);
    CU_ASSERT_EQUAL(ask("GET /echo/other HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    fixture_done(&fixture);
    CU_ASSERT_EQUAL(atomic_load(&cached_bytes->references), 1);
    published_unref(cached_bytes);
}

static void
cuts_slow_clients(void)
{
    fixture_init(&fixture);
    fixture_start_plain(&fixture, 100);
    CU_ASSERT_FATAL(client_connect(&client, &fixture));
    CU_ASSERT(client_say(&client, "GET /he"));
    CU_ASSERT(fixture_await_connections(&fixture, 1));
    http_tick(fixture.http, clock_monotonic_ms() + LIMIT_HEADER_MS - 5000);
    CU_ASSERT(client_say(&client, "l"));
    http_tick(fixture.http, clock_monotonic_ms() + LIMIT_HEADER_MS + 1);
    CU_ASSERT(client_answer(&client, &answer, false));
    CU_ASSERT_EQUAL(answer.status, 408);
    CU_ASSERT(is_problem("request-timeout"));
    CU_ASSERT(client_ended(&client));
    client_close(&client);
    CU_ASSERT(fixture_await_connections(&fixture, 0));
    fixture_done(&fixture);
}

static void
refuses_connections_over_the_limit(void)
{
    static struct client many[4];

    fixture_init(&fixture);
    fixture_start_plain(&fixture, 4);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_FATAL(client_connect(&many[i], &fixture));
    CU_ASSERT(fixture_await_connections(&fixture, 4));
    CU_ASSERT_EQUAL(ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
    CU_ASSERT(client_ask(&many[3], "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", &answer));
    CU_ASSERT_EQUAL(answer.status, 200);
    for (int i = 0; i < 4; i++)
        client_close(&many[i]);
    CU_ASSERT(fixture_await_connections(&fixture, 0));
    CU_ASSERT_EQUAL(ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    fixture_done(&fixture);
}

static void
counts_requests(void)
{
    const struct route *const tables[] = {fixture_routes};
    AUTO_BUFFER text = {.max = 1 << 20};
    struct error err;

    fixture_init(&fixture);
    ASSERT_OK(metrics_new(tables, 1, &fixture.server.metrics, &err), &err);
    fixture_start_plain(&fixture, 100);
    CU_ASSERT_EQUAL(ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    CU_ASSERT_EQUAL(ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    CU_ASSERT_EQUAL(ask("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
    fixture_done(&fixture);
    CU_ASSERT_FATAL(metrics_write(fixture.server.metrics, &text));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(buffer_text(&text),
               "signet_requests_total{route=\"hello\",method=\"GET\",status=\"200\"} 2\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(buffer_text(&text),
               "signet_requests_total{route=\"none\",method=\"-\",status=\"404\"} 1\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(buffer_text(&text),
               "signet_stage_seconds_count{route=\"hello\",method=\"GET\",stage=\"queue\"} 2\n"));
    metrics_free(fixture.server.metrics);
}

int
main(void)
{
    return RUN_SUITE(
        "http daemon", TEST(answers), TEST(answers_head_like_get),
        TEST(refuses_unknown_paths_and_methods), TEST(keeps_the_connection_after_a_refusal),
        TEST(tells_a_refusal_without_its_secrets), TEST(refuses_bodies_over_the_limit),
        TEST(gives_up_on_endless_bodies), TEST(refuses_two_lengths), TEST(refuses_large_heads),
        TEST(refuses_when_the_queue_is_full), TEST(answers_503_at_the_deadline),
        TEST(stops_with_waiting_requests), TEST(judges_the_caller), TEST(limits_rates),
        TEST(answers_from_memory), TEST(cuts_slow_clients),
        TEST(refuses_connections_over_the_limit), TEST(counts_requests));
}
