#include "health.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "http/daemon.h"
#include "http/metrics.h"
#include "main/server.h"
#include "signet/clock.h"
#include "tls/front.h"

enum {
    HEALTH_DATABASE_S = 10,  /* the jobs ask it each second */
    HEALTH_SIGNATURE_S = 20, /* the probe signs every five seconds */
    HEALTH_POLL_S = 10,
    HEALTH_SIGNER_REWOUND = 79, /* exit status: docs/signer-protocol.md */
    HEALTH_SKEW_US = 5 * 1000 * 1000
};

/* The report is written without escapes: what would need one becomes "?". */
static void
make_plain(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e || *text == '"' ||
            *text == '\\')
            *text = '?';
}

static void PRINTF_LIKE(4, 5)
    report(struct health_report *health, const char *name, bool ready, const char *format, ...)
{
    struct health_part *part;
    va_list args;

    if (health->count == HEALTH_PARTS)
        return;
    part = &health->part[health->count++];
    part->ready = ready;
    snprintf(part->name, sizeof(part->name), "%s", name);
    va_start(args, format);
    vsnprintf(part->detail, sizeof(part->detail), format, args);
    va_end(args);
    make_plain(part->name);
    make_plain(part->detail);
    health->ready = health->ready && ready;
}

/* Something that must have happened lately. */
static void
report_lately(struct health_report *health, const char *name, int64_t when_s, int64_t most_s,
              int64_t now_s)
{
    if (when_s == 0) {
        report(health, name, false, "not yet");
        return;
    }
    report(health, name, now_s - when_s <= most_s, "%" PRId64 " s ago", now_s - when_s);
}

/* One that stays down is told at once, however lately it signed. */
static void
report_signer(struct health_report *health, const char *name, int stopped, int64_t signed_s,
              int64_t now_s)
{
    if (!stopped) {
        report_lately(health, name, signed_s, HEALTH_SIGNATURE_S, now_s);
        return;
    }
    report(health, name, false, "stopped for good, status %d: %s", stopped,
           stopped == HEALTH_SIGNER_REWOUND
               ? "database-rewound, the database is older than what was published"
               : "its last log lines say why");
}

/* Something that must not have ended. */
static void
report_end(struct health_report *health, const char *name, int64_t end_s, int64_t now_s)
{
    char text[CLOCK_TEXT_OCTETS];

    if (end_s == 0) {
        report(health, name, false, "none yet");
        return;
    }
    clock_text(end_s, text);
    report(health, name, end_s >= now_s, "%s %s", end_s >= now_s ? "ends" : "ended", text);
}

static void
report_issuer(struct health_report *health, const struct publisher_issuer_facts *issuer,
              int64_t now_s)
{
    char name[80], text[CLOCK_TEXT_OCTETS];

    snprintf(name, sizeof(name), "ca_certificate:%s", issuer->name);
    report_end(health, name, issuer->not_after_s, now_s);
    if (issuer->external && issuer->crl_number == 0)
        return;
    snprintf(name, sizeof(name), "crl:%s", issuer->name);
    if (issuer->crl_number == 0) {
        report(health, name, false, "none is published");
        return;
    }
    clock_text(issuer->crl_next_update_s, text);
    report(health, name, issuer->crl_next_update_s > now_s,
           "number %" PRIu64 ", %" PRId64 " s old, next update %s", issuer->crl_number,
           now_s - issuer->crl_this_update_s, text);
}

void
health_judge(const struct jobs_state *jobs, const struct publisher_facts *publisher, bool listening,
             int64_t now_s, struct health_report *ret_report)
{
    int64_t skew_us = jobs->clock_skew_us;

    memset(ret_report, 0, sizeof(*ret_report));
    ret_report->ready = true;
    report(ret_report, "https", listening, listening ? "listening" : "no TLS certificate yet");
    report_lately(ret_report, "database", jobs->database_s, HEALTH_DATABASE_S, now_s);
    report(ret_report, "clock", skew_us >= -HEALTH_SKEW_US && skew_us <= HEALTH_SKEW_US,
           "differs from the database's by %" PRId64 " ms", skew_us / 1000);
    report_signer(ret_report, "issuing_signer", jobs->signer_stopped[ROLE_ISSUING],
                  jobs->issuing_signature_s, now_s);
    report_signer(ret_report, "status_signer", jobs->signer_stopped[ROLE_STATUS],
                  jobs->status_signature_s, now_s);
    report_end(ret_report, "responder_certificate", jobs->responder_end_s, now_s);
    report_end(ret_report, "tls_certificate", jobs->tls_end_s, now_s);
    report_lately(ret_report, "publisher", publisher->polled_s, HEALTH_POLL_S, now_s);
    for (size_t i = 0; i < publisher->issuer_count && i < PUBLISHER_ISSUERS; i++)
        report_issuer(ret_report, &publisher->issuer[i], now_s);
}

static bool
full(struct error *err)
{
    return error_set(err, ERROR_MEMORY, "no memory for the report");
}

static bool
handle_live(struct worker *worker, struct request *request, struct response *response,
            struct error *err)
{
    (void)request;
    return buffer_printf(&response->body,
                         "{\"live\":true,\"version\":\"%s\",\"up_s\":%" PRId64 "}\n",
                         SIGNET_VERSION, clock_now_s() - worker->server->started_s) ||
           full(err);
}

static bool
write_report(const struct health_report *health, struct buffer *out)
{
    bool ok = buffer_printf(out, "{\"ready\":%s,\"parts\":{", health->ready ? "true" : "false");

    for (size_t i = 0; ok && i < health->count; i++)
        ok = buffer_printf(out, "%s\n  \"%s\":{\"ready\":%s,\"detail\":\"%s\"}", i ? "," : "",
                           health->part[i].name, health->part[i].ready ? "true" : "false",
                           health->part[i].detail);
    return ok && buffer_printf(out, "\n}}\n");
}

static bool
handle_ready(struct worker *worker, struct request *request, struct response *response,
             struct error *err)
{
    struct server *server = worker->server;
    struct jobs_state jobs = {0};
    struct publisher_facts publisher = {0};
    struct health_report health;

    (void)request;
    if (server->jobs)
        jobs_state_get(server->jobs, &jobs);
    if (server->publisher)
        publisher_facts(server->publisher, &publisher);
    health_judge(&jobs, &publisher, tls_front_listening(server->front), clock_now_s(), &health);
    response->status = health.ready ? 200 : 503;
    return write_report(&health, &response->body) || full(err);
}

/* --- metrics --- */

struct gauge {
    const char *name, *help;
    enum metric_type type;
    int64_t value;
};

static bool
write_gauges(const struct gauge *gauges, size_t count, struct buffer *out)
{
    bool ok = true;

    for (size_t i = 0; ok && i < count; i++)
        ok = metrics_write_value(out, gauges[i].name, gauges[i].help, gauges[i].type,
                                 gauges[i].value);
    return ok;
}

static bool
write_front(struct server *server, struct buffer *out)
{
    struct tls_front_counts front;

    tls_front_counts(server->front, &front);
    const struct gauge gauges[] = {
        {"signet_tls_accepted_total", "TCP connections accepted.", METRIC_COUNTER,
         (int64_t)front.accepted},
        {"signet_tls_refused_total", "Connections closed at once, over a limit.", METRIC_COUNTER,
         (int64_t)front.refused},
        {"signet_tls_handshakes_total", "Handshakes done.", METRIC_COUNTER,
         (int64_t)front.handshakes},
        {"signet_tls_resumed_total", "Handshakes that resumed a session.", METRIC_COUNTER,
         (int64_t)front.resumed},
        {"signet_tls_handshakes_failed_total", "Handshakes that failed or were too slow.",
         METRIC_COUNTER, (int64_t)front.handshakes_failed},
        {"signet_tls_handshaking", "Handshakes under way.", METRIC_GAUGE, front.handshaking},
    };

    return write_gauges(gauges, ARRAY_LEN(gauges), out);
}

static bool
write_dates(struct server *server, struct buffer *out)
{
    struct jobs_state jobs = {0};

    if (server->jobs)
        jobs_state_get(server->jobs, &jobs);
    const struct gauge gauges[] = {
        {"signet_database_seen_seconds", "When the database last answered.", METRIC_GAUGE,
         jobs.database_s},
        {"signet_clock_skew_microseconds", "Our clock minus the database's.", METRIC_GAUGE,
         jobs.clock_skew_us},
        {"signet_issuing_signature_seconds", "Last self-made signature of the issuing signer.",
         METRIC_GAUGE, jobs.issuing_signature_s},
        {"signet_status_signature_seconds", "Last self-made signature of the status signer.",
         METRIC_GAUGE, jobs.status_signature_s},
        {"signet_issuing_end_seconds", "End of the issuing CA certificate.", METRIC_GAUGE,
         jobs.issuing_end_s},
        {"signet_responder_end_seconds", "End of the OCSP responder certificate.", METRIC_GAUGE,
         jobs.responder_end_s},
        {"signet_tls_end_seconds", "End of the server's TLS certificate.", METRIC_GAUGE,
         jobs.tls_end_s},
        {"signet_crl_number", "Number of the newest CRL.", METRIC_GAUGE, (int64_t)jobs.crl_number},
        {"signet_crl_this_update_seconds", "thisUpdate of the newest CRL.", METRIC_GAUGE,
         jobs.crl_this_update_s},
        {"signet_crl_next_update_seconds", "nextUpdate of the newest CRL.", METRIC_GAUGE,
         jobs.crl_next_update_s},
    };

    return write_gauges(gauges, ARRAY_LEN(gauges), out);
}

static bool
write_publisher(struct server *server, struct buffer *out)
{
    struct publisher_facts facts = {0};

    if (server->publisher)
        publisher_facts(server->publisher, &facts);
    const struct gauge gauges[] = {
        {"signet_ocsp_cache_entries", "OCSP answers in memory.", METRIC_GAUGE,
         (int64_t)facts.cache_entries},
        {"signet_ocsp_cache_hits_total", "Answers given from memory.", METRIC_COUNTER,
         (int64_t)facts.cache_hits},
        {"signet_ocsp_cache_fills_total", "Answers computed for the cache.", METRIC_COUNTER,
         (int64_t)facts.cache_fills},
        {"signet_ocsp_cache_thrown_away_total", "Answers computed while a revocation came.",
         METRIC_COUNTER, (int64_t)facts.cache_thrown_away},
        {"signet_ocsp_try_later_total", "tryLater answers.", METRIC_COUNTER,
         (int64_t)facts.try_later},
        {"signet_ocsp_nonce_refused_total", "Answers without the nonce that was asked for.",
         METRIC_COUNTER, (int64_t)facts.nonce_refused},
    };

    return write_gauges(gauges, ARRAY_LEN(gauges), out);
}

static bool
write_pools(struct server *server, struct buffer *out)
{
    const struct {
        const char *name;
        struct pool *pool;
    } pools[] = {{"api", server->api_pool}, {"publish", server->publish_pool}};
    bool ok = buffer_printf(out, "# HELP signet_pool_jobs Requests queued for and with workers.\n"
                                 "# TYPE signet_pool_jobs gauge\n");

    for (size_t i = 0; ok && i < ARRAY_LEN(pools); i++) {
        struct pool_counts counts;

        if (!pools[i].pool)
            continue;
        pool_counts(pools[i].pool, &counts);
        ok = buffer_printf(out,
                           "signet_pool_jobs{pool=\"%s\",state=\"queued\"} %zu\n"
                           "signet_pool_jobs{pool=\"%s\",state=\"running\"} %zu\n",
                           pools[i].name, counts.queued, pools[i].name, counts.running);
    }
    return ok;
}

static bool
write_services(struct server *server, struct buffer *out)
{
    const struct {
        const char *name;
        struct http *http;
    } services[] = {{"api", server->api}, {"publish", server->publish}};
    bool ok = buffer_printf(out, "# HELP signet_connections Client connections.\n"
                                 "# TYPE signet_connections gauge\n");

    for (size_t i = 0; ok && i < ARRAY_LEN(services); i++) {
        struct http_counts counts;

        if (!services[i].http)
            continue;
        http_counts(services[i].http, &counts);
        ok = buffer_printf(out,
                           "signet_connections{listener=\"%s\",state=\"open\"} %u\n"
                           "signet_connections{listener=\"%s\",state=\"cut\"} %" PRIu64 "\n",
                           services[i].name, counts.connections, services[i].name, counts.cut);
    }
    return ok;
}

static bool
handle_metrics(struct worker *worker, struct request *request, struct response *response,
               struct error *err)
{
    struct server *server = worker->server;

    (void)request;
    response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    return (metrics_write(server->metrics, &response->body) &&
            write_front(server, &response->body) && write_pools(server, &response->body) &&
            write_services(server, &response->body) && write_publisher(server, &response->body) &&
            write_dates(server, &response->body)) ||
           full(err);
}

const struct route health_routes[] = {
    {"GET", "/livez", CALLER_ANY, handle_live, 0, NULL, "health.live"},
    {"GET", "/readyz", CALLER_ANY, handle_ready, 0, NULL, "health.ready"},
    {"GET", "/metrics", CALLER_ANY, handle_metrics, 0, NULL, "health.metrics"},
    {NULL, NULL, 0, NULL, 0, NULL, NULL},
};
