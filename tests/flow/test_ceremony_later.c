/* What the ceremony does for an authority that exists: an administrator when there is none left,
 * and the root's next CRL. */
#include "suite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ca_fixture.h"

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

static int
admin(const char *name)
{
    return shell("exec signet-ceremony admin --state %s --name %s", ca->folder, name);
}

/* Everything that a ceremony might have written. */
static long long
rows(void)
{
    return ca_sql_number(ca, "SELECT (SELECT count(*) FROM certificate) + (SELECT count(*) FROM "
                             "identity) + (SELECT count(*) FROM audit_event WHERE actor = "
                             "'ceremony') + (SELECT sum(number) FROM crl_shard)");
}

static void
refuses_beside_a_signer_in_service(void)
{
    long long before = rows();

    CU_ASSERT_EQUAL(admin("bob"), 1);
    ASSERT_SAID("stop signetd");
    CU_ASSERT_EQUAL(rows(), before);
    CU_ASSERT_NOT_EQUAL(shell("ls -d %s/admin/bob.* %s/.ceremony", ca->folder, ca->folder), 0);
    CU_ASSERT_TRUE(ca_wait_ready(ca, 1000));
}

/* The last administrator is out of service: over HTTPS nobody can make another. */
static void
the_last_administrator_is_replaced(void)
{
    CU_ASSERT_EQUAL(shell("signet revoke --identity admin/alice --yes"), 0);
    CU_ASSERT_EQUAL(shell("signet identity list"), 1);
    CU_ASSERT_EQUAL(ca_signetd_stop(ca), 0);
    CU_ASSERT_EQUAL(admin("bob"), 0);
    ASSERT_SAID("/admin/bob.pem");
    CU_ASSERT_EQUAL(shell("cd %s && openssl verify -x509_strict -purpose sslclient -CAfile "
                          "pki/root.pem -untrusted pki/issuing.pem admin/bob.pem",
                          ca->folder),
                    0);
    CU_ASSERT_EQUAL(shell("stat -c %%a %s/admin/bob.key", ca->folder), 0);
    ASSERT_SAID("600");
    ca_signetd_start(ca);
    CU_ASSERT_EQUAL(shell("export SIGNET_CERT=%s/admin/bob.pem SIGNET_KEY=%s/admin/bob.key; signet "
                          "identity create shop/web --owner shop && signet token create shop/web",
                          ca->folder, ca->folder),
                    0);
    CU_ASSERT_EQUAL(ca_sql_number(ca, "SELECT count(*) FROM certificate c JOIN signature USING "
                                      "(issuer, serial) JOIN identity i ON i.id = c.identity WHERE "
                                      "i.name = 'admin/bob' AND grant_kind = 5"),
                    1);
    CU_ASSERT_EQUAL(ca_sql_number(ca, "SELECT count(*) FROM audit_event WHERE action = "
                                      "'ceremony.admin' AND object = 'admin/bob'"),
                    1);
}

static void
refusals_of_admin_write_nothing(void)
{
    static const struct {
        const char *arguments;
        int status;
        const char *said;
    } table[] = {
        {"--name bob", 3, "is there already"},
        {"--name alice", 1, "is revoked"},
        {"--name two/parts", 2, "SPIFFE id"},
        {"--name 'a b'", 2, "SPIFFE id"},
        {"", 2, "--name is missing"},
        {"--name x --colour red", 2, "--colour"},
        {"--name x --config /nowhere/signet.conf", 1, "/nowhere/signet.conf"},
        {"--name x --config signet.conf", 2, "absolute"},
    };
    long long before;

    CU_ASSERT_EQUAL(ca_signetd_stop(ca), 0);
    before = rows();
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        CU_ASSERT_EQUAL(
            shell("exec signet-ceremony admin --state %s %s", ca->folder, table[i].arguments),
            table[i].status);
        ASSERT_SAID(table[i].said);
    }
    CU_ASSERT_EQUAL(rows(), before);
    CU_ASSERT_NOT_EQUAL(shell("ls -d %s/.ceremony", ca->folder), 0);
}

/* One that is there already stays as it is; a newer one is not for these programs. */
static void
the_database_is_brought_to_the_level(void)
{
    long long level = ca_sql_number(ca, "SELECT max(level) FROM schema_version");

    CU_ASSERT_EQUAL(shell("exec signet-ceremony migrate --config %s", ca->config), 0);
    ASSERT_SAID("database at level ");
    CU_ASSERT_EQUAL(ca_sql_number(ca, "SELECT max(level) FROM schema_version"), level);
    ca_sql(ca, NULL,
           "INSERT INTO schema_version (level, name, checksum) VALUES (999, 'later', "
           "sha256('x'))");
    CU_ASSERT_EQUAL(shell("exec signet-ceremony migrate --config %s", ca->config), 1);
    ASSERT_SAID("it is too old");
    ca_sql(ca, NULL, "DELETE FROM schema_version WHERE level = 999");
    CU_ASSERT_EQUAL(shell("exec signet-ceremony migrate"), 2);
    ASSERT_SAID("--config is missing");
}

static void
one_ceremony_at_a_time(void)
{
    CU_ASSERT_EQUAL(shell("mkdir %s/.ceremony", ca->folder), 0);
    CU_ASSERT_EQUAL(admin("carol"), 3);
    ASSERT_SAID("another ceremony");
    CU_ASSERT_EQUAL(shell("exec signet-ceremony root-crl --state %s", ca->folder), 3);
    CU_ASSERT_EQUAL(shell("rmdir %s/.ceremony", ca->folder), 0);
}

/* The signer in service does not mind: the root has a key and a shard of its own. */
static void
the_root_gets_its_next_crl(void)
{
    ca_signetd_start(ca);
    CU_ASSERT_EQUAL(
        shell("openssl crl -inform DER -noout -crlnumber -in %s/pki/root.crl", ca->folder), 0);
    ASSERT_SAID("0x01");
    CU_ASSERT_EQUAL(shell("exec signet-ceremony root-crl --state %s", ca->folder), 0);
    ASSERT_SAID("CRL of the root, until 20");
    CU_ASSERT_EQUAL(shell("openssl crl -inform DER -noout -crlnumber -verify -CAfile %s -in "
                          "%s/pki/root.crl",
                          ca->root_pem, ca->folder),
                    0);
    ASSERT_SAID("0x02");
    ASSERT_SAID("verify OK");
    CU_ASSERT_EQUAL(shell("for i in $(seq 100); do curl -sf %s/crl/root.crl | cmp -s - "
                          "%s/pki/root.crl && exit 0; sleep 0.1; done; exit 1",
                          ca->publish_url, ca->folder),
                    0);
    CU_ASSERT_EQUAL(ca_sql_number(ca, "SELECT count(*) FROM audit_event WHERE action = "
                                      "'ceremony.root_crl'"),
                    1);
}

static void
a_wrong_root_pin_leaves_the_number(void)
{
    long long before = rows();

    CU_ASSERT_EQUAL(shell("(umask 077; printf 99999999 > %s/wrong.pin); exec signet-ceremony "
                          "root-crl --state %s --pin %s/wrong.pin",
                          ca->work, ca->folder, ca->work),
                    1);
    ASSERT_SAID("CKR_PIN_INCORRECT");
    CU_ASSERT_EQUAL(rows(), before);
}

int
main(void)
{
    int status;

    buffer_init(&out, 1024 * 1024);
    ca = ca_start(NULL);
    status =
        RUN_SUITE("later ceremonies", TEST(refuses_beside_a_signer_in_service),
                  TEST(the_last_administrator_is_replaced), TEST(refusals_of_admin_write_nothing),
                  TEST(the_database_is_brought_to_the_level), TEST(one_ceremony_at_a_time),
                  TEST(the_root_gets_its_next_crl), TEST(a_wrong_root_pin_leaves_the_number));
    ca_stop(ca);
    buffer_done(&out);
    return status;
}
