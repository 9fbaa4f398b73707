/* What OCSP requests and responses share: the hash algorithms of a CertID (RFC 6960 §4.1.1) and the
 * nonce (RFC 9654). */
#ifndef SIGNET_X509_CERTID_H
#define SIGNET_X509_CERTID_H

#include "signet/ocsp.h"

#include "der_write.h"

/* Digest length; 0 for a hash that is not known. */
size_t certid_hash_octets(enum certid_hash hash);
/* 0 for an OID that is not known. */
enum certid_hash certid_hash_of_oid(struct bytes oid);
void certid_put(struct der_writer *writer, const struct ocsp_certid *certid);
/* The extensions [field] with the nonce as the only one. */
void ocsp_nonce_put(struct der_writer *writer, unsigned field, struct bytes nonce);

#endif
