#include "signature_algorithm.h"

#include "oid.h"

/* RFC 5758 §3.2 and RFC 8410 §3: no parameters; RFC 4055 §5: NULL. */
#define ECDSA_SHA256_DER OID("\x30\x0A\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02")
#define ECDSA_SHA384_DER OID("\x30\x0A\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x03")
#define RSA_SHA256_DER OID("\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B\x05\x00")
#define RSA_SHA384_DER OID("\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0C\x05\x00")
#define ED25519_DER OID("\x30\x05\x06\x03\x2B\x65\x70")

struct algorithm_row {
    const char *name;
    struct bytes der;
    const EVP_MD *(*digest)(void);
    unsigned key_types; /* bit 1 << enum key_type */
};

enum { EC_KEYS = 1 << KEY_P256 | 1 << KEY_P384 };

static const struct algorithm_row *
algorithm_row(enum signature_algorithm algorithm)
{
    static const struct algorithm_row rows[] = {
        [SIGNATURE_ECDSA_SHA256] = {"ecdsa-sha256", ECDSA_SHA256_DER, EVP_sha256, EC_KEYS},
        [SIGNATURE_ECDSA_SHA384] = {"ecdsa-sha384", ECDSA_SHA384_DER, EVP_sha384, EC_KEYS},
        [SIGNATURE_RSA_SHA256] = {"rsa-sha256", RSA_SHA256_DER, EVP_sha256, 1 << KEY_RSA},
        [SIGNATURE_RSA_SHA384] = {"rsa-sha384", RSA_SHA384_DER, EVP_sha384, 1 << KEY_RSA},
        [SIGNATURE_ED25519] = {"ed25519", ED25519_DER, NULL, 1 << KEY_ED25519},
    };

    if ((unsigned)algorithm >= ARRAY_LEN(rows) || !rows[algorithm].name)
        return NULL;
    return &rows[algorithm];
}

struct bytes
signature_algorithm_der(enum signature_algorithm algorithm)
{
    const struct algorithm_row *row = algorithm_row(algorithm);

    return row ? row->der : (struct bytes){0};
}

enum signature_algorithm
signature_algorithm_of_der(struct bytes der)
{
    for (unsigned i = SIGNATURE_ECDSA_SHA256; i <= SIGNATURE_ED25519; i++)
        if (bytes_equal(signature_algorithm_der((enum signature_algorithm)i), der))
            return (enum signature_algorithm)i;
    return (enum signature_algorithm)0;
}

const EVP_MD *
signature_algorithm_digest(enum signature_algorithm algorithm)
{
    const struct algorithm_row *row = algorithm_row(algorithm);

    return row && row->digest ? row->digest() : NULL;
}

const char *
signature_algorithm_name(enum signature_algorithm algorithm)
{
    const struct algorithm_row *row = algorithm_row(algorithm);

    return row ? row->name : "unknown";
}

bool
signature_algorithm_of_name(const char *name, enum signature_algorithm *ret_algorithm)
{
    for (unsigned i = SIGNATURE_ECDSA_SHA256; i <= SIGNATURE_ED25519; i++)
        if (strcmp(signature_algorithm_name((enum signature_algorithm)i), name) == 0) {
            *ret_algorithm = (enum signature_algorithm)i;
            return true;
        }
    return false;
}

bool
signature_algorithm_fits(enum signature_algorithm algorithm, enum key_type type)
{
    const struct algorithm_row *row = algorithm_row(algorithm);

    return row && type >= KEY_P256 && type <= KEY_ED25519 && (row->key_types & (1u << type));
}
