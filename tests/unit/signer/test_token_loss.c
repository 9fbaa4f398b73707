#include "authority.h"

/* The token goes wrong under a running signer (the shim module gives the return codes). */

static bool
issue(struct test_request *request, struct issue_reply *reply, struct error *err)
{
    return signer_issue(client(&authority.issuing, 0), &request->request, AUTHORITY_CALL_MS, reply,
                        err);
}

static void
order(const char *orders)
{
    token_fixture_order(&authority.tokens, orders);
}

/* The caller hears of a passing fault, the program ends with `status`, and the grant is not lost.
 */
static void
loses(const char *orders, int status, enum error_kind kind)
{
    struct test_request *request = request_make("flow/one");
    struct issue_reply reply;
    struct probe_reply probe;
    struct error err = {0};
    long signatures = sql_number("SELECT count(*) FROM signature");

    order("");
    signer_start(&authority.issuing, "issuing");
    ASSERT_OK(signer_probe(client(&authority.issuing, 1), AUTHORITY_CALL_MS, &probe, &err), &err);
    order(orders);
    ASSERT_REFUSED(issue(request, &reply, &err), &err, kind);
    CU_ASSERT_EQUAL(signer_wait(&authority.issuing), status);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM signature"), signatures);
    order("");
    signer_start(&authority.issuing, "issuing");
    if (ASSERT_OK(issue(request, &reply, &err), &err)) {
        CU_ASSERT_TRUE(reply.replayed);
        assert_certificate(&reply);
    }
    CU_ASSERT_EQUAL(signer_stop(&authority.issuing), 0);
    request_free(request);
}

static void
the_session(void)
{
    loses("C_Sign rv 0xb3\n", 75, ERROR_TOKEN_UNAVAILABLE); /* CKR_SESSION_HANDLE_INVALID */
}

static void
the_device(void)
{
    loses("C_SignInit rv 0x30\n", 75, ERROR_TOKEN_UNAVAILABLE); /* CKR_DEVICE_ERROR */
}

static void
the_login(void)
{
    loses("C_SignInit rv 0x101\n", 75, ERROR_TOKEN_UNAVAILABLE); /* CKR_USER_NOT_LOGGED_IN */
}

/* Never released, never stored. */
static void
its_mind(void)
{
    loses("C_Sign wrong\n", 75, ERROR_SIGNER_UNAVAILABLE);
}

/* A start that cannot succeed by being repeated says so. */
static void
never_starts(const char *orders, int status)
{
    order(orders);
    signer_start(&authority.issuing, "issuing");
    CU_ASSERT_EQUAL(signer_wait(&authority.issuing), status);
    order("");
}

static void
starts_on_nothing_wrong(void)
{
    char latch[160];

    snprintf(latch, sizeof(latch), "%s/issuing/pin.latch", authority.folder);
    never_starts("C_Login rv 0xa4\n", 78); /* CKR_PIN_LOCKED */
    CU_ASSERT_TRUE(file_exists(latch));
    CU_ASSERT_EQUAL(unlink(latch), 0);
    never_starts("C_FindObjects twice\n", 78);
    never_starts("attribute 0x162 01\n", 78); /* CKA_EXTRACTABLE */
    never_starts("attribute 0x202 01\n", 78); /* CKA_ALWAYS_AUTHENTICATE */
    never_starts("C_Sign wrong\n", 75);       /* the first self-made signature */
    never_starts("C_OpenSession rv 0x30\n", 75);
    CU_ASSERT_FALSE(file_exists(latch));
}

int
main(void)
{
    int status;

    authority_make();
    write_config(token_fixture_shim());
    identity_make("flow/one", "workload", NULL);
    status = RUN_SUITE("loss of the token", TEST(the_session), TEST(the_device), TEST(the_login),
                       TEST(its_mind), TEST(starts_on_nothing_wrong));
    return authority_end(status);
}
