#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow_csr.h"
#include "flow_internal.h"

static void
must(const struct answer *answer, int status, const char *what, const char *which)
{
    if (answer->status != status)
        flow_give_up("%s %s: status %d: %.*s", what, which, answer->status, (int)answer->body.len,
                     answer->body.data ? (const char *)answer->body.data : "");
}

void
flow_identity(struct flow *flow, const char *name, const char *members)
{
    char body[2048];
    AUTO_ANSWER answer = {.status = 0};

    snprintf(body, sizeof(body), "{\"name\": \"%s\", \"owner\": \"tests\"%s}", name, members);
    answer =
        flow_call(flow, &(struct call){"POST", "/v1/identities", .cert = "admin", .text = body});
    must(&answer, 201, "identity", name);
}

static void
identity_if_missing(struct flow *flow, const char *name)
{
    if (flow_number(flow, "SELECT count(*) FROM identity WHERE name = '%s'", name) == 0)
        flow_identity(flow, name, "");
}

void
flow_token(struct flow *flow, const char *identity, unsigned ttl_s, char token[CA_TOKEN_TEXT])
{
    char body[256];
    AUTO_ANSWER answer = {.status = 0};

    identity_if_missing(flow, identity);
    snprintf(body, sizeof(body), "{\"identity\": \"%s\", \"ttl_s\": %u}", identity,
             ttl_s ? ttl_s : 3600);
    answer = flow_call(flow, &(struct call){"POST", "/v1/tokens", .cert = "admin", .text = body});
    must(&answer, 201, "token for", identity);
    snprintf(token, CA_TOKEN_TEXT, "%s", answer_text(&answer, "token"));
}

static void
pem_write(struct flow *flow, const struct answer *answer, const char *file)
{
    const json_t *chain = json_object_get(answer->json, "chain");
    char path[192];
    FILE *out;

    snprintf(path, sizeof(path), "%s/%s.pem", flow->ca->work, file);
    out = fopen(path, "we");
    if (!out)
        flow_give_up("%s cannot be written", path);
    fputs(answer_text(answer, "certificate"), out);
    for (size_t i = 0; i < json_array_size(chain); i++)
        fputs(json_string_value(json_array_get(chain, i)), out);
    fclose(out);
}

void
party_take(struct flow *flow, const char *identity, EVP_PKEY *key, const char *body,
           const struct answer *answer, struct party *ret_party)
{
    char path[192];

    *ret_party = (struct party){.key = key};
    EVP_PKEY_up_ref(key);
    snprintf(ret_party->identity, sizeof(ret_party->identity), "%s", identity);
    snprintf(ret_party->file, sizeof(ret_party->file), "party-%u", flow->files++);
    snprintf(ret_party->serial, sizeof(ret_party->serial), "%s", answer_text(answer, "serial"));
    buffer_init(&ret_party->csr, 256 * 1024);
    if (!buffer_put(&ret_party->csr, body, strlen(body)))
        flow_give_up("no memory");
    pem_write(flow, answer, ret_party->file);
    snprintf(path, sizeof(path), "%s/%s.key", flow->ca->work, ret_party->file);
    key_write(key, path);
}

void
flow_enrol(struct flow *flow, const char *identity, struct party *ret_party)
{
    char token[CA_TOKEN_TEXT];
    AUTO_KEY key = key_make();
    AUTO_BUFFER body = {.max = 0};
    AUTO_ANSWER answer = {.status = 0};

    flow_token(flow, identity, 0, token);
    csr_plain_body(key, "", &body);
    answer = flow_call(flow, &(struct call){"POST", "/v1/certificates", .token = token,
                                            .text = buffer_text(&body)});
    must(&answer, 201, "enrol", identity);
    party_take(flow, identity, key, buffer_text(&body), &answer, ret_party);
}

int
flow_renew(struct flow *flow, const struct party *party, EVP_PKEY *key, struct party *ret_party)
{
    AUTO_KEY fresh = key ? NULL : key_make();
    AUTO_BUFFER body = {.max = 0};
    AUTO_ANSWER answer = {.status = 0};

    csr_plain_body(key ? key : fresh, "", &body);
    answer = flow_call(flow, &(struct call){"POST", "/v1/certificates/renew", .cert = party->file,
                                            .text = buffer_text(&body)});
    if (answer.status == 200 || answer.status == 201)
        party_take(flow, party->identity, key ? key : fresh, buffer_text(&body), &answer,
                   ret_party);
    return answer.status;
}

void
party_done(struct party *party)
{
    EVP_PKEY_free(party->key);
    buffer_done(&party->csr);
    *party = (struct party){.key = NULL};
}

void
flow_staff(struct flow *flow, const char *name, const char *roles, struct party *ret_party)
{
    char members[160];

    snprintf(members, sizeof(members), ", \"kind\": \"admin\", \"roles\": %s", roles);
    flow_identity(flow, name, members);
    flow_enrol(flow, name, ret_party);
}

void
flow_revoke(struct flow *flow, const char *member, const char *value, const char *reason)
{
    char body[512];
    AUTO_ANSWER answer = {.status = 0};

    snprintf(body, sizeof(body), "{\"%s\": \"%s\", \"reason\": \"%s\"}", member, value, reason);
    answer =
        flow_call(flow, &(struct call){"POST", "/v1/revocations", .cert = "admin", .text = body});
    must(&answer, 200, "revoke", value);
}

/* The snapshot in force is re-read each second; a certificate tells the policy it was made under.
 */
void
flow_policy(struct flow *flow, const char *path, const char *value)
{
    long long version =
        flow_number(flow,
                    "INSERT INTO policy (document, created_by) SELECT jsonb_set(document::jsonb, "
                    "'{%s}', '%s')::json, 'tests' FROM policy ORDER BY version DESC LIMIT 1 "
                    "RETURNING version",
                    path, value);

    for (int i = 0; i < 300; i++) {
        AUTO_PARTY probe = {.key = NULL};

        flow_enrol(flow, "tests/policy", &probe);
        if (flow_number(flow, "SELECT policy_version FROM certificate WHERE serial = '\\x%s'",
                        probe.serial) == version)
            return;
        ca_run(flow->ca, NULL, NULL, "sleep", "0.1", NULL);
    }
    flow_give_up("policy %lld is not used", version);
}
