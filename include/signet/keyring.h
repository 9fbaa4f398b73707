/*
 * The PKCS#11 token as the signer sees it: one key of one purpose, found by its RFC 7512 URI.
 * Requirements T-01 to T-06, T-09 to T-16, T-18 of the token notes. The caller owns the threads;
 * each signing session belongs to one thread.
 */
#ifndef SIGNET_KEYRING_H
#define SIGNET_KEYRING_H

#include "signet/buffer.h"
#include "signet/error.h"
#include "signet/public_key.h"

enum token_fate {                       /* what a return code means (design: crash-only) */
                  TOKEN_FATE_REQUEST,   /* this call only: wrong argument, buffer too small */
                  TOKEN_FATE_TEMPORARY, /* session, login, device or token is gone: exit and be
                                           restarted */
                  TOKEN_FATE_PERMANENT  /* PIN wrong or locked, key or mechanism not there: an
                                           operator */
};
/* An unknown code is TEMPORARY: a restart is the harmless answer to what nobody listed. */
enum token_fate token_fate_of(unsigned long rv);
const char *token_rv_name(unsigned long rv); /* "CKR_PIN_INCORRECT"; never null */

struct keyring_options {
    const char *module;      /* path of the PKCS#11 module */
    const char *init_string; /* for C_Initialize's pReserved; null or "": none (NSS needs one) */
    const char *uri;         /* RFC 7512: token and object or id; pin-value refused */
    unsigned sessions;       /* signing sessions wanted; lowered to what the token allows */
    const char *const
        *waivers; /* null-terminated: "local", "sensitive", "extractable", ... ; or null */
};

struct keyring;
enum { KEYRING_SIGNATURE_RAW = 512, KEYRING_PIN_OCTETS = 255, KEYRING_URI_OCTETS = 512 };
enum keyring_mechanism { KEYRING_ECDSA, KEYRING_RSA_PKCS1, KEYRING_EDDSA };

/*
 * Reads a PIN from a descriptor to its end into an empty buffer and takes one newline off (T-15).
 * Initialises ret_pin; buffer_done wipes it. Errors: ERROR_TOKEN_PIN when it is empty, longer than
 * KEYRING_PIN_OCTETS or has a NUL; ERROR_FILE_ACCESS.
 */
MUST_USE bool keyring_pin_read(int fd, struct buffer *ret_pin, struct error *err);

/* The URI alone, without token or module. `key` tells whether it must name a key. ERROR_CONFIG. */
MUST_USE bool keyring_uri_check(const char *uri, bool key, struct error *err);

/*
 * Loads the module, finds the token, logs in once with `pin` (borrowed; the caller wipes it), finds
 * exactly one private key and checks its attributes (T-10, T-18). Never retries a PIN.
 * Errors: ERROR_TOKEN_PIN, ERROR_TOKEN_KEY, ERROR_TOKEN_UNAVAILABLE, ERROR_CONFIG (URI). Gives.
 */
MUST_USE bool keyring_open(const struct keyring_options *options, struct bytes pin,
                           struct keyring **ret_keyring, struct error *err);
/* Logs out, finalises, unloads. In a forked child it only frees memory (T-02). */
void keyring_close(struct keyring *keyring);
DEFINE_CLEANUP(struct keyring *, keyring_close);
#define AUTO_KEYRING CLEANUP(keyring_close_auto) struct keyring *

unsigned keyring_sessions(const struct keyring *keyring);
/* "SoftHSM 2.6": manufacturer and version of the module. */
const char *keyring_module_name(const struct keyring *keyring);
enum keyring_mechanism keyring_mechanism_of(const struct keyring *keyring);
/* The token's public key as DER SPKI when it holds a public key object (T-11, T-13), else empty.
 * The caller compares it with the certificate's (T-09). */
struct bytes keyring_spki(const struct keyring *keyring);
/*
 * Signs with session `session` (0 to sessions-1). ECDSA: `data` is the digest, the result is r||s;
 * RSA: `data` is the DigestInfo; EdDSA: the message. On failure err->cause is CAUSE_PKCS11 with
 * the return value; token_fate_of(err->cause_code) says what to do.
 */
MUST_USE bool keyring_sign(struct keyring *keyring, unsigned session, struct bytes data,
                           uint8_t ret_raw[KEYRING_SIGNATURE_RAW], size_t *ret_len,
                           struct error *err);

/*
 * Preparation: makes a token with this label in the module's first slot that has none, with the two
 * PINs (borrowed). Errors: ERROR_STATE_EXISTS when a token has that label already, ERROR_TOKEN_KEY
 * when no slot is free.
 */
MUST_USE bool keyring_token_init(const struct keyring_options *options, const char *label,
                                 struct bytes so_pin, struct bytes pin, struct error *err);

/*
 * Ceremony: makes a key pair of this type (RSA: 3072 bits) in the token with the template of T-18.
 * CKA_ID is random. The options' URI names the token only. ret_uri is the key's own URI with token,
 * serial, id and object. Appends the public key to ret_spki. ERROR_STATE_EXISTS when a private key
 * has that label already; ERROR_TOKEN_KEY ("key.mechanism") when the token cannot make such keys.
 */
MUST_USE bool keyring_generate(const struct keyring_options *options, struct bytes pin,
                               enum key_type type, const char *label, struct buffer *ret_spki,
                               char ret_uri[KEYRING_URI_OCTETS], struct error *err);

/* --- how fast a token signs --- */
enum { KEYRING_BENCH_THREADS = 16 };
struct keyring_bench_row {
    enum key_type type;
    unsigned threads; /* 0: the token cannot make such keys */
    double per_s;     /* signatures a second, all threads together */
};
struct keyring_bench {
    int64_t for_ms; /* for each row */
    void (*tell)(void *context, const struct keyring_bench_row *row);
    void *context;
};
/*
 * Signs with a key of each type by 1, 2, 4 ... threads, at most options->sessions. The keys are
 * session objects: nothing is left in the token. The options' URI names the token only.
 */
MUST_USE bool keyring_bench(const struct keyring_options *options, struct bytes pin,
                            const struct keyring_bench *wish, struct error *err);

#endif
