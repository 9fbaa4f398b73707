#include "client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CLIENT_TIMEOUT_MS = 30000, CLIENT_BODY = 16 * 1024 * 1024 };

struct client {
    const struct ca *ca;
    CURL *curl;
    char *certificate, *key;
    bool fresh; /* the next call must not use a connection made before */
};

struct client *
client_new(const struct ca *ca)
{
    struct client *client = calloc(1, sizeof(*client));

    if (!client || !(client->curl = curl_easy_init()))
        abort();
    client->ca = ca;
    return client;
}

void
client_free(struct client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    free(client->certificate);
    free(client->key);
    free(client);
}

void
client_show(struct client *client, const char *certificate_pem, const char *key_pem)
{
    free(client->certificate);
    free(client->key);
    client->certificate = certificate_pem ? strdup(certificate_pem) : NULL;
    client->key = key_pem ? strdup(key_pem) : NULL;
    client->fresh = true;
}

void
client_reply_done(struct client_reply *reply)
{
    buffer_done(&reply->body);
}

static size_t
take_body(char *data, size_t size, size_t count, void *context)
{
    struct client_reply *reply = context;

    return buffer_put(&reply->body, data, size * count) ? size * count : 0;
}

static size_t
take_header(char *data, size_t size, size_t count, void *context)
{
    static const char name[] = "retry-after:";
    struct client_reply *reply = context;

    if (size * count > sizeof(name) && strncasecmp(data, name, sizeof(name) - 1) == 0)
        reply->retry_after_s = (int)strtol(data + sizeof(name) - 1, NULL, 10);
    return size * count;
}

static struct curl_blob
blob_of(char *text)
{
    return (struct curl_blob){text, strlen(text), CURL_BLOB_NOCOPY};
}

static void
set_connection(struct client *client)
{
    CURL *curl = client->curl;

    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)CLIENT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca->root_pem);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, client->fresh ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    if (client->certificate) {
        struct curl_blob certificate = blob_of(client->certificate), key = blob_of(client->key);

        curl_easy_setopt(curl, CURLOPT_SSLCERT_BLOB, &certificate);
        curl_easy_setopt(curl, CURLOPT_SSLKEY_BLOB, &key);
    }
}

static struct curl_slist *
set_request(struct client *client, const struct client_request *request)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    char line[256];

    curl_easy_setopt(client->curl, CURLOPT_URL, request->url);
    curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, request->method);
    if (request->token) {
        snprintf(line, sizeof(line), "Authorization: Bearer %s", request->token);
        headers = curl_slist_append(headers, line);
    }
    if (request->type) {
        snprintf(line, sizeof(line), "Content-Type: %s", request->type);
        headers = curl_slist_append(headers, line);
        curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, (const char *)request->body.data);
        curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE, (long)request->body.len);
    }
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    return headers;
}

bool
client_call(struct client *client, const struct client_request *request, struct client_reply *reply)
{
    struct curl_slist *headers;
    curl_off_t took_us = 0;
    long status = 0;
    CURLcode code;

    buffer_done(&reply->body);
    buffer_init(&reply->body, CLIENT_BODY);
    reply->retry_after_s = -1;
    curl_easy_reset(client->curl);
    set_connection(client);
    headers = set_request(client, request);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, reply);
    curl_easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, reply);
    code = curl_easy_perform(client->curl);
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(client->curl, CURLINFO_TOTAL_TIME_T, &took_us);
    curl_slist_free_all(headers);
    reply->took_ms = (int64_t)took_us / 1000;
    reply->status = code == CURLE_OK ? (int)status : 0;
    client->fresh = reply->status == 0;
    return reply->status != 0;
}

bool
client_json(struct client *client, const char *method, const char *path, const char *token,
            const char *json, struct client_reply *reply)
{
    char url[512];
    const struct client_request request = {
        .method = method,
        .url = url,
        .token = token,
        .type = json ? "application/json" : NULL,
        .body = bytes_of_text(json),
    };

    snprintf(url, sizeof(url), "%s%s", client->ca->server_url, path);
    return client_call(client, &request, reply);
}
