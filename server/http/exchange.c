#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "head.h"
#include "limiter.h"
#include "main/server.h"
#include "metrics.h"
#include "reply.h"
#include "request_id.h"
#include "router.h"
#include "signet/clock.h"
#include "signet/public_key.h"
#include "worker.h"

static void
exchange_unref(struct exchange *exchange)
{
    if (atomic_fetch_sub(&exchange->references, 1) != 1)
        return;
    if (exchange->reply)
        MHD_destroy_response(exchange->reply);
    connection_unref(exchange->connection);
    buffer_done(&exchange->body);
    free(exchange->text);
    free(exchange);
}

/* --- beginning --- */

static struct connection *
connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection *connection = info ? info->socket_context : NULL;

    return connection ? connection_ref(connection) : NULL;
}

/* With the lock held. False when there is no randomness. */
static bool
exchange_name(struct exchange *exchange)
{
    struct http *http = exchange->http;

    if (http->random_left < REQUEST_ID_OCTETS) {
        if (!random_bytes(http->random, sizeof(http->random), NULL))
            return false;
        http->random_left = sizeof(http->random);
    }
    http->random_left -= REQUEST_ID_OCTETS;
    request_id_of(http->random + http->random_left, exchange->request.id);
    return true;
}

void *
exchange_begin(void *context, const char *target, struct MHD_Connection *mhd)
{
    struct http *http = context;
    size_t len = strlen(target);
    struct exchange *exchange = malloc(sizeof(*exchange) + len + 1);

    if (!exchange)
        return NULL;
    memset(exchange, 0, sizeof(*exchange));
    memcpy(exchange->target, target, len + 1);
    exchange->http = http;
    exchange->mhd = mhd;
    exchange->connection = connection_of(mhd);
    exchange->request.target = exchange->target;
    atomic_init(&exchange->references, 1);
    atomic_init(&exchange->state, EXCHANGE_READING);
    pthread_mutex_lock(&http->lock);
    http->alive++;
    exchange->named = exchange_name(exchange);
    pthread_mutex_unlock(&http->lock);
    return exchange;
}

static bool
exchange_admit(struct exchange *exchange, struct error *err)
{
    struct server *server = exchange->http->service.server;
    const struct connection *connection = exchange->connection;

    if (!exchange->http->service.rate_limited || !server->limiter)
        return true;
    return limiter_admit(server->limiter, LIMITER_ADDRESS,
                         bytes_of(connection->peer_key, sizeof(connection->peer_key)),
                         exchange->request.arrived_ms, &exchange->retry_after_s, err);
}

static bool
exchange_find_route(struct exchange *exchange, struct error *err)
{
    return router_find(exchange->http->service.routes, &exchange->request, exchange->text,
                       &exchange->route, exchange->allow, err);
}

/* Copies what a handler reads out of MHD's memory. */
static bool
exchange_copy(struct exchange *exchange, const struct head *head, const char *method,
              struct error *err)
{
    size_t router = router_room(strlen(exchange->target)), fields = head_room(head);
    size_t method_len = strlen(method) + 1;

    exchange->text = malloc(router + fields + method_len);
    if (!exchange->text)
        return error_set(err, ERROR_MEMORY, "no memory for the request");
    head_copy(head, exchange->text + router, &exchange->request);
    memcpy(exchange->text + router + fields, method, method_len);
    exchange->request.method = exchange->text + router + fields;
    return true;
}

static void
exchange_identify(struct exchange *exchange)
{
    struct request *request = &exchange->request;

    exchange->begun_us = clock_monotonic_us();
    request->arrived_ms = exchange->begun_us / 1000;
    request->deadline_ms = request->arrived_ms + exchange->http->service.deadline_ms;
    request->peer = exchange->connection->peer;
    memcpy(request->peer_text, exchange->connection->peer_text, sizeof(request->peer_text));
    request->client_certificate = exchange->connection->client_certificate;
    request->caller.kinds = CALLER_NOBODY;
    memcpy(request->caller.name, "nobody", sizeof("nobody"));
}

/* All that can be said before the body. */
static bool
exchange_check(struct exchange *exchange, const struct head *head, const char *method,
               struct error *err)
{
    if (strlen(exchange->target) > LIMIT_TARGET_OCTETS)
        return error_set(err, ERROR_TARGET_TOO_LONG, "the request target has over %d octets",
                         LIMIT_TARGET_OCTETS);
    if (!exchange_copy(exchange, head, method, err) || !exchange_admit(exchange, err))
        return false;
    if (atomic_load(&exchange->http->stopping))
        return error_set(err, ERROR_SHUTTING_DOWN, "the server is stopping");
    if (!exchange_find_route(exchange, err) ||
        !head_check_length(head, exchange->route->max_body, err))
        return false;
    buffer_init(&exchange->body, exchange->route->max_body);
    return true;
}

/* --- replying --- */

static enum MHD_Result
exchange_send(struct exchange *exchange, struct MHD_Response *reply, int status)
{
    enum MHD_Result result;

    if (!reply)
        return MHD_NO;
    exchange->status = status;
    if (atomic_load(&exchange->http->stopping))
        (void)!MHD_add_response_header(reply, "Connection", "close");
    connection_phase(exchange->connection, CONNECTION_REPLY, clock_monotonic_ms());
    result = MHD_queue_response(exchange->mhd, (unsigned)status, reply);
    MHD_destroy_response(reply);
    return result;
}

static enum MHD_Result
exchange_refuse(struct exchange *exchange, const struct error *refusal)
{
    struct server *server = exchange->http->service.server;

    if (server->audit)
        audit_noise(server->audit, &exchange->request, exchange->route, refusal);
    worker_account(server, exchange, error_row(refusal->kind)->status);
    return exchange_send(
        exchange,
        reply_of_error(refusal, exchange->request.id, exchange->allow, exchange->retry_after_s),
        error_row(refusal->kind)->status);
}

/*
 * Suspending, resuming and the stopping flag go under one lock: nothing is suspended any more once
 * the flag is set, and whatever left the list of the waiting has been resumed.
 */
static bool
exchange_suspend(struct exchange *exchange)
{
    struct http *http = exchange->http;
    bool stopping;

    pthread_mutex_lock(&http->lock);
    stopping = atomic_load(&http->stopping);
    if (!stopping) {
        MHD_suspend_connection(exchange->mhd);
        atomic_store(&exchange->state, EXCHANGE_WAITING);
        exchange->next = http->waiting;
        if (http->waiting)
            http->waiting->previous = exchange;
        http->waiting = exchange;
        http->waiting_count++;
    }
    pthread_mutex_unlock(&http->lock);
    return !stopping;
}

/* Suspends first: the worker may be done before pool_submit returns. */
static enum MHD_Result
exchange_queue(struct exchange *exchange)
{
    struct http *http = exchange->http;
    struct error err;

    exchange->queued_us = clock_monotonic_us();
    connection_phase(exchange->connection, CONNECTION_WORK, 0);
    if (!exchange_suspend(exchange)) {
        error_set(&err, ERROR_SHUTTING_DOWN, "the server is stopping");
        return exchange_refuse(exchange, &err);
    }
    atomic_fetch_add(&exchange->references, 1);
    if (!pool_submit(http->pool, exchange, &err)) {
        exchange->refusal = err;
        exchange_finish(exchange, NULL, error_row(err.kind)->status);
        exchange_unref(exchange);
    }
    return MHD_YES;
}

/* The request is whole. */
static enum MHD_Result
exchange_dispatch(struct exchange *exchange)
{
    struct http *http = exchange->http;
    struct published *published = NULL;

    exchange->request.body = buffer_bytes(&exchange->body);
    if (http->service.cached &&
        http->service.cached(http->service.server, &exchange->request, &published)) {
        int status =
            published_status(published, exchange->request.method, exchange->request.if_none_match,
                             exchange->request.if_modified_since);

        worker_account(http->service.server, exchange, status);
        return exchange_send(exchange, reply_of_published(published, status, exchange->request.id),
                             status);
    }
    if (http->service.inline_handlers) {
        int status;
        struct MHD_Response *reply = worker_answer(&http->inline_worker, exchange, &status);

        return exchange_send(exchange, reply, status);
    }
    return exchange_queue(exchange);
}

/* After a resume: what the worker made, or 503 in its place. */
static enum MHD_Result
exchange_resumed(struct exchange *exchange)
{
    struct MHD_Response *reply = steal(&exchange->reply);
    struct error err;

    if (reply)
        return exchange_send(exchange, reply, exchange->status);
    if (atomic_load(&exchange->state) == EXCHANGE_DONE && exchange->refusal.kind != ERROR_NONE)
        return exchange_refuse(exchange, &exchange->refusal);
    if (atomic_load(&exchange->http->stopping))
        error_set(&err, ERROR_SHUTTING_DOWN, "the server stopped before the request was answered");
    else
        error_set(&err, ERROR_DEADLINE, "the request was not answered within %d ms",
                  exchange->http->service.deadline_ms);
    worker_account(exchange->http->service.server, exchange, error_row(err.kind)->status);
    return exchange_send(exchange, reply_of_error(&err, exchange->request.id, "", 0),
                         error_row(err.kind)->status);
}

/* --- the steps that MHD takes --- */

static enum MHD_Result
exchange_header(struct exchange *exchange, const char *method)
{
    struct error err = {0};
    struct head head = {0};
    bool ok;

    exchange->begun = true;
    if (!exchange->connection || !exchange->named)
        return MHD_NO;
    connection_phase(exchange->connection, CONNECTION_BODY, clock_monotonic_ms());
    exchange_identify(exchange);
    ok = head_read(exchange->mhd, exchange->http->service.header_octets, &head, &err) &&
         exchange_check(exchange, &head, method, &err);
    if (ok)
        return MHD_YES;
    if (!exchange->request.method)
        exchange->request.method = "";
    exchange->refusal = err;
    /* An answer before the body ends the connection; without a body it can wait and keep it. */
    return head_has_body(&head) || err.kind == ERROR_REQUEST_MALFORMED
               ? exchange_refuse(exchange, &err)
               : MHD_YES;
}

/* What is too much is read away so that the answer can be sent, but not without end. */
static enum MHD_Result
exchange_upload(struct exchange *exchange, const char *upload, size_t *upload_len)
{
    size_t len = *upload_len;

    *upload_len = 0;
    if (exchange->refusal.kind == ERROR_NONE && buffer_put(&exchange->body, upload, len))
        return MHD_YES;
    if (exchange->refusal.kind == ERROR_NONE)
        error_set(&exchange->refusal, ERROR_BODY_TOO_LARGE,
                  "the body has more than %zu octets, which is what this route takes",
                  exchange->route->max_body);
    exchange->discarded += len;
    return exchange->discarded > LIMIT_DISCARD_OCTETS ? MHD_NO : MHD_YES;
}

enum MHD_Result
exchange_step(void *http, struct MHD_Connection *mhd, const char *path, const char *method,
              const char *version, const char *upload, size_t *upload_len, void **context)
{
    struct exchange *exchange = *context;

    (void)http, (void)mhd, (void)path, (void)version;
    if (!exchange)
        return MHD_NO;
    if (!exchange->begun)
        return exchange_header(exchange, method);
    if (*upload_len)
        return exchange_upload(exchange, upload, upload_len);
    if (atomic_load(&exchange->state) != EXCHANGE_READING)
        return exchange_resumed(exchange);
    if (exchange->refusal.kind != ERROR_NONE)
        return exchange_refuse(exchange, &exchange->refusal);
    return exchange_dispatch(exchange);
}

void
exchange_end(void *context, struct MHD_Connection *mhd, void **exchange_context,
             enum MHD_RequestTerminationCode code)
{
    struct http *http = context;
    struct exchange *exchange = *exchange_context;

    (void)mhd, (void)code;
    *exchange_context = NULL;
    if (!exchange)
        return;
    if (exchange->connection)
        connection_phase(exchange->connection, CONNECTION_IDLE, clock_monotonic_ms());
    pthread_mutex_lock(&http->lock);
    http->alive--;
    pthread_cond_broadcast(&http->changed);
    pthread_mutex_unlock(&http->lock);
    exchange_unref(exchange);
}

/* --- the waiting --- */

/* With the lock held. */
static void
waiting_remove(struct exchange *exchange)
{
    struct http *http = exchange->http;

    if (exchange->previous)
        exchange->previous->next = exchange->next;
    else
        http->waiting = exchange->next;
    if (exchange->next)
        exchange->next->previous = exchange->previous;
    http->waiting_count--;
    pthread_cond_broadcast(&http->changed);
}

void
exchange_finish(struct exchange *exchange, struct MHD_Response *reply, int status)
{
    struct http *http = exchange->http;
    bool first;

    pthread_mutex_lock(&http->lock);
    first = atomic_load(&exchange->state) == EXCHANGE_WAITING;
    if (first) {
        waiting_remove(exchange);
        exchange->reply = steal(&reply);
        exchange->status = status;
        atomic_store(&exchange->state, EXCHANGE_DONE);
        MHD_resume_connection(exchange->mhd);
    }
    pthread_mutex_unlock(&http->lock);
    if (reply)
        MHD_destroy_response(reply);
}

void
exchange_expire(struct http *http, int64_t now_ms, bool all)
{
    struct exchange *exchange, *next;

    pthread_mutex_lock(&http->lock);
    for (exchange = http->waiting; exchange; exchange = next) {
        next = exchange->next;
        if (!all && exchange->request.deadline_ms > now_ms)
            continue;
        waiting_remove(exchange);
        atomic_store(&exchange->state, EXCHANGE_EXPIRED);
        atomic_fetch_add(&http->expired, 1);
        MHD_resume_connection(exchange->mhd);
    }
    pthread_mutex_unlock(&http->lock);
}

void
exchange_run(struct worker *worker, void *job)
{
    struct exchange *exchange = job;
    int status = 0;

    if (atomic_load(&exchange->state) == EXCHANGE_WAITING) {
        struct MHD_Response *reply = worker_answer(worker, exchange, &status);

        exchange_finish(exchange, reply, status);
    }
    exchange_unref(exchange);
}

void
exchange_drop(void *job)
{
    exchange_unref(job);
}
