#include "command.h"
#include "duration.h"
#include "exchange.h"
#include "http.h"
#include "problem.h"
#include "signet/clock.h"
#include "signet/der.h"
#include "signet/encode.h"
#include "signet/file.h"
#include "signet/tbs_cert.h"
#include "table.h"
#include "view.h"

enum { CERTIFICATE_FILE_OCTETS = 256 * 1024 };

/* Whether the server answers, over a chain that ends in our root, and how its issuers stand. */
static bool
server_status(struct cli *cli, json_t *facts, struct error *err)
{
    const struct http_call call = {
        .method = "GET", .target = "/v1/issuers", .anonymous = true, .repeatable = true};
    int64_t begun_ms = clock_monotonic_ms();
    json_t *answer = NULL;

    if (!http_json(cli, &call, &answer, err))
        return false;
    json_object_set_new(facts, "server", json_string(settings_get(&cli->settings, SETTING_SERVER)));
    json_object_set_new(facts, "answered_in_ms", json_integer(clock_monotonic_ms() - begun_ms));
    json_object_set(facts, "issuers", json_object_get(answer, "issuers"));
    json_decref(answer);
    return true;
}

/* What our own certificate says of itself; nothing when none is set. */
static bool
certificate_status(const struct cli *cli, json_t *facts, struct error *err)
{
    const char *path = settings_get(&cli->settings, SETTING_CERT);
    AUTO_BUFFER pem = {.max = CERTIFICATE_FILE_OCTETS};
    AUTO_BUFFER der = {.max = LIMIT_CERTIFICATE_OCTETS};
    char until[CLOCK_TEXT_OCTETS], serial[2 * LIMIT_SERIAL_OCTETS + 1];
    struct certificate certificate;
    struct reader reader;

    if (!path)
        return true;
    if (!file_read(path, &pem, err))
        return error_context(err, "client certificate");
    reader = reader_of(buffer_bytes(&pem));
    if (!pem_next(&reader, "CERTIFICATE", &der))
        return error_set(err, ERROR_FILE_ACCESS, "%s holds no certificate in PEM", path);
    if (!certificate_parse(buffer_bytes(&der), &certificate, err)) {
        err->kind = ERROR_FILE_ACCESS;
        return error_context(err, "%s", path);
    }
    clock_text(certificate.tbs.not_after_s, until);
    hex_encode(certificate.tbs.serial, serial, sizeof(serial));
    json_object_set_new(facts, "certificate",
                        json_pack("{s:s, s:s, s:s, s:b}", "file", path, "serial", serial,
                                  "not_after", until, "expired",
                                  (int)(certificate.tbs.not_after_s < cli->now_s)));
    return true;
}

/* The health listener answers 503 with the same document when a part is not ready. */
static bool
health_status(const char *base, json_t *facts, struct error *err)
{
    const struct http_call call = {.method = "GET", .target = "/readyz"};
    const struct exchange exchange = {.base = base, .call = &call, .plain = true};
    AUTO_EXCHANGE_ANSWER answer = exchange_answer_empty();
    json_t *health = NULL;

    if (!exchange_run(&exchange, &answer, err) || !problem_json_parse(&answer, &health, err))
        return error_context(err, "health");
    json_object_set_new(facts, "ready", json_boolean(answer.status == 200));
    json_object_set_new(facts, "health", health);
    return true;
}

static const struct view status_views[] = {
    {"server", "server", VIEW_TEXT, false},
    {"answer in ms", "answered_in_ms", VIEW_NUMBER, false},
    {"certificate", "certificate.serial", VIEW_TEXT, false},
    {"valid until", "certificate.not_after", VIEW_MOMENT, false},
    {0},
};

static const struct view issuer_views[] = {
    {"ISSUER", "name", VIEW_TEXT, false},
    {"STATE", "state", VIEW_TEXT, false},
    {"EXPIRES", "not_after", VIEW_WHEN, false},
    {"SUBJECT", "subject", VIEW_TEXT, true},
    {0},
};

static const struct column health_columns[] = {
    {"PART", false}, {"STATE", false}, {"SEEN", true}, {0}};

static bool
health_tell(const struct cli *cli, json_t *health, struct error *err)
{
    AUTO_TABLE table = NULL;
    const char *name;
    json_t *part;

    if (!health)
        return true;
    if (!table_new(health_columns, &table, err))
        return false;
    json_object_foreach(json_object_get(health, "parts"), name, part)
    {
        const char *state = json_is_true(json_object_get(part, "ready")) ? "well" : "NOT WELL";
        const char *const cells[] = {name, state, view_text(part, "detail")};

        if (!table_add(table, cells, err))
            return false;
    }
    fputc('\n', cli->out);
    table_print(table, cli->width, cli->out);
    return true;
}

static bool
status_tell(const struct cli *cli, const json_t *facts, struct error *err)
{
    if (cli->json) {
        view_json(cli, facts);
        return true;
    }
    view_facts(cli, status_views, facts);
    if (!health_tell(cli, json_object_get(facts, "health"), err))
        return false;
    fputc('\n', cli->out);
    return view_list(cli, issuer_views, json_object_get(facts, "issuers"), err);
}

/* Its dates do not tell that it was revoked, or its identity suspended: the server does, to whoever
 * shows it. */
static bool
certificate_accepted(struct cli *cli, struct error *err)
{
    const struct http_call call = {.method = "GET", .target = "/v1/issuers", .repeatable = true};
    json_t *answer = NULL;

    if (!settings_get(&cli->settings, SETTING_CERT) || !settings_get(&cli->settings, SETTING_KEY))
        return true;
    if (!http_json(cli, &call, &answer, err))
        return error_context(err, "our certificate");
    json_decref(answer);
    return true;
}

/* What is not well makes the command fail after everything was shown. */
static bool
status_judge(struct cli *cli, const json_t *facts, struct error *err)
{
    if (json_is_false(json_object_get(facts, "ready")))
        return error_set(err, ERROR_NETWORK, "the authority says that it is not ready");
    if (json_is_true(json_object_get(json_object_get(facts, "certificate"), "expired")))
        return error_set(err, ERROR_FILE_ACCESS, "our certificate has expired: %s",
                         view_text(facts, "certificate.file"));
    return certificate_accepted(cli, err);
}

bool
command_status(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    const char *health = arguments_value(arguments, "health");
    json_t *facts = json_object();
    bool done;

    done = server_status(cli, facts, err) && certificate_status(cli, facts, err) &&
           (!health || health_status(health, facts, err)) && status_tell(cli, facts, err) &&
           status_judge(cli, facts, err);
    json_decref(facts);
    return done;
}
