/* The command line against a running authority: each command, what it says, how it ends. */
#include "suite.h"

#include <stdio.h>
#include <string.h>

#include "flow.h"

static struct flow *flow;

/* One after the other, in one folder: what a step leaves behind is there for the next. */
struct step {
    const char *command;
    int status;
    const char *said; /* on either output; null: not looked at */
};

static void
run_steps(const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO_BUFFER out = {.max = 4 * 1024 * 1024};
        int status = ca_run(flow_ca(flow), NULL, &out, "bash", "-c", steps[i].command, NULL);
        const char *text = buffer_text(&out);
        bool said = !steps[i].said || (text && strstr(text, steps[i].said));

        if (status != steps[i].status || !said)
            printf("\n    %s\n    ended with %d: %.800s\n", steps[i].command, status,
                   text ? text : "");
        CU_ASSERT_EQUAL(status, steps[i].status);
        CU_ASSERT_TRUE(said);
    }
}

#define RUN_STEPS(steps) run_steps(steps, ARRAY_LEN(steps))

static void
identities(void)
{
    static const struct step steps[] = {
        {"signet identity create cli/api --owner payments --name dns:api.example.internal", 0,
         "cli/api"},
        {"signet identity create cli/api --owner payments", 1, "exists already"},
        {"signet identity create cli/ownerless", 2, "--owner"},
        {"signet identity show cli/api", 0, "api.example.internal"},
        {"signet identity show cli/nobody", 1, "there is no identity cli/nobody"},
        {"signet identity show cli/api --json | jq -e '.state == \"active\" and .owner == "
         "\"payments\"'",
         0, "true"},
        {"signet identity list", 0, "cli/api"},
        {"signet identity list --json | jq -e '[.[] | arrays | .[].name] | index(\"cli/api\") != "
         "null'",
         0, "true"},
        {"signet identity suspend cli/api", 0, "suspended"},
        {"signet token create cli/api", 1, "cli/api is suspended"},
        {"signet identity resume cli/api", 0, "active"},
    };

    RUN_STEPS(steps);
}

static void
from_token_to_certificate(void)
{
    static const struct step steps[] = {
        {"signet token create cli/api > token", 0, NULL},
        {"grep -qx 'sgt_[A-Za-z0-9_-]\\{43\\}' token", 0, NULL},
        {"signet enroll --token-file token --cert api.pem --key api.key", 0, NULL},
        {"stat -c %a api.key", 0, "600"},
        {"openssl verify -x509_strict -CAfile $SIGNET_ROOT -untrusted api.pem api.pem", 0, "OK"},
        {"openssl x509 -noout -ext subjectAltName -in api.pem", 0, "DNS:api.example.internal"},
        /* Nothing is overwritten unasked. */
        {"cksum api.pem api.key > before; signet token create cli/api > token2; "
         "signet enroll --token-file token2 --cert api.pem --key api.key",
         4, "api.pem already"},
        {"cksum api.pem api.key | diff before -", 0, NULL},
        {"signet enroll --token-file token2 --cert api.pem --key api.key --force", 0, NULL},
        {"cksum api.pem api.key | diff -q before -", 1, NULL},
        {"echo sgt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA | signet enroll --token-stdin "
         "--cert "
         "bad.pem --key bad.key",
         1, "no such token"},
        {"test ! -e bad.pem", 0, NULL},
        {"signet token create cli/api > token3; signet enroll --token-file token3 --cert other.pem "
         "--key other.key --name dns:other.example.internal",
         1, "other.example.internal"},
    };

    RUN_STEPS(steps);
}

static void
looking_up_and_renewing(void)
{
    static const struct step steps[] = {
        {"openssl x509 -noout -serial -in api.pem | cut -d= -f2 | tr A-F a-f > serial", 0, NULL},
        {"signet cert show $(cat serial)", 0, "cli/api"},
        {"signet cert show $(cat serial) --json | jq -e '.status == \"valid\"'", 0, "true"},
        {"signet cert show 00ff", 1, "00ff"},
        {"signet cert list", 0, "cli/api"},
        {"SIGNET_CERT=api.pem SIGNET_KEY=api.key signet cert list", 0, "cli/api"},
        {"SIGNET_CERT=api.pem SIGNET_KEY=api.key signet identity list", 1, "may not call"},
        {"signet renew --cert api.pem --key api.key", 0, NULL},
        {"openssl x509 -noout -serial -in api.pem | cut -d= -f2 | tr A-F a-f > serial2; ! diff -q "
         "serial serial2",
         0, NULL},
        {"cksum api.key > key; signet renew --cert api.pem --key api.key --new-key; ! cksum "
         "api.key | "
         "diff -q key -",
         0, NULL},
        {"stat -c %a api.key", 0, "600"},
        {"signet issuer list", 0, "issuing-1"},
        {"signet status", 0, NULL},
        {"signet status --health $HEALTH", 0, "database"},
    };
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        char command[1024];
        struct step step = steps[i];

        snprintf(command, sizeof(command), "HEALTH=%s; %s", flow_ca(flow)->health_url,
                 step.command);
        step.command = command;
        run_steps(&step, 1);
    }
}

static void
revoking(void)
{
    static const struct step steps[] = {
        {"signet revoke 00ff --yes", 1, "00ff"},
        {"signet revoke --certificate api.pem --reason nonsense --yes", 2, "nonsense"},
        {"signet revoke --certificate api.pem --reason superseded --yes", 0, NULL},
        {"cksum api.pem api.key > before; signet renew --cert api.pem --key api.key", 1,
         "is revoked"},
        {"cksum api.pem api.key | diff before -", 0, NULL},
        {"signet status --cert api.pem --key api.key", 1, "revoked"},
        {"signet revoke --spki-of api.key --reason keyCompromise --yes", 0, NULL},
        {"signet revoke --identity cli/api --yes", 0, NULL},
        {"signet token create cli/api", 1, "revoked for ever"},
        {"signet audit --action revocation.create", 0, "admin/alice"},
        {"signet audit --outcome refused --json | jq -e '[.. | .rule? // empty] | "
         "index(\"identity-revoked\") != null'",
         0, "true"},
        {"signet audit --limit 0", 2, "limit"},
    };

    RUN_STEPS(steps);
}

static void
trust(void)
{
    static const struct step steps[] = {
        {"F=$(openssl x509 -in $SIGNET_ROOT -noout -fingerprint -sha256 | cut -d= -f2 | tr -d :); "
         "env -u SIGNET_ROOT signet issuer list --fingerprint $F",
         0, "issuing-1"},
        {"env -u SIGNET_ROOT signet issuer list --fingerprint $(printf '%064d' 0)", 5, NULL},
        {"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null "
         "-subj "
         "/CN=other -out other-root.pem 2>/dev/null; signet issuer list --root other-root.pem",
         5, NULL},
        {"signet issuer list --server https://127.0.0.1:1", 3, NULL},
        {"signet issuer list --root nowhere.pem", 4, "nowhere.pem"},
        {"signet issuer list --server http://127.0.0.1:1", 2, "https"},
        {"signet nonsense", 2, "nonsense"},
        {"signet cert list --colour red", 2, "colour"},
    };

    RUN_STEPS(steps);
}

static void
help_of_each_command(void)
{
    static const char *const commands[] = {
        "token create",    "enroll",        "renew",         "revoke",          "cert list",
        "cert show",       "identity list", "identity show", "identity create", "identity suspend",
        "identity resume", "issuer list",   "audit",         "status"};

    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        char command[96];
        const struct step step = {command, 0, "example:"};

        snprintf(command, sizeof(command), "signet %s --help", commands[i]);
        run_steps(&step, 1);
    }
}

int
main(void)
{
    int status;

    flow = flow_start(NULL);
    status = RUN_SUITE("story of the command line", TEST(identities),
                       TEST(from_token_to_certificate), TEST(looking_up_and_renewing),
                       TEST(revoking), TEST(trust), TEST(help_of_each_command));
    flow_stop(flow);
    return status;
}
