#include "http.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "exchange.h"
#include "problem.h"
#include "query.h"
#include "retry.h"
#include "signet/clock.h"
#include "signet/public_key.h"
#include "trust.h"

bool
http_base(const char *server, struct buffer *out, struct error *err)
{
    static const char scheme[] = "https://";
    const char *host = server;
    size_t len;

    if (strncasecmp(server, scheme, strlen(scheme)) == 0)
        host = server + strlen(scheme);
    else if (strstr(server, "://"))
        return error_set(err, ERROR_USAGE, "server is \"%.120s\", wanted https://host:port",
                         server);
    len = strlen(host);
    if (len > 0 && host[len - 1] == '/')
        len--;
    if (len == 0 || strcspn(host, "/?#@ \t\r\n") < len)
        return error_set(err, ERROR_USAGE, "server is \"%.120s\", wanted https://host:port",
                         server);
    return buffer_printf(out, "%s%.*s", scheme, (int)len, host) ||
           error_set(err, ERROR_USAGE, "server is too long");
}

/* Waits unless the time is up; the random part keeps many clients from coming back together. */
static bool
retry_wait(struct cli *cli, struct retry *retry, int64_t retry_after_s, const struct error *err)
{
    struct error ignored = {0};
    struct timespec left;
    uint32_t random = 0;
    int wait_ms;

    if (!random_bytes(&random, sizeof(random), &ignored))
        random = 0;
    if (!retry_next(retry, retry_after_s, random, &wait_ms))
        return false;
    cli_note(cli, "%s; trying again in %d.%d s", err->detail, wait_ms / 1000, wait_ms % 1000 / 100);
    left =
        (struct timespec){.tv_sec = wait_ms / 1000, .tv_nsec = (long)(wait_ms % 1000) * 1000000L};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
    return true;
}

static bool
worth_repeating(const struct http_call *call, const struct failure *failure,
                const struct error *err)
{
    if (failure->status == 429 || failure->status == 503)
        return true;
    return failure->status == 0 && err->kind == ERROR_NETWORK && call->repeatable;
}

/* The client certificate to show: none, the call's own, or that of the settings. */
static void
credentials_choose(const struct cli *cli, const struct http_call *call, struct exchange *exchange)
{
    if (call->anonymous)
        return;
    exchange->cert = call->cert ? call->cert : settings_get(&cli->settings, SETTING_CERT);
    exchange->key = call->cert ? call->key : settings_get(&cli->settings, SETTING_KEY);
}

static bool
http_once(struct cli *cli, const struct http_call *call, struct bytes roots, const char *base,
          struct exchange_answer *answer, json_t **ret_json, struct error *err)
{
    struct exchange exchange = {.base = base, .call = call, .roots = roots};

    credentials_choose(cli, call, &exchange);
    memset(&cli->failure, 0, sizeof(cli->failure));
    if (!exchange_run(&exchange, answer, err))
        return false;
    if (answer->status / 100 != 2)
        return problem_of_answer(answer, &cli->failure, err);
    return problem_json_parse(answer, ret_json, err);
}

bool
http_json(struct cli *cli, const struct http_call *call, json_t **ret_json, struct error *err)
{
    AUTO_BUFFER base = {.max = QUERY_OCTETS};
    AUTO_BUFFER roots = {.max = TRUST_OCTETS};
    const char *server = settings_need(&cli->settings, SETTING_SERVER, err);
    struct retry retry = {0};

    if (!server || !http_base(server, &base, err) ||
        !trust_roots(&cli->settings, buffer_text(&base), &roots, err))
        return false;
    for (;;) {
        AUTO_EXCHANGE_ANSWER answer = exchange_answer_empty();

        if (http_once(cli, call, buffer_bytes(&roots), buffer_text(&base), &answer, ret_json, err))
            return true;
        if (!worth_repeating(call, &cli->failure, err) ||
            !retry_wait(cli, &retry, answer.retry_after_s, err))
            return false;
    }
}
