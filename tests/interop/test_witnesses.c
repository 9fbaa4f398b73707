/*
 * Nothing is proved by our own code alone: OpenSSL, GnuTLS, curl and nginx judge what a running
 * authority emits. Each witness is a shell script beside this file; one that cannot run because its
 * program is missing fails, it does not pass.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ca_fixture.h"
#include "suite.h"

static struct ca *authority;

static void
witness(const char *script)
{
    AUTO_BUFFER out = {.max = 1024 * 1024};
    char path[512], publish[64], state[80];
    const char *env[] = {publish, state, NULL};
    const char *argv[] = {"bash", path, NULL};
    int status;

    snprintf(path, sizeof(path), "%s/tests/interop/%s.sh", SIGNET_SOURCE, script);
    snprintf(publish, sizeof(publish), "PUBLISH=%s", authority->publish_url);
    snprintf(state, sizeof(state), "STATE=%s", authority->folder);
    status = ca_run_argv(authority, NULL, &out, NULL, env, argv);
    if (status != 0)
        printf("\n%s", buffer_text(&out));
    CU_ASSERT_EQUAL(status, 0);
}

static void
openssl_verifies_chain_and_crls(void)
{
    witness("openssl_verify");
}

static void
openssl_asks_ocsp_by_get_and_post(void)
{
    witness("openssl_ocsp");
}

static void
gnutls_verifies_chain_crl_and_ocsp(void)
{
    witness("gnutls");
}

static void
nginx_and_curl_speak_mutual_tls(void)
{
    witness("nginx");
}

int
main(void)
{
    int status;

    authority = ca_start(NULL);
    status = RUN_SUITE(
        "witnesses", TEST(openssl_verifies_chain_and_crls), TEST(openssl_asks_ocsp_by_get_and_post),
        TEST(gnutls_verifies_chain_crl_and_ocsp), TEST(nginx_and_curl_speak_mutual_tls));
    ca_stop(authority);
    return status;
}
