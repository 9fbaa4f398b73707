/*
 * The to-be-signed certificate (RFC 5280 §4.1). One plain struct is both what is built and what a
 * parse yields; the set of extensions is closed: what this struct cannot say cannot be in a
 * certificate of ours, and parsing anything else is refused. Building what was parsed gives the
 * same bytes, and the guard relies on that: it rebuilds and compares.
 */
#ifndef SIGNET_TBS_CERT_H
#define SIGNET_TBS_CERT_H

#include "signet/public_key.h"

enum san_type { SAN_EMAIL = 1, SAN_DNS = 2, SAN_URI = 6, SAN_IP = 7 }; /* the GeneralName tags */

struct san {
    enum san_type type;
    struct bytes value; /* IA5 text, or 4 or 16 octets for SAN_IP; borrowed */
};

struct san_list {
    size_t count;
    struct san item[LIMIT_NAMES];
};

/* Key usage bits as RFC 5280 §4.2.1.3 numbers them: bit n is 1 << n. */
enum {
    KU_DIGITAL_SIGNATURE = 1 << 0,
    KU_KEY_ENCIPHERMENT = 1 << 2,
    KU_KEY_CERT_SIGN = 1 << 5,
    KU_CRL_SIGN = 1 << 6
};
/* Extended key usages, emitted in this order. */
enum { EKU_SERVER_AUTH = 1 << 0, EKU_CLIENT_AUTH = 1 << 1, EKU_OCSP_SIGNING = 1 << 2 };

/* Bytes are borrowed: by build from the caller, by parse from the input. Empty bytes: absent. */
struct tbs_cert {
    struct bytes serial; /* content octets of the INTEGER, minimal, positive */
    enum signature_algorithm algorithm;
    struct bytes issuer;  /* DER Name, byte copy (C-04) */
    struct bytes subject; /* DER Name; the empty Name is 30 00 */
    int64_t not_before_s; /* inclusive at both ends (C-06) */
    int64_t not_after_s;
    struct bytes spki;
    struct san_list san;
    bool san_critical; /* exactly when the subject is empty (C-09) */
    bool ca;           /* basicConstraints is always there, critical; empty SEQUENCE when false */
    int path_len;      /* -1: absent */
    unsigned key_usage;
    unsigned extended_key_usage; /* 0: absent */
    struct bytes subject_key_id;
    struct bytes authority_key_id;
    struct bytes crl_url;        /* one DistributionPoint, one fullName */
    struct bytes ocsp_url;       /* AIA */
    struct bytes ca_issuers_url; /* AIA */
    bool ocsp_nocheck;
    bool no_rev_avail; /* RFC 9608 */
};

/* Errors: ERROR_INTERNAL naming the field that cannot be encoded. Appends to `out`. */
MUST_USE bool tbs_cert_build(const struct tbs_cert *tbs, struct buffer *out, struct error *err);
/* Strict DER, closed extensions, no duplicates. Errors: ERROR_PERMIT, rule "tbs.<what>". */
MUST_USE bool tbs_cert_parse(struct bytes der, struct tbs_cert *ret_tbs, struct error *err);
/*
 * The certificate of a CA that another program made: extensions in any order, those not known
 * passed over unless critical, pointers of another shape left empty. What was parsed so is never
 * rebuilt.
 */
MUST_USE bool tbs_cert_parse_foreign_ca(struct bytes der, struct tbs_cert *ret_tbs,
                                        struct error *err);

/* A DER Name with one RDN commonName UTF8String (and organization first, when not null). */
MUST_USE bool name_build(const char *organization, const char *common_name, struct buffer *out,
                         struct error *err);
/* The last commonName as text for people; "" when there is none. */
void name_common_name(struct bytes name, char *text, size_t room);
/* RFC 4514 text for people and lists. */
void name_text(struct bytes name, char *text, size_t room);

/* "dns:a.example", "uri:spiffe://td/x", "ip:10.0.0.1", "email:a@b": as stored in certificate.names.
 */
MUST_USE bool san_text(const struct san *san, char *text, size_t room);
/* Parses one such text; IP octets are written to `storage` (16 octets), the rest is borrowed. */
MUST_USE bool san_parse_text(const char *text, uint8_t storage[16], struct san *ret_san,
                             struct error *err);

/*
 * The value has the form of its type (C-14): DNS names of letters, digits and hyphens without
 * wildcards, absolute URIs, addresses of 4 or 16 octets. Errors of `kind`, rule "san.<type>".
 */
MUST_USE bool san_check(const struct san *san, enum error_kind kind, struct error *err);
/* The grammar of SPIFFE ids with a path (ID-1 to ID-4); the trust domain is for the caller. */
bool spiffe_id_fits(struct bytes uri);

/* A certificate whole. `tbs`, `signature` borrow the input. */
struct certificate {
    struct bytes der;
    struct bytes tbs_der;
    struct bytes signature; /* BIT STRING content */
    struct tbs_cert tbs;
};
/* As tbs_cert_parse, or, for a CA, as tbs_cert_parse_foreign_ca. */
MUST_USE bool certificate_parse(struct bytes der, struct certificate *ret, struct error *err);
MUST_USE bool certificate_assemble(struct bytes tbs, enum signature_algorithm algorithm,
                                   struct bytes signature, struct buffer *out, struct error *err);
/* Only the facts needed to find our row from any certificate, ours or not: TBS bytes and serial. */
MUST_USE bool certificate_peek(struct bytes der, struct bytes *ret_tbs, struct bytes *ret_serial,
                               struct error *err);

/* What every certificate must satisfy whatever the permit says (C-01 to C-18, L-1 to L-6). The
 * rule that failed is named "lint.<id>"; ERROR_PERMIT. */
MUST_USE bool tbs_cert_lint(const struct tbs_cert *tbs, struct error *err);

/* Serial numbers: one fixed byte 0x51, the day of expiry (days since 1970, u16), 128 random bits.
 */
enum { SERIAL_OCTETS = 19, SERIAL_FIRST_OCTET = 0x51 };
MUST_USE bool serial_new(int64_t not_after_s, uint8_t ret_serial[SERIAL_OCTETS], struct error *err);
/* Has this shape and names the day of not_after. */
bool serial_fits(struct bytes serial, int64_t not_after_s);

#endif
