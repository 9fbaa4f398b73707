/* The ceremony: what it makes, and that it neither touches nor half-makes an authority. */
#include "suite.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca_fixture.h"
#include "token_fixture.h"

static struct ca *ca;
static struct buffer out;

static int
shell(const char *format, ...)
{
    char command[4096];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    buffer_clear(&out);
    return ca_run(ca, NULL, &out, "bash", "-c", command, NULL);
}

#define ASSERT_SAID(text) CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), (text)))

/* --- what it makes --- */

static void
openssl_and_gnutls_accept_the_chain(void)
{
    CU_ASSERT_EQUAL(
        shell("cd %s/pki && openssl verify -x509_strict -CAfile root.pem issuing.pem", ca->folder),
        0);
    CU_ASSERT_EQUAL(shell("cd %s && openssl verify -x509_strict -purpose sslclient -CAfile "
                          "pki/root.pem -untrusted pki/issuing.pem admin/admin.pem",
                          ca->folder),
                    0);
    CU_ASSERT_EQUAL(shell("cd %s && openssl verify -x509_strict -crl_check -CRLfile <(openssl crl "
                          "-inform DER -in pki/root.crl) -CAfile pki/root.pem pki/issuing.pem",
                          ca->folder),
                    0);
    CU_ASSERT_EQUAL(
        shell("certtool --verify-profile low --verify-chain --infile %s/pki/chain.pem", ca->folder),
        0);
    ASSERT_SAID("The certificate is trusted");
}

static void
ca_certificates_have_their_shape(void)
{
    CU_ASSERT_EQUAL(shell("openssl x509 -noout -text -in %s", ca->root_pem), 0);
    ASSERT_SAID("CA:TRUE\n");
    ASSERT_SAID("Subject: O = example.internal, CN = Signet root");
    CU_ASSERT_PTR_NULL(strstr(buffer_text(&out), "pathlen"));
    CU_ASSERT_EQUAL(shell("openssl x509 -noout -text -in %s", ca->issuing_pem), 0);
    ASSERT_SAID("CA:TRUE, pathlen:0");
    ASSERT_SAID("X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign");
    ASSERT_SAID("URI:spiffe://example.internal\n");
    ASSERT_SAID("/crl/root.crl");
    ASSERT_SAID("CA Issuers - URI:http://");
    CU_ASSERT_PTR_NULL(strstr(buffer_text(&out), "Extended Key Usage"));
    CU_ASSERT_PTR_NULL(strstr(buffer_text(&out), "OCSP"));
}

/* Validity is inclusive at both ends (C-06): the seconds are the difference and one. */
static void
lives_are_ten_and_two_years(void)
{
    static const char *const life =
        "e() { date -u -d \"$(openssl x509 -noout -in $1 -$2 | cut -d= -f2)\" +%%s; }; "
        "test $(( ($(e %s enddate) - $(e %s startdate) + 1) / 86400 )) = %d";

    CU_ASSERT_EQUAL(shell(life, ca->root_pem, ca->root_pem, 3652), 0);
    CU_ASSERT_EQUAL(shell(life, ca->issuing_pem, ca->issuing_pem, 731), 0);
}

static void
transcript_tells_what_openssl_sees(void)
{
    CU_ASSERT_EQUAL(
        shell("test \"$(openssl x509 -noout -fingerprint -sha256 -in %s | cut -d= -f2 | "
              "tr -d : | tr A-F a-f)\" = \"$(jq -r '.certificates[0].sha256' "
              "%s/transcript.json)\"",
              ca->root_pem, ca->folder),
        0);
    CU_ASSERT_EQUAL(
        shell("test \"$(jq -r '.keys[1].public_key' %s/transcript.json | tr -d '\\n')\" = "
              "\"$(openssl x509 -noout -pubkey -in %s | tr -d '\\n')\"",
              ca->folder, ca->issuing_pem),
        0);
    CU_ASSERT_EQUAL(shell("jq -r '.certificates[].certificate' %s/transcript.json | openssl x509 "
                          "-noout",
                          ca->folder),
                    0);
    CU_ASSERT_EQUAL(shell("jq -e '.certificates | length == 5 and (map(.sha256 and .not_after and "
                          ".serial) | all)' %s/transcript.json",
                          ca->folder),
                    0);
}

/* By the command line for people, which hands over to the ceremony. */
static void
the_root_token_is_measured(void)
{
    CU_ASSERT_EQUAL(shell("export SOFTHSM2_CONF=%s/tokens/root/softhsm2.conf; signet token bench "
                          "--module %s --token pkcs11:token=signet%%20root --pin-fd 3 --threads 2 "
                          "3<%s/pins/root.pin",
                          ca->folder, token_fixture_softhsm(), ca->folder),
                    0);
    ASSERT_SAID("signatures a second\nthreads           1         2\nP-256 ");
    ASSERT_SAID("\nEd25519 ");
    CU_ASSERT_EQUAL(shell("signet token bench --module /nowhere --pin-fd 3"), 2);
    ASSERT_SAID("--token is missing");
}

static void
everything_issued_is_recorded(void)
{
    CU_ASSERT_EQUAL(ca_sql_number(ca, "SELECT count(*) FROM issuer"), 2);
    CU_ASSERT_EQUAL(ca_sql_number(ca, "SELECT count(*) FROM certificate JOIN signature USING "
                                      "(issuer, serial)"),
                    3);
    CU_ASSERT_EQUAL(ca_sql_number(ca, "SELECT count(*) FROM crl WHERE der IS NOT NULL"), 2);
    CU_ASSERT_EQUAL(ca_sql_number(ca, "SELECT count(*) FROM identity"), 3);
    CU_ASSERT_EQUAL(ca_sql_number(ca, "SELECT count(*) FROM policy"), 1);
    CU_ASSERT_EQUAL(ca_sql_number(ca, "SELECT count(*) FROM audit_event WHERE action = "
                                      "'ceremony.init'"),
                    1);
}

static void
check_file(const char *name, mode_t mode, const char *root_owner)
{
    struct stat info;
    char path[160];

    snprintf(path, sizeof(path), "%s/%s", ca->folder, name);
    CU_ASSERT_EQUAL_FATAL(stat(path, &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 07777, mode);
    if (geteuid() == 0)
        CU_ASSERT_EQUAL(info.st_uid, getpwnam(root_owner)->pw_uid);
}

static void
secrets_belong_to_their_users(void)
{
    check_file("admin/admin.key", 0600, "root");
    check_file("tls/server.pem", 0600, "signet");
    check_file("tls", 0700, "signet");
    check_file("pins/issuing.pin", 0600, "root");
    check_file("tokens/issuing", 0700, "signet-signer");
    check_file("tokens/status", 0700, "signet-status");
    check_file("permits/issuing.conf", 0644, "root");
    check_file("signet.conf", 0644, "root");
    CU_ASSERT_NOT_EQUAL(shell("ls -d %s/.ceremony", ca->folder), 0);
}

/* --- what it refuses --- */

/* A second authority's tokens and folders in work/NAME, all as one user; its options in $init. */
static const char *const prepare =
    "set -e; S=%s/work/%s; mkdir -p $S/pins; for r in root issuing status; do\n"
    "  mkdir -p $S/tokens/$r; printf 13572468 > $S/pins/$r.pin\n"
    "  printf 'directories.tokendir = %%s\\nlog.level = ERROR\\n' $S/tokens/$r > "
    "$S/tokens/$r/softhsm2.conf\n"
    "  SOFTHSM2_CONF=$S/tokens/$r/softhsm2.conf signet-ceremony token --module %s --label $r "
    "--so-pin-fd 3 --pin-fd 4 3<$S/pins/$r.pin 4<$S/pins/$r.pin\n"
    "done\n";

static int
second_init(const char *name, const char *database, const char *more)
{
    return shell("S=%s/work/%s; exec signet-ceremony init --state $S --trust-domain other.internal "
                 "--admin bob --database 'host=%s dbname=%s' --module %s --token-root "
                 "pkcs11:token=root --token-issuing pkcs11:token=issuing --token-status "
                 "pkcs11:token=status %s",
                 ca->folder, name, ca->socket, database, token_fixture_softhsm(), more);
}

static void
second_prepare(const char *name)
{
    CU_ASSERT_EQUAL_FATAL(shell(prepare, ca->folder, name, token_fixture_softhsm()), 0);
}

static const char *const digest_all = "cd %s && find signet.conf permits pki transcript.json admin "
                                      "tls tokens pins signer -type f | sort | xargs sha256sum | "
                                      "sha256sum";

static void
a_second_run_touches_nothing(void)
{
    char before[80];
    long long rows =
        ca_sql_number(ca, "SELECT (SELECT count(*) FROM certificate) + (SELECT count(*) "
                          "FROM audit_event) + (SELECT sum(number) FROM crl_shard)");

    CU_ASSERT_EQUAL(shell(digest_all, ca->folder), 0);
    snprintf(before, sizeof(before), "%.64s", buffer_text(&out));
    CU_ASSERT_EQUAL(
        shell("exec signet init --state %s --trust-domain example.internal --admin alice "
              "--database 'host=%s dbname=signet' --module %s --token-root "
              "pkcs11:token=signet%%20root --token-issuing pkcs11:token=signet%%20issuing "
              "--token-status pkcs11:token=signet%%20status",
              ca->folder, ca->socket, token_fixture_softhsm()),
        3);
    ASSERT_SAID("holds an authority already");
    CU_ASSERT_EQUAL(shell(digest_all, ca->folder), 0);
    CU_ASSERT_EQUAL(strncmp(before, buffer_text(&out), 64), 0);
    CU_ASSERT_EQUAL(ca_sql_number(ca,
                                  "SELECT (SELECT count(*) FROM certificate) + (SELECT count(*) "
                                  "FROM audit_event) + (SELECT sum(number) FROM crl_shard)"),
                    rows);
}

static void
a_database_with_an_issuer_is_refused(void)
{
    second_prepare("taken");
    CU_ASSERT_EQUAL(second_init("taken", "signet", ""), 3);
    ASSERT_SAID("the database holds an authority already");
    /* Not even the keys were made. */
    CU_ASSERT_EQUAL(shell("find %s/work/taken -name '*.ceremony' -o -name signet.conf -o -name pki",
                          ca->folder),
                    0);
    CU_ASSERT_EQUAL(out.len, 0);
    CU_ASSERT_EQUAL(
        shell("SOFTHSM2_CONF=%s/work/taken/tokens/root/softhsm2.conf p11tool --provider "
              "%s --login --set-pin=13572468 --list-all 2>/dev/null | grep -c Object",
              ca->folder, token_fixture_softhsm()),
        1);
}

static void
new_database(const char *name)
{
    CU_ASSERT_EQUAL_FATAL(
        shell("psql -q 'host=%s user=postgres dbname=postgres' -c 'CREATE DATABASE "
              "%s OWNER signet_owner'",
              ca->socket, name),
        0);
}

static void
a_failure_leaves_nothing_that_can_be_started(void)
{
    second_prepare("wrongpin");
    new_database("wrongpin");
    CU_ASSERT_EQUAL(shell("printf 99999999 > %s/work/wrongpin/pins/status.pin", ca->folder), 0);
    CU_ASSERT_EQUAL(second_init("wrongpin", "wrongpin", ""), 1);
    ASSERT_SAID("CKR_PIN_INCORRECT");
    CU_ASSERT_EQUAL(shell("ls %s/work/wrongpin/signet.conf", ca->folder), 2);
    CU_ASSERT_EQUAL(shell("grep -c 'made key' %s/work/wrongpin/.ceremony/progress", ca->folder), 0);
    ASSERT_SAID("2");
    /* The next run tells where it stopped. */
    CU_ASSERT_EQUAL(second_init("wrongpin", "wrongpin", ""), 3);
    ASSERT_SAID("did not finish");
    ASSERT_SAID("failed to make the keys");
}

static void
runs_as_one_user_on_given_tokens(void)
{
    second_prepare("second");
    new_database("second");
    CU_ASSERT_EQUAL(second_init("second", "second",
                                "--publish-url http://pki.other.internal "
                                "--server-name ca.other.internal"),
                    0);
    ASSERT_SAID("root fingerprint");
    CU_ASSERT_EQUAL(
        shell("openssl x509 -noout -text -in %s/work/second/admin/admin.pem", ca->folder), 0);
    ASSERT_SAID("URI:http://pki.other.internal/crl/issuing-1.crl");
    ASSERT_SAID("URI:spiffe://other.internal/admin/bob");
    CU_ASSERT_EQUAL(
        shell("openssl x509 -noout -text -in %s/work/second/tls/server.pem", ca->folder), 0);
    ASSERT_SAID("DNS:ca.other.internal, IP Address:127.0.0.1");
}

static void
wrong_command_lines_are_named(void)
{
    static const struct {
        const char *more;
        const char *said;
    } rows[] = {
        {"--colour red", "--colour"},
        {"--admin twice", "stands twice"},
        {"--https localhost:8443", "numeric address"},
        {"--https 127.0.0.1:0", "numeric address"},
        {"--publish 0.0.0.0:8080", "--publish-url is missing"},
        {"--publish-url https://pki.example", "http://"},
        {"--publish-url http://pki.example/", "end without /"},
        {"--owner 'a\"b'", "--owner needs a value"},
        {"--owner", "--owner needs a value"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CU_ASSERT_EQUAL(second_init("usage", "usage", rows[i].more), 2);
        ASSERT_SAID(rows[i].said);
    }
    CU_ASSERT_EQUAL(
        shell("signet-ceremony init --state /tmp/x --trust-domain Example --admin a "
              "--database dbname=x --module /m --token-root pkcs11:token=a --token-issuing "
              "pkcs11:token=a --token-status pkcs11:token=a"),
        2);
    ASSERT_SAID("SPIFFE id");
    CU_ASSERT_EQUAL(shell("signet-ceremony init --state /tmp/x"), 2);
    ASSERT_SAID("is missing");
    CU_ASSERT_EQUAL(shell("signet-ceremony nonsense"), 2);
    CU_ASSERT_EQUAL(shell("signet-ceremony init --help"), 0);
}

int
main(void)
{
    static const struct ca_options options = {.stopped = true};
    int status;

    buffer_init(&out, 1024 * 1024);
    ca = ca_start(&options);
    status =
        RUN_SUITE("ceremony", TEST(openssl_and_gnutls_accept_the_chain),
                  TEST(ca_certificates_have_their_shape), TEST(lives_are_ten_and_two_years),
                  TEST(transcript_tells_what_openssl_sees), TEST(the_root_token_is_measured),
                  TEST(everything_issued_is_recorded), TEST(secrets_belong_to_their_users),
                  TEST(a_second_run_touches_nothing), TEST(a_database_with_an_issuer_is_refused),
                  TEST(a_failure_leaves_nothing_that_can_be_started),
                  TEST(runs_as_one_user_on_given_tokens), TEST(wrong_command_lines_are_named));
    ca_stop(ca);
    buffer_done(&out);
    return status;
}
