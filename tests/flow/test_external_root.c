/* An issuing CA below somebody else's root: OpenSSL plays the root, rightly and in every wrong way.
 */
#include "suite.h"

#include <stdio.h>
#include <string.h>

#include "ca_fixture.h"
#include "flow_life.h"

static struct ca *ca;
static struct buffer out;

/* In the work folder, with the functions of the root (support/external_root.sh). */
static int
shell(const char *command)
{
    char script[4096];

    snprintf(script, sizeof(script), "set -euo pipefail\n. '%s'\n%s",
             SIGNET_SOURCE "/tests/flow/support/external_root.sh", command);
    buffer_clear(&out);
    return ca_run(ca, NULL, &out, "bash", "-c", script, NULL);
}

static void
must(const char *command)
{
    int status = shell(command);

    if (status != 0)
        printf("\n    %s\n    %s", command, buffer_text(&out));
    CU_ASSERT_EQUAL(status, 0);
}

static void
refused(const char *command, int status, const char *said)
{
    int found = shell(command);

    if (found != status || !strstr(buffer_text(&out), said))
        printf("\n    %s\n    status %d, wanted %d and \"%s\":\n    %s", command, found, status,
               said, buffer_text(&out));
    CU_ASSERT_EQUAL(found, status);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), said));
}

static void
options_that_do_not_fit(void)
{
    refused("again", 2, "--token-root is missing");
    refused("again --root-csr a --root-cert b", 2, "two steps");
    refused("again --root-csr a --token-root pkcs11:token=x", 2,
            "--token-root is for a root of our own");
    refused("again --root-cert nothing.pem", 1, "no request that waits");
    must("test ! -e ../.ceremony");
}

static void
the_request_is_that_of_a_ca(void)
{
    must("again --root-csr $PWD/issuing.csr");
    must("openssl req -in issuing.csr -noout -verify 2>&1 | grep -q OK");
    must("openssl req -in issuing.csr -noout -subject | grep 'O = example.internal, CN = Signet "
         "issuing-1'");
    must("openssl req -in issuing.csr -noout -text | grep 'CA:TRUE, pathlen:0'");
    must("openssl req -in issuing.csr -noout -text | grep 'Certificate Sign, CRL Sign'");
    must("openssl req -in issuing.csr -noout -text | grep 'URI:spiffe://example.internal'");
    must("test ! -e ../signet.conf -a ! -e ../pki/root.pem");
    /* The keys are made once: neither a second request nor a ceremony with a root of our own. */
    refused("again --root-csr $PWD/other.csr", 3, "waits for the external root");
    refused("again --token-root pkcs11:token=signet%20root", 3, "waits for the external root");
}

static void
roots_are_made(void)
{
    must("root root '/O=Other/CN=Other root' \"$good_root\"$'\\nsubjectKeyIdentifier=hash'");
    /* Without key identifiers, so that only the signatures tell */
    must("good_root+=$'\\nsubjectKeyIdentifier=none'\n"
         "root twin '/O=Other/CN=Other root' \"$good_root\"\n"
         "root else '/O=Other/CN=Another' \"$good_root\"\n"
         "root flat '/O=Other/CN=Flat root' \"${good_root/TRUE/TRUE,pathlen:0}\"");
    must("root leaf '/O=Other/CN=Leaf root' 'basicConstraints=critical,CA:FALSE'");
    must("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout foreign.key "
         "-out foreign.csr -subj '/O=example.internal/CN=Signet issuing-1' 2>/dev/null");
}

static void
what_is_wrong_is_named(void)
{
    static const struct {
        const char *make; /* bad.pem */
        const char *said;
    } rows[] = {
        {"csr=foreign.csr sign bad root \"$good\"", "not for the key of the request"},
        {"sign bad root \"$good\" -subj /CN=Other", "the issuing certificate's name is"},
        {"sign bad root 'basicConstraints=critical,CA:FALSE'", "not that of a CA"},
        {"sign bad root \"${good/pathlen:0/pathlen:1}\"", "path length must be 0"},
        {"sign bad root \"${good/,pathlen:0/}\"", "path length must be 0"},
        {"sign bad root \"${good/,cRLSign/}\"", "lacks keyCertSign or cRLSign"},
        {"sign bad root \"$good\"$'\\nextendedKeyUsage=serverAuth'", "extended key usage"},
        {"sign bad root \"${good/subjectKeyIdentifier=hash/subjectKeyIdentifier=none}\"",
         "no subject key identifier"},
        {"sign bad root \"${good/example.internal/example.com}\"", "another trust domain"},
        {"days=10 sign bad root \"$good\"", "at least 30 days"},
        {"days=3700 sign bad root \"$good\"", "after its root"},
        {"sign bad root \"$good\"$'\\n1.2.3.4.5=critical,ASN1:NULL'", "1.2.3.4.5: critical"},
        {"sign bad root \"$good\"; cat bad.leaf twin.pem >bad.pem", "not signed by the root"},
        {"sign bad root \"$good\"; cat bad.leaf else.pem >bad.pem",
         "issuer is not the name of the root"},
        {"sign bad root \"$good\"; cat bad.leaf bad.leaf >bad.pem", "path length is 0"},
        {"sign bad flat \"${good/authorityKeyIdentifier=keyid/}\"", "the root's path length is 0"},
        {"sign bad leaf \"${good/authorityKeyIdentifier=keyid/}\"", "root's certificate"},
        {"sign bad root \"$good\"; cp bad.leaf bad.pem", "found 1"},
        {"sign bad root \"$good\"; cat root.pem bad.leaf >bad.pem", "not for the key"},
        {"sign bad root \"$good\"; cat bad.leaf root.pem root.pem >bad.pem",
         "more than two certificates"},
        {"echo nothing >bad.pem", "found 0"},
        {"rm -f bad.pem", "bad.pem"},
    };
    char command[1024];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        snprintf(command, sizeof(command), "%s\nagain --root-cert $PWD/bad.pem", rows[i].make);
        refused(command, 1, rows[i].said);
    }
    must("test -e ../.ceremony/waiting -a ! -e ../signet.conf -a ! -e ../pki/root.pem");
}

static void
the_right_one_makes_the_authority(void)
{
    must("sign issuing root \"$good\"; again --root-cert $PWD/issuing.pem");
    must("test ! -e ../.ceremony -a -e ../signet.conf -a ! -e ../pki/root.crl");
    must("cmp root.pem <(openssl x509 -in ../pki/root.pem)");
    must("jq -e '.root_crl == null and .keys[0].uri == \"external\"' ../transcript.json");
    refused("again --root-cert $PWD/issuing.pem", 1, "no request that waits");
    ca_signetd_start(ca);
    life_run(ca, "below", "P-256");
}

static void
the_root_signs_nothing_here(void)
{
    refused("signet-ceremony root-crl --state $(realpath ..)", 1, "the root is external");
    CU_ASSERT_EQUAL(ca_signetd_stop(ca), 0);
    must("signet-ceremony admin --state $(realpath ..) --name bob");
    must("openssl verify -CAfile ../pki/root.pem -untrusted ../pki/issuing.pem ../admin/bob.pem");
}

int
main(void)
{
    int status;

    buffer_init(&out, 1024 * 1024);
    ca = ca_start(&(struct ca_options){.no_ceremony = true});
    status =
        RUN_SUITE("external root", TEST(options_that_do_not_fit), TEST(the_request_is_that_of_a_ca),
                  TEST(roots_are_made), TEST(what_is_wrong_is_named),
                  TEST(the_right_one_makes_the_authority), TEST(the_root_signs_nothing_here));
    ca_stop(ca);
    buffer_done(&out);
    return status;
}
