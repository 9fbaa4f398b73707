#include "credential.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signet/der.h"
#include "signet/file.h"

static bool
path_put(char path[CREDENTIAL_PATH_OCTETS], const char *text, const char *ending, struct error *err)
{
    int len = snprintf(path, CREDENTIAL_PATH_OCTETS, "%s%s", text, ending);

    if (len > 0 && len < CREDENTIAL_PATH_OCTETS)
        return true;
    return error_set(err, ERROR_USAGE, "the path %.100s... is too long", text);
}

static bool
move(const char *from, const char *to, struct error *err)
{
    if (rename(from, to) == 0)
        return true;
    return error_errno(err, ERROR_FILE_ACCESS, "%s cannot be renamed to %s", from, to);
}

/* The new certificate is written only when its key is there, so it always decides. */
static bool
replacement_finish(const struct credential *credential, struct error *err)
{
    if (!file_exists(credential->new_cert))
        return true;
    if (file_exists(credential->new_key) && !move(credential->new_key, credential->key, err))
        return false;
    return move(credential->new_cert, credential->cert, err);
}

bool
credential_open(const char *key, const char *cert, struct credential *ret_credential,
                struct error *err)
{
    struct credential credential = {0};

    if (!path_put(credential.key, key, "", err) || !path_put(credential.cert, cert, "", err) ||
        !path_put(credential.new_key, key, ".new", err) ||
        !path_put(credential.new_cert, cert, ".new", err) || !replacement_finish(&credential, err))
        return false;
    *ret_credential = credential;
    return true;
}

static const char *
asking_key(const struct credential *credential)
{
    return credential->fresh ? credential->new_key : credential->key;
}

/* That of the key that is replaced, so that a policy which took it takes the new one as well. What
 * cannot be read as a key is replaced all the same. */
static enum key_type
type_to_make(const struct credential *credential)
{
    AUTO_BUFFER pem = {.max = CREDENTIAL_KEY_OCTETS};
    AUTO_BUFFER request = {.max = LIMIT_CSR_OCTETS};
    struct error ignored = {0};
    struct san_list none = {0};
    AUTO_CSR csr = NULL;

    if (credential->key_type)
        return credential->key_type;
    if (credential->fresh && file_read(credential->key, &pem, &ignored) &&
        csr_build(buffer_text(&pem), &none, &request, &ignored) &&
        csr_parse(buffer_bytes(&request), &csr, &ignored))
        return public_key_type(csr_key(csr));
    return KEY_P256;
}

bool
credential_key(struct credential *credential, bool replace, struct buffer *out, bool *ret_made,
               struct error *err)
{
    const char *path;

    credential->fresh = replace && file_exists(credential->key);
    path = asking_key(credential);
    if (file_exists(path)) {
        if (!file_read(path, out, err))
            return error_context(err, "private key");
        *ret_made = false;
        return true;
    }
    if (!private_key_generate(type_to_make(credential), out, err) ||
        !file_write_atomic(path, buffer_bytes(out), 0600, (uid_t)-1, (gid_t)-1, err))
        return error_context(err, "private key");
    *ret_made = true;
    return true;
}

static bool
names_equal(const struct san_list *a, const struct san_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->item[i].type != b->item[i].type || !bytes_equal(a->item[i].value, b->item[i].value))
            return false;
    return true;
}

/* Whether two requests ask the same: key and names. (Their signatures differ each time.) */
static bool
requests_agree(struct bytes a, struct bytes b)
{
    AUTO_CSR first = NULL;
    AUTO_CSR second = NULL;
    struct error ignored = {0};

    return csr_parse(a, &first, &ignored) && csr_parse(b, &second, &ignored) &&
           bytes_equal(public_key_spki(csr_key(first)), public_key_spki(csr_key(second))) &&
           names_equal(csr_names(first), csr_names(second));
}

/* The stored request as PEM when it still fits; false when there is none that does. */
static bool
request_stored(const char *path, struct bytes wanted, struct buffer *out)
{
    AUTO_BUFFER pem = {.max = 2 * LIMIT_CSR_OCTETS};
    AUTO_BUFFER der = {.max = LIMIT_CSR_OCTETS};
    struct error ignored = {0};

    return file_exists(path) && file_read(path, &pem, &ignored) &&
           pem_or_der(buffer_bytes(&pem), "CERTIFICATE REQUEST", ERROR_CSR_MALFORMED, &der,
                      &ignored) &&
           requests_agree(buffer_bytes(&der), wanted) && buffer_put(out, pem.data, pem.len);
}

bool
credential_request(const struct credential *credential, const char *key_pem,
                   const struct san_list *names, struct buffer *out, struct error *err)
{
    AUTO_BUFFER der = {.max = LIMIT_CSR_OCTETS};
    char path[CREDENTIAL_PATH_OCTETS];

    if (!path_put(path, asking_key(credential), ".csr", err))
        return false;
    if (!csr_build(key_pem, names, &der, err))
        return error_context(err, "request for the key %s", asking_key(credential));
    if (request_stored(path, buffer_bytes(&der), out))
        return true;
    buffer_clear(out);
    if (!pem_encode(buffer_bytes(&der), "CERTIFICATE REQUEST", out))
        return error_set(err, ERROR_MEMORY, "no memory for a request");
    return file_write_atomic(path, buffer_bytes(out), 0644, (uid_t)-1, (gid_t)-1, err);
}

static bool
key_matches(const char *key_pem, struct bytes chain, struct error *err)
{
    struct reader reader = reader_of(chain);
    AUTO_BUFFER request = {.max = LIMIT_CSR_OCTETS};
    AUTO_BUFFER leaf = {.max = LIMIT_CERTIFICATE_OCTETS};
    struct certificate certificate;
    struct san_list none = {0};
    AUTO_CSR csr = NULL;

    if (!csr_build(key_pem, &none, &request, err) || !csr_parse(buffer_bytes(&request), &csr, err))
        return false;
    if (!pem_next(&reader, "CERTIFICATE", &leaf))
        return error_set(err, ERROR_NETWORK, "the answer has no certificate in it");
    if (!certificate_parse(buffer_bytes(&leaf), &certificate, err))
        return error_context(err, "the certificate of the answer");
    if (!bytes_equal(certificate.tbs.spki, public_key_spki(csr_key(csr))))
        return error_set(err, ERROR_TRUST, "the answer's certificate is for another key than ours");
    return true;
}

static bool
request_forget(const char *key, struct error *err)
{
    char path[CREDENTIAL_PATH_OCTETS];

    if (!path_put(path, key, ".csr", err))
        return false;
    if (file_exists(path) && unlink(path) != 0)
        return error_errno(err, ERROR_FILE_ACCESS, "%s cannot be removed", path);
    return true;
}

bool
credential_install(const struct credential *credential, const char *key_pem, struct bytes chain,
                   struct error *err)
{
    const char *target = credential->fresh ? credential->new_cert : credential->cert;

    if (!key_matches(key_pem, chain, err) ||
        !file_write_atomic(target, chain, 0644, (uid_t)-1, (gid_t)-1, err))
        return false;
    return replacement_finish(credential, err) && request_forget(asking_key(credential), err);
}
