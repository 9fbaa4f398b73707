/* Distinguished names inside this folder: the walk over attributes that all readers share. */
#ifndef SIGNET_X509_NAME_H
#define SIGNET_X509_NAME_H

#include "der_read.h"

struct name_attribute {
    struct bytes type; /* OID content */
    uint8_t tag;
    struct bytes value;
    bool first_of_rdn;
};

struct name_walk {
    struct reader rdns;
    struct reader attributes;
};

/* Begins at a DER Name; false when it is not one SEQUENCE. */
MUST_USE bool name_walk_begin(struct name_walk *walk, struct bytes name);
bool name_walk_at_end(const struct name_walk *walk);
/* False when the next attribute is malformed or an RDN is empty. */
MUST_USE bool name_walk_next(struct name_walk *walk, struct name_attribute *ret_attribute);
/* Every attribute well formed: null, or what is wrong. */
const char *name_fault(struct bytes name);
bool name_is_empty(struct bytes name);

#endif
