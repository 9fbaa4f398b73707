/* The routes of http_fixture.h; included by one file of each program. */
#ifndef SIGNET_TEST_HTTP_FIXTURE_ROUTES_H
#define SIGNET_TEST_HTTP_FIXTURE_ROUTES_H

#include "http_fixture.h"

struct gate fixture_gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, true, 0};

static bool
handle_hello(struct worker *worker, struct request *request, struct response *response,
             struct error *err)
{
    (void)worker, (void)request;
    return buffer_printf(&response->body, "{\"hello\":true}") ||
           error_set(err, ERROR_MEMORY, "full");
}

/* Says what it was given. */
static bool
handle_echo(struct worker *worker, struct request *request, struct response *response,
            struct error *err)
{
    const char *q = request_query(request, "q");

    (void)worker;
    if (!response_header(response, "X-Param", request->param[0] ? request->param[0] : "", err))
        return false;
    return buffer_printf(&response->body,
                         "id=%s peer=%s certificate=%zu body=%zu type=%s q=%s target=%s path=%s",
                         request->id, request->peer_text, request->client_certificate.len,
                         request->body.len, request->content_type ? request->content_type : "-",
                         q ? q : "-", request->target, request->path) ||
           error_set(err, ERROR_MEMORY, "full");
}

static bool
handle_large(struct worker *worker, struct request *request, struct response *response,
             struct error *err)
{
    size_t len = (size_t)atol(request->param[0]);
    uint8_t *body = buffer_extend(&response->body, len);

    (void)worker;
    if (!body)
        return error_set(err, ERROR_MEMORY, "full");
    memset(body, 'x', len);
    response->content_type = "text/plain";
    return true;
}

/* Stays until the gate is open. */
static bool
handle_wait(struct worker *worker, struct request *request, struct response *response,
            struct error *err)
{
    (void)worker, (void)request, (void)response, (void)err;
    pthread_mutex_lock(&fixture_gate.lock);
    fixture_gate.inside++;
    pthread_cond_broadcast(&fixture_gate.changed);
    while (!fixture_gate.open)
        pthread_cond_wait(&fixture_gate.changed, &fixture_gate.lock);
    fixture_gate.inside--;
    pthread_mutex_unlock(&fixture_gate.lock);
    return true;
}

static bool
handle_refuse(struct worker *worker, struct request *request, struct response *response,
              struct error *err)
{
    (void)worker, (void)request, (void)response;
    error_refuse(err, ERROR_NAME_NOT_GRANTED, "test.rule", "the name \"%s\" is not granted",
                 "b\"ad\\name\n");
    return error_internal(err, "secret of the log");
}

static const char *const echo_query[] = {"q", NULL};

const struct route fixture_routes[] = {
    {"GET", "/hello", CALLER_ANY, handle_hello, 0, NULL, "hello"},
    {"GET", "/echo", CALLER_ANY, handle_echo, 0, echo_query, "echo"},
    {"POST", "/echo", CALLER_ANY, handle_echo, 1000, echo_query, "echo.post"},
    {"GET", "/echo/{name}", CALLER_ANY, handle_echo, 0, NULL, "echo.name"},
    {"GET", "/large/{octets}", CALLER_ANY, handle_large, 0, NULL, "large"},
    {"GET", "/wait", CALLER_ANY, handle_wait, 0, NULL, "wait"},
    {"GET", "/refuse", CALLER_ANY, handle_refuse, 0, NULL, "refuse"},
    {"GET", "/admin", CALLER_ADMIN, handle_hello, 0, NULL, "admin"},
    {NULL, NULL, 0, NULL, 0, NULL, NULL},
};

#endif
