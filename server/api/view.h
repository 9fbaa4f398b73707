/* How certificates, issuers and identities look in answers. Null or false: memory ran out. */
#ifndef SIGNET_API_VIEW_H
#define SIGNET_API_VIEW_H

#include "api/json.h"
#include "issue/authority.h"
#include "issue/issue.h"

/* The CA certificates above a certificate of this issuer, without the root (L-7). Gives. */
json_t *view_chain(const struct authority_snapshot *authority, int32_t issuer);
/* Leaf first, then the chain, as PEM. */
MUST_USE bool view_pem_chain(const struct authority_snapshot *authority, int32_t issuer,
                             struct bytes der, struct buffer *out, struct error *err);
json_t *view_issued(const struct authority_snapshot *authority, const struct issued *issued);
/* `whole`: with certificate and chain. */
json_t *view_certificate(const struct authority_snapshot *authority,
                         const struct db_certificate *row, int64_t now_s, bool whole);
json_t *view_issuer(const struct authority_issuer *issuer);
json_t *view_identity(const struct authority_snapshot *authority,
                      const struct db_identity *identity);
/* The texts between separators as an array. Gives. */
json_t *view_texts(const char *texts, char separator);

#endif
