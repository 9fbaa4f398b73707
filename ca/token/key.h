/* The private key in the token: found exactly once, with the attributes that a CA key must have. */
#ifndef SIGNET_TOKEN_KEY_H
#define SIGNET_TOKEN_KEY_H

#include "module.h"
#include "signet/keyring.h"
#include "signet/limits.h"

struct key {
    CK_OBJECT_HANDLE handle;
    CK_MECHANISM_TYPE mechanism;
    enum keyring_mechanism kind;
    uint8_t id[64];
    size_t id_len;
    uint8_t spki[LIMIT_SPKI_OCTETS];
    size_t spki_len; /* 0: no public key object, or one of a type not rebuilt here */
};

/*
 * Finds the private key that the URI names. A label alone is not trusted to be unique: the key must
 * also be the only one with its CKA_ID (T-05). Reads type, mechanism and, when there is a public
 * key object, the SPKI (T-11, T-13). Errors: ERROR_TOKEN_KEY; token_error.
 */
MUST_USE bool key_find(struct module *module, CK_SLOT_ID slot, CK_SESSION_HANDLE session,
                       P11KitUri *uri, struct key *ret_key, struct error *err);
/* Token, private, sensitive, not extractable, made there, sign only, no login per use (T-10, T-18);
 * `waivers` (may be null) names attributes that may differ. ERROR_TOKEN_KEY with rule "key.<name>".
 */
MUST_USE bool key_check(struct module *module, CK_SESSION_HANDLE session, const struct key *key,
                        const char *const *waivers, struct error *err);
/* Counts the objects that fit; *ret_first is the first when there is any. */
MUST_USE bool key_search(struct module *module, CK_SESSION_HANDLE session, CK_ATTRIBUTE *filter,
                         CK_ULONG filter_count, CK_OBJECT_HANDLE *ret_first, unsigned *ret_found,
                         struct error *err);
/* Length first, then the value (T-14). CKR_OK with *ret_len, or what the token said. */
CK_RV key_attribute(struct module *module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                    CK_ATTRIBUTE_TYPE type, uint8_t *value, size_t room, size_t *ret_len);
/* The public key of an object as SPKI, from CKA_MODULUS and CKA_PUBLIC_EXPONENT or from
 * CKA_EC_PARAMS and CKA_EC_POINT; *ret_len 0 when the key is of neither kind or the curve is not
 * known here. ERROR_TOKEN_KEY when the point has neither the bare nor the wrapped length of its
 * curve. */
MUST_USE bool key_read_spki(struct module *module, CK_SESSION_HANDLE session,
                            CK_OBJECT_HANDLE object, uint8_t *ret_spki, size_t room,
                            size_t *ret_len, struct error *err);

#endif
