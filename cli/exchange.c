#include "exchange.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "query.h"
#include "retry.h"
#include "signet/clock.h"
#include "signet/file.h"

enum { CONNECT_TIMEOUT_MS = 10000, EXCHANGE_TIMEOUT_MS = 60000 };

struct exchange_answer
exchange_answer_empty(void)
{
    return (struct exchange_answer){.body = {.max = EXCHANGE_ANSWER_OCTETS}, .retry_after_s = -1};
}

void
exchange_answer_done(struct exchange_answer *answer)
{
    buffer_done(&answer->body);
}

static size_t
body_take(char *data, size_t size, size_t count, void *context)
{
    struct exchange_answer *answer = context;

    return buffer_put(&answer->body, data, size * count) ? size * count : 0;
}

/* The value of "Name: value" when it is this name; cuts the line end. */
static bool
header_is(const char *line, size_t len, const char *name, char *value, size_t room)
{
    size_t name_len = strlen(name);

    if (len <= name_len || strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
        return false;
    line += name_len + 1;
    len -= name_len + 1;
    while (len > 0 && *line == ' ') {
        line++;
        len--;
    }
    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n' || line[len - 1] == ' '))
        len--;
    if (len >= room)
        return false;
    memcpy(value, line, len);
    value[len] = '\0';
    return true;
}

static size_t
header_take(char *data, size_t size, size_t count, void *context)
{
    struct exchange_answer *answer = context;
    char value[128];

    if (header_is(data, size * count, "X-Request-Id", value, sizeof(answer->request_id)))
        memcpy(answer->request_id, value, strlen(value) + 1);
    else if (header_is(data, size * count, "Retry-After", value, sizeof(value)))
        answer->retry_after_s = retry_after_parse(value, clock_now_s());
    return size * count;
}

struct curl_parts {
    CURL *curl;
    struct curl_slist *headers;
    char *body;
};

static void
curl_parts_done(struct curl_parts *parts)
{
    curl_slist_free_all(parts->headers);
    curl_easy_cleanup(parts->curl);
    free(parts->body);
}

static bool
header_add(struct curl_parts *parts, const char *name, const char *value)
{
    AUTO_BUFFER line = {.max = QUERY_OCTETS};
    struct curl_slist *longer;

    if (!buffer_printf(&line, "%s: %s", name, value) || !buffer_text(&line))
        return false;
    longer = curl_slist_append(parts->headers, buffer_text(&line));
    if (!longer)
        return false;
    parts->headers = longer;
    return true;
}

static bool
request_set(struct curl_parts *parts, const struct exchange *exchange, const char *url)
{
    const struct http_call *call = exchange->call;
    AUTO_BUFFER bearer = {.max = 256};
    CURL *curl = parts->curl;

    if (!header_add(parts, "Accept", exchange->accept ? exchange->accept : "application/json"))
        return false;
    if (call->bearer && (!buffer_printf(&bearer, "Bearer %s", call->bearer) ||
                         !header_add(parts, "Authorization", buffer_text(&bearer))))
        return false;
    if (call->body) {
        parts->body = json_dumps(call->body, JSON_COMPACT);
        if (!parts->body || !header_add(parts, "Content-Type", "application/json") ||
            !header_add(parts, "Expect", ""))
            return false;
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, parts->body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(parts->body));
    }
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, parts->headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "signet/" SIGNET_VERSION);
    return true;
}

/* Neither the system's certificates nor a redirect can widen whom we trust. */
static void
transport_set(CURL *curl, const struct exchange *exchange)
{
    struct curl_blob roots = {.data = (void *)(uintptr_t)exchange->roots.data,
                              .len = exchange->roots.len,
                              .flags = CURL_BLOB_COPY};

    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, exchange->plain ? "http" : "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)EXCHANGE_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
    if (exchange->roots.len)
        curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &roots);
    if (exchange->unverified) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (exchange->cert)
        curl_easy_setopt(curl, CURLOPT_SSLCERT, exchange->cert);
    if (exchange->cert && exchange->key)
        curl_easy_setopt(curl, CURLOPT_SSLKEY, exchange->key);
}

static const struct {
    CURLcode code;
    enum error_kind kind;
    const char *what;
} curl_codes[] = {
    {CURLE_PEER_FAILED_VERIFICATION, ERROR_TRUST, "the server's certificate does not verify"},
    {CURLE_SSL_ISSUER_ERROR, ERROR_TRUST, "the server's certificate has another issuer"},
    {CURLE_SSL_CACERT_BADFILE, ERROR_FILE_ACCESS, "the root certificates cannot be used"},
    {CURLE_SSL_CERTPROBLEM, ERROR_FILE_ACCESS, "the client certificate or key cannot be used"},
    {CURLE_UNSUPPORTED_PROTOCOL, ERROR_USAGE, "wanted an https address"},
    {CURLE_URL_MALFORMAT, ERROR_USAGE, "the address is malformed"},
    {CURLE_WRITE_ERROR, ERROR_NETWORK, "the answer is larger than this program takes"},
    {CURLE_OUT_OF_MEMORY, ERROR_MEMORY, "no memory"},
};

static bool
curl_refuse(CURLcode code, const char *url, const char *text, struct error *err)
{
    const char *cause = text[0] ? text : curl_easy_strerror(code);

    for (size_t i = 0; i < ARRAY_LEN(curl_codes); i++)
        if (curl_codes[i].code == code)
            return error_set(err, curl_codes[i].kind, "%s: %s (%s)", url, curl_codes[i].what,
                             cause);
    return error_set(err, ERROR_NETWORK, "%s: %s", url, cause);
}

static bool
files_check(const struct exchange *exchange, struct error *err)
{
    if (exchange->cert && !file_exists(exchange->cert))
        return error_set(err, ERROR_FILE_ACCESS, "client certificate %s: there is no such file",
                         exchange->cert);
    if (exchange->cert && exchange->key && !file_exists(exchange->key))
        return error_set(err, ERROR_FILE_ACCESS, "client key %s: there is no such file",
                         exchange->key);
    return true;
}

bool
exchange_run(const struct exchange *exchange, struct exchange_answer *ret_answer, struct error *err)
{
    CLEANUP(curl_parts_done) struct curl_parts parts = {.curl = curl_easy_init()};
    AUTO_BUFFER url = {.max = QUERY_OCTETS};
    char text[CURL_ERROR_SIZE] = "";
    long status = 0;
    CURLcode code;

    if (!files_check(exchange, err))
        return false;
    if (!parts.curl || !buffer_printf(&url, "%s%s", exchange->base, exchange->call->target) ||
        !buffer_text(&url) || !request_set(&parts, exchange, buffer_text(&url)))
        return error_set(err, ERROR_MEMORY, "no memory for a request");
    transport_set(parts.curl, exchange);
    curl_easy_setopt(parts.curl, CURLOPT_ERRORBUFFER, text);
    curl_easy_setopt(parts.curl, CURLOPT_WRITEFUNCTION, body_take);
    curl_easy_setopt(parts.curl, CURLOPT_WRITEDATA, ret_answer);
    curl_easy_setopt(parts.curl, CURLOPT_HEADERFUNCTION, header_take);
    curl_easy_setopt(parts.curl, CURLOPT_HEADERDATA, ret_answer);
    code = curl_easy_perform(parts.curl);
    if (code != CURLE_OK)
        return curl_refuse(code, exchange->base, text, err);
    curl_easy_getinfo(parts.curl, CURLINFO_RESPONSE_CODE, &status);
    ret_answer->status = (int)status;
    return true;
}
