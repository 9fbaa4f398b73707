/* What a client of the tests has of its own: keys, requests, tokens; made with OpenSSL alone. */
#ifndef SIGNET_FAULT_SUBJECT_H
#define SIGNET_FAULT_SUBJECT_H

#include "ca_fixture.h"

/* A key pair and the request with it, which asks for no names. */
struct subject {
    char *key_pem;
    char *body; /* {"csr": ...}: the JSON of an enrolment or renewal */
};

void subject_make(struct subject *subject);
void subject_done(struct subject *subject);
/* The text of a PEM file, heap. */
char *subject_file(const char *path);

/* --- tokens made in bulk by SQL, their texts computed on both sides --- */
/* Identities FAMILY-1 .. FAMILY-count (owner "tests"); those that are there stay. */
void subject_identities(struct ca *ca, const char *family, unsigned count);
/* A token for each of FAMILY-1 .. FAMILY-identities, `rounds` times: numbers 1 .. identities *
 * rounds, number n for FAMILY-((n - 1) mod identities + 1). */
void subject_tokens(struct ca *ca, const char *family, unsigned identities, unsigned rounds);
void subject_token(const char *family, unsigned number, char text[CA_TOKEN_TEXT]);

#endif
