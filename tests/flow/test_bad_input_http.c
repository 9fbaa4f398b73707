/* HTTP that is no request of ours, slow clients, and what the publishing listener does not offer.
 */
#include "suite.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "flow_csr.h"
#include "flow_raw.h"
#include "signet/clock.h"
#include "signet/limits.h"

static struct flow *flow;

static void
paths_that_are_not_there(void)
{
    static const char *const paths[] = {
        "/",          "/v1",       "/v1/",       "/v1/nothing",      "/v2/roots",
        "/v1/roots/", "/V1/roots", "//v1/roots", "/v1//roots",       "/v1/../v1/roots",
        "/metrics",   "/ocsp",     "/livez",     "/v1/certificates/"};

    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        flow_refused(flow, &(struct call){.method = "GET", .path = paths[i], .cert = "admin"},
                     &(struct refusal){404, "route-unknown", paths[i], NULL}, paths[i]);
}

static void
methods_that_are_not_there(void)
{
    static const struct {
        const char *method, *path, *allow;
    } rows[] = {
        {"DELETE", "/v1/certificates", "POST, GET, HEAD"},
        {"PUT", "/v1/identities/bad/http", "GET, HEAD, PATCH"},
        {"GET", "/v1/revocations", "POST"},
        {"GET", "/v1/tokens", "POST"},
        {"GET", "/v1/certificates/renew", "POST"},
        {"POST", "/v1/roots", "GET, HEAD"},
        {"OPTIONS", "/v1/roots", "GET, HEAD"},
        {"TRACE", "/v1/roots", "GET, HEAD"},
        {"get", "/v1/roots", "GET, HEAD"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char allow[64] = "";
        AUTO_ANSWER answer = flow_call(
            flow, &(struct call){.method = rows[i].method, .path = rows[i].path, .cert = "admin"});

        flow_expect_refused(&answer,
                            &(struct refusal){405, "method-not-allowed", rows[i].method, NULL},
                            rows[i].path);
        CU_ASSERT_TRUE(answer_header(&answer, "Allow", allow, sizeof(allow)));
        CU_ASSERT_STRING_EQUAL(allow, rows[i].allow);
    }
}

static void
query_parameters_that_are_not_taken(void)
{
    static const struct {
        const char *path, *names;
    } rows[] = {
        {"/v1/roots?x=1", "x"},
        {"/v1/certificates?colour=red", "colour"},
        {"/v1/certificates?limit=1&limit=2", "limit"},
        {"/v1/certificates?limit=0", "limit"},
        {"/v1/certificates?limit=501", "limit"},
        {"/v1/certificates?limit=-1", "limit"},
        {"/v1/certificates?limit=1e2", "limit"},
        {"/v1/certificates?limit=", "limit"},
        {"/v1/certificates?status=good", "status"},
        {"/v1/certificates?expires_from=tomorrow", "expires_from"},
        {"/v1/certificates?expires_to=2026-13-01T00:00:00Z", "expires_to"},
        {"/v1/certificates?serial=xx", "serial"},
        {"/v1/certificates?serial=00&limit=1", "serial"},
        {"/v1/certificates?spki_sha256=00", "spki_sha256"},
        {"/v1/certificates?after=zz", "after"},
        {"/v1/identities?state=asleep", "state"},
        {"/v1/audit?outcome=good", "outcome"},
        {"/v1/audit?after=abc", "after"},
        {"/v1/audit?since=0", "since"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        flow_refused(flow, &(struct call){.method = "GET", .path = rows[i].path, .cert = "admin"},
                     &(struct refusal){400, "parameter-invalid", rows[i].names, NULL},
                     rows[i].path);
}

static void
escapes_that_are_broken(void)
{
    static const char *const paths[] = {"/v1/roots%", "/v1/roots%2", "/v1/roots%zz",
                                        "/v1/identities/a%00b", "/v1/certificates?identity=%f"};

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        AUTO_ANSWER answer =
            flow_call(flow, &(struct call){.method = "GET", .path = paths[i], .cert = "admin"});

        flow_expect_refused(&answer, &(struct refusal){400, "request-malformed", "", NULL},
                            paths[i]);
    }
}

static void
objects_that_are_not_there(void)
{
    static const struct {
        const char *path;
        struct refusal refusal;
    } rows[] = {
        {"/v1/certificates/00ff", {404, "certificate-not-found", "00ff", NULL}},
        {"/v1/certificates/not-hex", {404, "certificate-not-found", "not-hex", NULL}},
        {"/v1/identities/bad/nobody", {404, "identity-not-found", "bad/nobody", NULL}},
        {"/v1/identities/%27%20OR%201=1", {404, "identity-not-found", "' OR 1=1", NULL}},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        flow_refused(flow, &(struct call){.method = "GET", .path = rows[i].path, .cert = "admin"},
                     &rows[i].refusal, rows[i].path);
}

static void
a_target_over_the_limit(void)
{
    static char path[LIMIT_TARGET_OCTETS + 64] = "/v1/certificates?identity=";
    size_t used = strlen(path);

    memset(path + used, 'a', sizeof(path) - used - 1);
    flow_refused(flow, &(struct call){.method = "GET", .path = path, .cert = "admin"},
                 &(struct refusal){414, "target-too-long", "4096", NULL}, "target");
}

/* More than we or the HTTP library keep: refused either way, and the next request is served. */
static void
many_and_long_header_fields(void)
{
    static const char start[] = "GET /v1/roots HTTP/1.1\r\nHost: localhost\r\n"
                                "Connection: close\r\n";
    AUTO_BUFFER long_one = {.max = 256 * 1024};
    AUTO_BUFFER many = {.max = 256 * 1024};
    AUTO_BUFFER out = {.max = 0};
    AUTO_BUFFER out_many = {.max = 0};
    bool ok = buffer_printf(&long_one, "%sX-Long: ", start) && buffer_printf(&many, "%s", start);

    for (int i = 0; ok && i < LIMIT_HEADER_OCTETS + 1000; i++)
        ok = buffer_put_u8(&long_one, 'a');
    for (int i = 0; ok && i < 1000; i++)
        ok = buffer_printf(&many, "X-%d: y\r\n", i);
    ok = ok && buffer_printf(&long_one, "\r\n\r\n") && buffer_printf(&many, "\r\n");
    CU_ASSERT_TRUE_FATAL(ok);
    raw_ask(flow_ca(flow), flow_ca(flow)->https_port, true, buffer_text(&long_one), &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), " 431 "));
    raw_ask(flow_ca(flow), flow_ca(flow)->https_port, true, buffer_text(&many), &out_many);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out_many), " 431 "));
    AUTO_ANSWER answer = flow_call(flow, &(struct call){.method = "GET", .path = "/v1/roots"});
    flow_expect(&answer, 200, "afterwards");
}

static void
requests_that_are_malformed(void)
{
    static const char *const requests[] = {
        "POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
        "Connection: close\r\n\r\n0\r\n\r\n",
        "POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n"
        "Connection: close\r\n\r\nabcdef",
        "POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\nConnection: close\r\n\r\n",
        "POST /v1/tokens HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\nConnection: "
        "close\r\n\r\n",
        "GET /v1/roots HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nAuthorization: Bearer "
        "b\r\n"
        "Connection: close\r\n\r\n",
        "GET /v1/roots HTTP/1.1\r\nConnection: close\r\n\r\n", /* no Host */
        "GARBAGE\r\n\r\n",
        "\r\n\r\n\r\n\r\nfoo bar\r\n\r\n",
    };

    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        AUTO_BUFFER out = {.max = 0};
        const char *text;

        raw_ask(flow_ca(flow), flow_ca(flow)->https_port, true, requests[i], &out);
        text = buffer_text(&out);
        /* The HTTP library cuts some of them without a word, which is as good. */
        if (*text && !strstr(text, "HTTP/1.1 400") && !strstr(text, "HTTP/1.1 411"))
            printf("\n    request %zu: %.200s\n", i, text);
        CU_ASSERT_TRUE(!*text || strstr(text, "HTTP/1.1 400") || strstr(text, "HTTP/1.1 4"));
        CU_ASSERT_PTR_NULL(strstr(text, "HTTP/1.1 200"));
    }
}

static void
plain_http_on_the_tls_port(void)
{
    AUTO_BUFFER out = {.max = 0};

    raw_ask(flow_ca(flow), flow_ca(flow)->https_port, false,
            "GET /v1/roots HTTP/1.1\r\nHost: x\r\n\r\n", &out);
    CU_ASSERT_PTR_NULL(strstr(buffer_text(&out), "200"));
}

static void
old_versions_of_tls(void)
{
    char command[256];
    AUTO_BUFFER out = {.max = 65536};

    snprintf(command, sizeof(command),
             "openssl s_client -connect 127.0.0.1:%u -tls1_1 -cipher ALL:@SECLEVEL=0 </dev/null",
             flow_ca(flow)->https_port);
    CU_ASSERT_NOT_EQUAL(ca_run(flow_ca(flow), NULL, &out, "sh", "-c", command, NULL), 0);
}

/* --- the publishing listener --- */

static void
publishing_offers_nothing_else(void)
{
    static const struct {
        const char *method, *path;
        struct refusal refusal;
    } rows[] = {
        {"GET", "/", {404, "route-unknown", "/", NULL}},
        {"GET", "/v1/roots", {404, "route-unknown", "/v1/roots", NULL}},
        {"POST", "/v1/certificates", {404, "route-unknown", "/v1/certificates", NULL}},
        {"GET", "/metrics", {404, "route-unknown", "/metrics", NULL}},
        {"GET", "/readyz", {404, "route-unknown", "/readyz", NULL}},
        {"GET", "/crl/nobody.crl", {404, "crl-not-found", "nobody", NULL}},
        {"GET", "/crl/../../etc/passwd.crl", {404, "route-unknown", "passwd", NULL}},
        {"GET", "/issuers/nobody.cer", {404, "issuer-not-found", "nobody", NULL}},
        {"POST", "/crl/issuing-1.crl", {405, "method-not-allowed", "POST", NULL}},
        {"PUT", "/roots.pem", {405, "method-not-allowed", "PUT", NULL}},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char url[256];

        snprintf(url, sizeof(url), "%s%s", flow_ca(flow)->publish_url, rows[i].path);
        flow_refused(flow, &(struct call){.method = rows[i].method, .path = url}, &rows[i].refusal,
                     rows[i].path);
    }
}

static void
health_has_no_api(void)
{
    static const char *const paths[] = {"/v1/roots", "/ocsp", "/crl/issuing-1.crl", "/"};

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        char url[256];

        snprintf(url, sizeof(url), "%s%s", flow_ca(flow)->health_url, paths[i]);
        flow_refused(flow, &(struct call){.method = "GET", .path = url},
                     &(struct refusal){404, "route-unknown", paths[i], NULL}, paths[i]);
    }
}

/* --- a byte a second --- */

enum { SLOW_STEP_MS = 1000, SLOW_MOST_MS = 60000 };

struct slow {
    const char *name, *at_once; /* what goes out as a whole before the dripping begins */
    bool tls;
    struct raw raw;
    bool cut;
    int64_t cut_ms;
};

/* What drips has no end within the test, so only our deadline can be what ends it. */
static void
drip(struct slow *slow, int64_t start_ms)
{
    AUTO_BUFFER out = {.max = 65536};

    if (slow->cut)
        return;
    slow->cut = raw_receive(&slow->raw, 0, &out) || !raw_send(&slow->raw, "a", 1);
    if (slow->cut)
        slow->cut_ms = clock_monotonic_ms() - start_ms;
}

static void
others_are_served(const struct party *party)
{
    char url[128];
    AUTO_ANSWER api = flow_call(
        flow, &(struct call){.method = "GET", .path = "/v1/certificates", .cert = party->file});

    snprintf(url, sizeof(url), "%s/roots.pem", flow_ca(flow)->publish_url);
    AUTO_ANSWER published = flow_call(flow, &(struct call){.method = "GET", .path = url});
    flow_expect(&api, 200, "others on the API");
    flow_expect(&published, 200, "others on the publishing listener");
}

static void
a_byte_a_second_is_cut_and_others_work(void)
{
    struct slow slow[] = {
        {.name = "first byte over TLS", .at_once = "", .tls = true},
        {.name = "header over TLS", .at_once = "GET /v1/roots HTTP/1.1\r\nX: ", .tls = true},
        {.name = "body over TLS",
         .at_once = "POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    "Content-Length: 4000\r\n\r\n{",
         .tls = true},
        {.name = "header", .at_once = "GET /roots.pem HTTP/1.1\r\nX: "},
        {.name = "body",
         .at_once = "POST /ocsp HTTP/1.1\r\nHost: x\r\nContent-Type: application/ocsp-request\r\n"
                    "Content-Length: 4000\r\n\r\n0"},
        {.name = "handshake", .at_once = "\x16\x03\x01\x02\x40"},
    };
    int64_t start_ms = clock_monotonic_ms();
    size_t cut = 0;
    AUTO_PARTY party = {.key = NULL};

    flow_enrol(flow, "bad/patient", &party);
    for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
        bool handshaking = strcmp(slow[i].name, "handshake") == 0;
        unsigned port =
            slow[i].tls || handshaking ? flow_ca(flow)->https_port : flow_ca(flow)->publish_port;

        CU_ASSERT_TRUE_FATAL(
            raw_open(flow_ca(flow), port, slow[i].tls, slow[i].tls ? &party : NULL, &slow[i].raw));
        if (*slow[i].at_once)
            CU_ASSERT_TRUE(raw_send(&slow[i].raw, slow[i].at_once, strlen(slow[i].at_once)));
    }
    while (cut < ARRAY_LEN(slow) && clock_monotonic_ms() - start_ms < SLOW_MOST_MS) {
        cut = 0;
        for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
            drip(&slow[i], start_ms);
            cut += slow[i].cut;
        }
        others_are_served(&party);
        poll(NULL, 0, SLOW_STEP_MS);
    }
    for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
        printf("\n    %s: %s after %lld ms", slow[i].name, slow[i].cut ? "cut" : "NOT CUT",
               (long long)slow[i].cut_ms);
        CU_ASSERT_TRUE(slow[i].cut);
        CU_ASSERT_TRUE(slow[i].cut_ms >= LIMIT_HEADER_MS / 2);
        raw_close(&slow[i].raw);
    }
    printf(" ");
}

int
main(void)
{
    int status;

    signal(SIGPIPE, SIG_IGN);
    flow = flow_start(NULL);
    status = RUN_SUITE("bad HTTP", TEST(paths_that_are_not_there), TEST(methods_that_are_not_there),
                       TEST(query_parameters_that_are_not_taken), TEST(escapes_that_are_broken),
                       TEST(objects_that_are_not_there), TEST(a_target_over_the_limit),
                       TEST(many_and_long_header_fields), TEST(requests_that_are_malformed),
                       TEST(plain_http_on_the_tls_port), TEST(old_versions_of_tls),
                       TEST(publishing_offers_nothing_else), TEST(health_has_no_api),
                       TEST(a_byte_a_second_is_cut_and_others_work));
    flow_stop(flow);
    return status;
}
