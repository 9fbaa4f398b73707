#include "flow.h"

#include <CUnit/CUnit.h>
#include <curl/curl.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flow_internal.h"

enum { FLOW_BODY = 8 * 1024 * 1024, FLOW_HEAD = 64 * 1024, FLOW_TIMEOUT_MS = 60000 };

void
flow_give_up(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "flow: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    exit(1);
}

static PGconn *
database_open(struct ca *ca)
{
    char conninfo[256];
    PGconn *db;

    ca_conninfo(ca, "signet_owner", conninfo, sizeof(conninfo));
    db = PQconnectdb(conninfo);
    if (PQstatus(db) != CONNECTION_OK)
        flow_give_up("database: %s", PQerrorMessage(db));
    PQclear(PQexec(db, "SET search_path = signet"));
    return db;
}

struct flow *
flow_start(const struct ca_options *options)
{
    struct ca_options chosen = options ? *options : (struct ca_options){.fsync = false};
    struct flow *flow = calloc(1, sizeof(*flow));

    if (!flow || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        abort();
    if (!chosen.config)
        chosen.config = "rate {\n  address_per_s = 100000\n  address_burst = 100000\n"
                        "  identity_per_s = 100000\n  identity_burst = 100000\n}\n";
    flow->ca = ca_start(&chosen);
    flow->curl = curl_easy_init();
    return flow;
}

void
flow_stop(struct flow *flow)
{
    curl_easy_cleanup(flow->curl);
    if (flow->db)
        PQfinish(flow->db);
    ca_stop(flow->ca);
    curl_global_cleanup();
    free(flow);
}

struct flow *
flow_node_make(struct flow *first, unsigned number)
{
    struct flow *flow = calloc(1, sizeof(*flow));

    if (!flow)
        abort();
    flow->ca = ca_node_make(first->ca, number);
    flow->files = number * 100000; /* the work folder is shared */
    flow->curl = curl_easy_init();
    return flow;
}

void
flow_node_stop(struct flow *node)
{
    curl_easy_cleanup(node->curl);
    if (node->db)
        PQfinish(node->db);
    ca_node_free(node->ca);
    free(node);
}

struct ca *
flow_ca(const struct flow *flow)
{
    return flow->ca;
}

/* --- calls --- */

static size_t
take(char *data, size_t size, size_t count, void *context)
{
    return buffer_put(context, data, size * count) ? size * count : 0;
}

static void
set_certificate(CURL *curl, const struct ca *ca, const char *cert)
{
    bool admin = strcmp(cert, "admin") == 0;
    char path[192];

    snprintf(path, sizeof(path), admin ? "%s" : "%s/%s.pem", admin ? ca->admin_pem : ca->work,
             cert);
    curl_easy_setopt(curl, CURLOPT_SSLCERT, path);
    snprintf(path, sizeof(path), admin ? "%s" : "%s/%s.key", admin ? ca->admin_key : ca->work,
             cert);
    curl_easy_setopt(curl, CURLOPT_SSLKEY, path);
}

static struct curl_slist *
header_add(struct curl_slist *list, const char *name, const char *value)
{
    char line[4096];

    if (!value)
        return list;
    snprintf(line, sizeof(line), "%s%s", name, value);
    return curl_slist_append(list, line);
}

static struct curl_slist *
headers_of(const struct call *call, bool has_body)
{
    struct curl_slist *list = NULL;

    list = header_add(list, "Accept: ", call->accept);
    list = header_add(list, "Authorization: Bearer ", call->token);
    if (has_body)
        list = header_add(
            list, "Content-Type: ", call->content_type ? call->content_type : "application/json");
    list = header_add(list, "", call->header);
    return header_add(list, "Expect:", "");
}

static void
set_call(struct flow *flow, const struct call *call, struct bytes body, struct curl_slist *headers,
         struct answer *answer)
{
    CURL *curl = flow->curl;
    char url[8192];

    snprintf(url, sizeof(url), "%s%s", call->path[0] == '/' ? flow->ca->server_url : "",
             call->path);
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)FLOW_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_CAINFO, flow->ca->root_pem);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, call->any_server ? 0L : 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer->body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer->head);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, call->alone ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, call->alone ? 1L : 0L);
    if (call->from)
        curl_easy_setopt(curl, CURLOPT_INTERFACE, call->from);
    if (body.data) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)body.data);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)body.len);
    }
    if (strcmp(call->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
    if (call->cert)
        set_certificate(curl, flow->ca, call->cert);
}

struct answer
flow_call(struct flow *flow, const struct call *call)
{
    struct bytes body = call->text ? bytes_of_text(call->text) : call->octets;
    struct curl_slist *headers = headers_of(call, body.data != NULL);
    struct answer answer = {.status = 0};
    const char *type = NULL;
    long status = 0;

    buffer_init(&answer.head, FLOW_HEAD);
    buffer_init(&answer.body, FLOW_BODY);
    set_call(flow, call, body, headers, &answer);
    if (curl_easy_perform(flow->curl) == CURLE_OK) {
        curl_easy_getinfo(flow->curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(flow->curl, CURLINFO_CONTENT_TYPE, &type);
    }
    curl_slist_free_all(headers);
    answer.status = (int)status;
    snprintf(answer.content_type, sizeof(answer.content_type), "%s", type ? type : "");
    if (strstr(answer.content_type, "json") && answer.body.len)
        answer.json = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    return answer;
}

void
answer_done(struct answer *answer)
{
    buffer_done(&answer->head);
    buffer_done(&answer->body);
    json_decref(answer->json);
    *answer = (struct answer){.status = 0};
}

bool
answer_header(const struct answer *answer, const char *name, char *text, size_t room)
{
    struct buffer *head = (struct buffer *)(uintptr_t)&answer->head;
    const char *line = buffer_text(head);
    size_t len = strlen(name);

    for (; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncasecmp(line, name, len) != 0 || line[len] != ':')
            continue;
        line += len + 1;
        line += strspn(line, " ");
        snprintf(text, room, "%.*s", (int)strcspn(line, "\r\n"), line);
        return true;
    }
    return false;
}

const char *
answer_text(const struct answer *answer, const char *member)
{
    const char *text = json_string_value(json_object_get(answer->json, member));

    return text ? text : "";
}

/* --- the database --- */

static void
query_text(struct flow *flow, char *text, size_t room, const char *sql)
{
    PGresult *result;

    if (!flow->db || PQstatus(flow->db) != CONNECTION_OK) {
        PQfinish(flow->db);
        flow->db = database_open(flow->ca);
    }
    result = PQexec(flow->db, sql);
    if (PQresultStatus(result) == PGRES_FATAL_ERROR && PQstatus(flow->db) != CONNECTION_OK) {
        PQclear(result);
        PQfinish(flow->db);
        flow->db = database_open(flow->ca);
        result = PQexec(flow->db, sql);
    }
    if (PQresultStatus(result) == PGRES_FATAL_ERROR)
        flow_give_up("%s: %s", sql, PQerrorMessage(flow->db));
    snprintf(text, room, "%s", PQntuples(result) ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
}

void
flow_text(struct flow *flow, char *text, size_t room, const char *format, ...)
{
    char sql[4096];
    va_list args;

    va_start(args, format);
    vsnprintf(sql, sizeof(sql), format, args);
    va_end(args);
    query_text(flow, text, room, sql);
}

long long
flow_number(struct flow *flow, const char *format, ...)
{
    char sql[4096], text[64];
    va_list args;

    va_start(args, format);
    vsnprintf(sql, sizeof(sql), format, args);
    va_end(args);
    query_text(flow, text, sizeof(text), sql);
    return strtoll(text, NULL, 10);
}

void
flow_counts(struct flow *flow, char text[FLOW_COUNTS_TEXT])
{
    flow_text(flow, text, FLOW_COUNTS_TEXT,
              "SELECT format('certificate %%s, signature %%s, grant %%s, revocation %%s, key %%s, "
              "token %%s, identity %%s', (SELECT count(*) FROM certificate), (SELECT count(*) FROM "
              "signature), (SELECT count(*) FROM grant_use), (SELECT count(*) FROM revocation), "
              "(SELECT count(*) FROM blocked_key), (SELECT count(*) FROM enrol_token), "
              "(SELECT count(*) FROM identity))");
}

/* --- refusals --- */

static void
assert_that(bool ok, const struct answer *answer, const char *row, const char *what)
{
    if (!ok)
        fprintf(stderr, "\n  %s: %s\n    status %d, %s: %.*s\n", row, what, answer->status,
                answer->content_type, (int)(answer->body.len < 600 ? answer->body.len : 600),
                answer->body.data ? (const char *)answer->body.data : "");
    CU_assertImplementation(ok, 0, row, __FILE__, what, CU_FALSE);
}

bool
flow_expect(const struct answer *answer, int status, const char *row)
{
    char what[32];

    snprintf(what, sizeof(what), "wanted status %d", status);
    assert_that(answer->status == status, answer, row, what);
    return answer->status == status;
}

static bool
request_id_agrees(const struct answer *answer)
{
    static const char prefix[] = "urn:signet:request:";
    const char *instance = answer_text(answer, "instance");
    char id[64] = "";

    return answer_header(answer, "X-Request-Id", id, sizeof(id)) && strlen(id) >= 20 &&
           strncmp(instance, prefix, sizeof(prefix) - 1) == 0 &&
           strcmp(instance + sizeof(prefix) - 1, id) == 0;
}

void
flow_expect_refused(const struct answer *answer, const struct refusal *refusal, const char *row)
{
    static const char prefix[] = "urn:signet:error:";
    const char *type = answer_text(answer, "type");
    char what[200];

    if (!flow_expect(answer, refusal->status, row))
        return;
    assert_that(strcmp(answer->content_type, "application/problem+json") == 0, answer, row,
                "wanted a problem document");
    snprintf(what, sizeof(what), "wanted type %s", refusal->type);
    assert_that(strncmp(type, prefix, sizeof(prefix) - 1) == 0 &&
                    strcmp(type + sizeof(prefix) - 1, refusal->type) == 0,
                answer, row, what);
    assert_that(json_integer_value(json_object_get(answer->json, "status")) == refusal->status,
                answer, row, "the status stands in the document");
    assert_that(*answer_text(answer, "title") != '\0', answer, row, "there is a title");
    snprintf(what, sizeof(what), "the detail names %.150s", refusal->names);
    assert_that(strstr(answer_text(answer, "detail"), refusal->names) != NULL, answer, row, what);
    assert_that(request_id_agrees(answer), answer, row, "the request id stands in both");
    snprintf(what, sizeof(what), "wanted rule %.100s", refusal->rule ? refusal->rule : "");
    assert_that(!refusal->rule || strcmp(answer_text(answer, "rule"), refusal->rule) == 0, answer,
                row, what);
}

void
flow_refused(struct flow *flow, const struct call *call, const struct refusal *refusal,
             const char *row)
{
    char before[FLOW_COUNTS_TEXT], after[FLOW_COUNTS_TEXT];
    AUTO_ANSWER answer = {.status = 0};

    flow_counts(flow, before);
    answer = flow_call(flow, call);
    flow_counts(flow, after);
    flow_expect_refused(&answer, refusal, row);
    assert_that(strcmp(before, after) == 0, &answer, row, "no row was written");
}
