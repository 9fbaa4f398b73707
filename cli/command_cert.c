#include "command.h"
#include "duration.h"
#include "page.h"
#include "query.h"
#include "signet/clock.h"
#include "view.h"

static const struct view list_views[] = {
    {"SERIAL", "serial", VIEW_TEXT, true},      {"IDENTITY", "identity", VIEW_TEXT, true},
    {"STATUS", "status", VIEW_TEXT, false},     {"ISSUED", "recorded_at", VIEW_WHEN, false},
    {"EXPIRES", "not_after", VIEW_WHEN, false}, {0},
};

static const struct view show_views[] = {
    {"serial", "serial", VIEW_TEXT, false},
    {"status", "status", VIEW_TEXT, false},
    {"identity", "identity", VIEW_TEXT, false},
    {"names", "names", VIEW_LIST, false},
    {"issuer", "issuer", VIEW_TEXT, false},
    {"profile", "profile", VIEW_TEXT, false},
    {"policy", "policy_version", VIEW_NUMBER, false},
    {"valid from", "not_before", VIEW_MOMENT, false},
    {"valid until", "not_after", VIEW_MOMENT, false},
    {"renew after", "renew_after", VIEW_MOMENT, false},
    {"revoked", "revocation.revoked_at", VIEW_MOMENT, false},
    {"reason", "revocation.reason", VIEW_TEXT, false},
    {"issued", "recorded_at", VIEW_MOMENT, false},
    {"issued to", "requester", VIEW_TEXT, false},
    {"grant", "grant", VIEW_TEXT, false},
    {"renewal of", "predecessor", VIEW_TEXT, false},
    {"key SHA-256", "spki_sha256", VIEW_TEXT, false},
    {0},
};

static const struct page_filter list_filters[] = {
    {"identity", "identity"}, {"name", "name"},     {"serial", "serial"},
    {"spki", "spki_sha256"},  {"status", "status"}, {0},
};

static bool
expires_within(const struct cli *cli, const struct arguments *arguments, struct buffer *target,
               struct error *err)
{
    const char *within = arguments_value(arguments, "expires-within");
    char from[CLOCK_TEXT_OCTETS], to[CLOCK_TEXT_OCTETS];
    int64_t span_s;

    if (!within)
        return true;
    if (!duration_parse("--expires-within", within, &span_s, err))
        return false;
    clock_text(cli->now_s, from);
    clock_text(cli->now_s + span_s, to);
    return query_add(target, "expires_from", from, err) && query_add(target, "expires_to", to, err);
}

bool
command_cert_list(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    AUTO_BUFFER target = {.max = QUERY_OCTETS};
    json_t *answer = NULL;

    return query_path(&target, "/v1/certificates", err) &&
           page_filters(arguments, list_filters, &target, err) &&
           expires_within(cli, arguments, &target, err) &&
           page_fetch(cli, arguments, &target, "certificates", &answer, err) &&
           page_tell(cli, list_views, "certificates", answer, err);
}

static void
pem_tell(const struct cli *cli, const json_t *answer)
{
    const json_t *chain = json_object_get(answer, "chain");

    fputs(view_text(answer, "certificate"), cli->out);
    for (size_t i = 0; i < json_array_size(chain); i++) {
        const char *pem = json_string_value(json_array_get(chain, i));

        fputs(pem ? pem : "", cli->out);
    }
}

bool
command_cert_show(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    AUTO_BUFFER target = {.max = QUERY_OCTETS};
    struct http_call call = {.method = "GET", .repeatable = true};
    json_t *answer = NULL;

    if (!query_path(&target, "/v1/certificates/", err) ||
        !query_path(&target, arguments->operand[0], err))
        return false;
    call.target = buffer_text(&target);
    if (!http_json(cli, &call, &answer, err))
        return false;
    if (cli->json)
        view_json(cli, answer);
    else if (arguments_given(arguments, "pem"))
        pem_tell(cli, answer);
    else
        view_facts(cli, show_views, answer);
    json_decref(answer);
    return true;
}
