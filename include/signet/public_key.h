/*
 * Subject public keys and signatures over bytes. Parsing is closed: what is not listed is refused
 * with ERROR_CSR_KEY and a rule of its own for each fault: "key.type", "key.encoding", "key.curve",
 * "key.point", "key.size", "key.odd_size", "key.exponent", "key.even", "key.small_factor",
 * "key.roca", "key.close_primes".
 */
#ifndef SIGNET_PUBLIC_KEY_H
#define SIGNET_PUBLIC_KEY_H

#include "signet/buffer.h"
#include "signet/error.h"
#include "signet/limits.h"

enum key_type { KEY_P256 = 1, KEY_P384, KEY_RSA, KEY_ED25519 };
enum signature_algorithm {
    SIGNATURE_ECDSA_SHA256 = 1,
    SIGNATURE_ECDSA_SHA384,
    SIGNATURE_RSA_SHA256,
    SIGNATURE_RSA_SHA384,
    SIGNATURE_ED25519
};

struct public_key; /* immutable after parse; may be used by several threads */

/* A DER SubjectPublicKeyInfo, strict: the canonical encoding of the key, nothing else. Gives. */
MUST_USE bool public_key_parse(struct bytes spki, struct public_key **ret_key, struct error *err);
/*
 * Any form of a public key that a tool writes: SubjectPublicKeyInfo with a compressed, hybrid or
 * uncompressed point, with a named curve or its parameters spelled out, RSA without its NULL, or a
 * bare PKCS#1 RSAPublicKey. Appends the one canonical SPKI that certificates have, by whose hash
 * keys are blocked. Weak keys are not refused: they must be blockable. ERROR_CSR_KEY: "key.type",
 * "key.curve", "key.encoding", "key.point".
 */
MUST_USE bool public_key_canonical(struct bytes der, struct buffer *out, struct error *err);
void public_key_free(struct public_key *key);
DEFINE_CLEANUP(struct public_key *, public_key_free);
#define AUTO_PUBLIC_KEY CLEANUP(public_key_free_auto) struct public_key *

enum key_type public_key_type(const struct public_key *key);
unsigned public_key_bits(const struct public_key *key);
const char *public_key_name(enum key_type type); /* "P-256" */
/* The canonical SPKI, borrowed for the life of the key. */
struct bytes public_key_spki(const struct public_key *key);
/* The subjectPublicKey octets (for SHA-1 key identifiers and OCSP byKey, O-07), borrowed. */
struct bytes public_key_bits_octets(const struct public_key *key);
void public_key_spki_hash(const struct public_key *key, uint8_t ret_hash[LIMIT_DIGEST_OCTETS]);
/* The algorithm a private key of this type signs with by default (P-256 -> ECDSA with SHA-256). */
enum signature_algorithm public_key_default_signature(enum key_type type);
/* "P-256" and so on; false for a name that is not in the table. */
MUST_USE bool key_type_of_name(const char *name, enum key_type *ret_type);
/* "ecdsa-sha256", "ecdsa-sha384", "rsa-sha256", "rsa-sha384", "ed25519", as permits spell them. */
const char *signature_algorithm_name(enum signature_algorithm algorithm);
MUST_USE bool signature_algorithm_of_name(const char *name,
                                          enum signature_algorithm *ret_algorithm);
/* Whether keys of this type make signatures of this algorithm. */
bool signature_algorithm_fits(enum signature_algorithm algorithm, enum key_type type);
/* Verifies a signature in X.509 form (ECDSA as DER). False with ERROR_SIGNATURE_WRONG. */
MUST_USE bool public_key_verify(const struct public_key *key, enum signature_algorithm algorithm,
                                struct bytes message, struct bytes signature, struct error *err);

/* SHA-256 and SHA-1 (the latter for key identifiers and CertIDs only). */
void digest_sha256(struct bytes data, uint8_t ret_digest[32]);
void digest_sha1(struct bytes data, uint8_t ret_digest[20]);
/* The digest that `algorithm` signs; *ret_len 32 or 48; false for Ed25519, which signs the message.
 */
MUST_USE bool digest_for_signature(enum signature_algorithm algorithm, struct bytes message,
                                   uint8_t ret_digest[64], size_t *ret_len);
/* `len` octets from the CSPRNG. */
MUST_USE bool random_bytes(void *data, size_t len, struct error *err);

#endif
