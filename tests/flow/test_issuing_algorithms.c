/* A whole authority per algorithm of the keys in its tokens: root, issuing and OCSP key alike. */
#include "suite.h"

#include <stdio.h>
#include <string.h>

#include "ca_fixture.h"
#include "flow_life.h"

/* What OpenSSL says of a file's signature algorithm. */
static void
signed_with(struct ca *ca, const char *command, const char *wanted)
{
    AUTO_BUFFER out = {.max = 65536};

    CU_ASSERT_EQUAL(ca_run(ca, NULL, &out, "bash", "-c", command, NULL), 0);
    if (!strstr(buffer_text(&out), wanted)) {
        printf("\n    %s: wanted %s\n", command, wanted);
        CU_FAIL("another signature algorithm");
    }
}

static void
authority_with(const char *algorithm, const char *signature, const char *key_type)
{
    const char *const init[] = {"--algorithm", algorithm, "--key-type", key_type, NULL};
    struct ca *ca = ca_start(&(struct ca_options){.init = init});

    life_run(ca, "host", key_type);
    signed_with(ca, "openssl x509 -noout -text -in host.pem", signature);
    signed_with(ca, "openssl crl -noout -text -in host.crl.pem", signature);
    signed_with(ca, "openssl x509 -noout -text -in ../pki/root.pem", signature);
    signed_with(ca, "openssl x509 -noout -text -in ../pki/issuing.pem", signature);
    signed_with(ca, "openssl crl -inform DER -noout -text -in ../pki/root.crl", signature);
    signed_with(ca, "cat ../permits/issuing.conf", "algorithm = \"");
    ca_stop(ca);
}

static void
p384(void)
{
    authority_with("p384", "ecdsa-with-SHA384", "P-384");
}

static void
rsa3072(void)
{
    authority_with("rsa3072", "sha256WithRSAEncryption", "RSA");
}

static void
ed25519(void)
{
    authority_with("ed25519", "ED25519", "Ed25519");
}

int
main(void)
{
    return RUN_SUITE("issuing algorithms", TEST(p384), TEST(rsa3072), TEST(ed25519));
}
