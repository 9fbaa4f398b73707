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

/* --- phases, one file each --- */
MUST_USE bool keys_make(struct ceremony *ceremony, struct error *err);      /* keys.c */
MUST_USE bool root_sign_all(struct ceremony *ceremony, struct error *err);  /* root.c */
MUST_USE bool database_check(struct ceremony *ceremony, struct error *err); /* database.c */
MUST_USE bool database_fill(struct ceremony *ceremony, struct error *err);
MUST_USE bool permits_write(struct ceremony *ceremony, struct error *err); /* permits.c */
MUST_USE bool configuration_write(struct ceremony *ceremony,
                                  struct error *err); /* configuration.c */
MUST_USE bool configuration_release(struct ceremony *ceremony, struct error *err);
MUST_USE bool leaves_issue(struct ceremony *ceremony, struct error *err);     /* leaves.c */
MUST_USE bool results_write(struct ceremony *ceremony, struct error *err);    /* results.c */
MUST_USE bool transcript_write(struct ceremony *ceremony, struct error *err); /* transcript.c */
void summary_print(const struct ceremony *ceremony);                          /* summary.c */

#endif
