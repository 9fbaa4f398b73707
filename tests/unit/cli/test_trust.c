#include "suite.h"

#include <string.h>

#include "signet/der.h"
#include "signet/public_key.h"
#include "trust.h"

/* What a certificate is does not matter here, only that its bytes have the fingerprint. */
static const uint8_t first[] = {0x30, 0x03, 0x02, 0x01, 0x01};
static const uint8_t second[] = {0x30, 0x03, 0x02, 0x01, 0x02};

static void
bundle_make(struct buffer *bundle)
{
    CU_ASSERT_TRUE_FATAL(pem_encode(bytes_of(first, sizeof(first)), "CERTIFICATE", bundle));
    CU_ASSERT_TRUE_FATAL(pem_encode(bytes_of(second, sizeof(second)), "CERTIFICATE", bundle));
}

static void
picks_only_what_has_the_fingerprint(void)
{
    AUTO_BUFFER bundle = {.max = 4096};
    AUTO_BUFFER picked = {.max = 4096};
    AUTO_BUFFER wanted = {.max = 4096};
    uint8_t digest[TRUST_FINGERPRINT_OCTETS];

    bundle_make(&bundle);
    CU_ASSERT_TRUE_FATAL(pem_encode(bytes_of(second, sizeof(second)), "CERTIFICATE", &wanted));
    digest_sha256(bytes_of(second, sizeof(second)), digest);
    CU_ASSERT_TRUE(trust_pick(buffer_bytes(&bundle), digest, &picked));
    CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&picked), buffer_bytes(&wanted)));
}

static void
picks_nothing_for_another_fingerprint(void)
{
    AUTO_BUFFER bundle = {.max = 4096};
    AUTO_BUFFER picked = {.max = 4096};
    uint8_t digest[TRUST_FINGERPRINT_OCTETS];

    bundle_make(&bundle);
    digest_sha256(bytes_of(second, sizeof(second)), digest);
    digest[31] ^= 1;
    CU_ASSERT_FALSE(trust_pick(buffer_bytes(&bundle), digest, &picked));
    CU_ASSERT_FALSE(trust_pick(bytes_of_text("garbage"), digest, &picked));
    CU_ASSERT_FALSE(trust_pick(bytes_of_text(""), digest, &picked));
    CU_ASSERT_EQUAL(picked.len, 0);
}

#define DIGITS_31 "00112233445566778899aabbccddeeff00112233445566778899aabbccddee"

static void
reads_fingerprints_as_they_are_printed(void)
{
    static const char *const right[] = {
        DIGITS_31 "ff", "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF",
        ("00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
         "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF")};
    static const char *const wrong[] = {
        "", DIGITS_31, DIGITS_31 "f", DIGITS_31 "fff", DIGITS_31 "fg", DIGITS_31 "ff00", ":"};

    for (size_t i = 0; i < ARRAY_LEN(right); i++) {
        uint8_t digest[TRUST_FINGERPRINT_OCTETS] = {0};
        struct error err = {0};

        ASSERT_OK(trust_fingerprint_parse(right[i], digest, &err), &err);
        CU_ASSERT_EQUAL(digest[1], 0x11);
        CU_ASSERT_EQUAL(digest[31], 0xff);
    }
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        uint8_t digest[TRUST_FINGERPRINT_OCTETS];
        struct error err = {0};

        ASSERT_REFUSED(trust_fingerprint_parse(wrong[i], digest, &err), &err, ERROR_USAGE);
    }
}

static void
trusts_nobody_by_default(void)
{
    AUTO_BUFFER roots = {.max = TRUST_OCTETS};
    struct settings settings = {0};
    struct error err = {0};

    ASSERT_REFUSED(trust_roots(&settings, "https://localhost:1", &roots, &err), &err, ERROR_USAGE);
    settings.item[SETTING_ROOT].source = SOURCE_OPTION;
    memcpy(settings.item[SETTING_ROOT].value, "/nonexistent", 13);
    ASSERT_REFUSED(trust_roots(&settings, "https://localhost:1", &roots, &err), &err,
                   ERROR_FILE_ACCESS);
    CU_ASSERT_EQUAL(roots.len, 0);
}

int
main(void)
{
    return RUN_SUITE("cli/trust", TEST(picks_only_what_has_the_fingerprint),
                     TEST(picks_nothing_for_another_fingerprint),
                     TEST(reads_fingerprints_as_they_are_printed), TEST(trusts_nobody_by_default));
}
