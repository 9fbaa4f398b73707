#include "problem.h"

#include <string.h>

bool
problem_json_parse(const struct exchange_answer *answer, json_t **ret_json, struct error *err)
{
    json_error_t where;
    json_t *json = json_loadb((const char *)answer->body.data, answer->body.len,
                              JSON_REJECT_DUPLICATES, &where);

    if (!json)
        return error_set(err, ERROR_NETWORK, "the answer (HTTP %d, %zu octets) is not JSON: %s",
                         answer->status, answer->body.len, where.text);
    *ret_json = json;
    return true;
}

static const char *
member(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text ? text : "";
}

/* The kind behind a problem type; ERROR_REQUEST_MALFORMED for one that this version does not know.
 */
static enum error_kind
kind_of_type(const char *type)
{
    size_t prefix = strlen(ERROR_URN_PREFIX);
    enum error_kind kind = ERROR_NONE;

    if (strncmp(type, ERROR_URN_PREFIX, prefix) == 0)
        kind = error_kind_of_type(type + prefix);
    return kind == ERROR_NONE ? ERROR_REQUEST_MALFORMED : kind;
}

bool
problem_of_answer(const struct exchange_answer *answer, struct failure *ret_failure,
                  struct error *err)
{
    struct error ignored = {0};
    json_t *json = NULL;

    ret_failure->status = answer->status;
    memcpy(ret_failure->request_id, answer->request_id, sizeof(ret_failure->request_id));
    if (!problem_json_parse(answer, &json, &ignored) || !json_is_object(json)) {
        json_decref(json);
        return error_set(err, ERROR_NETWORK, "HTTP %d without a problem document", answer->status);
    }
    snprintf(ret_failure->title, sizeof(ret_failure->title), "%s", member(json, "title"));
    error_refuse(err, kind_of_type(member(json, "type")), member(json, "rule"), "%s",
                 member(json, "detail"));
    json_decref(json);
    return false;
}

static const struct {
    enum error_kind kind;
    const char *step;
} next_steps[] = {
    {ERROR_USAGE, "see --help"},
    {ERROR_CONFIG, "mend the settings file, or name another with --config"},
    {ERROR_NETWORK, "check --server and that the server is running (signet status)"},
    {ERROR_TRUST,
     "compare the root: --root FILE or --fingerprint HEX from the operator of the authority"},
    {ERROR_UNAUTHENTICATED,
     "show a client certificate: --cert FILE --key FILE (or SIGNET_CERT, SIGNET_KEY)"},
    {ERROR_FORBIDDEN, "use a certificate with the role that this takes"},
    {ERROR_TOKEN_UNKNOWN, "ask for a new token: signet token create IDENTITY"},
    {ERROR_TOKEN_EXPIRED, "ask for a new token: signet token create IDENTITY"},
    {ERROR_GRANT_USED,
     "ask for a new token; a lost answer is fetched again only with the same key, names and --ttl"},
    {ERROR_CERTIFICATE_UNKNOWN, "enrol anew with a token: signet enroll"},
    {ERROR_CERTIFICATE_EXPIRED, "enrol anew with a token: signet enroll"},
    {ERROR_CERTIFICATE_REVOKED, "enrol anew with a token, if the identity is still in service"},
    {ERROR_IDENTITY_SUSPENDED, "an administrator can resume it: signet identity resume NAME"},
    {ERROR_IDENTITY_REVOKED, "revoked is final; make another identity"},
    {ERROR_NAME_NOT_GRANTED, "leave --name out, or have the name added to the identity"},
    {ERROR_LIFETIME, "ask for a shorter --ttl, or leave it out"},
    {ERROR_KEY_BLOCKED, "make a new key: --force or --new-key"},
    {ERROR_RENEWAL_LIMIT, "enrol anew with a token: signet enroll"},
    {ERROR_CERTIFICATE_NOT_FOUND, "look for it: signet cert list"},
    {ERROR_IDENTITY_NOT_FOUND, "look for it: signet identity list"},
    {ERROR_IDENTITY_EXISTS, "look at it: signet identity show NAME"},
    {ERROR_RATE_LIMITED, "wait a moment and try again"},
    {ERROR_OVERLOADED, "wait a moment and try again"},
    {ERROR_DATABASE_UNAVAILABLE, "wait a moment and try again; the operator sees more in the log"},
    {ERROR_SIGNER_UNAVAILABLE, "wait a moment and try again; the operator sees more in the log"},
    {ERROR_TOKEN_UNAVAILABLE, "wait a moment and try again; the operator sees more in the log"},
};

const char *
problem_next_step(enum error_kind kind)
{
    for (size_t i = 0; i < ARRAY_LEN(next_steps); i++)
        if (next_steps[i].kind == kind)
            return next_steps[i].step;
    return NULL;
}
