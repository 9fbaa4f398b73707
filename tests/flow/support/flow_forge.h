/* Certificates that this authority never gave out, in files that a client can show. */
#ifndef SIGNET_TEST_FLOW_FORGE_H
#define SIGNET_TEST_FLOW_FORGE_H

#include "flow.h"

enum forge {
    FORGE_COPY, /* serial, issuer, names and dates of the model; the forger's key and signature */
    FORGE_SIGNATURE, /* the model with some bits of its signature changed; the model's key */
    FORGE_FOREIGN,   /* the model's names, from a CA of its own */
    FORGE_SELF       /* the model's names, self-signed */
};

/* Writes STEM.pem and STEM.key in the work folder; the PEM is also put into `pem` unless null. */
void flow_forge(struct flow *flow, enum forge kind, const struct party *model, const char *stem,
                struct buffer *pem);

#endif
