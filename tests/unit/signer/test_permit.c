#include "fixture.h"

static char folder[64];
static struct test_issuer issuer;
static struct test_spki responder;

static void
path_of(const char *name, char path[128])
{
    snprintf(path, 128, "%s/%s", folder, name);
}

static void
write_file(const char *name, const char *text)
{
    struct error err = {0};
    char path[128];

    path_of(name, path);
    must(file_write_atomic(path, bytes_of_text(text), 0644, (uid_t)-1, (gid_t)-1, &err), &err);
}

static bool
load(const char *text, enum config_role role, struct permit **ret_permit, struct error *err)
{
    char path[128];

    write_file("tested.conf", text);
    path_of("tested.conf", path);
    return permit_load(path, role, ret_permit, err);
}

/* The good permit with one text in it replaced (or, when `from` is null, with `to` at the end). */
static void
edited(const char *from, const char *to, struct buffer *out)
{
    const char *good, *at;
    AUTO_BUFFER text;

    buffer_init(&text, LIMIT_CONFIG_OCTETS);
    permit_text(&responder, &text);
    good = buffer_text(&text);
    at = from ? strstr(good, from) : good + strlen(good);
    must(at != NULL, &(struct error){.detail = "the permit lacks what is to be replaced"});
    must(buffer_printf(out, "%.*s%s%s", (int)(at - good), good, to, at + (from ? strlen(from) : 0)),
         &(struct error){.detail = "memory"});
}

static void
reads_a_whole_permit(void)
{
    struct permit *permit = NULL;
    struct error err = {0};
    AUTO_BUFFER text;

    buffer_init(&text, LIMIT_CONFIG_OCTETS);
    permit_text(&responder, &text);
    if (!ASSERT_OK(load(buffer_text(&text), ROLE_ISSUING, &permit, &err), &err))
        return;
    CU_ASSERT_STRING_EQUAL(permit->trust_domain, TEST_TRUST_DOMAIN);
    CU_ASSERT_EQUAL(permit->algorithm, SIGNATURE_ECDSA_SHA256);
    CU_ASSERT_EQUAL(permit->key_types, 1U << KEY_P256);
    CU_ASSERT_EQUAL(permit->max_backdate_s, 300);
    CU_ASSERT_EQUAL(permit->crl_max_life_s, 604800);
    CU_ASSERT_STRING_EQUAL(permit->crl_url, TEST_CRL_URL);
    CU_ASSERT_STRING_EQUAL(permit->ocsp_url, TEST_OCSP_URL);
    CU_ASSERT_STRING_EQUAL(permit->ca_issuers_url, TEST_CA_ISSUERS_URL);
    for (enum permit_class_kind kind = 0; kind < CLASS_COUNT; kind++)
        CU_ASSERT_TRUE(permit->class[kind].present);
    CU_ASSERT_EQUAL(permit->class[CLASS_WORKLOAD].max_line, 1000);
    CU_ASSERT_EQUAL(permit->class[CLASS_WORKLOAD].ranges.count, 2);
    CU_ASSERT_EQUAL(permit->class[CLASS_WORKLOAD].ranges.item[0].prefix, 8);
    CU_ASSERT_EQUAL(permit->class[CLASS_WORKLOAD].ranges.item[1].octets, 16);
    CU_ASSERT_EQUAL(permit->class[CLASS_SERVER].ranges.item[0].prefix, 32);
    CU_ASSERT_STRING_EQUAL(permit->class[CLASS_SERVER].dns.item[0], "localhost");
    CU_ASSERT_EQUAL(
        memcmp(permit->class[CLASS_RESPONDER].spki_sha256, responder.hash, LIMIT_DIGEST_OCTETS), 0);
    CU_ASSERT_TRUE(bytes_equal(permit->issuer.tbs.subject, issuer_subject(&issuer)));
    permit_free(permit);
}

/* Each is one mistake in a permit that is otherwise right. */
static const struct {
    const char *what;
    const char *from;
    const char *to;
    const char *complaint; /* must be in the message */
} mistakes[] = {
    {"unknown setting", NULL, "sign_anything = true\n", "sign_anything"},
    {"setting of the other role", NULL, "max_answer_life_s = 60\n", "max_answer_life_s"},
    {"unknown class", NULL, "class root { max_life_s = 1 }\n", "class root"},
    {"unknown setting in a class", "max_line = 100 }", "max_line = 100 ca = true }", "ca"},
    {"setting twice", NULL, "max_backdate_s = 600\n", "max_backdate_s"},
    {"class twice", NULL, "class admin { max_life_s = 99999999 max_line = 1 }\n", "class admin"},
    {"class left open", "addresses = {\"127.0.0.1\"}\n}\n", "addresses = {\"127.0.0.1\"}\n",
     "server"},
    {"text left open", "trust_domain = \"", "trust_domain = ", ""},
    {"octal number", "max_backdate_s = 300", "max_backdate_s = 0300", "max_backdate_s"},
    {"negative number", "max_backdate_s = 300", "max_backdate_s = -1", "max_backdate_s"},
    {"number with a unit", "max_backdate_s = 300", "max_backdate_s = 5m", "max_backdate_s"},
    {"number too large", "max_backdate_s = 300", "max_backdate_s = 99999999999", "max_backdate_s"},
    {"no back-dating at all", "max_backdate_s = 300", "max_backdate_s = 0", "max_backdate_s"},
    {"missing setting", "max_backdate_s = 300\n", "", "max_backdate_s"},
    {"missing URL", "ocsp_url = \"" TEST_OCSP_URL "\"\n", "", "ocsp_url"},
    {"life missing in a class", "class admin { max_life_s = 2592000 ", "class admin { ",
     "max_life_s"},
    {"life of zero", "class admin { max_life_s = 2592000", "class admin { max_life_s = 0",
     "max_life_s"},
    {"https URL", "crl_url = \"http://", "crl_url = \"https://", "crl_url"},
    {"empty URL", "crl_url = \"" TEST_CRL_URL "\"", "crl_url = \"\"", "crl_url"},
    {"environment in a text", "\"example.internal\"\n", "\"${HOME}\"\n", ""},
    {"trust domain in upper case", "trust_domain = \"example", "trust_domain = \"Example",
     "trust_domain"},
    {"unknown algorithm", "ecdsa-sha256", "ecdsa-sha1", "algorithm"},
    {"unknown key type", "{\"P-256\"}", "{\"P-256\", \"P-192\"}", "key_types"},
    {"no key type", "{\"P-256\"}", "{}", "key_types"},
    {"list where a text is wanted", "algorithm = \"ecdsa-sha256\"",
     "algorithm = {\"ecdsa-sha256\"}", "wanted a value"},
    {"wildcard suffix", "dns_suffixes = {\"example", "dns_suffixes = {\"*.example", "dns_suffixes"},
    {"suffix with a first dot", "dns_suffixes = {\"example", "dns_suffixes = {\".example",
     "dns_suffixes"},
    {"empty suffix", "dns_suffixes = {\"example.internal\"}", "dns_suffixes = {\"\"}",
     "dns_suffixes"},
    {"prefix too long", "127.0.0.0/8", "127.0.0.0/33", "ip_ranges"},
    {"bits behind the prefix", "127.0.0.0/8", "127.0.0.1/8", "ip_ranges"},
    {"no address", "127.0.0.0/8", "localhost", "ip_ranges"},
    {"range where addresses are wanted", "{\"127.0.0.1\"}", "{\"127.0.0.0/8\"}", "addresses"},
    {"short digest", "spki_sha256 = \"", "spki_sha256 = \"ab", "spki_sha256"},
    {"issuer elsewhere", "\"issuing.pem\"", "\"../issuing.pem\"", "issuer_certificate"},
    {"issuer missing", "\"issuing.pem\"", "\"none.pem\"", "issuer_certificate"},
    {"issuer that is none", "\"issuing.pem\"", "\"tested.conf\"", "issuer_certificate"},
};

static void
refuses_each_mistake(void)
{
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
        struct permit *permit = NULL;
        struct error err = {0};
        AUTO_BUFFER text;

        buffer_init(&text, LIMIT_CONFIG_OCTETS);
        edited(mistakes[i].from, mistakes[i].to, &text);
        ASSERT_REFUSED(load(buffer_text(&text), ROLE_ISSUING, &permit, &err), &err, ERROR_CONFIG);
        CU_ASSERT_PTR_NULL(permit);
        if (!strstr(err.detail, mistakes[i].complaint) || !strstr(err.detail, "tested.conf:"))
            printf("\n    %s: %s\n", mistakes[i].what, err.detail);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, mistakes[i].complaint));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "tested.conf:"));
    }
}

/* A class that is not there permits nothing, and the rest of the permit holds. */
static void
leaves_classes_out(void)
{
    struct permit *permit = NULL;
    struct error err = {0};
    AUTO_BUFFER text;

    buffer_init(&text, LIMIT_CONFIG_OCTETS);
    edited("class admin { max_life_s = 2592000 max_line = 100 }\n", "", &text);
    if (!ASSERT_OK(load(buffer_text(&text), ROLE_ISSUING, &permit, &err), &err))
        return;
    CU_ASSERT_FALSE(permit->class[CLASS_ADMIN].present);
    CU_ASSERT_TRUE(permit->class[CLASS_WORKLOAD].present);
    permit_free(permit);
}

static void
reads_a_status_permit(void)
{
    static const char good[] =
        "issuer_certificate = \"issuing.pem\"\nresponder_spki_sha256 = "
        "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"\n"
        "max_answer_life_s = 3600\nmax_backdate_s = 300\n";
    struct permit *permit = NULL;
    struct error err = {0};

    if (ASSERT_OK(load(good, ROLE_STATUS, &permit, &err), &err)) {
        CU_ASSERT_EQUAL(permit->max_answer_life_s, 3600);
        CU_ASSERT_EQUAL(permit->responder_spki_sha256[1], 0x11);
        permit_free(permit);
    }
    ASSERT_REFUSED(load(good, ROLE_ISSUING, &permit, &err), &err, ERROR_CONFIG);
    ASSERT_REFUSED(load(good + 37, ROLE_STATUS, &permit, &err), &err, ERROR_CONFIG);
}

/* The certificate must be of a CA. */
static void
refuses_a_leaf_as_issuer(void)
{
    static const uint8_t signature[] = {0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01};
    struct test_leaf leaf;
    struct permit *permit = NULL;
    struct error err = {0};
    AUTO_BUFFER tbs;
    AUTO_BUFFER der;
    AUTO_BUFFER pem;
    AUTO_BUFFER text;

    buffer_init(&tbs, LIMIT_TBS_OCTETS);
    buffer_init(&der, LIMIT_CERTIFICATE_OCTETS);
    buffer_init(&pem, 2 * LIMIT_CERTIFICATE_OCTETS);
    buffer_init(&text, LIMIT_CONFIG_OCTETS);
    leaf_make(&leaf, &issuer, "payments/api", &responder, clock_now_s(), false);
    must(tbs_cert_build(&leaf.tbs, &tbs, &err) &&
             certificate_assemble(buffer_bytes(&tbs), leaf.tbs.algorithm,
                                  bytes_of(signature, sizeof(signature)), &der, &err) &&
             pem_encode(buffer_bytes(&der), "CERTIFICATE", &pem),
         &err);
    write_file("leaf.pem", buffer_text(&pem));
    edited("\"issuing.pem\"", "\"leaf.pem\"", &text);
    ASSERT_REFUSED(load(buffer_text(&text), ROLE_ISSUING, &permit, &err), &err, ERROR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "of a CA"));
}

static void
notices_who_can_write_it(void)
{
    char path[128];

    path_of("tested.conf", path);
    CU_ASSERT_TRUE(permit_is_ours_to_write(path));
    if (geteuid() == 0) {
        CU_ASSERT_EQUAL_FATAL(seteuid(65534), 0);
        CU_ASSERT_FALSE(permit_is_ours_to_write(path));
        CU_ASSERT_EQUAL_FATAL(seteuid(0), 0);
        /* Whoever owns the folder can put another file in its place. */
        CU_ASSERT_EQUAL_FATAL(chown(folder, 65534, (gid_t)-1), 0);
        CU_ASSERT_EQUAL_FATAL(seteuid(65534), 0);
        CU_ASSERT_TRUE(permit_is_ours_to_write(path));
        CU_ASSERT_EQUAL_FATAL(seteuid(0), 0);
        CU_ASSERT_EQUAL_FATAL(chown(folder, 0, (gid_t)-1), 0);
    }
}

static void
clean(void)
{
    static const char *const names[] = {"issuing.pem", "leaf.pem", "tested.conf"};
    char path[128];

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        path_of(names[i], path);
        unlink(path);
    }
    rmdir(folder);
    buffer_done(&issuer.der);
}

int
main(void)
{
    int status;

    test_folder(folder);
    memcpy(issuer.folder, folder, sizeof(folder));
    spki_make(&issuer.key, KEY_P256);
    spki_make(&responder, KEY_P256);
    issuer_make(&issuer, clock_now_s());
    status = RUN_SUITE("permit", TEST(reads_a_whole_permit), TEST(refuses_each_mistake),
                       TEST(leaves_classes_out), TEST(reads_a_status_permit),
                       TEST(refuses_a_leaf_as_issuer), TEST(notices_who_can_write_it));
    clean();
    return status;
}
