/* PKCS#10 certification requests (RFC 2986): the key, the proof of possession, and what is asked.
 */
#ifndef SIGNET_CSR_H
#define SIGNET_CSR_H

#include "signet/tbs_cert.h"

struct csr; /* owns a copy of its DER */

/*
 * Parses strictly and verifies the signature (C-19). Errors: ERROR_CSR_MALFORMED, ERROR_CSR_KEY,
 * ERROR_CSR_SIGNATURE; ERROR_CSR_EXTENSION for cA TRUE, an unknown critical extension, or key
 * usages beyond those of a workload. Unknown non-critical extensions are dropped (C-10). Gives.
 */
MUST_USE bool csr_parse(struct bytes der, struct csr **ret_csr, struct error *err);
void csr_free(struct csr *csr);
DEFINE_CLEANUP(struct csr *, csr_free);
#define AUTO_CSR CLEANUP(csr_free_auto) struct csr *

const struct public_key *csr_key(const struct csr *csr);
/* Subject alternative names asked for, and the commonName ("" when none). Borrowed. */
const struct san_list *csr_names(const struct csr *csr);
const char *csr_common_name(const struct csr *csr);
struct bytes csr_der(const struct csr *csr);

/*
 * For clients: builds a CSR for a private key in software. `names` may be empty; `key_pem` is the
 * private key as PEM. Gives DER in `out`.
 */
MUST_USE bool csr_build(const char *key_pem, const struct san_list *names, struct buffer *out,
                        struct error *err);
/*
 * The part of a request that is signed, with what a CA wants of its certificate: subject, spki and
 * the extensions of `wanted`. certificate_assemble puts it and its signature together: a request
 * has the same three parts as a certificate. Appends DER.
 */
MUST_USE bool csr_info_build(const struct tbs_cert *wanted, struct buffer *out, struct error *err);
/* A fresh private key as PKCS#8 PEM. */
MUST_USE bool private_key_generate(enum key_type type, struct buffer *ret_pem, struct error *err);

#endif
