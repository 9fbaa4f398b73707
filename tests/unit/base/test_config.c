#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signet/config.h"
#include "signet/limits.h"
#include "signet/settings.h"
#include "suite.h"

/* A whole file; tests replace one piece of it. */
static const char whole[] =
    "# the first line\n"
    "user { server = \"signet\" issuing = signet-signer }\n"
    "database {\n"
    "    server = \"host=/run/pg user=signet_server dbname=signet\"\n"
    "    signer = \"host=/run/pg user=signet_signer dbname=signet\"\n"
    "    status = \"host=/run/pg user=signet_status dbname=signet\"\n"
    "}\n"
    "token issuing {\n"
    "    module = \"/usr/lib/softhsm/libsofthsm2.so\"\n"
    "    uri = \"pkcs11:token=issuing;object=key\"\n"
    "    pin_file = \"/etc/signet/issuing.pin\"\n"
    "    environment = {\"SOFTHSM2_CONF=/etc/signet/softhsm2.conf\", 'A=b'}\n"
    "    sessions = 3\n"
    "    permit = \"/etc/signet/issuing.conf\"\n"
    "    state = \"/var/lib/signet/issuing\"\n"
    "}\n"
    "token \"status\" {\n"
    "    module = /usr/lib/softhsm/libsofthsm2.so\n"
    "    uri = \"pkcs11:token=status;object=key\"\n"
    "    pin_file = \"/etc/signet/status.pin\"\n"
    "    permit = \"/etc/signet/status.conf\"\n"
    "    state = \"/var/lib/signet/status\"\n"
    "    waivers = {\"CKA_LOCAL\"}\n"
    "}\n"
    "server {\n"
    "    https = {\"127.0.0.1:8443\", \"[::1]:8443\"} // both\n"
    "    publish = {\"127.0.0.1:8080\"}\n"
    "    tls = \"/var/lib/signet/tls\"\n"
    "    names = {\"localhost\"} /* a comment\n over lines */\n"
    "    addresses = {\"127.0.0.1\", \"::1\"}\n"
    "    workers = 4\n"
    "}\n"
    "rate { address_per_s = 7 }\n";

static char config_path[] = "/tmp/signet-config-XXXXXX";
static struct config config;

static void
write_config(const void *text, size_t len)
{
    FILE *file = fopen(config_path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(text, 1, len, file), len);
    fclose(file);
}

/* The whole file with the first `old` replaced. */
static void
write_changed(const char *old, const char *fresh)
{
    char text[sizeof(whole) + 8192];
    const char *at = strstr(whole, old);

    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - whole), whole, fresh, at + strlen(old));
    write_config(text, strlen(text));
}

static void
a_whole_file_is_read(void)
{
    struct error err = {0};

    write_config(whole, strlen(whole));
    if (!ASSERT_OK(config_load(config_path, &config, &err), &err))
        return;
    CU_ASSERT_STRING_EQUAL(config.path, config_path);
    CU_ASSERT_STRING_EQUAL(config.user.server, "signet");
    CU_ASSERT_STRING_EQUAL(config.user.issuing, "signet-signer");
    CU_ASSERT_STRING_EQUAL(config.user.status, "");
    CU_ASSERT_STRING_EQUAL(config.database.signer, "host=/run/pg user=signet_signer dbname=signet");
    CU_ASSERT_STRING_EQUAL(config.token[ROLE_ISSUING].uri, "pkcs11:token=issuing;object=key");
    CU_ASSERT_STRING_EQUAL(config.token[ROLE_STATUS].uri, "pkcs11:token=status;object=key");
    CU_ASSERT_STRING_EQUAL(config.token[ROLE_STATUS].module, "/usr/lib/softhsm/libsofthsm2.so");
    CU_ASSERT_EQUAL(config.token[ROLE_ISSUING].environment.count, 2);
    CU_ASSERT_STRING_EQUAL(config.token[ROLE_ISSUING].environment.item[1], "A=b");
    CU_ASSERT_EQUAL(config.token[ROLE_STATUS].environment.count, 0);
    CU_ASSERT_EQUAL(config.token[ROLE_STATUS].waivers.count, 1);
    CU_ASSERT_EQUAL(config.token[ROLE_ISSUING].sessions, 3);
    CU_ASSERT_EQUAL(config.server.https.count, 2);
    CU_ASSERT_STRING_EQUAL(config.server.https.item[1], "[::1]:8443");
    CU_ASSERT_EQUAL(config.server.workers, 4);
    CU_ASSERT_EQUAL(config.rate.address_per_s, 7);
}

static void
what_is_absent_has_its_default(void)
{
    struct error err = {0};

    write_config(whole, strlen(whole));
    if (!ASSERT_OK(config_load(config_path, &config, &err), &err))
        return;
    CU_ASSERT_STRING_EQUAL(config.programs, "");
    CU_ASSERT_EQUAL(config.token[ROLE_STATUS].sessions, 2);
    CU_ASSERT_EQUAL(config.server.publish_workers, 8);
    CU_ASSERT_EQUAL(config.server.connections, 4096);
    CU_ASSERT_STRING_EQUAL(config.server.health, "127.0.0.1:9180");
    CU_ASSERT_EQUAL(config.rate.address_burst, 200);
    CU_ASSERT_EQUAL(config.jobs.crl_life_s, 86400);
    CU_ASSERT_EQUAL(config.jobs.audit_days, 400);
}

/* Each mistake, the line it must be told with, and words of the complaint. */
static const struct {
    const char *old, *fresh;
    unsigned line;
    const char *words;
} mistakes[] = {
    /* what libconfuse takes in silence */
    {"workers = 4", "workers = 4\n workers = 5", 33, "workers is given twice, first in line 32"},
    {"rate {", "rate { address_burst = 3 }\nrate {", 35, "section rate is given twice"},
    {"rate { address_per_s = 7 }\n", "rate { address_per_s = 7\n", 34, "rate, which begins here"},
    {"workers = 4", "workers = 010", 32, "a decimal number from 1 to 62, found \"010\""},
    {"workers = 4", "workers = 0x4", 32, "a decimal number"},
    {"workers = 4", "workers = \"${HOME}\"", 32, "${...}"},
    {"workers = 4", "workers = ${HOME}", 32, "outside of quotes"},
    {"    names = {\"localhost\"}", "names += {\"localhost\"}", 29, "+="},
    {"\"/etc/signet/issuing.pin\"", "\"/etc/signet/issuing.pin", 11, "never closed"},
    {"\"/etc/signet/issuing.pin\"", "'/etc/signet/issuing.pin", 11, "never closed"},
    {"\"/etc/signet/issuing.pin\"", "\"/etc/\\x41\"", 11, "backslash"},
    {"\"/etc/signet/issuing.pin\"", "\"/etc/\x01\"", 11, "control character 0x01"},
    {"/* a comment\n over lines */", "/* a comment\n over lines", 29, "comment"},
    {"rate { address_per_s = 7 }\n", "rate { jobs { crl_life_s = 60 } }\n", 34,
     "within section rate"},
    /* what it refuses too, in our words */
    {"workers = 4", "wrokers = 4", 32,
     "\"wrokers\" is not known in section server; known are https"},
    {"rate {", "rates {", 34, "section \"rates\" is not known"},
    {"token issuing", "token isuing", 8, "section \"token isuing\" is not known"},
    {"token \"status\"", "token issuing", 17, "section token issuing is given twice"},
    {"rate {", "workers = 4\nrate {", 34, "\"workers\" is not known; known are programs"},
    {"rate { address_per_s = 7 }\n", "}\n", 34, "wanted the name of an option"},
    {"workers = 4", "workers 4", 32, "wanted = or {"},
    {"workers = 4", "workers = ", 33, "wanted a value, found \"}\""},
    {"workers = 4", "workers = {4}", 32, "wanted a value"},
    {"{\"localhost\"}", "\"localhost\"", 29, "a list in braces"},
    {"{\"localhost\"}", "{\"localhost\",}", 29, "an item of the list"},
    {"{\"localhost\"}", "{\"localhost\" \"b\"}", 29, "a comma or }"},
    {"{\"localhost\"}", "{\"\"}", 29, "items that are not empty"},
    /* values */
    {"workers = 4", "workers = 0", 32, "from 1 to 62, found \"0\""},
    {"workers = 4", "workers = 63", 32, "from 1 to 62"},
    {"workers = 4", "workers = -4", 32, "a decimal number"},
    {"workers = 4", "workers = 4.5", 32, "a decimal number"},
    {"workers = 4", "workers = 99999999999999999999", 32, "a decimal number"},
    {"workers = 4", "workers = \"\"", 32, "a decimal number"},
    {"workers = 4", "request_deadline_ms = 99", 32, "from 100 to 60000"},
    {"sessions = 3", "sessions = 17", 13, "from 1 to 16"},
    {"\"/etc/signet/issuing.pin\"", "\"issuing.pin\"", 11,
     "an absolute path, found \"issuing.pin\""},
    {"pkcs11:token=issuing;object=key", "token=issuing", 10, "a PKCS#11 URI"},
    {"object=key\"", "object=key?pin-value=1234\"", 10, "without a PIN"},
    {"dbname=signet\"", "dbname=signet password=x\"", 4, "without a password"},
    {"'A=b'", "'b'", 12, "NAME=value"},
    {"'A=b'", "'LD_PRELOAD=b'", 12, "LD_"},
    {"server = \"signet\"", "server = \"a b\"", 2, "the name of a user"},
    {"\"127.0.0.1:8443\"", "\"localhost:8443\"", 26, "a numeric address and port"},
    {"\"127.0.0.1:8443\"", "\"127.0.0.1\"", 26, "a numeric address and port"},
    {"{\"127.0.0.1:8080\"}", "{}", 27, "1 to 16 items, found \"0 items\""},
    {"{\"localhost\"}", "{\"Local Host\"}", 29, "a DNS name"},
    {"\"::1\"}", "\"::g\"}", 31, "an IP address"},
    /* what is missing */
    {"    state = \"/var/lib/signet/issuing\"\n", "", 8, "token issuing: option state is missing"},
    {"    tls = \"/var/lib/signet/tls\"\n", "", 25, "server: option tls is missing"},
};

static void
every_mistake_is_told_with_its_line(void)
{
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
        struct error err = {0};
        char place[128];

        write_changed(mistakes[i].old, mistakes[i].fresh);
        memset(&config, 0x5a, sizeof(config));
        ASSERT_REFUSED(config_load(config_path, &config, &err), &err, ERROR_CONFIG);
        snprintf(place, sizeof(place), "%s:%u: ", config_path, mistakes[i].line);
        if (strncmp(err.detail, place, strlen(place)) != 0 ||
            !strstr(err.detail, mistakes[i].words))
            printf("\n    mistake %zu (%s): wanted %s...%s, got %s\n", i, mistakes[i].fresh, place,
                   mistakes[i].words, err.detail);
        CU_ASSERT_EQUAL(strncmp(err.detail, place, strlen(place)), 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, mistakes[i].words));
        CU_ASSERT_EQUAL(config.server.workers, 0x5a5a5a5a);
    }
}

/* libconfuse takes them only between options. */
static void
comments_may_stand_anywhere(void)
{
    struct error err = {0};

    write_changed(
        "{\"127.0.0.1:8443\", \"[::1]:8443\"}",
        "# why\n{ // first\n\"127.0.0.1:8443\" /* then */ , # second\n\"[::1]:8443\"//\n}");
    ASSERT_OK(config_load(config_path, &config, &err), &err);
    CU_ASSERT_EQUAL(config.server.https.count, 2);
    write_changed("workers = 4", "workers // =\n = /* 5 */ 6 # 7");
    ASSERT_OK(config_load(config_path, &config, &err), &err);
    CU_ASSERT_EQUAL(config.server.workers, 6);
    write_changed("\"/var/lib/signet/tls\"", "\"/var/#lib//tls/*x*/\"");
    ASSERT_OK(config_load(config_path, &config, &err), &err);
    CU_ASSERT_STRING_EQUAL(config.server.tls, "/var/#lib//tls/*x*/");
}

static void
a_missing_section_is_told(void)
{
    struct error err = {0};

    write_config("rate { }", 8);
    ASSERT_REFUSED(config_load(config_path, &config, &err), &err, ERROR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "section database is missing: it must name server"));
    write_config("", 0);
    ASSERT_REFUSED(config_load(config_path, &config, &err), &err, ERROR_CONFIG);
}

static void
what_is_no_text_file_is_refused(void)
{
    static char big[LIMIT_CONFIG_OCTETS + 1];
    char folder[] = "/tmp/signet-config-XXXXXX";
    struct error err = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    ASSERT_REFUSED(config_load(folder, &config, &err), &err, ERROR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "not a regular file"));
    rmdir(folder);
    ASSERT_REFUSED(config_load(folder, &config, &err), &err, ERROR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, folder));
    write_config("user {\0}", 8);
    ASSERT_REFUSED(config_load(config_path, &config, &err), &err, ERROR_CONFIG);
    memset(big, '\n', sizeof(big));
    write_config(big, sizeof(big));
    ASSERT_REFUSED(config_load(config_path, &config, &err), &err, ERROR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "larger than"));
}

static void
every_cut_of_the_file_is_refused_or_whole(void)
{
    struct error err = {0};

    for (size_t len = 0; len + sizeof("rate { address_per_s = 7 }\n") < sizeof(whole); len += 3) {
        write_config(whole, len);
        error_clear(&err);
        if (config_load(config_path, &config, &err)) {
            CU_ASSERT_STRING_EQUAL(config.server.tls, "/var/lib/signet/tls");
            continue;
        }
        CU_ASSERT_EQUAL(err.kind, ERROR_CONFIG);
    }
}

static void
the_environment_is_never_used(void)
{
    struct error err = {0};

    setenv("SIGNET_SECRET", "leaked", 1);
    write_changed("'A=b'", "'A=${SIGNET_SECRET}'");
    ASSERT_OK(config_load(config_path, &config, &err), &err);
    CU_ASSERT_STRING_EQUAL(config.token[ROLE_ISSUING].environment.item[1], "A=${SIGNET_SECRET}");
}

static void
addresses(void)
{
    static const char *const wrong[] = {"",
                                        ":",
                                        ":80",
                                        "127.0.0.1",
                                        "127.0.0.1:",
                                        "127.0.0.1:0",
                                        "127.0.0.1:080",
                                        "127.0.0.1:65536",
                                        "127.0.0.1:1x",
                                        "127.0.0.1: 80",
                                        "127.1:80",
                                        "localhost:80",
                                        "::1:80",
                                        "[::1]",
                                        "[::1]80",
                                        "[]:80",
                                        "[::1:80",
                                        "[127.0.0.1]:80",
                                        "*:80",
                                        "[::1]:99999999999"};
    struct sockaddr_storage address;
    socklen_t len = 0;

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        CU_ASSERT_FALSE(config_address(wrong[i], &address, &len));
    CU_ASSERT_EQUAL(len, 0);
    CU_ASSERT_TRUE(config_address("10.1.2.3:65535", &address, &len));
    CU_ASSERT_EQUAL(len, sizeof(struct sockaddr_in));
    CU_ASSERT_EQUAL(((struct sockaddr_in *)&address)->sin_port, htons(65535));
    CU_ASSERT_EQUAL(((struct sockaddr_in *)&address)->sin_addr.s_addr, htonl(0x0a010203));
    CU_ASSERT_TRUE(config_address("[2001:db8::1]:1", &address, &len));
    CU_ASSERT_EQUAL(len, sizeof(struct sockaddr_in6));
    CU_ASSERT_EQUAL(address.ss_family, AF_INET6);
}

/* A section that may be absent, but not half there. */
struct sample {
    struct config_list hosts;
    uint32_t life_s;
    bool on;
};

static void
a_schema_of_another_file(void)
{
    static const struct settings_row rows[] = {
        {.section = "class a",
         .name = "life_s",
         .type = SETTINGS_NUMBER,
         .max = 100,
         .need = SETTINGS_REQUIRED_HERE,
         .offset = offsetof(struct sample, life_s)},
        {.section = "class b",
         .name = "hosts",
         .type = SETTINGS_LIST,
         .max = 2,
         .offset = offsetof(struct sample, hosts)},
        {.section = "", .name = "on", .type = SETTINGS_BOOL, .offset = offsetof(struct sample, on)},
    };
    static struct sample sample;
    struct error err = {0};

    write_config("on = true\nclass b { hosts = {a, \"b\"} }", 38);
    ASSERT_OK(settings_load(config_path, rows, ARRAY_LEN(rows), &sample, &err), &err);
    CU_ASSERT_TRUE(sample.on && sample.hosts.count == 2 && sample.life_s == 0);
    write_config("on = yes", 8);
    ASSERT_REFUSED(settings_load(config_path, rows, ARRAY_LEN(rows), &sample, &err), &err,
                   ERROR_CONFIG);
    write_config("class a { }", 11);
    ASSERT_REFUSED(settings_load(config_path, rows, ARRAY_LEN(rows), &sample, &err), &err,
                   ERROR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, ":1: class a: option life_s is missing"));
    write_config("class a { hosts = {} }", 22);
    ASSERT_REFUSED(settings_load(config_path, rows, ARRAY_LEN(rows), &sample, &err), &err,
                   ERROR_CONFIG);
    write_config("class b { hosts = {a, b, c} }", 29);
    ASSERT_REFUSED(settings_load(config_path, rows, ARRAY_LEN(rows), &sample, &err), &err,
                   ERROR_CONFIG);
}

int
main(void)
{
    int fd = mkstemp(config_path), status;

    if (fd < 0 || close(fd) != 0)
        return EXIT_FAILURE;
    status = RUN_SUITE("config", TEST(a_whole_file_is_read), TEST(what_is_absent_has_its_default),
                       TEST(every_mistake_is_told_with_its_line), TEST(comments_may_stand_anywhere),
                       TEST(a_missing_section_is_told), TEST(what_is_no_text_file_is_refused),
                       TEST(every_cut_of_the_file_is_refused_or_whole),
                       TEST(the_environment_is_never_used), TEST(addresses),
                       TEST(a_schema_of_another_file));
    unlink(config_path);
    return status;
}
