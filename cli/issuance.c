#include "issuance.h"

#include "duration.h"
#include "view.h"

enum { CHAIN_OCTETS = 128 * 1024 };

static const struct view issued_views[] = {
    {"identity", "identity", VIEW_TEXT, false},
    {"serial", "serial", VIEW_TEXT, false},
    {"issuer", "issuer", VIEW_TEXT, false},
    {"valid until", "not_after", VIEW_MOMENT, false},
    {"renew after", "renew_after", VIEW_MOMENT, false},
    {"key", "key_file", VIEW_TEXT, false},
    {"certificate", "certificate_file", VIEW_TEXT, false},
    {0},
};

static bool
body_make(const struct arguments *arguments, const char *csr, json_t **ret_body, struct error *err)
{
    const char *ttl = arguments_value(arguments, "ttl");
    int64_t ttl_s = 0;
    json_t *body;

    if (ttl && !duration_parse("--ttl", ttl, &ttl_s, err))
        return false;
    body = json_pack("{s:s}", "csr", csr);
    if (!body)
        return error_set(err, ERROR_MEMORY, "no memory for a request");
    if (ttl)
        json_object_set_new(body, "ttl_s", json_integer(ttl_s));
    *ret_body = body;
    return true;
}

/* Certificate first, then its chain, each ending its line. */
static bool
chain_put(const json_t *answer, struct buffer *out, struct error *err)
{
    const json_t *chain = json_object_get(answer, "chain");
    bool whole = buffer_printf(out, "%s", view_text(answer, "certificate"));

    for (size_t i = 0; whole && i < json_array_size(chain); i++) {
        const char *pem = json_string_value(json_array_get(chain, i));

        whole = buffer_printf(out, "%s", pem ? pem : "");
    }
    if (!whole || out->len == 0)
        return error_set(err, ERROR_NETWORK, "the answer has no certificate that can be used");
    return true;
}

static void
issued_tell(const struct cli *cli, const struct credential *credential, json_t *answer)
{
    json_object_set_new(answer, "key_file", json_string(credential->key));
    json_object_set_new(answer, "certificate_file", json_string(credential->cert));
    if (cli->json)
        view_json(cli, answer);
    else
        view_facts(cli, issued_views, answer);
}

static bool
issued_take(const struct cli *cli, const struct credential *credential, const char *key_pem,
            json_t *answer, struct error *err)
{
    AUTO_BUFFER chain = {.max = CHAIN_OCTETS};

    if (!chain_put(answer, &chain, err) ||
        !credential_install(credential, key_pem, buffer_bytes(&chain), err))
        return false;
    issued_tell(cli, credential, answer);
    return true;
}

bool
issuance_run(struct cli *cli, const struct arguments *arguments, struct http_call *call,
             const struct credential *credential, const char *key_pem, const struct san_list *names,
             struct error *err)
{
    AUTO_BUFFER csr = {.max = 2 * LIMIT_CSR_OCTETS};
    json_t *body = NULL, *answer = NULL;
    bool done;

    if (!credential_request(credential, key_pem, names, &csr, err) ||
        !body_make(arguments, buffer_text(&csr), &body, err))
        return false;
    call->method = "POST";
    call->body = body;
    call->repeatable = true;
    done = http_json(cli, call, &answer, err) && issued_take(cli, credential, key_pem, answer, err);
    json_decref(body);
    json_decref(answer);
    return done;
}
