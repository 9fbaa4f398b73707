/*
 * What the anchor of an issuing signer says: one line in a file outside the database. Written by
 * the signer, and by the ceremony when an operator accepts an older database.
 */
#ifndef SIGNET_ANCHOR_MARK_H
#define SIGNET_ANCHOR_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signet/attributes.h"
#include "signet/limits.h"

struct anchor_mark {
    uint64_t crl_number; /* the highest that was published; 0: none yet */
    uint8_t serial[LIMIT_SERIAL_OCTETS];
    size_t serial_len; /* of the last certificate that was recorded; 0: none */
};

/* Every line is as long: it lies within one sector and is never seen half written. */
enum { ANCHOR_MARK_ROOM = 96 };
#define ANCHOR_MARK_FILE "anchor" /* in the state folder of the issuing role */

/* False when the line is not of this form. */
MUST_USE bool anchor_mark_parse(const char *line, struct anchor_mark *ret_mark);
/* With the newline; gives the length. */
size_t anchor_mark_text(const struct anchor_mark *mark, char line[ANCHOR_MARK_ROOM]);

#endif
