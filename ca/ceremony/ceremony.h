/*
 * The ceremony: makes the keys in their tokens and the certificates of a new authority, prepares
 * the database, and writes what the programs need. The only program that signs CA certificates; all
 * that the issuing key signs goes through the real signer, recorded and guarded as ever.
 */
#ifndef SIGNET_CEREMONY_H
#define SIGNET_CEREMONY_H

#include <sys/types.h>

#include "options.h"
#include "progress.h"
#include "signet/buffer.h"
#include "signet/config.h"
#include "signet/db.h"
#include "signet/keyring.h"
#include "signet/tbs_cert.h"

enum {
    CEREMONY_DAY_S = 86400,
    CEREMONY_ROOT_S = 3652 * CEREMONY_DAY_S,   /* 10 years */
    CEREMONY_ISSUING_S = 731 * CEREMONY_DAY_S, /* 2 years */
    CEREMONY_ROOT_CRL_S = 366 * CEREMONY_DAY_S,
    CEREMONY_BACKDATE_S = 60,
    CEREMONY_PARTITION_DAYS = 45, /* past the longest leaf, 30 days */
    CEREMONY_PATH = 700
};
#define CEREMONY_ISSUER "issuing-1"

struct ceremony_key {
    char uri[KEYRING_URI_OCTETS];
    struct public_key *key;
    uint8_t id[20]; /* subject key identifier */
};

/* A certificate that was made; what the transcript tells. */
struct ceremony_certificate {
    const char *name;
    struct buffer der;
};

enum ceremony_product {
    MADE_ROOT,
    MADE_ISSUING,
    MADE_RESPONDER,
    MADE_SERVER,
    MADE_ADMIN,
    MADE_COUNT
};

struct ceremony {
    struct options options;
    struct config *config;           /* of an authority that exists; null in init */
    char config_path[CEREMONY_PATH]; /* what the signer is started with */
    char trust_domain[256];          /* of an authority that exists */
    struct progress progress;
    struct db *db; /* as signet_owner */
    int64_t now_s;
    struct ceremony_key key[KEY_ROLES];
    struct ceremony_certificate made[MADE_COUNT];
    struct buffer root_crl;
    struct buffer server_key, admin_key; /* PEM */
    int32_t root_id, issuing_id;
    uint64_t policy_version;
    char crl_url[256], ocsp_url[256], ca_issuers_url[256]; /* in what the issuing key signs */
    char root_crl_url[256], root_issuers_url[256];         /* in the issuing certificate */
    char root_module[64];
};

/* What every ceremony begins with; ceremony_done ends it. */
void ceremony_new(struct ceremony *ceremony);
MUST_USE bool ceremony_init(struct ceremony *ceremony, char **arguments, struct error *err);
void ceremony_done(struct ceremony *ceremony);
/* The whole, in phases. On failure the progress folder stays and tells. */
MUST_USE bool ceremony_run(struct ceremony *ceremony, struct error *err);
/* "STATE/name". */
void ceremony_path(const struct ceremony *ceremony, const char *name, char path[CEREMONY_PATH]);
/* Parses the certificate that was made; it borrows ceremony->made. */
MUST_USE bool ceremony_certificate(const struct ceremony *ceremony, enum ceremony_product which,
                                   struct certificate *ret, struct error *err);
/* Writes STATE/name; mode and owner as given (user null: who we are). */
MUST_USE bool ceremony_write(const struct ceremony *ceremony, const char *name,
                             struct bytes content, mode_t mode, const char *user,
                             struct error *err);

/* --- later ceremonies, on an authority that exists --- */
/*
 * `ceremony` is new. Reads STATE/signet.conf (or `config`), opens the database as its owner, takes
 * issuers and policy from there, and begins the progress folder. Errors: ERROR_STATE_EXISTS when
 * another ceremony works.
 */
MUST_USE bool existing_begin(struct ceremony *ceremony, const char *state, const char *config,
                             struct error *err); /* existing.c */
/* One audit row "ceremony.WHAT" about `object`. */
MUST_USE bool existing_note(struct ceremony *ceremony, const char *what, const char *object,
                            struct error *err);

/* --- phases, one file each --- */
MUST_USE bool keys_make(struct ceremony *ceremony, struct error *err); /* keys.c */
/* Runs `argv` of our own program with the token of `role`: as its user, in the module's
 * environment, the PIN on descriptor 3. What it prints is appended to `out`. */
MUST_USE bool keys_child(struct ceremony *ceremony, enum key_role role, const char *const *argv,
                         struct buffer *out, struct error *err);
/* What keygen prints: the key's URI on a line, then its SPKI as PEM. */
MUST_USE bool keys_read(struct bytes output, struct ceremony_key *key, struct error *err);
/* The name of the issuing CA. Appends. */
MUST_USE bool ceremony_issuing_name(const char *trust_domain, struct buffer *out,
                                    struct error *err);
/* --- a root that is another's: external.c --- */
/* Writes the request for the issuing certificate, and what the second step needs. */
MUST_USE bool external_request(struct ceremony *ceremony, struct error *err);
/* Reads what the first step left and the certificates that came back, and checks these against each
 * other (external_check.c); nothing is touched. Errors: ERROR_CONFIG with a rule
 * "root_cert.<what>". */
MUST_USE bool external_import(struct ceremony *ceremony, struct error *err);
MUST_USE bool external_check(const struct ceremony *ceremony, const struct certificate *issuing,
                             const struct certificate *root, struct error *err);
MUST_USE bool root_sign_all(struct ceremony *ceremony, struct error *err); /* root.c */
/* The next CRL of the root alone; key[KEY_OF_ROOT] and MADE_ROOT are set. */
MUST_USE bool root_sign_crl(struct ceremony *ceremony, struct error *err);
MUST_USE bool database_open(struct ceremony *ceremony, struct error *err); /* database.c */
MUST_USE bool database_check(struct ceremony *ceremony, struct error *err);
/* admin/NAME with all roles. */
MUST_USE bool database_insert_admin(struct ceremony *ceremony, struct error *err);
MUST_USE bool database_fill(struct ceremony *ceremony, struct error *err);
MUST_USE bool permits_write(struct ceremony *ceremony, struct error *err); /* permits.c */
MUST_USE bool configuration_write(struct ceremony *ceremony,
                                  struct error *err); /* configuration.c */
/* A line NAME = {"ITEM", ...} of signet.conf or of a permit. */
MUST_USE bool config_put_list(struct buffer *out, const char *name, const struct option_list *list);
MUST_USE bool configuration_release(struct ceremony *ceremony, struct error *err);
MUST_USE bool leaves_issue(struct ceremony *ceremony, struct error *err); /* leaves.c */
/* A key and a certificate for admin/NAME alone. */
MUST_USE bool leaves_issue_admin(struct ceremony *ceremony, struct error *err);
MUST_USE bool results_write(struct ceremony *ceremony, struct error *err); /* results.c */
/* STATE/admin/NAME.key and STATE/admin/NAME.pem. */
MUST_USE bool results_write_admin(const struct ceremony *ceremony, struct error *err);
MUST_USE bool transcript_write(struct ceremony *ceremony, struct error *err); /* transcript.c */
void summary_print(const struct ceremony *ceremony);                          /* summary.c */

#endif
