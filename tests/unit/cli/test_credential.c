#include "scratch.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "credential.h"
#include "signet/der.h"
#include "signet/file.h"

struct place {
    char folder[64], key[96], cert[96], new_key[96], new_cert[96], csr[96];
};

static struct place
place_make(void)
{
    struct place place;

    scratch_make(place.folder, "signet-credential");
    snprintf(place.key, sizeof(place.key), "%s/key", place.folder);
    snprintf(place.cert, sizeof(place.cert), "%s/cert", place.folder);
    snprintf(place.new_key, sizeof(place.new_key), "%s/key.new", place.folder);
    snprintf(place.new_cert, sizeof(place.new_cert), "%s/cert.new", place.folder);
    snprintf(place.csr, sizeof(place.csr), "%s/key.csr", place.folder);
    return place;
}

static void
place_remove(const struct place *place)
{
    char csr[128];

    snprintf(csr, sizeof(csr), "%s.csr", place->new_key);
    unlink(csr);
    unlink(place->csr);
    unlink(place->key);
    unlink(place->cert);
    unlink(place->new_key);
    unlink(place->new_cert);
    CU_ASSERT_EQUAL(rmdir(place->folder), 0);
}

static bool
holds(const char *path, struct bytes wanted)
{
    AUTO_BUFFER content = {.max = 64 * 1024};
    struct error err = {0};

    return file_exists(path) && file_read(path, &content, &err) &&
           bytes_equal(buffer_bytes(&content), wanted);
}

static void
put(const char *path, const char *text)
{
    struct error err = {0};

    ASSERT_OK(file_write_atomic(path, bytes_of_text(text), 0600, (uid_t)-1, (gid_t)-1, &err), &err);
}

/* A leaf as the authority would give it, for the key of the request; its signature is nonsense. */
static void
certificate_make(const char *key_pem, struct buffer *chain)
{
    static const uint8_t serial[] = {0x51, 1}, key_id[20] = {1}, signature[] = {0x30, 0};
    static const uint8_t empty_name[] = {0x30, 0};
    AUTO_BUFFER csr_bytes = {.max = LIMIT_CSR_OCTETS};
    AUTO_BUFFER issuer = {.max = 256};
    AUTO_BUFFER tbs = {.max = LIMIT_TBS_OCTETS};
    AUTO_BUFFER der = {.max = LIMIT_CERTIFICATE_OCTETS};
    struct san_list none = {0};
    struct error err = {0};
    AUTO_CSR csr = NULL;
    struct tbs_cert cert;

    ASSERT_OK(csr_build(key_pem, &none, &csr_bytes, &err) &&
                  csr_parse(buffer_bytes(&csr_bytes), &csr, &err) &&
                  name_build(NULL, "issuer", &issuer, &err),
              &err);
    cert =
        (struct tbs_cert){.serial = bytes_of(serial, sizeof(serial)),
                          .algorithm = SIGNATURE_ECDSA_SHA256,
                          .issuer = buffer_bytes(&issuer),
                          .subject = bytes_of(empty_name, sizeof(empty_name)),
                          .not_before_s = 1700000000,
                          .not_after_s = 1800000000,
                          .spki = public_key_spki(csr_key(csr)),
                          .san = {.count = 1, .item = {{SAN_URI, bytes_of_text("spiffe://x/y")}}},
                          .san_critical = true,
                          .path_len = -1,
                          .key_usage = KU_DIGITAL_SIGNATURE,
                          .extended_key_usage = EKU_SERVER_AUTH | EKU_CLIENT_AUTH,
                          .subject_key_id = bytes_of(key_id, sizeof(key_id)),
                          .authority_key_id = bytes_of(key_id, sizeof(key_id)),
                          .crl_url = bytes_of_text("http://x/crl"),
                          .ocsp_url = bytes_of_text("http://x/ocsp"),
                          .ca_issuers_url = bytes_of_text("http://x/cer")};
    ASSERT_OK(tbs_cert_build(&cert, &tbs, &err) &&
                  certificate_assemble(buffer_bytes(&tbs), SIGNATURE_ECDSA_SHA256,
                                       bytes_of(signature, sizeof(signature)), &der, &err),
              &err);
    CU_ASSERT_TRUE_FATAL(pem_encode(buffer_bytes(&der), "CERTIFICATE", chain));
}

static void
a_repeated_request_is_the_same_bytes(void)
{
    struct place place = place_make();
    struct san_list none = {0};
    struct san_list one = {.count = 1, .item = {{SAN_DNS, bytes_of_text("a.example")}}};
    AUTO_BUFFER key = {.max = CREDENTIAL_KEY_OCTETS};
    AUTO_BUFFER key_again = {.max = CREDENTIAL_KEY_OCTETS};
    AUTO_BUFFER csr = {.max = 2 * LIMIT_CSR_OCTETS};
    AUTO_BUFFER csr_again = {.max = 2 * LIMIT_CSR_OCTETS};
    AUTO_BUFFER csr_other = {.max = 2 * LIMIT_CSR_OCTETS};
    struct credential credential;
    struct error err = {0};
    struct stat status;
    bool made = false;

    ASSERT_OK(credential_open(place.key, place.cert, &credential, &err), &err);
    ASSERT_OK(credential_key(&credential, false, &key, &made, &err), &err);
    CU_ASSERT_TRUE(made);
    CU_ASSERT_EQUAL(stat(place.key, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
    ASSERT_OK(credential_request(&credential, buffer_text(&key), &none, &csr, &err), &err);
    ASSERT_OK(credential_open(place.key, place.cert, &credential, &err), &err);
    ASSERT_OK(credential_key(&credential, false, &key_again, &made, &err), &err);
    CU_ASSERT_FALSE(made);
    CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&key), buffer_bytes(&key_again)));
    ASSERT_OK(credential_request(&credential, buffer_text(&key), &none, &csr_again, &err), &err);
    CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&csr), buffer_bytes(&csr_again)));
    ASSERT_OK(credential_request(&credential, buffer_text(&key), &one, &csr_other, &err), &err);
    CU_ASSERT_FALSE(bytes_equal(buffer_bytes(&csr), buffer_bytes(&csr_other)));
    CU_ASSERT_TRUE(holds(place.csr, buffer_bytes(&csr_other)));
    place_remove(&place);
}

static void
a_request_for_another_key_is_not_sent_again(void)
{
    struct place place = place_make();
    struct san_list none = {0};
    AUTO_BUFFER other = {.max = CREDENTIAL_KEY_OCTETS};
    AUTO_BUFFER key = {.max = CREDENTIAL_KEY_OCTETS};
    AUTO_BUFFER stale = {.max = 2 * LIMIT_CSR_OCTETS};
    AUTO_BUFFER csr = {.max = 2 * LIMIT_CSR_OCTETS};
    struct credential credential;
    struct error err = {0};
    bool made;

    ASSERT_OK(private_key_generate(KEY_P256, &other, &err), &err);
    ASSERT_OK(credential_open(place.key, place.cert, &credential, &err), &err);
    ASSERT_OK(credential_request(&credential, buffer_text(&other), &none, &stale, &err), &err);
    ASSERT_OK(credential_key(&credential, false, &key, &made, &err), &err);
    ASSERT_OK(credential_request(&credential, buffer_text(&key), &none, &csr, &err), &err);
    CU_ASSERT_FALSE(bytes_equal(buffer_bytes(&stale), buffer_bytes(&csr)));
    put(place.csr, "garbage");
    buffer_clear(&csr);
    ASSERT_OK(credential_request(&credential, buffer_text(&key), &none, &csr, &err), &err);
    CU_ASSERT_TRUE(holds(place.csr, buffer_bytes(&csr)));
    place_remove(&place);
}

static void
files_in_use_stay_until_all_the_new_is_here(void)
{
    struct place place = place_make();
    struct san_list none = {0};
    AUTO_BUFFER key = {.max = CREDENTIAL_KEY_OCTETS};
    AUTO_BUFFER csr = {.max = 2 * LIMIT_CSR_OCTETS};
    AUTO_BUFFER chain = {.max = 64 * 1024};
    struct credential credential;
    struct error err = {0};
    bool made = false;

    put(place.key, "old key");
    put(place.cert, "old certificate");
    ASSERT_OK(credential_open(place.key, place.cert, &credential, &err), &err);
    ASSERT_OK(credential_key(&credential, true, &key, &made, &err), &err);
    CU_ASSERT_TRUE(made);
    ASSERT_OK(credential_request(&credential, buffer_text(&key), &none, &csr, &err), &err);
    CU_ASSERT_TRUE(holds(place.key, bytes_of_text("old key")));
    CU_ASSERT_TRUE(holds(place.cert, bytes_of_text("old certificate")));
    certificate_make(buffer_text(&key), &chain);
    ASSERT_OK(credential_install(&credential, buffer_text(&key), buffer_bytes(&chain), &err), &err);
    CU_ASSERT_TRUE(holds(place.key, buffer_bytes(&key)));
    CU_ASSERT_TRUE(holds(place.cert, buffer_bytes(&chain)));
    CU_ASSERT_FALSE(file_exists(place.new_key));
    CU_ASSERT_FALSE(file_exists(place.new_cert));
    CU_ASSERT_FALSE(file_exists(place.csr));
    place_remove(&place);
}

static void
a_certificate_for_another_key_changes_nothing(void)
{
    struct place place = place_make();
    AUTO_BUFFER key = {.max = CREDENTIAL_KEY_OCTETS};
    AUTO_BUFFER other = {.max = CREDENTIAL_KEY_OCTETS};
    AUTO_BUFFER chain = {.max = 64 * 1024};
    struct credential credential;
    struct error err = {0};
    bool made;

    put(place.cert, "old certificate");
    ASSERT_OK(private_key_generate(KEY_P256, &other, &err), &err);
    certificate_make(buffer_text(&other), &chain);
    ASSERT_OK(credential_open(place.key, place.cert, &credential, &err), &err);
    ASSERT_OK(credential_key(&credential, false, &key, &made, &err), &err);
    ASSERT_REFUSED(credential_install(&credential, buffer_text(&key), buffer_bytes(&chain), &err),
                   &err, ERROR_TRUST);
    ASSERT_REFUSED(credential_install(&credential, buffer_text(&key), bytes_of_text("no"), &err),
                   &err, ERROR_NETWORK);
    CU_ASSERT_TRUE(holds(place.cert, bytes_of_text("old certificate")));
    place_remove(&place);
}

/* The program may end between the two renames, before or after the key's. */
static void
an_interrupted_replacement_is_finished(void)
{
    for (int renamed = 0; renamed <= 1; renamed++) {
        struct place place = place_make();
        struct credential credential;
        struct error err = {0};

        put(place.key, renamed ? "new key" : "old key");
        put(place.cert, "old certificate");
        if (!renamed)
            put(place.new_key, "new key");
        put(place.new_cert, "new certificate");
        ASSERT_OK(credential_open(place.key, place.cert, &credential, &err), &err);
        CU_ASSERT_TRUE(holds(place.key, bytes_of_text("new key")));
        CU_ASSERT_TRUE(holds(place.cert, bytes_of_text("new certificate")));
        CU_ASSERT_FALSE(file_exists(place.new_key));
        CU_ASSERT_FALSE(file_exists(place.new_cert));
        place_remove(&place);
    }
}

static void
a_new_key_alone_is_kept_for_the_next_try(void)
{
    struct place place = place_make();
    AUTO_BUFFER key = {.max = CREDENTIAL_KEY_OCTETS};
    AUTO_BUFFER again = {.max = CREDENTIAL_KEY_OCTETS};
    struct credential credential;
    struct error err = {0};
    bool made = false;

    put(place.key, "old key");
    ASSERT_OK(credential_open(place.key, place.cert, &credential, &err), &err);
    ASSERT_OK(credential_key(&credential, true, &key, &made, &err), &err);
    ASSERT_OK(credential_open(place.key, place.cert, &credential, &err), &err);
    ASSERT_OK(credential_key(&credential, true, &again, &made, &err), &err);
    CU_ASSERT_FALSE(made);
    CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&key), buffer_bytes(&again)));
    CU_ASSERT_TRUE(holds(place.key, bytes_of_text("old key")));
    place_remove(&place);
}

int
main(void)
{
    return RUN_SUITE("cli/credential", TEST(a_repeated_request_is_the_same_bytes),
                     TEST(a_request_for_another_key_is_not_sent_again),
                     TEST(files_in_use_stay_until_all_the_new_is_here),
                     TEST(a_certificate_for_another_key_changes_nothing),
                     TEST(an_interrupted_replacement_is_finished),
                     TEST(a_new_key_alone_is_kept_for_the_next_try));
}
