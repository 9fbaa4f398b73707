#include "command.h"

const struct option general_options[] = {
    {"server", "URL", "the authority, https://host:port (SIGNET_SERVER)", false},
    {"root", "FILE", "trust the server by these root certificates (SIGNET_ROOT)", false},
    {"fingerprint", "HEX", "trust it by the SHA-256 of its root", false},
    {"cert", "FILE", "client certificate (SIGNET_CERT)", false},
    {"key", "FILE", "its private key (SIGNET_KEY)", false},
    {"config", "FILE", "settings; otherwise ~/.config/signet/config", false},
    {"json", NULL, "answer in JSON, for scripts", false},
    {"quiet", NULL, "no progress messages", false},
    {"help", NULL, "this text", false},
    {0},
};

static const struct option token_create_options[] = {
    {"ttl", "TIME", "how long it may be used, such as 1h (1h)", false},
    {0},
};

static const struct option enroll_options[] = {
    {"token-file", "FILE", "read the one-time token from this file", false},
    {"token-stdin", NULL, "read it from standard input", false},
    {"name", "NAME", "a name to ask for: dns:x.example, ip:10.0.0.1, or without prefix", true},
    {"key", "FILE", "where the new private key goes (signet.key)", false},
    {"key-type", "TYPE", "of a key that is made: P-256, P-384, RSA (3072 bits), Ed25519 (P-256)",
     false},
    {"cert", "FILE", "where certificate and chain go (signet.pem)", false},
    {"ttl", "TIME", "lifetime to ask for, such as 24h", false},
    {"force", NULL, "replace existing files once the new certificate is here", false},
    {0},
};

static const struct option renew_options[] = {
    {"new-key", NULL, "make a new key of the same type instead of keeping the old one", false},
    {"ttl", "TIME", "lifetime to ask for, such as 24h", false},
    {0},
};

static const struct option revoke_options[] = {
    {"certificate", "FILE", "revoke the certificate in this file", false},
    {"identity", "NAME", "revoke the identity for ever, with all its certificates", false},
    {"spki-of", "FILE", "revoke and block the key of this certificate, request or key", false},
    {"reason", "REASON", "as RFC 5280 spells it, such as keyCompromise (unspecified)", false},
    {"yes", NULL, "do not ask on a terminal", false},
    {0},
};

static const struct option cert_list_options[] = {
    {"identity", "NAME", "of this identity", false},
    {"name", "NAME", "with this name, such as dns:api.example.internal", false},
    {"serial", "HEX", "with this serial number", false},
    {"spki", "HEX", "with this key (SHA-256)", false},
    {"status", "STATUS", "valid, expired, revoked or recorded", false},
    {"expires-within", "TIME", "that end within this time, such as 7d", false},
    {"limit", "NUMBER", "at most so many (100)", false},
    {0},
};

static const struct option cert_show_options[] = {
    {"pem", NULL, "only the certificate and its chain, as PEM", false},
    {0},
};

static const struct option identity_list_options[] = {
    {"owner", "OWNER", "of this owner", false},
    {"state", "STATE", "active, suspended or revoked", false},
    {"prefix", "TEXT", "whose name begins so", false},
    {"limit", "NUMBER", "at most so many (100)", false},
    {0},
};

static const struct option identity_create_options[] = {
    {"owner", "OWNER", "who answers for it (required)", false},
    {"kind", "KIND", "workload or admin (workload)", false},
    {"role", "ROLE", "of an administrator: admin, revoker, enroller, auditor", true},
    {"profile", "PROFILE", "of the policy", false},
    {"name", "NAME", "a further name: dns:x.example, ip:10.0.0.1, or without prefix", true},
    {0},
};

static const struct option policy_version_options[] = {
    {"version", "NUMBER", "this version (the newest)", false},
    {0},
};

static const struct option policy_history_options[] = {
    {"limit", "NUMBER", "at most so many (100)", false},
    {0},
};

static const struct option policy_apply_options[] = {
    {"expect", "NUMBER", "only if this version is in force (the newest as we look)", false},
    {"yes", NULL, "do not ask on a terminal", false},
    {0},
};

static const struct option policy_rollback_options[] = {
    {"yes", NULL, "do not ask on a terminal", false},
    {0},
};

static const struct option audit_options[] = {
    {"actor", "NAME", "by this caller", false},
    {"action", "ACTION", "such as certificate.issue", false},
    {"object", "OBJECT", "about this serial number or name", false},
    {"outcome", "OUTCOME", "done, refused or failed", false},
    {"rule", "RULE", "refused by this rule", false},
    {"request", "ID", "of this request", false},
    {"since", "TIME", "not older than this, such as 24h", false},
    {"limit", "NUMBER", "at most so many (100)", false},
    {0},
};

static const struct option status_options[] = {
    {"health", "URL", "also ask the health listener, such as http://127.0.0.1:9180", false},
    {0},
};

const struct command commands[] = {
    {"init", "[ARGUMENT...]", 0, 0, NULL, true, command_init, "make a new certificate authority",
     "Starts signet-ceremony, which makes keys, CA certificates and the database schema.\n"
     "All arguments are passed on to it.",
     "signet init --help"},
    {"token create", "IDENTITY", 1, 1, token_create_options, false, command_token_create,
     "make a one-time enrolment token",
     "The token is printed alone on standard output, and only this once.",
     "signet token create payments/api --ttl 15m > token"},
    {"token bench", "[ARGUMENT...]", 0, 0, NULL, true, command_token_bench,
     "measure how fast a PKCS#11 token signs",
     "Starts signet-ceremony bench, which prints signatures a second by algorithm and threads. "
     "All\n"
     "arguments are passed on to it: --module PATH, --token URI, --pin-fd N, --module-init TEXT,\n"
     "--threads N, --seconds N.",
     "signet token bench --module libsofthsm2.so --token pkcs11:token=issuing --pin-fd 3 3<pin"},
    {"enroll", "", 0, 0, enroll_options, false, command_enroll,
     "get a first certificate by a token",
     "Makes a key that never leaves this machine, asks for a certificate, and writes it with its\n"
     "chain. The token comes from a file, standard input or the terminal, never from the command\n"
     "line. When the answer is lost, the same command fetches the same certificate again.",
     "signet enroll --token-file token --root roots.pem --key api.key --cert api.pem"},
    {"renew", "", 0, 0, renew_options, false, command_renew, "renew the certificate of --cert",
     "The files are replaced whole, and only when the new certificate is here; a renewal that\n"
     "fails leaves them as they are.",
     "signet renew --cert api.pem --key api.key"},
    {"revoke", "[SERIAL]", 0, 1, revoke_options, false, command_revoke,
     "revoke a certificate, a key or an identity",
     "Names one of SERIAL, --certificate, --identity and --spki-of. It cannot be taken back.\n"
     "Reasons: unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation,\n"
     "privilegeWithdrawn.",
     "signet revoke --identity payments/api --reason keyCompromise"},
    {"cert list", "", 0, 0, cert_list_options, false, command_cert_list, "search certificates", "",
     "signet cert list --identity payments/api --status valid"},
    {"cert show", "SERIAL", 1, 1, cert_show_options, false, command_cert_show, "show a certificate",
     "", "signet cert show 5150c3a1b2c3d4e5f60718293a4b5c6d7e8f90"},
    {"identity list", "", 0, 0, identity_list_options, false, command_identity_list,
     "list identities", "", "signet identity list --prefix payments/"},
    {"identity show", "NAME", 1, 1, NULL, false, command_identity_show, "show an identity", "",
     "signet identity show payments/api"},
    {"identity create", "NAME", 1, 1, identity_create_options, false, command_identity_create,
     "make an identity", "",
     "signet identity create payments/api --owner team-payments --name dns:api.example.internal"},
    {"identity suspend", "NAME", 1, 1, NULL, false, command_identity_suspend,
     "stop an identity from enrolling and renewing",
     "Its certificates stay good until they end; signet revoke --identity ends them.",
     "signet identity suspend payments/api"},
    {"identity resume", "NAME", 1, 1, NULL, false, command_identity_resume,
     "let a suspended identity enrol and renew again", "", "signet identity resume payments/api"},
    {"issuer list", "", 0, 0, NULL, false, command_issuer_list, "list the CA certificates", "",
     "signet issuer list"},
    {"policy show", "", 0, 0, policy_version_options, false, command_policy_show,
     "print the policy document", "", "signet policy show > policy.json"},
    {"policy check", "FILE", 1, 1, NULL, false, command_policy_check,
     "could this policy document be applied",
     "The server judges it as it would when it is applied, and stores nothing.",
     "signet policy check policy.json"},
    {"policy diff", "FILE", 1, 1, policy_version_options, false, command_policy_diff,
     "what a policy document would change", "+ is added, - is removed, ~ is changed.",
     "signet policy diff policy.json"},
    {"policy apply", "FILE", 1, 1, policy_apply_options, false, command_policy_apply,
     "put a policy document in force",
     "All servers follow within a second; certificates remember the version they were issued "
     "under.\n"
     "Refused when somebody else has applied another version meanwhile.",
     "signet policy apply policy.json"},
    {"policy rollback", "VERSION", 1, 1, policy_rollback_options, false, command_policy_rollback,
     "put an older version in force again", "It becomes a new version; none is ever removed.",
     "signet policy rollback 3"},
    {"policy history", "", 0, 0, policy_history_options, false, command_policy_history,
     "list the versions of the policy document", "Newest first.", "signet policy history"},
    {"audit", "", 0, 0, audit_options, false, command_audit, "search the audit trail",
     "Newest first.", "signet audit --outcome refused --since 24h"},
    {"status", "", 0, 0, status_options, false, command_status,
     "is the authority there, trusted, and our certificate good", "",
     "signet status --health http://127.0.0.1:9180"},
    {0},
};
