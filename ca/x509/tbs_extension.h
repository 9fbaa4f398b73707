/*
 * The closed set of certificate extensions (RFC 5280 §4.2), one row each, in the order in which
 * they are written. The parser accepts exactly this order, so that building what was parsed gives
 * the same bytes.
 */
#ifndef SIGNET_X509_TBS_EXTENSION_H
#define SIGNET_X509_TBS_EXTENSION_H

#include "signet/tbs_cert.h"

#include "der_write.h"

struct tbs_extension {
    const char *name;
    struct bytes oid;
    bool mandatory;
    bool (*present)(const struct tbs_cert *tbs);
    bool (*critical)(const struct tbs_cert *tbs); /* null: never */
    /* Writes the content of extnValue. */
    void (*put)(struct der_writer *writer, const struct tbs_cert *tbs);
    /* Reads it, whole and nothing after it; null, or what is wrong. */
    const char *(*get)(struct reader *value, struct tbs_cert *tbs);
};

enum { TBS_EXTENSIONS = 10 };
extern const struct tbs_extension tbs_extensions[TBS_EXTENSIONS];

/* Shared with requests: GeneralNames of the types in enum san_type; null, or what is wrong. */
const char *general_names_get(struct reader *value, struct san_list *ret_names);
void general_names_put(struct der_writer *writer, const struct san_list *names);
/* A named bit list of at most nine bits (KeyUsage). */
const char *key_usage_get(struct reader *value, unsigned *ret_bits);
/* Bits of EKU_...; a purpose that is not among them, or one out of order or twice, is refused. */
const char *extended_key_usage_get(struct reader *value, bool any_order, unsigned *ret_bits);
const char *basic_constraints_get(struct reader *value, bool *ret_ca, int *ret_path_len);

#endif
