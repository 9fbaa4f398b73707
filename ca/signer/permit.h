/*
 * The permit of one key: all that the signer lets that key sign. It is the operator's file (syntax
 * of settings.h), beside the certificate of the issuer that it names; the server cannot touch
 * either.
 */
#ifndef SIGNET_SIGNER_PERMIT_H
#define SIGNET_SIGNER_PERMIT_H

#include "signet/permit_facts.h"
#include "signet/tbs_cert.h"

enum permit_class_kind { CLASS_WORKLOAD, CLASS_ADMIN, CLASS_SERVER, CLASS_RESPONDER, CLASS_COUNT };
const char *permit_class_name(enum permit_class_kind kind); /* "workload": also the identity kind */

struct permit_range {
    uint8_t address[16];
    size_t octets;   /* 4 or 16 */
    uint32_t prefix; /* bits */
};

struct permit_ranges {
    size_t count;
    struct permit_range item[CONFIG_LIST];
};

struct permit_class {
    bool present; /* a class that is not there permits nothing */
    int64_t max_life_s;
    uint32_t max_line;                        /* certificates since the last full authentication */
    struct config_list dns_suffixes;          /* workload: the name itself or anything below it */
    struct config_list dns;                   /* server: exactly these */
    struct permit_ranges ranges;              /* ip_ranges, or addresses as ranges of one */
    uint8_t spki_sha256[LIMIT_DIGEST_OCTETS]; /* responder: the one key */
};

struct permit {
    char trust_domain[LIMIT_NAME_OCTETS + 1];
    enum signature_algorithm algorithm;
    unsigned key_types; /* bit 1 << enum key_type */
    int64_t max_backdate_s;
    char crl_url[CONFIG_TEXT];
    char ocsp_url[CONFIG_TEXT];
    char ca_issuers_url[CONFIG_TEXT];
    int64_t crl_max_life_s;
    struct permit_class class[CLASS_COUNT];
    /* status */
    uint8_t responder_spki_sha256[LIMIT_DIGEST_OCTETS];
    int64_t max_answer_life_s;
    struct permit_facts facts; /* the file's own words, for who must agree with them */
    /* from the issuer's certificate */
    struct buffer issuer_der;
    struct certificate issuer; /* borrows issuer_der */
    struct public_key *issuer_key;
};

/* Reads the permit of `role` and the certificate of the issuer beside it. Errors: ERROR_CONFIG with
 * file and line. Gives. */
MUST_USE bool permit_load(const char *path, enum config_role role, struct permit **ret_permit,
                          struct error *err);
/* The schema of that file (settings.h), for what must agree with it. */
const struct settings_row *permit_schema(enum config_role role, size_t *ret_count);
void permit_free(struct permit *permit);
/* The file or its folder can be changed by the user we run as. */
bool permit_is_ours_to_write(const char *path);

#endif
