#include "suite.h"

#include "issue/issue.h"

static void
request_hashes(void)
{
    uint8_t first[LIMIT_DIGEST_OCTETS], second[LIMIT_DIGEST_OCTETS], expected[LIMIT_DIGEST_OCTETS];
    static const char input[] = "signet-request-v1\0\0\x0e\x10"
                                "csr";
    struct error err = {0};

    ASSERT_OK(issue_request_hash(3600, bytes_of_text("csr"), first, &err), &err);
    digest_sha256(bytes_of(input, sizeof(input) - 1), expected);
    CU_ASSERT_EQUAL(memcmp(first, expected, sizeof(first)), 0);
    ASSERT_OK(issue_request_hash(3601, bytes_of_text("csr"), second, &err), &err);
    CU_ASSERT_NOT_EQUAL(memcmp(first, second, sizeof(first)), 0);
    ASSERT_OK(issue_request_hash(3600, bytes_of_text("csr "), second, &err), &err);
    CU_ASSERT_NOT_EQUAL(memcmp(first, second, sizeof(first)), 0);
}

static void
renewal_keys(void)
{
    static const char input[] = "renewal\0\0\0\x02"
                                "serial"
                                "\0\0\0\x01";
    uint8_t first[LIMIT_DIGEST_OCTETS], second[LIMIT_DIGEST_OCTETS], expected[LIMIT_DIGEST_OCTETS];
    struct error err = {0};

    ASSERT_OK(issue_renewal_key(2, bytes_of_text("serial"), 1, first, &err), &err);
    digest_sha256(bytes_of(input, sizeof(input) - 1), expected);
    CU_ASSERT_EQUAL(memcmp(first, expected, sizeof(first)), 0);
    ASSERT_OK(issue_renewal_key(2, bytes_of_text("serial"), 2, second, &err), &err);
    CU_ASSERT_NOT_EQUAL(memcmp(first, second, sizeof(first)), 0);
    ASSERT_OK(issue_renewal_key(3, bytes_of_text("serial"), 1, second, &err), &err);
    CU_ASSERT_NOT_EQUAL(memcmp(first, second, sizeof(first)), 0);
}

static void
only_the_active_pass(void)
{
    struct error err = {0};

    ASSERT_OK(identity_active_check("a/b", "active", &err), &err);
    ASSERT_REFUSED(identity_active_check("a/b", "suspended", &err), &err, ERROR_IDENTITY_SUSPENDED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.detail, "a/b"));
    ASSERT_REFUSED(identity_active_check("a/b", "revoked", &err), &err, ERROR_IDENTITY_REVOKED);
    ASSERT_REFUSED(identity_active_check("a/b", "", &err), &err, ERROR_IDENTITY_REVOKED);
}

int
main(void)
{
    return RUN_SUITE("issue", TEST(request_hashes), TEST(renewal_keys), TEST(only_the_active_pass));
}
