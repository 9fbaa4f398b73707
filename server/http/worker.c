#include "worker.h"

#include <string.h>

#include "audit.h"
#include "limiter.h"
#include "main/server.h"
#include "metrics.h"
#include "reply.h"
#include "signet/clock.h"
#include "signet/log.h"

void
worker_account(struct server *server, const struct exchange *exchange, int status)
{
    if (!server->metrics)
        return;
    metrics_request(server->metrics, exchange->route, status);
    metrics_stage(server->metrics, exchange->route, STAGE_TOTAL,
                  clock_monotonic_us() - exchange->begun_us);
}

/* The stages that a worker saw; those that took no time were not there. */
static void
account_stages(struct server *server, const struct exchange *exchange)
{
    for (int stage = 0; server->metrics && stage < STAGE_TOTAL; stage++)
        if (exchange->request.stage_us[stage])
            metrics_stage(server->metrics, exchange->route, (enum http_stage)stage,
                          exchange->request.stage_us[stage]);
}

static bool
caller_may(const struct exchange *exchange, struct error *err)
{
    const struct caller *caller = &exchange->request.caller;

    if (caller->kinds & exchange->route->callers)
        return true;
    if ((caller->kinds & ~(unsigned)CALLER_NOBODY) == 0)
        return error_refuse(err, ERROR_UNAUTHENTICATED, "route.callers",
                            "%s %s needs a client certificate or an enrolment token",
                            exchange->route->method, exchange->route->pattern);
    return error_refuse(err, ERROR_FORBIDDEN, "route.callers", "%s may not call %s %s",
                        caller->name, exchange->route->method, exchange->route->pattern);
}

static bool
admit_identity(struct worker *worker, struct exchange *exchange, struct error *err)
{
    const struct caller *caller = &exchange->request.caller;
    struct limiter *limiter = worker->server->limiter;

    if (!exchange->http->service.rate_limited || !limiter || caller->kinds == CALLER_NOBODY)
        return true;
    return limiter_admit(limiter, LIMITER_IDENTITY, bytes_of_text(caller->name),
                         clock_monotonic_ms(), &exchange->retry_after_s, err);
}

static bool
authenticate_caller(struct worker *worker, struct exchange *exchange, struct error *err)
{
    const struct http_service *service = &exchange->http->service;
    int64_t start_us = clock_monotonic_us();
    bool ok = !service->authenticate || service->authenticate(worker, &exchange->request, err);

    exchange->request.stage_us[STAGE_AUTHENTICATE] = clock_monotonic_us() - start_us;
    return ok;
}

static bool
handle(struct worker *worker, struct exchange *exchange, struct response *response,
       struct error *err)
{
    return authenticate_caller(worker, exchange, err) && caller_may(exchange, err) &&
           admit_identity(worker, exchange, err) &&
           exchange->route->handler(worker, &exchange->request, response, err);
}

static const char *
text_or_dash(const char *text)
{
    return text[0] ? text : "-";
}

/* One line for each request that a worker saw. */
static void
log_request(const struct exchange *exchange, const struct response *response,
            const struct error *refusal, int status)
{
    const struct request *request = &exchange->request;
    const struct log_field log_fields[] = {
        LOG_TEXT("request", request->id),
        LOG_TEXT("caller", request->caller.name),
        LOG_TEXT("address", request->peer_text),
        LOG_TEXT("route", exchange->route->label),
        LOG_NUMBER("status", status),
        LOG_TEXT("object", text_or_dash(response->object)),
        LOG_TEXT("error", refusal->kind == ERROR_NONE ? "-" : error_row(refusal->kind)->type),
        LOG_TEXT("rule", text_or_dash(refusal->rule)),
        LOG_NUMBER("queue_us", request->stage_us[STAGE_QUEUE]),
        LOG_NUMBER("authenticate_us", request->stage_us[STAGE_AUTHENTICATE]),
        LOG_NUMBER("decide_us", request->stage_us[STAGE_DECIDE]),
        LOG_NUMBER("signer_us", request->stage_us[STAGE_SIGNER]),
        LOG_NUMBER("total_us", clock_monotonic_us() - exchange->begun_us),
        {NULL, NULL, 0},
    };

    log_event_fields(exchange->http->service.log_level, "request", log_fields);
    /* What is not the client's doing is told with its cause. */
    if (refusal->kind != ERROR_NONE && error_row(refusal->kind)->blame != BLAME_CLIENT)
        log_error("request failed", refusal,
                  (const struct log_field[]){LOG_TEXT("request", request->id),
                                             LOG_TEXT("route", exchange->route->label),
                                             {NULL, NULL, 0}});
}

static struct MHD_Response *
reply_to(struct exchange *exchange, bool ok, struct response *response, const struct error *refusal,
         int *ret_status)
{
    if (ok) {
        *ret_status = response->status ? response->status : 200;
        return reply_of_response(response, exchange->request.id);
    }
    *ret_status = error_row(refusal->kind)->status;
    return reply_of_error(refusal, exchange->request.id, "", exchange->retry_after_s);
}

struct MHD_Response *
worker_answer(struct worker *worker, struct exchange *exchange, int *ret_status)
{
    const struct http_service *service = &exchange->http->service;
    struct request *request = &exchange->request;
    struct response response = {.body = {.max = LIMIT_CRL_OCTETS}};
    struct error refusal = {0};
    struct MHD_Response *reply;
    bool ok;

    if (exchange->queued_us)
        request->stage_us[STAGE_QUEUE] = clock_monotonic_us() - exchange->queued_us;
    ok = handle(worker, exchange, &response, &refusal);
    if (!ok && refusal.kind == ERROR_NONE)
        error_set(&refusal, ERROR_INTERNAL, "the request could not be answered");
    reply = reply_to(exchange, ok, &response, &refusal, ret_status);
    if (!ok && worker->server->audit)
        audit_refused(worker->server->audit, worker, request, exchange->route, &refusal);
    log_request(exchange, &response, &refusal, *ret_status);
    worker_account(worker->server, exchange, *ret_status);
    account_stages(worker->server, exchange);
    buffer_done(&response.body);
    buffer_done(&response.text);
    if (service->caller_done)
        service->caller_done(&request->caller);
    return reply;
}
