/* The whole story with the keys in NSS softokn, the second module: nothing depends on one vendor.
 */
#include "suite.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "ca_fixture.h"
#include "flow_life.h"

enum { SKIPPED = 77, READY_MS = 60000 };

static struct ca *ca;

/* In the shell of the work folder; what it said is shown when it fails. */
static void
shell(const char *command)
{
    AUTO_BUFFER out = {.max = 65536};
    int status = ca_run(ca, NULL, &out, "bash", "-c", command, NULL);

    if (status != 0)
        printf("\n    %s\n    %s", command, buffer_text(&out));
    CU_ASSERT_EQUAL(status, 0);
}

static void
lives_of_two_types(void)
{
    life_run(ca, "nss-p256", "P-256");
    life_run(ca, "nss-p384", "P-384");
}

static void
no_softhsm_is_near(void)
{
    shell("! grep -i softhsm ../signet.conf");
    shell("test $(grep -c 'libsoftokn3.so' ../signet.conf) = 2");
    shell("test $(grep -c 'waivers = {\"local\"}' ../signet.conf) = 2");
    shell("jq -r .module ../transcript.json | grep Mozilla");
}

/* Login, search and key checks of a fresh process on a database that others have written. */
static void
comes_back_after_a_crash(void)
{
    CU_ASSERT_TRUE(ca_kill(ca, CA_ISSUING, SIGKILL));
    CU_ASSERT_TRUE(ca_kill(ca, CA_STATUS, SIGKILL));
    CU_ASSERT_TRUE(ca_wait_ready(ca, READY_MS));
    life_run(ca, "nss-again", "P-256");
}

static void
the_root_signs_again(void)
{
    char command[512];

    snprintf(command, sizeof(command),
             "signet-ceremony root-crl --state %s --module-init \"configDir='sql:%s/tokens/root' "
             "flags= dbTokenDescription='signet root'\"",
             ca->folder, ca->folder);
    shell(command);
    shell("openssl crl -inform DER -in ../pki/root.crl -CAfile ../pki/root.pem -noout 2>&1 | "
          "grep 'verify OK'");
}

static bool
nss_is_installed(void)
{
    static const char *const places[] = {
        "/usr/lib/x86_64-linux-gnu/libsoftokn3.so", "/usr/lib/aarch64-linux-gnu/libsoftokn3.so",
        "/usr/lib/x86_64-linux-gnu/nss/libsoftokn3.so", "/usr/lib64/libsoftokn3.so"};

    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (access(places[i], R_OK) == 0)
            return access("/usr/bin/certutil", X_OK) == 0;
    return false;
}

int
main(void)
{
    int status;

    if (!nss_is_installed()) {
        printf("NSS softokn or certutil is not installed (libnss3, libnss3-tools)\n");
        return SKIPPED;
    }
    ca = ca_start(&(struct ca_options){.nss = true});
    status = RUN_SUITE("nss", TEST(lives_of_two_types), TEST(no_softhsm_is_near),
                       TEST(comes_back_after_a_crash), TEST(the_root_signs_again));
    ca_stop(ca);
    return status;
}
