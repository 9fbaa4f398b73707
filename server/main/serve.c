#include "serve.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/authenticate.h"
#include "channels.h"
#include "health.h"
#include "http/audit.h"
#include "http/daemon.h"
#include "http/limiter.h"
#include "http/metrics.h"
#include "issue/authority.h"
#include "jobs/jobs.h"
#include "publish/publisher.h"
#include "signet/clock.h"
#include "signet/file.h"
#include "signet/log.h"
#include "tls/front.h"

enum {
    SERVE_STATEMENT_MS = 10000,
    SERVE_PEM_OCTETS = 128 * 1024,
    SERVE_FDS_OWN = 256,          /* database, channels, epoll sets, files */
    SERVE_FDS_PER_CONNECTION = 3, /* TCP and both ends of the socket pair */
    SERVE_HEALTH_CONNECTIONS = 64
};

DEFINE_CLEANUP(struct db *, db_close);

/* --- material --- */

/* Issuers, policy and what is published are read before anything listens. */
static bool
load_material(struct server *server, struct error *err)
{
    CLEANUP(db_close_auto) struct db *db = NULL;

    return db_open(server->config->database.server, SERVE_STATEMENT_MS, &db, err) &&
           db_check_schema(db, err) && authority_load(server->authority, db, err) &&
           publisher_poll(server->publisher, db, err);
}

/* The file holds key and chain. That there is none yet is no fault: the jobs make one. */
static bool
load_tls(struct server *server, struct error *err)
{
    AUTO_BUFFER file = {.max = SERVE_PEM_OCTETS};
    char path[CONFIG_PATH + 16];

    snprintf(path, sizeof(path), "%s/server.pem", server->config->server.tls);
    if (!file_exists(path)) {
        log_event(LOG_LEVEL_WARNING, "no TLS certificate yet, HTTPS waits for it",
                  LOG_TEXT("file", path));
        return true;
    }
    if (!file_read(path, &file, err) ||
        !tls_front_set_certificate(server->front, buffer_bytes(&file), buffer_bytes(&file), err))
        return error_context(err, "%.200s", path);
    return true;
}

void
serve_reload(struct serving *serving)
{
    struct error err = {0};

    if (load_tls(&serving->server, &err))
        log_line(LOG_LEVEL_NOTICE, "TLS file read again");
    else
        log_error("TLS file", &err, NULL);
}

/* --- parts --- */

static bool
make_parts(struct server *server, struct error *err)
{
    static const struct route *const tables[] = {api_routes, publish_routes, health_routes};

    return limiter_new(server->config, &server->limiter, err) &&
           metrics_new(tables, ARRAY_LEN(tables), &server->metrics, err) &&
           audit_new(&server->audit, err) && channels_new(server->config, &server->channels, err) &&
           authority_new(&server->authority, err) && publisher_new(server, &server->publisher, err);
}

/* The limit of the configuration, or what the descriptors of this process allow. */
static uint32_t
connection_limit(uint32_t wanted, uint32_t fds_each)
{
    struct rlimit limit;
    uint32_t possible;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return wanted;
    if (limit.rlim_cur <= 2 * SERVE_FDS_OWN)
        return 16;
    /* Half for HTTPS, half for the publishing listener. */
    possible = (uint32_t)(limit.rlim_cur - SERVE_FDS_OWN) / 2 / fds_each;
    if (possible >= wanted)
        return wanted;
    log_event(LOG_LEVEL_WARNING, "fewer connections than configured: raise the limit of open files",
              LOG_NUMBER("wanted", wanted), LOG_NUMBER("possible", possible));
    return possible;
}

static bool
make_connections(struct serving *serving, struct error *err)
{
    uint32_t https =
        connection_limit(serving->server.config->server.connections, SERVE_FDS_PER_CONNECTION);
    uint32_t publish = connection_limit(LIMIT_PUBLISH_CONNECTIONS, 1);
    const struct connections_options options[] = {
        {https, https / 2, true},
        {publish, publish / 2, false},
        {SERVE_HEALTH_CONNECTIONS, SERVE_HEALTH_CONNECTIONS, false},
    };

    return connections_new(&options[0], &serving->connections, err) &&
           connections_new(&options[1], &serving->publish_connections, err) &&
           connections_new(&options[2], &serving->health_connections, err);
}

static unsigned
loop_threads(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (cores < 1)
        return 1;
    return cores > LIMIT_FRONT_THREADS ? LIMIT_FRONT_THREADS : (unsigned)cores;
}

/* --- services --- */

static bool
start_api(struct serving *serving, struct error *err)
{
    struct server *server = &serving->server;
    const struct listen_fds *listen = &serving->arguments->listen[LISTEN_HTTPS];
    const struct http_service service = {
        .server = server,
        .routes = api_routes,
        .connections = serving->connections,
        .workers = server->config->server.workers,
        .queue = LIMIT_QUEUE,
        .role = ROLE_ISSUING,
        .warm_database = true,
        .header_octets = LIMIT_HEADER_OCTETS,
        .deadline_ms = (int)server->config->server.request_deadline_ms,
        .log_level = LOG_LEVEL_INFO,
        .rate_limited = true,
        .authenticate = authenticate,
        .caller_done = caller_done,
    };
    struct tls_front_options options = {
        .listen_fds = listen->fd,
        .listen_count = listen->count,
        .threads = loop_threads(),
        .connections = serving->connections,
        .hand_over = http_take,
    };

    if (!http_new(&service, loop_threads(), &server->api, err))
        return false;
    server->api_pool = http_pool(server->api);
    options.context = server->api;
    return tls_front_new(&options, &server->front, err);
}

static bool
published_from_memory(struct server *server, const struct request *request,
                      struct published **ret_published)
{
    return publisher_cached(server->publisher, request, ret_published);
}

static bool
start_publishing(struct serving *serving, struct error *err)
{
    struct server *server = &serving->server;
    const struct listen_fds *listen = &serving->arguments->listen[LISTEN_PUBLISH];
    const struct http_service service = {
        .server = server,
        .routes = publish_routes,
        .connections = serving->publish_connections,
        .workers = server->config->server.publish_workers,
        .queue = LIMIT_QUEUE,
        .role = ROLE_STATUS,
        .header_octets = LIMIT_PUBLISH_HEADER_OCTETS,
        .deadline_ms = (int)server->config->server.request_deadline_ms,
        .log_level = LOG_LEVEL_DEBUG,
        .cached = published_from_memory,
    };

    if (!http_listen(&service, loop_threads(), listen->fd, listen->count, &server->publish, err))
        return false;
    server->publish_pool = http_pool(server->publish);
    return true;
}

static bool
start_health(struct serving *serving, struct error *err)
{
    const struct listen_fds *listen = &serving->arguments->listen[LISTEN_HEALTH];
    const struct http_service service = {
        .server = &serving->server,
        .routes = health_routes,
        .connections = serving->health_connections,
        .inline_handlers = true,
        .header_octets = LIMIT_PUBLISH_HEADER_OCTETS,
        .deadline_ms = LIMIT_BODY_MS,
        .log_level = LOG_LEVEL_DEBUG,
    };

    return http_listen(&service, 1, listen->fd, listen->count, &serving->server.health, err);
}

static bool
start_https(struct server *server, struct error *err)
{
    if (tls_front_listening(server->front) || !tls_front_has_certificate(server->front))
        return true;
    if (!tls_front_start(server->front, err))
        return false;
    log_line(LOG_LEVEL_NOTICE, "listening for HTTPS");
    return true;
}

bool
serve_start(struct serving *serving, const struct config *config, const struct arguments *arguments,
            struct error *err)
{
    struct server *server = &serving->server;

    server->config = config;
    server->started_s = clock_now_s();
    serving->arguments = arguments;
    return make_parts(server, err) && load_material(server, err) &&
           make_connections(serving, err) && start_api(serving, err) && load_tls(server, err) &&
           start_publishing(serving, err) && jobs_start(server, &server->jobs, err) &&
           start_health(serving, err) && start_https(server, err);
}

void
serve_tick(struct serving *serving, int64_t now_ms)
{
    struct server *server = &serving->server;
    struct error err = {0};

    http_tick(server->api, now_ms);
    http_tick(server->publish, now_ms);
    http_tick(server->health, now_ms);
    if (!start_https(server, &err))
        log_error("HTTPS cannot be started", &err, NULL);
}

/* What was refused lately and not yet written. */
static void
flush_audit(struct server *server)
{
    CLEANUP(db_close_auto) struct db *db = NULL;
    struct error err = {0};

    if (!server->audit || !audit_due(server->audit, INT64_MAX))
        return;
    if (!db_open(server->config->database.server, SERVE_STATEMENT_MS, &db, &err) ||
        !audit_flush(server->audit, db, clock_monotonic_ms(), &err))
        log_error("the last refusals could not be recorded", &err, NULL);
}

/* Jobs end before the channels and the front that they use, the front before the service that it
 * feeds, services before the parts that handlers use. */
void
serve_stop(struct serving *serving)
{
    struct server *server = &serving->server;

    if (server->front)
        tls_front_stop_accepting(server->front);
    if (server->api)
        http_drain(server->api, LIMIT_DRAIN_MS);
    jobs_stop(server->jobs);
    http_free(server->health);
    tls_front_free(server->front);
    http_free(server->api);
    http_free(server->publish);
    flush_audit(server);
    connections_free(serving->connections);
    connections_free(serving->publish_connections);
    connections_free(serving->health_connections);
    publisher_free(server->publisher);
    authority_free(server->authority);
    channels_free(server->channels);
    audit_free(server->audit);
    metrics_free(server->metrics);
    limiter_free(server->limiter);
}
