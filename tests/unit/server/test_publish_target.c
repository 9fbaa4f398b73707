#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "publish/target.h"
#include "signet/encode.h"
#include "signet/limits.h"

/* Its base64 has slashes and padding: "MAP///s=". */
static const uint8_t der[] = {0x30, 0x03, 0xff, 0xff, 0xfb};

static bool
decodes(const char *target, struct bytes wanted)
{
    AUTO_BUFFER out = {.max = LIMIT_OCSP_REQUEST_OCTETS};

    return target_ocsp_request(target, &out) && bytes_equal(buffer_bytes(&out), wanted);
}

static bool
refused(const char *target)
{
    AUTO_BUFFER out = {.max = LIMIT_OCSP_REQUEST_OCTETS};

    return !target_ocsp_request(target, &out);
}

/* O-01 */
static void
takes_raw_and_encoded(void)
{
    struct bytes wanted = bytes_of(der, sizeof(der));

    CU_ASSERT_TRUE(decodes("/ocsp/MAP///s=", wanted));
    CU_ASSERT_TRUE(decodes("/ocsp/MAP%2F%2F%2Fs%3D", wanted));
    CU_ASSERT_TRUE(decodes("/ocsp/MAP%2f/%2fs%3d", wanted));
    CU_ASSERT_TRUE(decodes("/ocsp/%4d%41P///s=", wanted));
}

static void
takes_plus_raw_and_encoded(void)
{
    static const uint8_t plain[] = {0x30, 0x00, 0xfb};
    static const uint8_t pluses[] = {0x30, 0x0f, 0xbe};

    CU_ASSERT_TRUE(decodes("/ocsp/MAD7", bytes_of(plain, sizeof(plain))));
    CU_ASSERT_TRUE(decodes("/ocsp/MA++", bytes_of(pluses, sizeof(pluses))));
    CU_ASSERT_TRUE(decodes("/ocsp/MA%2B%2b", bytes_of(pluses, sizeof(pluses))));
}

static void
takes_missing_and_doubled_slash(void)
{
    struct bytes wanted = bytes_of(der, sizeof(der));

    CU_ASSERT_TRUE(decodes("/ocspMAP///s=", wanted));
    CU_ASSERT_TRUE(decodes("/ocsp//MAP///s=", wanted));
    CU_ASSERT_TRUE(decodes("/ocsp/%2FMAP///s=", wanted));
    CU_ASSERT_TRUE(target_is_ocsp("/ocspMAP"));
    CU_ASSERT_TRUE(target_is_ocsp("/ocsp/"));
    CU_ASSERT_FALSE(target_is_ocsp("/ocsp"));
    CU_ASSERT_FALSE(target_is_ocsp("/crl/root.crl"));
}

static void
refuses_what_is_not_base64(void)
{
    CU_ASSERT_TRUE(refused("/ocsp"));
    CU_ASSERT_TRUE(refused("/ocsp/"));
    CU_ASSERT_TRUE(refused("/ocsp///"));
    CU_ASSERT_TRUE(refused("/ocsp/MAP///s"));
    CU_ASSERT_TRUE(refused("/ocsp/MAP///s=="));
    CU_ASSERT_TRUE(refused("/ocsp/MAP_-_s="));
    CU_ASSERT_TRUE(refused("/ocsp/MAP///s= "));
    CU_ASSERT_TRUE(refused("/ocsp/MAP///s=?x=1"));
    CU_ASSERT_TRUE(refused("/ocsp/MAP///s=%"));
    CU_ASSERT_TRUE(refused("/ocsp/MAP///s=%3"));
    CU_ASSERT_TRUE(refused("/ocsp/MAP///s=%zz"));
    CU_ASSERT_TRUE(refused("/issuers/MAP///s="));
}

static void
refuses_an_encoded_nul(void)
{
    CU_ASSERT_TRUE(refused("/ocsp/MAP///s=%00"));
    CU_ASSERT_TRUE(refused("/ocsp/MAP%00///s="));
    CU_ASSERT_TRUE(refused("/ocsp/%00MAP///s="));
}

static void
refuses_past_the_limits(void)
{
    char target[LIMIT_TARGET_OCTETS + 2];
    AUTO_BUFFER small = {.max = sizeof(der) - 1};

    memset(target, 'A', sizeof(target));
    memcpy(target, "/ocsp/", 6);
    target[LIMIT_TARGET_OCTETS - 2] = '\0'; /* a multiple of four behind the prefix */
    CU_ASSERT_EQUAL((strlen(target) - 6) % 4, 0);
    CU_ASSERT_FALSE(refused(target));
    target[LIMIT_TARGET_OCTETS - 2] = 'A';
    target[LIMIT_TARGET_OCTETS + 1] = '\0';
    CU_ASSERT_TRUE(refused(target));
    CU_ASSERT_FALSE(target_ocsp_request("/ocsp/MAP///s=", &small));
}

int
main(void)
{
    return RUN_SUITE("publish/target", TEST(takes_raw_and_encoded),
                     TEST(takes_plus_raw_and_encoded), TEST(takes_missing_and_doubled_slash),
                     TEST(refuses_what_is_not_base64), TEST(refuses_an_encoded_nul),
                     TEST(refuses_past_the_limits));
}
