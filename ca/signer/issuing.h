/*
 * Role issuing: records batches of certificates, has them signed, stores the signatures, answers.
 * Nothing is signed before its row is committed, nothing is answered before its signature is. While
 * one batch is signed the next is recorded, and the signatures of the former ride in that commit.
 */
#ifndef SIGNET_SIGNER_ISSUING_H
#define SIGNET_SIGNER_ISSUING_H

#include "anchor.h"
#include "crl_builder.h"
#include "serve.h"

struct issuing;
/* Borrows all. */
MUST_USE bool issuing_new(struct serving *serving, struct anchor *anchor,
                          struct crl_builder *crl_builder, struct issuing **ret_issuing,
                          struct error *err);
int issuing_serve(struct issuing *issuing);

#endif
