#include "authority.h"

/*
 * The signer on NSS softokn instead of SoftHSM: nothing may depend on one vendor, and the
 * system-call filter has a list for each module.
 */

static const char *
find_module(void)
{
    static const char *const places[] = {
        "/usr/lib/x86_64-linux-gnu/libsoftokn3.so", "/usr/lib/aarch64-linux-gnu/libsoftokn3.so",
        "/usr/lib/x86_64-linux-gnu/nss/libsoftokn3.so", "/usr/lib64/libsoftokn3.so"};

    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return NULL;
}

static bool
make_token(const char *folder)
{
    char command[256];
    const char *argv[] = {"sh", "-c", command, NULL};
    struct spawn spawn = {.path = "/bin/sh", .argv = argv, .directory = "/"};
    struct error err = {0};
    int status = -1;
    AUTO_BUFFER out;

    buffer_init(&out, 65536);
    snprintf(command, sizeof(command),
             "mkdir -m 700 %s/nss && cd %s/nss && printf '%s\\n' > pin && "
             "certutil -N -d sql:. -f pin 2>&1",
             folder, folder, TOKEN_FIXTURE_PIN);
    return spawn_run(&spawn, bytes_of(NULL, 0), &out, 30000, &status, &err) && status == 0;
}

/* The issuing key moves into NSS: a new key, and the certificate and permit that go with it. */
static void
move_to_nss(const char *module)
{
    char init[160], uri[KEYRING_URI_OCTETS], text[2048];
    struct keyring_options options = {
        .module = module, .init_string = init, .uri = "pkcs11:token=signet%20nss", .sessions = 2};
    struct error err = {0};
    AUTO_BUFFER spki;

    buffer_init(&spki, LIMIT_SPKI_OCTETS);
    snprintf(init, sizeof(init), "configDir='sql:%s/nss' flags= dbTokenDescription='signet nss'",
             authority.folder);
    need(keyring_generate(&options, bytes_of_text(TOKEN_FIXTURE_PIN), KEY_P256, "key", &spki, uri,
                          &err),
         "a key in NSS", &err);
    spki_set(&authority.issuer.key, buffer_bytes(&spki));
    buffer_done(&authority.issuer.der);
    issuer_make(&authority.issuer, clock_now_s());
    authority.issuer_id = insert_issuer("issuing-2", 1, buffer_bytes(&authority.issuer.der));
    snprintf(text, sizeof(text),
             "s|module = .*|module = \"%s\"|; s|uri = .*|uri = \"%s\"\\n  init_string = \"%s\"\\n"
             "  waivers = {\"local\"}|",
             module, uri, init);
    {
        const char *argv[] = {"sed", "-i", "-e", "/token issuing/,/^}/{", "-e",
                              text,  "-e", "}",  authority.config,        NULL};
        struct spawn spawn = {.path = "/bin/sed", .argv = argv};
        int status = -1;

        need(spawn_run(&spawn, bytes_of(NULL, 0), NULL, 5000, &status, &err) && status == 0, "sed",
             &err);
    }
}

static void
issues_under_its_own_filter(void)
{
    struct error err = {0};

    for (int i = 0; i < 20; i++) {
        struct test_request *request = request_make("flow/one");
        struct issue_reply reply;

        if (ASSERT_OK(signer_issue(client(&authority.issuing, i % 4), &request->request,
                                   AUTHORITY_CALL_MS, &reply, &err),
                      &err))
            assert_certificate(&reply);
        request_free(request);
    }
}

static void
builds_crls(void)
{
    struct crl_request ask = {0};
    struct crl_reply reply;
    struct error err = {0};

    ASSERT_OK(
        signer_build_crl(client(&authority.issuing, 0), &ask, AUTHORITY_CALL_MS, &reply, &err),
        &err);
}

static void
tells_its_module(void)
{
    struct probe_reply reply = {0};
    struct error err = {0};

    ASSERT_OK(signer_probe(client(&authority.issuing, 0), AUTHORITY_CALL_MS, &reply, &err), &err);
    CU_ASSERT_NOT_EQUAL(reply.module[0], 0);
    CU_ASSERT_PTR_NULL(strstr(reply.module, "SoftHSM"));
    CU_ASSERT_EQUAL(signer_stop(&authority.issuing), 0);
}

int
main(void)
{
    const char *module = find_module();
    int status;

    if (!module) {
        printf("NSS softokn is not installed: skipped\n");
        return 77;
    }
    authority_make();
    if (!make_token(authority.folder)) {
        printf("certutil is not installed: skipped\n");
        return authority_end(0) ? EXIT_FAILURE : 77;
    }
    identity_make("flow/one", "workload", NULL);
    move_to_nss(module);
    signer_start(&authority.issuing, "issuing");
    status = RUN_SUITE("signer on NSS", TEST(issues_under_its_own_filter), TEST(builds_crls),
                       TEST(tells_its_module));
    return authority_end(status);
}
